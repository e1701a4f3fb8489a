//! Images of black and white alone, as scanners and fax machines pack them (ISO 32000-2, 7.4.6 and 7.4.7).

use crate::compress::channels;
use crate::draw::unpacked;
use crate::graph::{array_at, as_dict, number, number_at, resolve, value};
use crate::save::deflate;
use formwork_sdk::Step;
use lopdf::{Dictionary, Document, Object, Stream};

/// Columns of a fax that does not say how many it has.
const USUAL_COLUMNS: f64 = 1_728.0;
const LONGEST_SIDE: f64 = 65_535.0;

/// Rows of an image with one bit a sample, each of whole bytes; `None` for other images.
pub(crate) fn rows(step: &Step<'_>, doc: &Document, stream: &Stream) -> Option<Vec<u8>> {
    let (width, height) = size(step, doc, stream)?;
    let own = match stream.filters().unwrap_or_default().as_slice() {
        [b"CCITTFaxDecode" | b"CCF"] => fax(step, doc, stream, height)?,
        [b"JBIG2Decode"] => jbig2(step, doc, stream)?,
        _ => return (bits(doc, stream) == 1.0).then(|| unpacked(step, stream))?,
    };
    Some(own.fitted(width, height))
}

/// An image with a part of it black: left, bottom, right, top from 0 to 1. `None` for what has more colours.
pub(crate) fn painted(step: &Step<'_>, doc: &Document, stream: &Stream, part: [f64; 4]) -> Option<Stream> {
    let space = value(doc, &stream.dict, b"ColorSpace");
    let is_grey = is_stencil(doc, &stream.dict) || channels(doc, space) == Some(1);
    if !is_grey || bits(doc, stream) != 1.0 || stream.dict.has(b"SMask") || stream.dict.has(b"Mask") {
        return None;
    }
    let (width, height) = size(step, doc, stream)?;
    let mut samples = rows(step, doc, stream)?;
    let stride = width.div_ceil(8);
    let least = |side: f64, length: usize| (side * length as f64).floor() as usize;
    let most = |side: f64, length: usize| ((side * length as f64).ceil() as usize).min(length);
    let (left, right) = (least(part[0], width), most(part[2], width));
    let (top, bottom) = (least(1.0 - part[3], height), most(1.0 - part[1], height));
    let inverted = is_inverted(doc, &stream.dict);
    for row in samples.chunks_exact_mut(stride).take(bottom).skip(top) {
        for place in left..right {
            let mask = 0x80_u8 >> (place % 8);
            let byte = row.get_mut(place / 8)?;
            *byte = if inverted { *byte | mask } else { *byte & !mask };
        }
    }
    let mut dict = stream.dict.clone();
    dict.set("Filter", "FlateDecode");
    dict.remove(b"DecodeParms");
    Some(Stream::new(dict, deflate(&samples, 9).ok()?))
}

/// Whether the samples mean the opposite of what is usual.
pub(crate) fn is_inverted(doc: &Document, dict: &Dictionary) -> bool {
    let decode = array_at(doc, dict, b"Decode");
    let of = |place: usize| decode.get(place).and_then(|value| number(resolve(doc, value)));
    of(0) == Some(1.0) && of(1) == Some(0.0)
}

fn is_stencil(doc: &Document, dict: &Dictionary) -> bool {
    value(doc, dict, b"ImageMask").as_bool().unwrap_or(false)
}

/// Bits of a sample.
pub(crate) fn bits(doc: &Document, stream: &Stream) -> f64 {
    let filters = stream.filters().unwrap_or_default();
    let of_two = matches!(filters.last(), Some(&(b"CCITTFaxDecode" | b"CCF" | b"JBIG2Decode")));
    let usual = if of_two || is_stencil(doc, &stream.dict) { 1.0 } else { 8.0 };
    number_at(doc, &stream.dict, b"BitsPerComponent").unwrap_or(usual)
}

fn size(step: &Step<'_>, doc: &Document, stream: &Stream) -> Option<(usize, usize)> {
    let side =
        |key: &[u8]| number_at(doc, &stream.dict, key).filter(|side| (1.0..=LONGEST_SIDE).contains(side));
    let (width, height) = (side(b"Width")? as usize, side(b"Height")? as usize);
    step.check_picture(width as u64, height as u64, 1).ok()?;
    Some((width, height))
}

/// What unpacking is told of a stream with one filter.
fn parameters<'d>(doc: &'d Document, stream: &'d Stream) -> Option<&'d Dictionary> {
    match value(doc, &stream.dict, b"DecodeParms") {
        Object::Array(items) => items.first().and_then(|item| as_dict(resolve(doc, item))),
        object => as_dict(object),
    }
}

