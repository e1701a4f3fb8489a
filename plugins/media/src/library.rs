//! What the FFmpeg at hand is and has.

use crate::{ff, version};
use formwork_sdk::Library;
use std::ffi::{CStr, CString};
use std::sync::Once;

/// Makes FFmpeg silent; it would write to standard error. Call before anything else.
pub fn prepare() {
    static ONCE: Once = Once::new();
    // SAFETY: sets a number.
    ONCE.call_once(|| unsafe { ff::av_log_set_level(ff::AV_LOG_QUIET) });
}

/// The libraries, for a plugin's description.
pub fn libraries() -> Vec<Library> {
    // SAFETY: the functions give numbers.
    let (codec, format) = unsafe { (ff::avcodec_version(), ff::avformat_version()) };
    let version = |number: u32| format!("{}.{}.{}", number >> 16, number >> 8 & 0xff, number & 0xff);
    let library =
        |name: &str, number| Library { name: name.into(), version: version(number), licence: licence() };
    vec![library("libavcodec", codec), library("libavformat", format)]
}

/// The licence that holds for the library as it was built: an SPDX expression.
pub fn licence() -> String {
    // SAFETY: a static text.
    let text = unsafe { CStr::from_ptr(ff::avcodec_license()) }.to_string_lossy();
    match &*text {
        "GPL version 3 or later" => "GPL-3.0-or-later",
        "GPL version 2 or later" => "GPL-2.0-or-later",
        "LGPL version 3 or later" => "LGPL-3.0-or-later",
        "LGPL version 2.1 or later" => "LGPL-2.1-or-later",
        _ => "LicenseRef-nonfree",
    }
    .into()
}

/// Whether the library loaded is of the major version this was built for; another would be read wrongly.
pub fn fits() -> bool {
    // SAFETY: the functions give numbers.
    let loaded =
        unsafe { (ff::avcodec_version() >> 16, ff::avformat_version() >> 16, ff::avutil_version() >> 16) };
    loaded
        == (
            ff::LIBAVCODEC_VERSION_MAJOR as u32,
            ff::LIBAVFORMAT_VERSION_MAJOR as u32,
            ff::LIBAVUTIL_VERSION_MAJOR as u32,
        )
}

/// An encoder of the library: static, so always valid.
#[derive(Clone, Copy, Debug)]
pub struct EncoderRef(*const ff::AVCodec);

impl EncoderRef {
    /// The struct, for FFmpeg.
    pub fn as_ptr(self) -> *const ff::AVCodec {
        self.0
    }
}

/// Finds an encoder by FFmpeg's name.
pub fn encoder(name: &str) -> Option<EncoderRef> {
    let name = CString::new(name).ok()?;
    // SAFETY: the name ends with a zero.
    let codec = unsafe { ff::avcodec_find_encoder_by_name(name.as_ptr()) };
    (!codec.is_null()).then_some(EncoderRef(codec))
}

/// Finds a muxer by FFmpeg's name.
pub fn muxer(name: &str) -> Option<*const ff::AVOutputFormat> {
    let name = CString::new(name).ok()?;
    // SAFETY: the name ends with a zero, null is allowed for the others.
    let format = unsafe { ff::av_guess_format(name.as_ptr(), std::ptr::null(), std::ptr::null()) };
    (!format.is_null()).then_some(format)
}

/// Whether there is a demuxer of this name.
pub fn has_demuxer(name: &str) -> bool {
    demuxer(name).is_some()
}

/// Finds a demuxer by FFmpeg's name.
pub(crate) fn demuxer(name: &str) -> Option<*const ff::AVInputFormat> {
    let name = CString::new(name).ok()?;
    // SAFETY: the name ends with a zero.
    let format = unsafe { ff::av_find_input_format(name.as_ptr()) };
    (!format.is_null()).then_some(format)
}

/// A pixel format's number as a value of the enumeration; `None` for numbers that are none.
pub fn pixel_format(number: i32) -> Option<ff::AVPixelFormat> {
    let last = ff::AVPixelFormat::AV_PIX_FMT_NB as i32;
    // SAFETY: all numbers from 0 up to the last are values of the enumeration.
    (0..last).contains(&number).then(|| unsafe { std::mem::transmute::<i32, ff::AVPixelFormat>(number) })
}

/// A sample format's number as a value of the enumeration; `None` for numbers that are none.
pub fn sample_format(number: i32) -> Option<ff::AVSampleFormat> {
    let last = ff::AVSampleFormat::AV_SAMPLE_FMT_NB as i32;
    // SAFETY: as above.
    (0..last).contains(&number).then(|| unsafe { std::mem::transmute::<i32, ff::AVSampleFormat>(number) })
}

/// Name and bits a component of a pixel format.
pub fn pixel_format_facts(format: ff::AVPixelFormat) -> Option<(&'static str, u32)> {
    // SAFETY: descriptors and their names are static; null is looked for.
    unsafe {
        let descriptor = ff::av_pix_fmt_desc_get(format).as_ref()?;
        let name = CStr::from_ptr(descriptor.name).to_str().ok()?;
        Some((name, u32::try_from(descriptor.comp[0].depth).unwrap_or(8)))
    }
}

/// Whether pixels of this format carry alpha.
pub fn has_alpha(format: ff::AVPixelFormat) -> bool {
    // SAFETY: as above.
    unsafe {
        ff::av_pix_fmt_desc_get(format)
            .as_ref()
            .is_some_and(|about| about.flags & u64::from(ff::AV_PIX_FMT_FLAG_ALPHA as u32) != 0)
    }
}

