//! Subtitles as they are shown: what, from when to when.

use crate::packet::no_memory;
use crate::{Packet, Rational, Track, check, ff};
use formwork_sdk::{Error, Result};
use std::ffi::CStr;
use std::ptr;

/// How long a subtitle is shown that does not say, in seconds.
pub(crate) const USUAL: f64 = 3.0;
/// Most pixels of a subtitle that is a picture.
const MOST_PIXELS: usize = 1 << 26;

/// Decodes the packets of a track of subtitles.
pub struct SubtitleDecoder {
    context: *mut ff::AVCodecContext,
    time_base: Rational,
}

// SAFETY: used by one thread at a time.
unsafe impl Send for SubtitleDecoder {}

/// What one packet shows.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Shown {
    /// When it appears, in seconds of the file's clock.
    pub start: f64,
    /// When it goes; pictures stay until the next packet where they do not say.
    pub end: Option<f64>,
    /// Lines of text, without styles.
    pub text: String,
    /// Pictures.
    pub pictures: Vec<SubtitlePicture>,
    /// It takes the place of what is shown, as pictures do, and does not join it.
    pub replaces: bool,
}

/// A picture at a place of the [canvas](SubtitleDecoder::canvas).
#[derive(Clone, Debug, PartialEq)]
pub struct SubtitlePicture {
    /// Left edge in pixels.
    pub x: u32,
    /// Upper edge in pixels.
    pub y: u32,
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
    /// Red, green, blue, alpha of each pixel, row by row.
    pub rgba: Vec<u8>,
}

/// A decoded subtitle of FFmpeg, freed when it goes.
pub(crate) struct Raw(pub(crate) ff::AVSubtitle);

impl Drop for Raw {
    fn drop(&mut self) {
        // SAFETY: filled by the decoder, or all zeros.
        unsafe { ff::avsubtitle_free(&raw mut self.0) };
    }
}

impl SubtitleDecoder {
    /// Opens one.
    ///
    /// # Errors
    ///
    /// `unsupported_conversion` when the library has no decoder for it; `corrupt_input`.
    pub fn open(track: &Track) -> Result<SubtitleDecoder> {
        // SAFETY: looks an id up.
        let codec = unsafe { ff::avcodec_find_decoder(track.codec()) };
        if codec.is_null() {
            let name = track.codec_name();
            return Err(Error::unsupported(format!("this FFmpeg cannot read {name} subtitles")));
        }
        // SAFETY: allocates for a codec that exists; null is looked for.
        let context = unsafe { ff::avcodec_alloc_context3(codec) };
        if context.is_null() {
            return Err(no_memory());
        }
        let decoder = SubtitleDecoder { context, time_base: track.time_base };
        // SAFETY: the context is ours and not open yet.
        unsafe {
            check(ff::avcodec_parameters_to_context(context, track.parameters.as_ptr()), "read subtitles")?;
            (*context).pkt_timebase = track.time_base.raw();
            check(ff::avcodec_open2(context, codec, ptr::null_mut()), "read subtitles")?;
        }
        Ok(decoder)
    }

    /// The header that encoders of text want: styles.
    pub(crate) fn header(&self) -> &[u8] {
        // SAFETY: the context is ours; the header has as many bytes as it says.
        unsafe {
            match ((*self.context).subtitle_header, usize::try_from((*self.context).subtitle_header_size)) {
                (start, Ok(length @ 1..)) if !start.is_null() => std::slice::from_raw_parts(start, length),
                _ => &[],
            }
        }
    }

    /// Width and height of the picture that places are meant for; zeros when the track does not say.
    pub fn canvas(&self) -> (u32, u32) {
        // SAFETY: the context is ours.
        let (width, height) = unsafe { ((*self.context).width, (*self.context).height) };
        (u32::try_from(width).unwrap_or(0), u32::try_from(height).unwrap_or(0))
    }

    /// FFmpeg's result for a packet: `Err` when it is damaged, `None` when it shows nothing yet.
    pub(crate) fn decode_raw(&mut self, packet: &Packet) -> std::result::Result<Option<Raw>, ()> {
        let mut got = 0;
        // SAFETY: plain numbers and pointers, for which zeros are valid.
        let mut subtitle = Raw(unsafe { std::mem::zeroed() });
        // SAFETY: all are ours.
        let code = unsafe {
            ff::avcodec_decode_subtitle2(self.context, &raw mut subtitle.0, &raw mut got, packet.as_ptr())
        };
        if code < 0 { Err(()) } else { Ok((got != 0).then_some(subtitle)) }
    }

