//! From a picture to a HEIC file: tiles of 512 by 512 pixels, as phones write them.

use crate::isobmff::ItemId;
use crate::isobmff::boxes::{ColorInfo, HevcConfig};
use crate::isobmff::writer::{ALPHA_URN, HeifWriter, ImageSpec};
use crate::patience::guarded;
use crate::planes::{Planes, Source};
use crate::tiles::side_by_side;
use formwork_image_pixels::{Channels, Depth, Frame, Picture, Target, is_opaque};
use formwork_sdk::{Error, ErrorKind, Feature, Options, Result, Step};
use heifer::heifer_hevc_enc::encoder::{EncodedPicture, EncoderConfig, encode_picture16};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

/// Features that arrive in a HEIC file.
pub(crate) const KEEPS: &[Feature] =
    &[Feature::Alpha, Feature::BitDepth, Feature::ColourProfile, Feature::Colours, Feature::Metadata];

/// What the encoder takes.
pub(crate) const TARGET: Target<'static> = Target {
    name: "HEIC",
    keeps: KEEPS,
    channels: &[Channels::Rgb, Channels::Rgba],
    depths: &[Depth::U8, Depth::U16],
    largest: (65_535, 65_535),
    animation_as_pages: false,
};

/// Quality when none is asked for.
pub(crate) const QUALITY: i64 = 60;

/// Side of a tile.
const TILE: u32 = 512;
/// Least side of a tile, and what a shorter one is rounded up to (ISO/IEC 23000-22, 7.3.11.4.2).
const LEAST_TILE: u32 = 64;

/// sRGB with BT.601's matrix in full range, as phones write it.
const SRGB: ColorInfo = ColorInfo::Nclx { primaries: 1, transfer: 13, matrix: 6, full_range: true };

/// Encodes a picture that was brought down to [`TARGET`].
///
/// # Errors
///
/// `cancelled`; `timeout`; `internal` when the encoder refuses.
pub(crate) fn encode(step: &Step<'_>, options: &Options<'_>, picture: &Picture) -> Result<Vec<u8>> {
    let frame = picture.frames.first().ok_or_else(|| Error::corrupt("the picture has no frame"))?;
    let quality = options.integer("quality").unwrap_or(QUALITY);
    let depth = if frame.samples.width() > 1 { 10 } else { 8 };
    let source = Source::new(frame, depth);
    let grid = Grid::of(frame);
    let alpha = frame.channels.has_alpha() && !is_opaque(frame);
    let icc = picture.metadata.icc.as_deref();
    let job = Job {
        step,
        source: &source,
        grid: &grid,
        total: grid.count() * if alpha { 2 } else { 1 },
        done: &AtomicUsize::new(0),
    };
    let colour = (if icc.is_some() { 2 } else { 1 }, if icc.is_some() { 2 } else { 13 }, 6);
    let config = EncoderConfig { qp: qp(quality), full_range: true, colour };
    let coded = job.encode(Planes::Colour, &config)?;
    let mut writer = HeifWriter::new();
    let image = grid.add(&mut writer, &coded, None, icc);
    if alpha {
        // Wrong edges show more than wrong colours.
        let config = EncoderConfig { qp: config.qp.saturating_sub(4), colour: (2, 2, 2), ..config };
        let coded = job.encode(Planes::Alpha, &config)?;
        let mask = grid.add(&mut writer, &coded, Some(ALPHA_URN), None);
        writer.add_reference(*b"auxl", mask, &[image]);
    }
    if let Some(exif) = &picture.metadata.exif {
        writer.add_exif(image, exif);
    }
    if let Some(xmp) = &picture.metadata.xmp {
        writer.add_xmp(image, xmp);
    }
    writer.set_primary(image);
    Ok(writer.finish())
}

/// The quantiser for a quality: 60 gives 29, which looks about like a JPEG of quality 85; twenty steps of
/// quality are nine of the quantiser.
fn qp(quality: i64) -> u8 {
    (56.0 - 0.45 * quality as f64).round().clamp(8.0, 51.0) as u8
}

/// How a picture is divided.
struct Grid {
    size: (u32, u32),
    tile: (u32, u32),
    columns: u32,
    rows: u32,
}

