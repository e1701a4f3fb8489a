use super::XMP_KEYWORD;
use super::palette::{self, Indexed};
use crate::codec::Encoder;
use crate::difference::changed_rectangle;
use formwork_image_pixels::{Channels, Depth, Frame, Metadata, Picture, Samples, Sequence, Target};
use formwork_sdk::{Error, ErrorKind, Feature, OptionSpec, Options, Result, Step, Writer, options::option};
use png::text_metadata::ITXtChunk;
use png::{
    AnimationControl, BitDepth, BlendOp, ColorType, Compression, DisposeOp, EncodingError, Filter, Info,
    PixelDimensions, Unit,
};
use std::borrow::Cow;
use std::io::{BufWriter, Write};

const KEEPS: &[Feature] = &[
    Feature::Alpha,
    Feature::BitDepth,
    Feature::ColourProfile,
    Feature::Colours,
    Feature::Metadata,
    Feature::Quality,
    Feature::Animation,
];

const TARGET: Target<'static> = Target {
    name: "PNG",
    // All but the last: animation needs the other id.
    keeps: KEEPS.split_at(KEEPS.len() - 1).0,
    channels: &[Channels::Grey, Channels::GreyAlpha, Channels::Rgb, Channels::Rgba],
    depths: &[Depth::U8, Depth::U16],
    largest: (i32::MAX as u32, i32::MAX as u32),
    animation_as_pages: false,
};

pub(super) const STILL: Encoder = Encoder { target: TARGET, options, encode };
pub(super) const ANIMATED: Encoder =
    Encoder { target: Target { name: "APNG", keeps: KEEPS, ..TARGET }, options, encode: encode_animation };

/// Rows between two ticks.
const STRIP: usize = 64;
/// The share of pixels as the one before them that makes a picture flat.
const FLAT: f64 = 0.7;
/// Stripes that are packed as a trial, and the rows of each.
const TRIAL: (usize, usize) = (8, 8);
/// Bytes handed to the engine at one go.
const BUFFER: usize = 1 << 18;

fn options() -> Vec<OptionSpec> {
    let bits = "Bits a sample, 8 or 16; below 8 bits a pixel: a palette of so many colours.";
    vec![option("effort").with_default(5), option("color_depth").with_range(1, 16).with_summary(bits)]
}

fn compression(options: &Options<'_>) -> Compression {
    match options.integer("effort").unwrap_or(5) {
        ..=0 => Compression::Fastest,
        1..=3 => Compression::Fast,
        4..=7 => Compression::Balanced,
        _ => Compression::High,
    }
}

fn encode(step: &Step<'_>, options: &Options<'_>, picture: &Picture, output: &mut Writer<'_>) -> Result<()> {
    let Some(frame) = picture.frames.first() else { return Err(no_frames()) };
    let mut info = info(frame, &picture.metadata);
    let indexed = indexed(step, options, frame);
    if let Some(indexed) = &indexed {
        info.color_type = ColorType::Indexed;
        info.bit_depth = indexed.depth;
        info.palette = Some(Cow::Borrowed(&indexed.palette));
        info.trns = Some(Cow::Borrowed(indexed.alpha.as_slice())).filter(|alpha| !alpha.is_empty());
    }
    let output = BufWriter::with_capacity(BUFFER, output);
    let mut encoder = png::Encoder::with_info(output, info).map_err(failure)?;
    let compression = compression(options);
    encoder.set_compression(compression);
    if indexed.is_some() || repeats(frame, compression) {
        encoder.set_filter(Filter::NoFilter);
    }
    let mut writer = encoder.write_header().map_err(failure)?;
    let mut stream = writer.stream_writer_with_size(BUFFER).map_err(failure)?;
    let rows = frame.height as usize;
    let mut write = |index: usize, row: &[u8]| {
        if index.is_multiple_of(STRIP) {
            step.tick(index as u64, rows as u64)?;
        }
        Ok::<(), Error>(stream.write_all(row)?)
    };
    match &indexed {
        Some(indexed) => {
            let lines = indexed.rows.chunks(indexed.row);
            lines.enumerate().try_for_each(|(index, row)| write(index, row))?;
        }
        None => Rows::of(frame).enumerate().try_for_each(|(index, row)| write(index, &row))?,
    }
    stream.finish().map_err(failure)?;
    writer.finish().map_err(failure)
}

