//! Between the descriptive tags of a TIFF page and an EXIF block, which is a small TIFF itself.

use super::ifd::{Directory, Draft, File};
use super::tags;
use formwork_sdk::{Error, Result};

/// Tags of the first directory that describe the picture and not how it is stored: title, make, model,
/// orientation, resolution, software, date, artist, copyright.
const DESCRIPTIVE: [u16; 11] = [270, 271, 272, 274, 282, 283, 296, 305, 306, 315, 33_432];
/// Tags whose presence alone makes a block worth while.
const TELLING: [u16; 7] = [270, 271, 272, 305, 306, 315, 33_432];
/// The link to the interoperability directory, which is not carried over.
const INTEROPERABILITY: u16 = 40_965;

/// The descriptive tags of a directory, its EXIF and its GPS directory.
#[derive(Debug, Default)]
pub(super) struct Description {
    pub(super) main: Draft,
    pub(super) exif: Draft,
    pub(super) gps: Draft,
}

impl Description {
    /// Takes them from a page, or from the first directory of an EXIF block: at most `allowed` bytes, for
    /// many entries may point to the same large value.
    ///
    /// # Errors
    ///
    /// `limit_exceeded` (`metadata`).
    pub(super) fn of(file: &File<'_>, page: &Directory<'_>, allowed: u64) -> Result<Description> {
        let sub = |tag| {
            file.number(page, tag).and_then(|place| file.directory(place)).map(|(directory, _)| directory)
        };
        let (exif, gps) = (sub(tags::EXIF).unwrap_or_default(), sub(tags::GPS).unwrap_or_default());
        let all = [&page.entries, &exif.entries, &gps.entries];
        let bytes: u64 = all.into_iter().flatten().map(|entry| entry.value.len() as u64).sum();
        let described = bytes - stored(page);
        if described > allowed {
            return Err(Error::limit("metadata", described, allowed));
        }
        Ok(Description {
            main: taken(file, page, |tag| DESCRIPTIVE.contains(&tag)),
            exif: taken(file, &exif, |tag| tag != INTEROPERABILITY),
            gps: taken(file, &gps, |_| true),
        })
    }

    /// The description as an EXIF block; `None` when there is nothing to tell.
    pub(super) fn block(mut self, page: &Directory<'_>) -> Option<Vec<u8>> {
        let telling = page.entries.iter().any(|entry| TELLING.contains(&entry.tag));
        if self.exif.is_empty() && self.gps.is_empty() && !telling {
            return None;
        }
        // Room for both links first, then their places.
        for (tag, draft) in [(tags::EXIF, &self.exif), (tags::GPS, &self.gps)] {
            if !draft.is_empty() {
                self.main.longs(tag, &[0]);
            }
        }
        let exif_at = 8 + self.main.length() as u32;
        let gps_at = exif_at + if self.exif.is_empty() { 0 } else { self.exif.length() as u32 };
        for (tag, draft, place) in [(tags::EXIF, &self.exif, exif_at), (tags::GPS, &self.gps, gps_at)] {
            if !draft.is_empty() {
                self.main.longs(tag, &[place]);
            }
        }
        let mut block = b"II*\0\x08\0\0\0".to_vec();
        block.extend(self.main.bytes(8));
        for (draft, place) in [(&self.exif, exif_at), (&self.gps, gps_at)] {
            if !draft.is_empty() {
                block.extend(draft.bytes(place));
            }
        }
        Some(block)
    }
}

/// Bytes of the page's own entries that tell how it is stored and are not copied.
fn stored(page: &Directory<'_>) -> u64 {
    let other = page.entries.iter().filter(|entry| !DESCRIPTIVE.contains(&entry.tag));
    other.map(|entry| entry.value.len() as u64).sum()
}

fn taken(file: &File<'_>, directory: &Directory<'_>, wanted: impl Fn(u16) -> bool) -> Draft {
    let mut draft = Draft::default();
    for entry in directory.entries.iter().filter(|entry| wanted(entry.tag)) {
        draft.put(entry.tag, entry.kind, file.little_endian(entry));
    }
    draft
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_survives_being_taken_apart() {
        let mut description = Description::default();
        description.main.put(271, tags::ASCII, b"Maker\0".to_vec());
        description.exif.shorts(34_855, &[400]);
        description.gps.put(1, tags::ASCII, b"N\0".to_vec());
        let page =
            Directory { entries: vec![super::super::ifd::Entry { tag: 271, kind: 2, value: b"Maker\0" }] };
        let block = description.block(&page).unwrap();
        let file = File::open(&block).unwrap();
        let (all, trouble) = file.chain(5);
        assert!(trouble.is_none());
        assert!(Description::of(&file, &all[0], 3).is_err());
        let again = Description::of(&file, &all[0], 1000).unwrap().block(&all[0]).unwrap();
        assert_eq!(block, again);
        let exif = file.directory(file.number(&all[0], tags::EXIF).unwrap()).unwrap().0;
        assert_eq!(file.number(&exif, 34_855), Some(400));
    }
}
