//! Taking big-endian numbers off the front of a block.

use formwork_sdk::{Error, Result};

/// What is left of a block.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bytes<'b>(pub(super) &'b [u8]);

impl<'b> Bytes<'b> {
    /// Takes so many bytes.
    pub(super) fn take(&mut self, count: u64) -> Result<&'b [u8]> {
        let parts = usize::try_from(count).ok().and_then(|count| self.0.split_at_checked(count));
        let (taken, rest) = parts.ok_or_else(too_short)?;
        self.0 = rest;
        Ok(taken)
    }

    /// Takes as many bytes as there are, up to a count.
    pub(super) fn take_up_to(&mut self, count: usize) -> &'b [u8] {
        let (taken, rest) = self.0.split_at(count.min(self.0.len()));
        self.0 = rest;
        taken
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        let (array, rest) = self.0.split_first_chunk().ok_or_else(too_short)?;
        self.0 = rest;
        Ok(*array)
    }

    pub(super) fn u8(&mut self) -> Result<u8> {
        self.array().map(|[byte]| byte)
    }

    pub(super) fn u16(&mut self) -> Result<u16> {
        self.array().map(u16::from_be_bytes)
    }

    pub(super) fn i16(&mut self) -> Result<i16> {
        self.array().map(i16::from_be_bytes)
    }

    pub(super) fn u32(&mut self) -> Result<u32> {
        self.array().map(u32::from_be_bytes)
    }

    /// A length: 8 bytes where PSB has long ones, else 4.
    pub(super) fn length(&mut self, long: bool) -> Result<u64> {
        if long { self.array().map(u64::from_be_bytes) } else { self.u32().map(u64::from) }
    }

    /// A block with its length in front.
    pub(super) fn block(&mut self, long: bool) -> Result<Bytes<'b>> {
        let length = self.length(long)?;
        self.take(length).map(Bytes)
    }
}

fn too_short() -> Error {
    Error::corrupt("the Photoshop document ends too early")
}