/// Whether a picture is packed best without a filter, as pages and drawings often are, in which the same comes again:
/// where most pixels are as the one before them, some stripes are packed both ways.
fn repeats(frame: &Frame, compression: Compression) -> bool {
    let Samples::U8(samples) = &frame.samples else { return false };
    let count = frame.channels.count();
    let row = (frame.width as usize * count).max(1);
    let stripes = samples.chunks(row * (frame.height as usize / TRIAL.0).max(TRIAL.1));
    let trial: Vec<&[u8]> = stripes.flat_map(|stripe| stripe.chunks_exact(row).take(TRIAL.1)).collect();
    let pixels = trial.iter().flat_map(|row| row.chunks_exact(count).zip(row.chunks_exact(count).skip(1)));
    let same = pixels.filter(|(one, next)| one == next).count();
    if (same as f64) < FLAT * (trial.len() * frame.width as usize) as f64 {
        return false;
    }
    let packed = |filter| packed(frame, &trial, compression, filter).unwrap_or(usize::MAX);
    packed(Some(Filter::NoFilter)) < packed(None)
}

/// Bytes that these rows take with a filter, or with what is usual for the compression.
fn packed(
    frame: &Frame,
    rows: &[&[u8]],
    compression: Compression,
    filter: Option<Filter>,
) -> std::result::Result<usize, EncodingError> {
    let mut info = Info::with_size(frame.width, rows.len() as u32);
    info.color_type = colour_type(frame.channels);
    let mut packed = Vec::new();
    let mut encoder = png::Encoder::with_info(&mut packed, info)?;
    encoder.set_compression(compression);
    if let Some(filter) = filter {
        encoder.set_filter(filter);
    }
    encoder.write_header()?.write_image_data(&rows.concat())?;
    Ok(packed.len())
}

/// The frame with a palette: when asked for one, or when its own colours are few enough.
fn indexed(step: &Step<'_>, options: &Options<'_>, frame: &Frame) -> Option<Indexed> {
    match options.integer("color_depth") {
        Some(bits @ 1..=7) => {
            let (indexed, exact) = palette::mixed(frame, bits as u32)?;
            if !exact {
                step.lose(Feature::Colours, format!("the colours were mixed from {}", 1 << bits));
            }
            Some(indexed)
        }
        None => palette::exact(frame),
        _ => None,
    }
}

fn no_frames() -> Error {
    Error::new(ErrorKind::Internal, "a picture without frames reached the encoder")
}

/// An error of the `png` crate. Its input comes from us, so what is left is the output.
fn failure(error: EncodingError) -> Error {
    match error {
        EncodingError::IoError(error) => error.into(),
        error => Error::new(ErrorKind::Internal, format!("PNG encoder: {error}")),
    }
}

/// Everything but the pixels.
fn info<'i>(frame: &Frame, metadata: &Metadata) -> Info<'i> {
    let mut info = Info::with_size(frame.width, frame.height);
    info.color_type = colour_type(frame.channels);
    info.bit_depth = if frame.samples.width() == 1 { BitDepth::Eight } else { BitDepth::Sixteen };
    info.icc_profile = metadata.icc.clone().map(Cow::Owned);
    info.exif_metadata = metadata.exif.clone().map(Cow::Owned);
    if let Some(xmp) = &metadata.xmp {
        let text = String::from_utf8_lossy(xmp).into_owned();
        info.utf8_text.push(ITXtChunk::new(XMP_KEYWORD, text));
    }
    let per_metre = |inches: f64| (inches / 0.0254).round() as u32;
    info.pixel_dims = metadata.density.map(|(x, y)| PixelDimensions {
        xppu: per_metre(x),
        yppu: per_metre(y),
        unit: Unit::Meter,
    });
    info
}

fn colour_type(channels: Channels) -> ColorType {
    match channels {
        Channels::Grey => ColorType::Grayscale,
        Channels::GreyAlpha => ColorType::GrayscaleAlpha,
        Channels::Rgba => ColorType::Rgba,
        _ => ColorType::Rgb,
    }
}

/// The rows of a frame, or of a rectangle in it, as PNG stores them: big endian.
struct Rows<'f> {
    frame: &'f Frame,
    next: usize,
    end: usize,
    /// First sample and number of samples in a row.
    part: (usize, usize),
}

