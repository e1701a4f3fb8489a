//! The ZIP packages that workbooks are: what is in them, and that it fits, before anything else looks at it.

use super::source::damaged;
use formwork_sdk::{Result, Step};
use std::io::{Cursor, Read};
use zip::ZipArchive;

/// Bytes that are unpacked between two looks at whether to go on.
const PIECE: usize = 64 << 10;

/// A package whose parts are known to fit.
pub(crate) struct Package<'b> {
    zip: ZipArchive<Cursor<&'b [u8]>>,
    /// Bytes of all parts.
    unpacked: u64,
}

impl<'b> Package<'b> {
    /// Opens a package and unpacks all of it, without keeping it: what its directory says of sizes may be a lie, and any
    /// part may be named as a sheet.
    ///
    /// # Errors
    ///
    /// `corrupt_input`; `limit_exceeded` (`entries`, `memory`, `ratio`).
    pub(crate) fn open(step: &Step<'_>, bytes: &'b [u8]) -> Result<Package<'b>> {
        let mut zip = ZipArchive::new(Cursor::new(bytes)).map_err(damaged)?;
        step.within("entries", zip.len() as u64, step.limits().entries)?;
        let mut sizes = Sizes { step, packed: bytes.len() as u64, unpacked: 0 };
        for index in 0..zip.len() {
            // What cannot be unpacked here, the library cannot read either.
            if let Ok(mut part) = zip.by_index(index) {
                sizes.measure(&mut part)?;
            }
        }
        Ok(Package { zip, unpacked: sizes.unpacked })
    }

    /// Bytes of all parts.
    pub(crate) fn unpacked(&self) -> u64 {
        self.unpacked
    }

    /// Parts whose name is like this, in small letters: the place of each.
    pub(crate) fn places(&self, fits: impl Fn(&str) -> bool) -> Vec<usize> {
        let named = |place: &usize| match self.zip.name_for_index(*place) {
            Some(Ok(name)) => fits(&name.to_ascii_lowercase()),
            _ => false,
        };
        (0..self.zip.len()).filter(named).collect()
    }

    /// One part, unpacked.
    ///
    /// # Errors
    ///
    /// `corrupt_input`.
    pub(crate) fn part(&mut self, place: usize) -> Result<impl Read + '_> {
        self.zip.by_index(place).map_err(damaged)
    }
}

struct Sizes<'s> {
    step: &'s Step<'s>,
    packed: u64,
    unpacked: u64,
}

impl Sizes<'_> {
    fn measure(&mut self, part: &mut impl Read) -> Result<()> {
        let limits = self.step.limits();
        let mut buffer = vec![0; PIECE];
        loop {
            self.step.tick(0, 0)?;
            let count = match part.read(&mut buffer) {
                Ok(0) => return Ok(()),
                Ok(count) => count,
                Err(error) => return Err(damaged(error)),
            };
            self.unpacked += count as u64;
            self.step.within("memory", self.unpacked, limits.memory)?;
            if self.unpacked > limits.ratio_floor {
                self.step.within("ratio", self.unpacked.div_ceil(self.packed.max(1)), limits.ratio)?;
            }
        }
    }
}