fn fax(step: &Step<'_>, doc: &Document, stream: &Stream, height: usize) -> Option<Rows> {
    use hayro_ccitt::{DecodeSettings, DecoderContext, EncodingMode, decode};
    let nothing = Dictionary::new();
    let told = parameters(doc, stream).unwrap_or(&nothing);
    let flag = |key: &[u8], usual: bool| value(doc, told, key).as_bool().unwrap_or(usual);
    let columns = number_at(doc, told, b"Columns").unwrap_or(USUAL_COLUMNS);
    let columns = Some(columns).filter(|columns| (1.0..=LONGEST_SIDE).contains(columns))? as u32;
    step.check_picture(columns.into(), height as u64, 1).ok()?;
    let kind = number_at(doc, told, b"K").unwrap_or(0.0);
    let settings = DecodeSettings {
        columns,
        rows: u32::try_from(height).ok()?,
        end_of_block: flag(b"EndOfBlock", true),
        end_of_line: flag(b"EndOfLine", false),
        rows_are_byte_aligned: flag(b"EncodedByteAlign", false),
        encoding: match kind {
            _ if kind < 0.0 => EncodingMode::Group4,
            _ if kind > 0.0 => EncodingMode::Group3_2D,
            _ => EncodingMode::Group3_1D,
        },
        strict: false,
    };
    let mut rows = Rows::new(columns as usize, height, !flag(b"BlackIs1", false));
    let decoded = decode(&stream.content, &mut rows, &mut DecoderContext::new(settings));
    // The rows before a damaged one are worth having.
    (decoded.is_ok() || !rows.bytes.is_empty()).then_some(rows)
}

fn jbig2(step: &Step<'_>, doc: &Document, stream: &Stream) -> Option<Rows> {
    use hayro_jbig2::{DecodeSettings, Globals, Page};
    let settings = DecodeSettings { strict: false };
    let shared = parameters(doc, stream).map(|told| value(doc, told, b"JBIG2Globals"));
    let shared = match shared {
        Some(Object::Stream(stream)) => Some(unpacked(step, stream)?),
        _ => None,
    };
    let shared = shared.map(|bytes| Globals::new(&bytes, &settings)).transpose().ok()?;
    let page = Page::new_embedded(&stream.content, shared.as_ref(), &settings).ok()?;
    step.check_picture(page.width().into(), page.height().into(), 1).ok()?;
    let mut rows = Rows::new(page.width() as usize, page.height() as usize, true);
    page.decode(&mut rows).ok()?;
    Some(rows)
}

/// Rows as they are unpacked.
struct Rows {
    width: usize,
    height: usize,
    /// White is 1, as it is in PDF.
    white_is_1: bool,
    bytes: Vec<u8>,
    /// Samples of the row that is not complete yet.
    filled: usize,
}

impl Rows {
    fn new(width: usize, height: usize, white_is_1: bool) -> Rows {
        Rows { width, height, white_is_1, bytes: Vec::new(), filled: 0 }
    }

    fn white(&self) -> u8 {
        if self.white_is_1 { 0xff } else { 0 }
    }

    /// Another row, all white; no more than there can be.
    fn open(&mut self) -> Option<&mut [u8]> {
        let stride = self.width.div_ceil(8);
        let start = self.bytes.len();
        if start >= stride * self.height {
            return None;
        }
        self.bytes.resize(start + stride, self.white());
        self.bytes.get_mut(start..)
    }

    /// Blackens samples of the last row.
    fn blacken(&mut self, from: usize, to: usize) {
        let (stride, white_is_1) = (self.width.div_ceil(8), self.white_is_1);
        let start = self.bytes.len().saturating_sub(stride);
        let Some(row) = self.bytes.get_mut(start..) else { return };
        for place in from..to.min(self.width) {
            if let Some(byte) = row.get_mut(place / 8) {
                let mask = 0x80_u8 >> (place % 8);
                *byte = if white_is_1 { *byte & !mask } else { *byte | mask };
            }
        }
    }

    fn push(&mut self, black: bool, count: usize) {
        if self.filled == 0 && self.open().is_none() {
            return;
        }
        if black {
            self.blacken(self.filled, self.filled + count);
        }
        self.filled += count;
    }

    /// The rows in the size that the image says it has.
    fn fitted(self, width: usize, height: usize) -> Vec<u8> {
        let (own, stride, white) = (self.width.div_ceil(8), width.div_ceil(8), self.white());
        let mut fitted = Vec::with_capacity(stride * height);
        for row in self.bytes.chunks_exact(own.max(1)).take(height) {
            let end = fitted.len() + stride;
            fitted.extend_from_slice(row.get(..stride).unwrap_or(row));
            fitted.resize(end, white);
        }
        fitted.resize(stride * height, white);
        fitted
    }
}

impl hayro_ccitt::Decoder for Rows {
    fn push_row(&mut self, changes: &[u32]) {
        if self.open().is_none() {
            return;
        }
        for span in changes.chunks(2) {
            let start = span.first().map_or(0, |start| *start as usize);
            self.blacken(start, span.get(1).map_or(self.width, |end| *end as usize));
        }
    }
}

impl hayro_jbig2::Decoder for Rows {
    fn push_pixel(&mut self, black: bool) {
        self.push(black, 1);
    }

    fn push_pixel_chunk(&mut self, black: bool, chunk_count: u32) {
        self.push(black, 8 * chunk_count as usize);
    }

    fn next_line(&mut self) {
        self.filled = 0;
    }
}