impl<'f> Rows<'f> {
    fn of(frame: &'f Frame) -> Rows<'f> {
        Rows::within(frame, (0, 0, frame.width, frame.height))
    }

    fn within(frame: &'f Frame, (x, y, width, height): (u32, u32, u32, u32)) -> Rows<'f> {
        let count = frame.channels.count();
        let (first, last) = (y as usize, y as usize + height as usize);
        Rows { frame, next: first, end: last, part: (x as usize * count, width as usize * count) }
    }
}

impl<'f> Iterator for Rows<'f> {
    type Item = Cow<'f, [u8]>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.next >= self.end {
            return None;
        }
        let start = self.next * self.frame.width as usize * self.frame.channels.count() + self.part.0;
        let range = start..start + self.part.1;
        self.next += 1;
        match &self.frame.samples {
            Samples::U8(samples) => samples.get(range).map(Cow::Borrowed),
            Samples::U16(samples) => {
                let row = samples.get(range)?;
                Some(Cow::Owned(row.iter().flat_map(|sample| sample.to_be_bytes()).collect()))
            }
            Samples::F32(_) => None,
        }
    }
}

/// Writes all frames; from the second on only the rectangle that changed.
fn encode_animation(
    step: &Step<'_>,
    options: &Options<'_>,
    picture: &Picture,
    output: &mut Writer<'_>,
) -> Result<()> {
    let Some(first) = picture.frames.first() else { return Err(no_frames()) };
    let count = picture.frames.len();
    let loops = match picture.sequence {
        Sequence::Animation { loops } => loops,
        _ => 0,
    };
    let mut info = info(first, &picture.metadata);
    info.animation_control = Some(AnimationControl { num_frames: count as u32, num_plays: loops });
    info.frame_control =
        Some(png::FrameControl { width: first.width, height: first.height, ..png::FrameControl::default() });
    let output = BufWriter::with_capacity(BUFFER, output);
    let mut encoder = png::Encoder::with_info(output, info).map_err(failure)?;
    encoder.set_compression(compression(options));
    // Not the crate's stream writer: it puts the chunks of animations in the wrong order.
    let mut writer = encoder.write_header().map_err(failure)?;
    let mut before: Option<&Frame> = None;
    for (index, frame) in picture.frames.iter().enumerate() {
        step.tick(index as u64, count as u64)?;
        let whole = (0, 0, frame.width, frame.height);
        let part = before.map_or(whole, |before| changed_rectangle(before, frame));
        place(&mut writer, part, frame.delay_ms).map_err(failure)?;
        let rows: Vec<_> = Rows::within(frame, part).collect();
        writer.write_image_data(&rows.concat()).map_err(failure)?;
        before = Some(frame);
    }
    writer.finish().map_err(failure)
}

/// Says where the next frame goes and how long it stays.
fn place<W: Write>(
    writer: &mut png::Writer<W>,
    (x, y, width, height): (u32, u32, u32, u32),
    delay_ms: u32,
) -> std::result::Result<(), EncodingError> {
    writer.reset_frame_position()?;
    writer.set_frame_dimension(width, height)?;
    writer.set_frame_position(x, y)?;
    writer.set_blend_op(BlendOp::Source)?;
    writer.set_dispose_op(DisposeOp::None)?;
    match u16::try_from(delay_ms) {
        Ok(delay) => writer.set_frame_delay(delay, 1000),
        Err(_) => writer.set_frame_delay(u16::try_from(delay_ms / 1000).unwrap_or(u16::MAX), 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(pixel: impl Fn(usize, usize) -> u8) -> Frame {
        let samples = (0..256 * 256).flat_map(|place| [pixel(place % 256, place / 256); 3]).collect();
        Frame::new(256, 256, Channels::Rgb, Samples::U8(samples)).unwrap()
    }

    #[test]
    fn lines_of_letters_repeat_and_shades_do_not() {
        let noise = |number: usize| (number.wrapping_mul(2_654_435_761) >> 13) as u8;
        // Letters of five shapes on white, in any order.
        let shape = |x: usize, y: usize| usize::from(noise(x / 20 + y / 16 * 22)) % 5 * 320;
        let letter = |x: usize, y: usize| noise(x % 20 + y % 16 * 20 + shape(x, y)) / 64 * 85;
        let page = drawn(|x, y| if x % 20 < 4 && y % 16 < 9 { letter(x, y) } else { 255 });
        let shade = drawn(|x, y| (y + x / 16) as u8);
        let photo = drawn(|x, y| noise(x * 37 + y * 91));
        let all = [page, shade, photo].map(|frame| repeats(&frame, Compression::Balanced));
        assert_eq!(all, [true, false, false]);
    }
}
