use super::failure;
use crate::codec::Encoder;
use exr::block::lines::LineRefMut;
use exr::block::{UncompressedBlock, enumerate_ordered_header_block_indices, writer::ChunksWriter};
use exr::meta::attribute::{ChannelDescription, LineOrder, SampleType, Text};
use exr::meta::header::Header;
use exr::meta::{BlockDescription, Headers};
use exr::prelude::{Compression, f16};
use formwork_image_pixels::{Channels, Depth, Frame, Picture, Samples, Target, to_linear};
use formwork_sdk::{Error, ErrorKind, Feature, OptionSpec, Options, Result, Step, Writer, options::option};
use std::io::BufWriter;

pub(super) const ENCODER: Encoder = Encoder {
    target: Target {
        name: "OpenEXR",
        keeps: &[Feature::Alpha, Feature::BitDepth, Feature::Colours, Feature::Quality],
        channels: &[Channels::Grey, Channels::GreyAlpha, Channels::Rgb, Channels::Rgba],
        depths: &[Depth::F32],
        largest: (i32::MAX as u32, i32::MAX as u32),
        animation_as_pages: false,
    },
    options,
    encode,
};

/// Bytes handed to the engine at one go.
const BUFFER: usize = 1 << 18;

fn options() -> Vec<OptionSpec> {
    vec![option("color_depth").with_range(16, 32)]
}

/// Writes rows under ZIP. Without a wish, samples are halves where nothing is lost by it: halves before,
/// or made of 8 bits.
fn encode(step: &Step<'_>, options: &Options<'_>, picture: &Picture, output: &mut Writer<'_>) -> Result<()> {
    let fault = || Error::new(ErrorKind::Internal, "a picture OpenEXR cannot hold reached the encoder");
    let frame = picture.frames.first().ok_or_else(fault)?;
    let Samples::F32(samples) = &frame.samples else { return Err(fault()) };
    let half = options.integer("color_depth").map_or_else(|| fits_half(samples), |bits| bits <= 16);
    let mut header = header(frame, if half { SampleType::F16 } else { SampleType::F32 });
    header.own_attributes.horizontal_density = picture.metadata.density.map(|(across, _)| across as f32);
    let mut stopped = None;
    let headers: Headers = std::iter::once(header).collect();
    let output = BufWriter::with_capacity(BUFFER, output);
    let written = exr::block::write(output, headers, true, |meta, writer| {
        let all = writer.total_chunks_count() as u64;
        let mut writer = writer.sequential_blocks_compressor(&meta);
        for (index, place) in enumerate_ordered_header_block_indices(&meta.headers) {
            if let Err(error) = step.tick(index as u64, all) {
                stopped = Some(error);
                return Err(exr::error::Error::Aborted);
            }
            let Some(header) = meta.headers.first() else { break };
            let fill = |line: LineRefMut<'_>| fill(line, frame, samples, half);
            writer.compress_block(index, UncompressedBlock::from_lines(&header.channels, place, fill))?;
        }
        Ok(())
    });
    match stopped {
        Some(error) => Err(error),
        None => written.map_err(failure),
    }
}

/// The names of a frame's samples, in the order of the file and with their place in a pixel.
fn names(channels: Channels) -> &'static [(&'static str, usize)] {
    match channels {
        Channels::Grey => &[("Y", 0)],
        Channels::GreyAlpha => &[("A", 1), ("Y", 0)],
        Channels::Rgba => &[("A", 3), ("B", 2), ("G", 1), ("R", 0)],
        _ => &[("B", 2), ("G", 1), ("R", 0)],
    }
}

fn header(frame: &Frame, kind: SampleType) -> Header {
    let channel = |(name, _): &(&str, usize)| ChannelDescription::named(*name, kind);
    let channels = names(frame.channels).iter().map(channel).collect();
    let size = (frame.width as usize, frame.height as usize);
    let header = Header::new(Text::from("picture"), size, channels);
    header.with_encoding(Compression::ZIP16, BlockDescription::ScanLines, LineOrder::Increasing)
}

/// Fills a line of one channel: colours multiplied by alpha.
fn fill(line: LineRefMut<'_>, frame: &Frame, samples: &[f32], half: bool) {
    let count = frame.channels.count();
    let Some((_, place)) = names(frame.channels).get(line.location.channel) else { return };
    let start = (line.location.position.y() * frame.width as usize + line.location.position.x()) * count;
    let pixels = samples.get(start..).unwrap_or(&[]).chunks_exact(count);
    let colour = !frame.channels.has_alpha() || *place < count - 1;
    let value = |pixel: &[f32]| {
        let cover =
            if frame.channels.has_alpha() && colour { pixel.last().copied().unwrap_or(1.0) } else { 1.0 };
        pixel.get(*place).copied().unwrap_or(0.0) * cover
    };
    if half {
        let places = line.value.as_chunks_mut::<2>().0.iter_mut();
        places.zip(pixels).for_each(|(to, pixel)| *to = f16::from_f32(value(pixel)).to_ne_bytes());
    } else {
        let places = line.value.as_chunks_mut::<4>().0.iter_mut();
        places.zip(pixels).for_each(|(to, pixel)| *to = value(pixel).to_ne_bytes());
    }
}

/// Whether every sample is a half, or stands for one of 8 bits, which a half tells apart.
fn fits_half(samples: &[f32]) -> bool {
    let levels: Vec<f32> = (0..=255u8).map(|level| to_linear(f32::from(level) / 255.0)).collect();
    let eight = |value: f32| {
        let near = levels.partition_point(|level| *level < value);
        let close =
            |index: usize| levels.get(index).is_some_and(|level| (level - value).abs() <= value * 1e-5);
        close(near) || close(near.wrapping_sub(1)) || (value * 255.0 - (value * 255.0).round()).abs() < 1e-4
    };
    samples.iter().all(|value| f16::from_f32(*value).to_f32().to_bits() == value.to_bits() || eight(*value))
}
