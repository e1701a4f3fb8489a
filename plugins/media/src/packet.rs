//! A piece of coded data.

use crate::{Rational, ff};
use formwork_sdk::{Error, ErrorKind, Result};

/// One packet. Its data is shared and counted by FFmpeg.
#[derive(Debug)]
pub struct Packet(*mut ff::AVPacket);

// SAFETY: a packet is used by one thread at a time; its buffer's count is atomic.
unsafe impl Send for Packet {}

impl Packet {
    /// Makes an empty packet.
    ///
    /// # Errors
    ///
    /// `limit_exceeded` (`memory`).
    pub fn new() -> Result<Packet> {
        // SAFETY: allocates; null is looked for.
        let raw = unsafe { ff::av_packet_alloc() };
        if raw.is_null() { Err(no_memory()) } else { Ok(Packet(raw)) }
    }

    /// Makes a packet that owns a copy of some bytes.
    ///
    /// # Errors
    ///
    /// `limit_exceeded` (`memory`).
    pub fn of(bytes: &[u8]) -> Result<Packet> {
        let packet = Packet::new()?;
        let length = i32::try_from(bytes.len()).map_err(|_| no_memory())?;
        // SAFETY: the packet is ours and empty; after success its data holds `length` bytes.
        unsafe {
            crate::check(ff::av_new_packet(packet.0, length), "make room for a packet")?;
            std::ptr::copy_nonoverlapping(bytes.as_ptr(), (*packet.0).data, bytes.len());
        }
        Ok(packet)
    }

    /// The struct, for FFmpeg.
    pub fn as_ptr(&self) -> *mut ff::AVPacket {
        self.0
    }

    /// Index of the track it belongs to.
    pub fn stream(&self) -> usize {
        // SAFETY: the packet is ours.
        usize::try_from(unsafe { (*self.0).stream_index }).unwrap_or(0)
    }

    /// When it is shown, in the track's time base.
    pub fn pts(&self) -> Option<i64> {
        // SAFETY: as above.
        known(unsafe { (*self.0).pts })
    }

    /// When it is decoded, in the track's time base.
    pub fn dts(&self) -> Option<i64> {
        // SAFETY: as above.
        known(unsafe { (*self.0).dts })
    }

    /// How long it lasts, in the track's time base; 0 when unknown.
    pub fn duration(&self) -> i64 {
        // SAFETY: as above.
        unsafe { (*self.0).duration }
    }

    /// Whether decoding can start here.
    pub fn is_key(&self) -> bool {
        // SAFETY: as above.
        unsafe { (*self.0).flags & ff::AV_PKT_FLAG_KEY != 0 }
    }

    /// Number of bytes.
    pub fn size(&self) -> usize {
        // SAFETY: as above.
        usize::try_from(unsafe { (*self.0).size }).unwrap_or(0)
    }

    /// The bytes.
    pub fn data(&self) -> &[u8] {
        // SAFETY: data holds `size` bytes, or is null.
        unsafe {
            let data = (*self.0).data;
            if data.is_null() { &[] } else { std::slice::from_raw_parts(data, self.size()) }
        }
    }

    /// Moves times by `by`, in the track's time base.
    pub fn shift(&mut self, by: i64) {
        // SAFETY: the packet is ours.
        let raw = unsafe { &mut *self.0 };
        for time in [&mut raw.pts, &mut raw.dts] {
            if *time != ff::AV_NOPTS_VALUE {
                *time = time.saturating_add(by);
            }
        }
    }

    /// Brings times from one time base to another.
    pub fn rescale(&mut self, from: Rational, to: Rational) {
        // SAFETY: the packet is ours.
        unsafe { ff::av_packet_rescale_ts(self.0, from.raw(), to.raw()) };
    }

    /// Sets the track it belongs to.
    pub fn set_stream(&mut self, index: usize) {
        // SAFETY: the packet is ours.
        unsafe { (*self.0).stream_index = index as i32 };
    }

    /// Sets times and duration, in the track's time base.
    pub fn set_times(&mut self, pts: Option<i64>, dts: Option<i64>, duration: i64) {
        // SAFETY: the packet is ours.
        let raw = unsafe { &mut *self.0 };
        raw.pts = pts.unwrap_or(ff::AV_NOPTS_VALUE);
        raw.dts = dts.unwrap_or(ff::AV_NOPTS_VALUE);
        raw.duration = duration;
    }

    /// Samples at its start that are decoded and left out, as the container says; 0 when it says nothing.
    pub fn skipped_samples(&self) -> u32 {
        let mut size = 0;
        // SAFETY: the packet is ours; the data has `size` bytes and is read before the packet changes.
        unsafe {
            let kind = ff::AVPacketSideDataType::AV_PKT_DATA_SKIP_SAMPLES;
            let data = ff::av_packet_get_side_data(self.0, kind, &raw mut size);
            if data.is_null() || size < 10 { 0 } else { u32::from_le(data.cast::<u32>().read_unaligned()) }
        }
    }

    /// Marks it as a place where decoding can start.
    pub fn set_key(&mut self) {
        // SAFETY: the packet is ours.
        unsafe { (*self.0).flags |= ff::AV_PKT_FLAG_KEY };
    }
}

impl Drop for Packet {
    fn drop(&mut self) {
        // SAFETY: it is ours.
        unsafe { ff::av_packet_free(&raw mut self.0) };
    }
}

/// A time, unless FFmpeg says that there is none.
pub(crate) fn known(time: i64) -> Option<i64> {
    (time != ff::AV_NOPTS_VALUE).then_some(time)
}

/// The error for memory that is not to be had.
pub fn no_memory() -> Error {
    let mut error = Error::new(ErrorKind::LimitExceeded, "there is not enough memory for the decoded media");
    error.limit = Some("memory".into());
    error
}
