//! AMR narrow band by OpenCORE's own library, for an FFmpeg that was built without it.

use crate::lane::Out;
use crate::packet::no_memory;
use crate::track::Parameters;
use crate::{Frame, Packet, Quality, ff};
use formwork_sdk::{Error, ErrorKind, Result};
use std::ffi::{c_int, c_void};

/// Samples of a frame: 20 ms at 8 kHz (3GPP TS 26.071).
pub(super) const FRAME: usize = 160;
/// Bits a second of the modes 0 to 7 (3GPP TS 26.071, table 1).
const MODES: [u64; 8] = [4_750, 5_150, 5_900, 6_700, 7_400, 7_950, 10_200, 12_200];
/// Longest coded frame: 31 bytes and one of header (RFC 4867, section 5.3).
const LONGEST: usize = 64;

#[link(name = "opencore-amrnb")]
unsafe extern "C" {
    fn Encoder_Interface_init(dtx: c_int) -> *mut c_void;
    fn Encoder_Interface_exit(state: *mut c_void);
    fn Encoder_Interface_Encode(
        state: *mut c_void,
        mode: c_int,
        speech: *const i16,
        out: *mut u8,
        force_speech: c_int,
    ) -> c_int;
}

/// An open encoder.
pub(super) struct Opencore {
    state: *mut c_void,
    mode: c_int,
    position: i64,
}

// SAFETY: the state is plain memory, used by one thread at a time.
unsafe impl Send for Opencore {}

impl Opencore {
    pub(super) fn open(quality: &Quality) -> Result<Opencore> {
        let wanted = if let Quality::BitRate { rate, .. } = quality { *rate } else { MODES[7] };
        let mode = MODES.iter().rposition(|rate| *rate <= wanted).unwrap_or(0);
        // SAFETY: allocates; null is looked for. No discontinuous transmission.
        let state = unsafe { Encoder_Interface_init(0) };
        if state.is_null() {
            Err(no_memory())
        } else {
            Ok(Opencore { state, mode: mode as c_int, position: 0 })
        }
    }

    pub(super) fn encode(&mut self, frame: &Frame, out: &mut Out<'_>) -> Result<()> {
        let mut speech = [0i16; FRAME];
        let count = frame.samples().min(FRAME);
        let mut coded = [0u8; LONGEST];
        // SAFETY: the frame is 16-bit mono with `count` samples; the encoder reads 160 and writes at most 32 bytes.
        let length = unsafe {
            std::ptr::copy_nonoverlapping(
                (*frame.as_ptr()).data[0].cast::<i16>(),
                speech.as_mut_ptr(),
                count,
            );
            Encoder_Interface_Encode(self.state, self.mode, speech.as_ptr(), coded.as_mut_ptr(), 0)
        };
        let bytes = usize::try_from(length).ok().and_then(|length| coded.get(..length));
        let bytes = bytes.ok_or_else(|| Error::new(ErrorKind::PluginFault, "the AMR encoder failed"))?;
        let mut packet = Packet::of(bytes)?;
        packet.set_times(Some(self.position), Some(self.position), FRAME as i64);
        packet.set_key();
        self.position += FRAME as i64;
        out(packet)
    }
}

impl Drop for Opencore {
    fn drop(&mut self) {
        // SAFETY: ours.
        unsafe { Encoder_Interface_exit(self.state) };
    }
}

/// What a muxer has to know: mono at 8 kHz.
pub(super) fn parameters() -> Result<Parameters> {
    let parameters = Parameters::new()?;
    // SAFETY: the struct is ours.
    unsafe {
        let raw = &mut *parameters.as_ptr();
        raw.codec_type = ff::AVMediaType::AVMEDIA_TYPE_AUDIO;
        raw.codec_id = ff::AVCodecID::AV_CODEC_ID_AMR_NB;
        raw.sample_rate = 8_000;
        raw.frame_size = FRAME as i32;
        ff::av_channel_layout_default(&raw mut raw.ch_layout, 1);
    }
    Ok(parameters)
}