/// The numbers of a list that ends with a mark.
///
/// # Safety
///
/// `list` is null or ends with a value for which `ends` is true.
unsafe fn listed<T: Copy>(list: *const T, ends: impl Fn(&T) -> bool) -> Vec<T> {
    let mut values = Vec::new();
    let mut at = list;
    // No list of the library is longer.
    while !at.is_null() && values.len() < 512 {
        // SAFETY: the end has not been reached yet.
        let value = unsafe { *at };
        if ends(&value) {
            break;
        }
        values.push(value);
        // SAFETY: as above.
        at = unsafe { at.add(1) };
    }
    values
}

/// What an encoder takes. Empty lists allow everything.
#[derive(Debug, Default)]
pub struct Takes {
    /// Pixel formats.
    pub pixels: Vec<ff::AVPixelFormat>,
    /// Sample formats.
    pub samples: Vec<ff::AVSampleFormat>,
    /// Samples a second.
    pub rates: Vec<u32>,
    /// Frames a second.
    pub frame_rates: Vec<crate::Rational>,
    /// Layouts of channels: their number, and the mask of places.
    pub layouts: Vec<(u32, u64)>,
}

/// Asks an encoder what it takes.
pub fn takes(codec: EncoderRef) -> Takes {
    // SAFETY: the codec is static, its lists end as documented in FFmpeg's `codec.h`.
    unsafe {
        let lists = version::lists(codec.0);
        let pixels = listed(lists.pixels.cast::<i32>(), |value| *value == -1);
        let samples = listed(lists.samples.cast::<i32>(), |value| *value == -1);
        let rates = listed(lists.rates, |value| *value == 0);
        let frame_rates = listed(lists.frame_rates, |value| value.num == 0 && value.den == 0);
        let layouts = listed(lists.layouts, |value| value.nb_channels == 0);
        Takes {
            pixels: pixels.into_iter().filter_map(pixel_format).collect(),
            samples: samples.into_iter().filter_map(sample_format).collect(),
            rates: rates.into_iter().filter_map(|rate| u32::try_from(rate).ok()).collect(),
            frame_rates: frame_rates.into_iter().map(Into::into).collect(),
            layouts: layouts
                .iter()
                .map(|layout| (layout.nb_channels.max(0) as u32, mask_of(layout)))
                .collect(),
        }
    }
}

/// Whether a codec is lossless and more than plain samples.
pub(crate) fn is_packed(id: ff::AVCodecID) -> bool {
    // SAFETY: looks an id up, which gives a static descriptor or null, and a number.
    let (about, bits) =
        unsafe { (ff::avcodec_descriptor_get(id).as_ref(), ff::av_get_exact_bits_per_sample(id)) };
    bits == 0 && about.is_some_and(|about| about.props & ff::AV_CODEC_PROP_LOSSLESS != 0)
}

/// Which places the channels of a layout have; 0 when it does not say.
pub fn mask_of(layout: &ff::AVChannelLayout) -> u64 {
    // SAFETY: the mask is only read for layouts that have one.
    if layout.order == ff::AVChannelOrder::AV_CHANNEL_ORDER_NATIVE { unsafe { layout.u.mask } } else { 0 }
}

/// The usual places of so many channels, as FFmpeg's mask; 0 when there are none.
pub(crate) fn usual_mask(channels: u32) -> u64 {
    // SAFETY: an empty layout is all zeros; the usual ones own no memory.
    let mut layout: ff::AVChannelLayout = unsafe { std::mem::zeroed() };
    set_layout(&mut layout, channels, 0);
    mask_of(&layout)
}

/// Sets a layout that holds nothing yet: by its mask, or the usual one for so many channels.
pub(crate) fn set_layout(layout: &mut ff::AVChannelLayout, channels: u32, mask: u64) {
    // SAFETY: the layout is valid memory that owns nothing.
    unsafe {
        if mask == 0 || ff::av_channel_layout_from_mask(layout, mask) < 0 {
            ff::av_channel_layout_default(layout, channels as i32);
        }
    }
}

/// The display matrix of a stream: nine numbers.
pub(crate) fn display_matrix(raw: *mut ff::AVStream) -> Option<[i32; 9]> {
    // SAFETY: the stream is open; the data belongs to it and has `size` bytes.
    let (data, size) =
        unsafe { version::side_data(raw, ff::AVPacketSideDataType::AV_PKT_DATA_DISPLAYMATRIX) };
    if data.is_null() || size < 36 {
        return None;
    }
    // SAFETY: at least 36 bytes, as was looked at.
    Some(unsafe { data.cast::<[i32; 9]>().read_unaligned() })
}

/// Gives a stream a display matrix: turned clockwise first, then mirrored left to right.
///
/// # Safety
///
/// `stream` belongs to a file that is not begun.
pub(crate) unsafe fn set_display_matrix(
    stream: *mut ff::AVStream,
    rotation: i32,
    mirrored: bool,
) -> formwork_sdk::Result<()> {
    let mut matrix = [0i32; 9];
    // SAFETY: nine numbers, as the functions want; the data of the stream has room for them.
    unsafe {
        // Clockwise, whatever older headers say; `av_display_rotation_get` counts the other way.
        ff::av_display_rotation_set(matrix.as_mut_ptr(), f64::from(rotation));
        if mirrored {
            ff::av_display_matrix_flip(matrix.as_mut_ptr(), 1, 0);
        }
        let kind = ff::AVPacketSideDataType::AV_PKT_DATA_DISPLAYMATRIX;
        let data = version::new_side_data(stream, kind, 36);
        if data.is_null() {
            return Err(crate::packet::no_memory());
        }
        data.cast::<[i32; 9]>().write_unaligned(matrix);
    }
    Ok(())
}
