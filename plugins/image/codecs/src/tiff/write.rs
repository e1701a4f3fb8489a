use super::exif::Description;
use super::ifd::{Draft, File};
use super::tags;
use crate::codec::Encoder;
use flate2::{Compression, write::ZlibEncoder};
use formwork_image_pixels::{Channels, Depth, Frame, Metadata, Picture, Samples, Target};
use formwork_sdk::{Error, ErrorKind, Feature, OptionSpec, Options, Result, Step, Writer, options::option};
use std::io::Write;

pub(super) const ENCODER: Encoder = Encoder {
    target: Target {
        name: "TIFF",
        keeps: &[
            Feature::Alpha,
            Feature::BitDepth,
            Feature::ColourProfile,
            Feature::Colours,
            Feature::Inks,
            Feature::Metadata,
            Feature::Pages,
            Feature::Quality,
        ],
        channels: &[Channels::Grey, Channels::GreyAlpha, Channels::Rgb, Channels::Rgba, Channels::Cmyk],
        depths: &[Depth::U8, Depth::U16, Depth::F32],
        largest: (u32::MAX, u32::MAX),
        animation_as_pages: true,
    },
    options,
    encode,
};

/// Bytes of a strip before compression, about.
const STRIP: usize = 1 << 18;

fn options() -> Vec<OptionSpec> {
    vec![
        option("codec")
            .with_choices(&["deflate", "lzw", "none"])
            .with_default("deflate")
            .with_summary("Compression of the samples, always lossless."),
        option("effort").with_default(5),
        option("color_depth").with_range(8, 32),
    ]
}

/// How samples are packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Packing {
    None,
    Lzw,
    Deflate(u32),
}

impl Packing {
    fn from_options(options: &Options<'_>) -> Packing {
        match options.text("codec") {
            Some("none") => Packing::None,
            Some("lzw") => Packing::Lzw,
            _ => Packing::Deflate(options.get("effort").unwrap_or(5).clamp(1, 9)),
        }
    }

    fn number(self) -> u16 {
        match self {
            Packing::None => 1,
            Packing::Lzw => 5,
            Packing::Deflate(_) => 8,
        }
    }

    fn pack(self, bytes: Vec<u8>) -> Result<Vec<u8>> {
        match self {
            Packing::None => Ok(bytes),
            Packing::Lzw => weezl::encode::Encoder::with_tiff_size_switch(weezl::BitOrder::Msb, 8)
                .encode(&bytes)
                .map_err(|error| Error::new(ErrorKind::Internal, format!("LZW: {error}"))),
            Packing::Deflate(level) => {
                let mut encoder =
                    ZlibEncoder::new(Vec::with_capacity(bytes.len() / 2), Compression::new(level));
                encoder.write_all(&bytes)?;
                Ok(encoder.finish()?)
            }
        }
    }
}

fn encode(step: &Step<'_>, options: &Options<'_>, picture: &Picture, output: &mut Writer<'_>) -> Result<()> {
    let packing = Packing::from_options(options);
    if picture.bytes() > u64::from(u32::MAX) / 2 {
        return Err(Error::unsupported("the picture is too large for a TIFF of 4 GiB"));
    }
    output.append(b"II*\0\0\0\0\0")?;
    // Where the place of the next directory goes.
    let mut link = 4;
    let count = picture.frames.len();
    for (index, frame) in picture.frames.iter().enumerate() {
        let mut page = describe(frame, &picture.metadata, packing);
        if count > 1 {
            page.longs(tags::SUBFILE, &[2]);
            page.shorts(tags::PAGE_NUMBER, &[index as u16, count as u16]);
        }
        samples(step, frame, packing, &mut page, output)?;
        if index == 0 {
            attach(&mut page, &picture.metadata, output)?;
        }
        let place = output.length() as u32;
        output.append(&page.bytes(place))?;
        output.write_at(link, &place.to_le_bytes())?;
        link = u64::from(place) + page.link_offset();
    }
    Ok(())
}

/// Everything a page says of itself but where its strips lie.
fn describe(frame: &Frame, metadata: &Metadata, packing: Packing) -> Draft {
    let count = frame.channels.count();
    let bits = frame.samples.width() as u16 * 8;
    let (photometric, alpha) = match frame.channels {
        Channels::Grey => (tags::BLACK_IS_ZERO, false),
        Channels::GreyAlpha => (tags::BLACK_IS_ZERO, true),
        Channels::Rgb => (tags::RGB, false),
        Channels::Rgba => (tags::RGB, true),
        Channels::Cmyk => (tags::SEPARATED, false),
    };
    let mut page = Draft::default();
    page.longs(tags::WIDTH, &[frame.width]);
    page.longs(tags::HEIGHT, &[frame.height]);
    page.shorts(tags::BITS, &vec![bits; count]);
    page.shorts(tags::COMPRESSION, &[packing.number()]);
    page.shorts(tags::PHOTOMETRIC, &[photometric as u16]);
    page.shorts(tags::ORIENTATION, &[1]);
    page.shorts(tags::SAMPLES, &[count as u16]);
    page.shorts(tags::PLANAR, &[1]);
    if alpha {
        page.shorts(tags::EXTRA_SAMPLES, &[2]);
    }
    if bits == 32 {
        page.shorts(tags::SAMPLE_FORMAT, &vec![3; count]);
    }
    if predicted(frame, packing) {
        page.shorts(tags::PREDICTOR, &[2]);
    }
    let (x, y) = metadata.density.unwrap_or((72.0, 72.0));
    page.fraction(tags::X_RESOLUTION, x);
    page.fraction(tags::Y_RESOLUTION, y);
    page.shorts(tags::RESOLUTION_UNIT, &[2]);
    page
}

