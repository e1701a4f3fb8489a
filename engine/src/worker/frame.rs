//! Frames between the engine and a worker: what they are called and how their fields are packed.
//!
//! A frame is one packet of a `SOCK_SEQPACKET` socket: a byte that says what it is, then fields in a fixed
//! order, little-endian, texts with a `u32` length before them. Some carry one descriptor. Both ends are one
//! build of one program (see [`VERSION`]), but the engine takes nothing on trust: every field is bounded.

/// Changes with every change of a frame; engine and worker refuse each other when it differs.
pub(crate) const VERSION: u32 = 5;
/// Most bytes of a frame; longer content travels in a memory file, see [`LONG`].
pub(crate) const MOST: usize = 64 << 10;
/// Most bytes of content in a memory file.
pub(crate) const MOST_LONG: u64 = 64 << 20;

/// Worker: locked down and ready. `u32` version, `u8` level.
pub(crate) const HELLO: u8 = 1;
/// Worker: cannot start. Text: kind, text: reason.
pub(crate) const REFUSED_START: u8 = 2;
/// Worker: the descriptor of input `u64` is needed.
pub(crate) const NEED: u8 = 3;
/// Worker: open an output. `u32` kind, `u64` length, `i64` modified, `u32` mode, text name, text format.
pub(crate) const OPEN: u8 = 4;
/// Worker: output `u64` is complete. No answer: a failure shows when the call ends.
pub(crate) const CLOSE: u8 = 5;
/// Worker: text: a warning.
pub(crate) const WARN: u8 = 6;
/// Worker: text: feature, text: detail.
pub(crate) const LOSE: u8 = 7;
/// Worker: text: kind, text: limit, text: message.
pub(crate) const FAIL: u8 = 8;
/// Worker: text: facts as JSON.
pub(crate) const REPORT: u8 = 9;
/// Worker: input `u64` may be closed.
pub(crate) const RELEASE: u8 = 10;
/// Worker: the call ended with status `u32`.
pub(crate) const DONE: u8 = 11;
/// Worker: the main output is opened in the file that was handed over, as number 0; fields as for [`OPEN`]. No
/// answer.
pub(crate) const OPEN_MAIN: u8 = 12;
/// Worker: output `u64` has grown too large for memory; a file on disk is wanted for it.
pub(crate) const SPILL: u8 = 13;
/// Worker: keep a piece of the step's work. Text: name, bytes. No answer: nothing depends on it.
pub(crate) const KEEP: u8 = 14;
/// Worker: text: name of a piece. Granted with its length, and a file that holds it.
pub(crate) const FIND: u8 = 15;

/// Engine: the shared page, as a descriptor.
pub(crate) const PAGE: u8 = 32;
/// Engine: input `u64` as a sealed memory file that may be mapped.
pub(crate) const MAPPED: u8 = 33;
/// Engine: a file for the main output of the next call, as a descriptor.
pub(crate) const MAIN: u8 = 40;
/// Engine: the call. See `request.rs`.
pub(crate) const CALL: u8 = 34;
/// Engine: here is what you asked for; `u64`, and a descriptor where one was asked for.
pub(crate) const GRANTED: u8 = 35;
/// Engine: no; the engine knows why.
pub(crate) const DENIED: u8 = 36;
/// Engine, to a template: the file the next worker complains to, as a descriptor.
pub(crate) const MESSAGES: u8 = 37;
/// Engine, to a template: fork a worker. Bytes: its private folder; its socket as a descriptor.
pub(crate) const FORK: u8 = 38;
/// Engine, to a template: wait for worker `u32`, which ended or was killed.
pub(crate) const REAP: u8 = 39;
/// Either: the frame itself lies in the memory file whose descriptor comes with this one.
pub(crate) const LONG: u8 = 64;

/// Packs fields.
#[derive(Debug)]
pub(crate) struct Packer(Vec<u8>);

impl Packer {
    pub(crate) fn new(kind: u8) -> Packer {
        Packer(vec![kind])
    }

    pub(crate) fn u8(mut self, value: u8) -> Packer {
        self.0.push(value);
        self
    }

    pub(crate) fn u32(mut self, value: u32) -> Packer {
        self.0.extend_from_slice(&value.to_le_bytes());
        self
    }

    pub(crate) fn u64(mut self, value: u64) -> Packer {
        self.0.extend_from_slice(&value.to_le_bytes());
        self
    }

    pub(crate) fn i64(self, value: i64) -> Packer {
        self.u64(value as u64)
    }

    pub(crate) fn bytes(self, value: &[u8]) -> Packer {
        let length = u32::try_from(value.len()).unwrap_or(u32::MAX);
        let mut packer = self.u32(length);
        packer.0.extend_from_slice(&value[..length as usize]);
        packer
    }

    pub(crate) fn text(self, value: &str) -> Packer {
        self.bytes(value.as_bytes())
    }

    pub(crate) fn finish(self) -> Vec<u8> {
        self.0
    }
}

/// Takes fields apart. `None` once a field is not there; no length is believed before it is checked.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fields<'f>(&'f [u8]);

impl<'f> Fields<'f> {
    /// Splits a frame into its kind and its fields.
    pub(crate) fn of(frame: &'f [u8]) -> Option<(u8, Fields<'f>)> {
        let (kind, rest) = frame.split_first()?;
        Some((*kind, Fields(rest)))
    }

    fn take(&mut self, count: usize) -> Option<&'f [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    pub(crate) fn u8(&mut self) -> Option<u8> {
        self.take(1)?.first().copied()
    }

    pub(crate) fn u32(&mut self) -> Option<u32> {
        self.take(4)?.try_into().ok().map(u32::from_le_bytes)
    }

    pub(crate) fn u64(&mut self) -> Option<u64> {
        self.take(8)?.try_into().ok().map(u64::from_le_bytes)
    }

    pub(crate) fn i64(&mut self) -> Option<i64> {
        self.u64().map(|value| value as i64)
    }

    pub(crate) fn bytes(&mut self) -> Option<&'f [u8]> {
        let length = self.u32()?;
        self.take(length as usize)
    }

    pub(crate) fn text(&mut self) -> Option<&'f str> {
        std::str::from_utf8(self.bytes()?).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_come_back() {
        let frame = Packer::new(OPEN).u8(7).u32(8).i64(-9).text("Grüße").bytes(&[1, 2]).finish();
        let (kind, mut fields) = Fields::of(&frame).unwrap();
        assert_eq!((kind, fields.u8(), fields.u32(), fields.i64()), (OPEN, Some(7), Some(8), Some(-9)));
        assert_eq!((fields.text(), fields.bytes(), fields.u8()), (Some("Grüße"), Some(&[1, 2][..]), None));
    }

    #[test]
    fn lying_lengths_are_noticed() {
        let frame = Packer::new(WARN).u32(u32::MAX).finish();
        assert_eq!(Fields::of(&frame).unwrap().1.text(), None);
        for length in 0..frame.len() {
            assert!(Fields::of(&frame[..length]).and_then(|(_, mut fields)| fields.text()).is_none());
        }
    }
}
