//! The way of one track through a conversion.

mod amr;
mod copy;
mod decode_times;
mod sorenson;
mod sound;
mod subtitle;

pub use copy::{CopyLane, can_copy, form_for};
pub use sound::{Begin, LATE, SoundLane};
pub use subtitle::{SubtitleLane, is_text};

use crate::{Packet, Span, Track};
use formwork_sdk::{Error, Result};

/// Where a lane puts its packets, with times in the lane's own time base.
pub type Out<'o> = dyn FnMut(Packet) -> Result<()> + 'o;

/// Turns packets of one track of the input into packets of one track of the result.
pub trait Lane: Send {
    /// Takes a packet, with times in the track's time base. Packets come in the order of decoding.
    ///
    /// # Errors
    ///
    /// What `out` returns, and the lane's own.
    fn take(&mut self, packet: Packet, out: &mut Out<'_>) -> Result<()>;

    /// Hands over what is left.
    ///
    /// # Errors
    ///
    /// As for [`Lane::take`].
    fn finish(&mut self, out: &mut Out<'_>) -> Result<()>;

    /// Goes on with the track of another file, which stands in the result from `at` seconds on.
    ///
    /// # Errors
    ///
    /// `unsupported_conversion` for a lane that cannot; else as for [`Lane::take`].
    fn change_source(&mut self, track: &Track, span: &Span, at: f64, out: &mut Out<'_>) -> Result<()> {
        let _ = (span, at, out);
        Err(Error::unsupported(format!("tracks of {} cannot be joined", track.codec_name())))
    }

    /// True when nothing that may come is wanted any more: behind the end.
    fn is_done(&self) -> bool {
        false
    }

    /// Whether it is worth a thread of its own.
    fn is_heavy(&self) -> bool {
        true
    }

    /// What it did, for the receipt.
    fn count(&self) -> Count {
        Count::default()
    }
}

/// What a lane did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// Frames decoded.
    pub decoded: u64,
    /// Frames encoded.
    pub encoded: u64,
    /// Packets copied.
    pub copied: u64,
    /// Packets that were damaged.
    pub damaged: u64,
}