    /// What a packet shows; `None` when that is nothing, or it is damaged.
    pub fn decode(&mut self, packet: &Packet) -> Option<Shown> {
        let raw = self.decode_raw(packet).ok().flatten()?;
        let time = self.time_base.seconds(packet.pts()?);
        let subtitle = &raw.0;
        let start = time + f64::from(subtitle.start_display_time) / 1000.0;
        let mut shown = Shown { start, end: self.end(subtitle, packet, time), ..Shown::default() };
        for index in 0..subtitle.num_rects as usize {
            // SAFETY: the list holds `num_rects` valid pointers.
            let rect = unsafe { &**subtitle.rects.add(index) };
            if let Some(text) = text_of(rect) {
                if !shown.text.is_empty() {
                    shown.text.push('\n');
                }
                shown.text.push_str(&text);
            } else {
                shown.pictures.extend(picture_of(rect));
            }
        }
        shown.replaces = shown.text.is_empty();
        if shown.text.is_empty() {
            return Some(shown);
        }
        shown.end = shown.end.or(Some(start + USUAL));
        Some(shown)
    }

    fn end(&self, subtitle: &ff::AVSubtitle, packet: &Packet, time: f64) -> Option<f64> {
        match (subtitle.end_display_time, packet.duration()) {
            (end, _) if end > subtitle.start_display_time && end != u32::MAX => {
                Some(time + f64::from(end) / 1000.0)
            }
            (_, duration @ 1..) => Some(time + self.time_base.seconds(duration)),
            _ => None,
        }
    }
}

impl Drop for SubtitleDecoder {
    fn drop(&mut self) {
        // SAFETY: ours, or null.
        unsafe { ff::avcodec_free_context(&raw mut self.context) };
    }
}

/// The text of a subtitle; `None` for a picture.
fn text_of(rect: &ff::AVSubtitleRect) -> Option<String> {
    let text = |start: *const std::ffi::c_char| {
        // SAFETY: null, or a text that ends with a zero, as the decoder made it.
        (!start.is_null()).then(|| unsafe { CStr::from_ptr(start) }.to_string_lossy().into_owned())
    };
    match rect.type_ {
        ff::AVSubtitleType::SUBTITLE_ASS => text(rect.ass).map(|line| plain(&line)),
        ff::AVSubtitleType::SUBTITLE_TEXT => text(rect.text),
        _ => None,
    }
}

/// The words of an event line of Advanced SubStation: behind eight commas, without what stands in braces.
fn plain(line: &str) -> String {
    let words = line.splitn(9, ',').nth(8).unwrap_or(line);
    let mut plain = String::with_capacity(words.len());
    let mut letters = words.chars().peekable();
    let mut depth = 0;
    while let Some(letter) = letters.next() {
        match (letter, letters.peek()) {
            ('{', _) => depth += 1,
            ('}', _) if depth > 0 => depth -= 1,
            _ if depth > 0 => {}
            ('\\', Some('N' | 'n')) => {
                letters.next();
                plain.push('\n');
            }
            ('\\', Some('h')) => {
                letters.next();
                plain.push(' ');
            }
            _ => plain.push(letter),
        }
    }
    plain.trim().to_owned()
}

/// The pixels of a subtitle that is a picture with a palette.
fn picture_of(rect: &ff::AVSubtitleRect) -> Option<SubtitlePicture> {
    let number = |value: i32| u32::try_from(value).ok();
    let (width, height) = (number(rect.w)?, number(rect.h)?);
    let (columns, rows) = (width as usize, height as usize);
    let stride = usize::try_from(rect.linesize[0]).ok().filter(|stride| *stride >= columns)?;
    let pixels = columns.checked_mul(rows).filter(|pixels| (1..=MOST_PIXELS).contains(pixels))?;
    if rect.data[0].is_null() || rect.data[1].is_null() {
        return None;
    }
    // SAFETY: a bitmap of FFmpeg has `h` rows, `linesize` apart, and a palette of 256 entries of 32 bits.
    let (indices, palette) = unsafe {
        let length = stride * (rows - 1) + columns;
        (
            std::slice::from_raw_parts(rect.data[0], length),
            std::slice::from_raw_parts(rect.data[1].cast::<[u8; 4]>(), 256),
        )
    };
    let mut rgba = Vec::with_capacity(pixels * 4);
    for row in indices.chunks(stride) {
        for index in row.iter().take(columns) {
            let [alpha, red, green, blue] = u32::from_ne_bytes(palette[usize::from(*index)]).to_be_bytes();
            rgba.extend([red, green, blue, alpha]);
        }
    }
    Some(SubtitlePicture { x: number(rect.x)?, y: number(rect.y)?, width, height, rgba })
}

#[cfg(test)]
mod tests {
    use super::plain;

    #[test]
    fn styles_are_taken_out_of_event_lines() {
        assert_eq!(plain("0,0,Default,,0,0,0,,{\\i1}One,{\\i0} two\\Nthree\\hfour"), "One, two\nthree four");
        assert_eq!(plain("no event"), "no event");
    }
}