/// Whether samples are stored as differences, which pack better.
fn predicted(frame: &Frame, packing: Packing) -> bool {
    packing != Packing::None && frame.samples.width() < 4
}

/// Writes the strips.
fn samples(
    step: &Step<'_>,
    frame: &Frame,
    packing: Packing,
    page: &mut Draft,
    output: &mut Writer<'_>,
) -> Result<()> {
    let row = frame.width as usize * frame.channels.count();
    let rows = (STRIP / (row * frame.samples.width()).max(1)).clamp(1, frame.height as usize);
    let (mut places, mut lengths) = (Vec::new(), Vec::new());
    for top in (0..frame.height as usize).step_by(rows) {
        step.tick(top as u64, frame.height.into())?;
        let bottom = (top + rows).min(frame.height as usize);
        let strip = packing.pack(bytes(frame, top * row..bottom * row, row, predicted(frame, packing)))?;
        places.push(place(output)?);
        lengths.push(strip.len() as u32);
        output.append(&strip)?;
        align(output)?;
    }
    page.longs(tags::ROWS_PER_STRIP, &[rows as u32]);
    page.longs(tags::STRIP_OFFSETS, &places);
    page.longs(tags::STRIP_COUNTS, &lengths);
    Ok(())
}

/// The place of what comes next.
fn place(output: &Writer<'_>) -> Result<u32> {
    u32::try_from(output.length())
        .map_err(|_| Error::unsupported("the picture is too large for a TIFF of 4 GiB"))
}

/// Directories and their values begin at even places.
fn align(output: &mut Writer<'_>) -> Result<()> {
    if output.length() % 2 == 1 { output.append(&[0]) } else { Ok(()) }
}

/// Samples of some rows in little endian order, as differences within each row when told so.
fn bytes(frame: &Frame, range: std::ops::Range<usize>, row: usize, differences: bool) -> Vec<u8> {
    let stride = frame.channels.count();
    match &frame.samples {
        Samples::U8(samples) => {
            let mut part = samples.get(range).unwrap_or(&[]).to_vec();
            if differences {
                part.chunks_exact_mut(row).for_each(|row| subtract(row, stride, u8::wrapping_sub));
            }
            part
        }
        Samples::U16(samples) => {
            let mut part = samples.get(range).unwrap_or(&[]).to_vec();
            if differences {
                part.chunks_exact_mut(row).for_each(|row| subtract(row, stride, u16::wrapping_sub));
            }
            part.iter().flat_map(|sample| sample.to_le_bytes()).collect()
        }
        Samples::F32(samples) => {
            samples.get(range).unwrap_or(&[]).iter().flat_map(|sample| sample.to_le_bytes()).collect()
        }
    }
}

/// Takes from each value the one a pixel before it.
fn subtract<T: Copy>(row: &mut [T], stride: usize, take: fn(T, T) -> T) {
    for index in (stride..row.len()).rev() {
        row[index] = take(row[index], row[index - stride]);
    }
}

/// Adds profile, XMP and EXIF to the first page.
fn attach(page: &mut Draft, metadata: &Metadata, output: &mut Writer<'_>) -> Result<()> {
    if let Some(icc) = &metadata.icc {
        page.put(tags::ICC, tags::UNDEFINED, icc.clone());
    }
    if let Some(xmp) = &metadata.xmp {
        page.put(tags::XMP, tags::BYTE, xmp.clone());
    }
    let Some(block) = &metadata.exif else { return Ok(()) };
    let Ok(file) = File::open(block) else { return Ok(()) };
    let Some(first) = file.chain(1).0.into_iter().next() else { return Ok(()) };
    let Ok(Description { main, exif, gps }) = Description::of(&file, &first, 2 * block.len() as u64) else {
        return Ok(());
    };
    page.fill_in(main);
    for (tag, draft) in [(tags::EXIF, exif), (tags::GPS, gps)] {
        if !draft.is_empty() {
            let place = place(output)?;
            output.append(&draft.bytes(place))?;
            page.longs(tag, &[place]);
        }
    }
    Ok(())
}