impl Grid {
    /// One picture up to the size of a tile, else tiles.
    fn of(frame: &Frame) -> Grid {
        let size = (frame.width, frame.height);
        if size.0 <= TILE && size.1 <= TILE {
            return Grid { size, tile: size, columns: 1, rows: 1 };
        }
        // A whole tile for each piece of a narrow strip would be hundreds of times the picture.
        let side = |whole: u32| whole.next_multiple_of(LEAST_TILE).min(TILE);
        let tile = (side(size.0), side(size.1));
        Grid { size, tile, columns: size.0.div_ceil(tile.0), rows: size.1.div_ceil(tile.1) }
    }

    fn count(&self) -> usize {
        self.columns as usize * self.rows as usize
    }

    /// Left and upper edge of a tile.
    fn origin(&self, index: usize) -> (u32, u32) {
        let index = index as u32;
        (index % self.columns * self.tile.0, index / self.columns * self.tile.1)
    }

    /// Puts coded tiles into the file and returns the item of the whole.
    fn add(
        &self,
        writer: &mut HeifWriter,
        coded: &[EncodedPicture],
        kind: Option<&str>,
        icc: Option<&[u8]>,
    ) -> ItemId {
        let single = coded.len() == 1;
        let colour = (kind.is_none() && icc.is_none()).then_some(SRGB);
        let mut items = Vec::with_capacity(coded.len());
        for picture in coded {
            let (width, height) = (picture.width, picture.height);
            let spec = ImageSpec {
                color: colour.clone(),
                auxiliary_type: kind.filter(|_| single),
                hidden: !single || kind.is_some(),
                crop: (self.tile != (width, height)).then_some(self.tile),
                ..ImageSpec::new(width, height, config_of(picture), &picture.slices)
            };
            let item = writer.add_image(&spec);
            if let Some(icc) = icc {
                writer.add_icc_profile(item, icc);
            }
            items.push(item);
        }
        if let ([item], true) = (items.as_slice(), single) {
            return *item;
        }
        let (width, height) = self.size;
        let (rows, columns) = (self.rows as u16, self.columns as u16);
        let item = writer.add_grid(rows, columns, width, height, &items, colour.as_ref(), kind);
        if let Some(icc) = icc {
            writer.add_icc_profile(item, icc);
        }
        item
    }
}

fn config_of(picture: &EncodedPicture) -> HevcConfig {
    // Main is 8 bits, Main 10 is 10 (ITU-T H.265, annex A.3).
    let depth = if picture.profile_idc == 2 { 10 } else { 8 };
    HevcConfig {
        profile_idc: picture.profile_idc,
        level_idc: picture.level_idc,
        chroma_format: picture.chroma_format,
        bit_depth_luma: depth,
        bit_depth_chroma: depth,
        nal_length_size: 4,
        nal_units: picture.parameter_sets.clone(),
    }
}

/// Encoding of all tiles, over colour and alpha.
struct Job<'j> {
    step: &'j Step<'j>,
    source: &'j Source<'j>,
    grid: &'j Grid,
    done: &'j AtomicUsize,
    total: usize,
}

impl Job<'_> {
    fn encode(&self, planes: Planes, config: &EncoderConfig) -> Result<Vec<EncodedPicture>> {
        let count = self.grid.count();
        let slots: Vec<Mutex<Option<EncodedPicture>>> = (0..count).map(|_| Mutex::new(None)).collect();
        side_by_side(self.step.threads(), count, |index| {
            let coded = self.tile(index, planes, config)?;
            if let Some(slot) = slots.get(index) {
                *slot.lock().unwrap_or_else(PoisonError::into_inner) = Some(coded);
            }
            let done = self.done.fetch_add(1, Ordering::Relaxed) + 1;
            self.step.tick(done as u64, self.total as u64)
        })?;
        let take =
            |slot: Mutex<Option<EncodedPicture>>| slot.into_inner().unwrap_or_else(PoisonError::into_inner);
        slots.into_iter().map(take).collect::<Option<_>>().ok_or_else(|| refused("a tile is missing"))
    }

    fn tile(&self, index: usize, planes: Planes, config: &EncoderConfig) -> Result<EncodedPicture> {
        let (width, height) = self.grid.tile;
        let samples = self.source.planes(self.grid.origin(index), (width, height), planes);
        guarded(|| encode_picture16(width, height, samples.view(), config))?.map_err(refused)
    }
}

fn refused(reason: impl std::fmt::Display) -> Error {
    Error::new(ErrorKind::Internal, format!("the HEVC encoder failed: {reason}"))
}
