//! Where versions of FFmpeg differ: one name here for the old call and the new one. `build.rs` tells them apart.

use crate::ff;

/// What a write callback is handed: constant since FFmpeg 7.0.
#[cfg(const_write)]
pub(crate) type Written = *const u8;
/// What a write callback is handed: constant since FFmpeg 7.0.
#[cfg(not(const_write))]
pub(crate) type Written = *mut u8;

/// How long a frame is shown, in the unit of its times; 0 when that is not known.
#[cfg(frame_duration)]
pub(crate) fn duration(frame: &ff::AVFrame) -> i64 {
    frame.duration
}

/// How long a frame is shown, in the unit of its times; 0 when that is not known.
#[cfg(not(frame_duration))]
pub(crate) fn duration(frame: &ff::AVFrame) -> i64 {
    frame.pkt_duration
}

/// Lists of what a codec takes. Each is null, for everything, or ends with the mark that `codec.h` of FFmpeg names.
pub(crate) struct Lists {
    pub(crate) pixels: *const ff::AVPixelFormat,
    pub(crate) samples: *const ff::AVSampleFormat,
    pub(crate) rates: *const i32,
    pub(crate) frame_rates: *const ff::AVRational,
    pub(crate) layouts: *const ff::AVChannelLayout,
}

/// The lists of a codec.
///
/// # Safety
///
/// `codec` is one of the library's own.
#[cfg(not(supported_config))]
pub(crate) unsafe fn lists(codec: *const ff::AVCodec) -> Lists {
    // SAFETY: codecs of the library live as long as it does.
    let codec = unsafe { &*codec };
    Lists {
        pixels: codec.pix_fmts,
        samples: codec.sample_fmts,
        rates: codec.supported_samplerates,
        frame_rates: codec.supported_framerates,
        layouts: codec.ch_layouts,
    }
}

/// The lists of a codec.
///
/// # Safety
///
/// `codec` is one of the library's own.
#[cfg(supported_config)]
pub(crate) unsafe fn lists(codec: *const ff::AVCodec) -> Lists {
    use ff::AVCodecConfig::*;
    let list = |kind| {
        let mut list = std::ptr::null();
        // SAFETY: a codec without context is allowed, and so is not asking for the number.
        unsafe {
            ff::avcodec_get_supported_config(
                std::ptr::null(),
                codec,
                kind,
                0,
                &raw mut list,
                std::ptr::null_mut(),
            );
        }
        list
    };
    Lists {
        pixels: list(AV_CODEC_CONFIG_PIX_FORMAT).cast(),
        samples: list(AV_CODEC_CONFIG_SAMPLE_FORMAT).cast(),
        rates: list(AV_CODEC_CONFIG_SAMPLE_RATE).cast(),
        frame_rates: list(AV_CODEC_CONFIG_FRAME_RATE).cast(),
        layouts: list(AV_CODEC_CONFIG_CHANNEL_LAYOUT).cast(),
    }
}

/// Data that a stream carries as a whole, and its length; null when it has none of the kind.
///
/// # Safety
///
/// `stream` belongs to an open file. The data belongs to the stream.
#[cfg(not(coded_side_data))]
pub(crate) unsafe fn side_data(
    stream: *const ff::AVStream,
    kind: ff::AVPacketSideDataType,
) -> (*const u8, usize) {
    let mut length = 0;
    // SAFETY: as the caller promises.
    let data = unsafe { ff::av_stream_get_side_data(stream, kind, &raw mut length) };
    (data, length)
}

/// Data that a stream carries as a whole, and its length; null when it has none of the kind.
///
/// # Safety
///
/// `stream` belongs to an open file. The data belongs to the stream.
#[cfg(coded_side_data)]
pub(crate) unsafe fn side_data(
    stream: *const ff::AVStream,
    kind: ff::AVPacketSideDataType,
) -> (*const u8, usize) {
    // SAFETY: as the caller promises; the list and its number belong together.
    unsafe {
        let about = &*(*stream).codecpar;
        let found = ff::av_packet_side_data_get(about.coded_side_data, about.nb_coded_side_data, kind);
        found.as_ref().map_or((std::ptr::null(), 0), |found| (found.data.cast_const(), found.size))
    }
}

/// Gives a stream room for `length` bytes of such data; null when there is no memory.
///
/// # Safety
///
/// `stream` belongs to a file that is not begun.
#[cfg(not(coded_side_data))]
pub(crate) unsafe fn new_side_data(
    stream: *mut ff::AVStream,
    kind: ff::AVPacketSideDataType,
    length: usize,
) -> *mut u8 {
    // SAFETY: as the caller promises.
    unsafe { ff::av_stream_new_side_data(stream, kind, length) }
}

/// Gives a stream room for `length` bytes of such data; null when there is no memory.
///
/// # Safety
///
/// `stream` belongs to a file that is not begun.
#[cfg(coded_side_data)]
pub(crate) unsafe fn new_side_data(
    stream: *mut ff::AVStream,
    kind: ff::AVPacketSideDataType,
    length: usize,
) -> *mut u8 {
    // SAFETY: as the caller promises; the list and its number belong together.
    unsafe {
        let about = &mut *(*stream).codecpar;
        let made = ff::av_packet_side_data_new(
            &raw mut about.coded_side_data,
            &raw mut about.nb_coded_side_data,
            kind,
            length,
            0,
        );
        made.as_ref().map_or(std::ptr::null_mut(), |made| made.data)
    }
}
