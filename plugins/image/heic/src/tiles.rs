//! Decoding the coded pictures of one item, several at once, into one canvas.

use crate::broken;
use crate::container::Layout;
use crate::isobmff::boxes::{ColorInfo, Property};
use crate::isobmff::{HeifFile, ItemId};
use crate::patience::{guarded, patiently};
use formwork_sdk::{Error, Result, Step};
use heifer::Sample;
use heifer::color::{ColorParams, frame_to_rgba_into};
use heifer::heifer_hevc_dec::decoder::{DecodeOptions, decode_picture};
use heifer::heifer_hevc_dec::recon::Frame;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

/// Pixels of a coded picture from which decoding takes long enough to be watched.
const LARGE: u64 = 1 << 20;

/// Samples a coded picture may stand over its stated size: pictures are coded in whole blocks.
const BLOCK: u64 = 64;

/// What becomes of a coded picture on the canvas.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Four samples a pixel: red, green, blue, opaque.
    Colour,
    /// One sample a pixel: the brightness.
    Luma,
}

impl Kind {
    /// Samples of a pixel on the canvas.
    pub(crate) const fn count(self) -> usize {
        match self {
            Kind::Colour => 4,
            Kind::Luma => 1,
        }
    }
}

/// The pixels of an item.
pub(crate) struct Canvas<S> {
    /// The samples, row by row.
    pub(crate) samples: Vec<S>,
    /// Whether all of it is grey.
    pub(crate) grey: bool,
}

/// How far a step is, over all items it decodes.
pub(crate) struct Progress {
    done: AtomicUsize,
    total: usize,
}

impl Progress {
    /// Nothing done of so many tiles.
    pub(crate) fn of(total: usize) -> Progress {
        Progress { done: AtomicUsize::new(0), total }
    }

    fn tick(&self, step: &Step<'_>) -> Result<()> {
        let done = self.done.fetch_add(1, Ordering::Relaxed) + 1;
        step.tick(done as u64, self.total as u64)
    }
}

/// Rows of the canvas that belong to one tile.
type Rows<'c, S> = Mutex<Vec<&'c mut [S]>>;

/// Decodes all tiles of an item. The limits were checked by the caller.
///
/// # Errors
///
/// `corrupt_input`; `cancelled`; `timeout`.
pub(crate) fn decode<S: Sample>(
    step: &Step<'_>,
    file: &HeifFile<'_>,
    layout: &Layout,
    kind: Kind,
    progress: &Progress,
) -> Result<Canvas<S>> {
    let stride = layout.size.0 as usize * kind.count();
    let mut samples = vec![S::default(); stride * layout.size.1 as usize];
    let colours = AtomicUsize::new(0);
    let areas = split(&mut samples, layout, kind);
    let one = |index: usize| -> Result<()> {
        let (Some(id), Some(area)) = (layout.tiles.get(index), areas.get(index)) else { return Ok(()) };
        let frame = coded(step, file, *id, layout)?;
        let params = params(file, *id, &frame)?;
        let mut rows = area.lock().unwrap_or_else(PoisonError::into_inner);
        if frame.widths[1] != 0 {
            colours.fetch_add(1, Ordering::Relaxed);
        }
        guarded(|| paint(&frame, params, kind, layout, &mut rows))?;
        progress.tick(step)
    };
    side_by_side(step.threads(), layout.tiles.len(), one)?;
    drop(areas);
    Ok(Canvas { samples, grey: colours.into_inner() == 0 })
}

/// Calls `one` for 0 to `count`, on so many threads, and returns the first error.
pub(crate) fn side_by_side(
    threads: usize,
    count: usize,
    one: impl Fn(usize) -> Result<()> + Sync,
) -> Result<()> {
    let threads = threads.min(count).max(1);
    let next = AtomicUsize::new(0);
    let failed: Mutex<Option<Error>> = Mutex::new(None);
    let work = || {
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            if index >= count {
                break;
            }
            if let Err(error) = one(index) {
                failed.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
                next.store(count, Ordering::Relaxed);
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 1..threads {
            scope.spawn(work);
        }
        work();
    });
    failed.into_inner().unwrap_or_else(PoisonError::into_inner).map_or(Ok(()), Err)
}

/// Cuts the canvas into the rows of each tile.
fn split<'c, S>(samples: &'c mut [S], layout: &Layout, kind: Kind) -> Vec<Rows<'c, S>> {
    let stride = layout.size.0 as usize * kind.count();
    let tile = layout.tile.0.min(layout.size.0) as usize * kind.count();
    let mut areas: Vec<Vec<&'c mut [S]>> = layout.tiles.iter().map(|_| Vec::new()).collect();
    for (y, row) in samples.chunks_exact_mut(stride.max(1)).enumerate() {
        let first = y / layout.tile.1.max(1) as usize * layout.columns as usize;
        for (area, part) in areas.iter_mut().skip(first).zip(row.chunks_mut(tile.max(1))) {
            area.push(part);
        }
    }
    areas.into_iter().map(Mutex::new).collect()
}

/// Decodes one coded picture and checks that it is as large and deep as the file says.
fn coded(step: &Step<'_>, file: &HeifFile<'_>, id: ItemId, layout: &Layout) -> Result<Frame> {
    let stream = file.hevc_bitstream(id).map_err(broken)?;
    let (width, height) = (u64::from(layout.tile.0), u64::from(layout.tile.1));
    let options =
        DecodeOptions { max_pixels: (width + BLOCK) * (height + BLOCK), ..DecodeOptions::default() };
    let work = move || decode_picture(&stream, options);
    let frame = if width * height > LARGE { patiently(step, move |_| work())? } else { guarded(work)? };
    let frame = frame.map_err(broken)?;
    let depth = frame.bit_depth[0].max(if frame.widths[1] == 0 { 0 } else { frame.bit_depth[1] });
    if u64::from(frame.widths[0]) < width || u64::from(frame.heights[0]) < height || depth != layout.depth {
        return Err(Error::corrupt("a coded picture is not of the size and depth the file states"));
    }
    Ok(frame)
}

/// Matrix and range of an item: as its properties say, else as its stream says.
fn params(file: &HeifFile<'_>, id: ItemId, frame: &Frame) -> Result<ColorParams> {
    let stated = file.item_properties(id).map_err(broken)?.find_map(|property| match property {
        Property::Color(ColorInfo::Nclx { matrix, full_range, .. }) => {
            Some(ColorParams { matrix: *matrix, full_range: *full_range })
        }
        _ => None,
    });
    Ok(stated.unwrap_or_else(|| ColorParams::from_frame(frame)))
}

/// Puts a coded picture into its part of the canvas.
fn paint<S: Sample>(frame: &Frame, params: ColorParams, kind: Kind, layout: &Layout, rows: &mut [&mut [S]]) {
    let width = rows.first().map_or(0, |row| row.len() / kind.count());
    if kind == Kind::Colour && frame.widths[1] != 0 {
        let height = rows.len().min(layout.tile.1 as usize);
        return frame_to_rgba_into(frame, params, rows, width, height);
    }
    let table = luma_table::<S>(frame.bit_depth[0], params.full_range, layout.depth);
    let level = |value: &u16| table.get(usize::from(*value)).copied().unwrap_or_default();
    let opaque = S::from_u16(white(S::depth(layout.depth)));
    for (row, luma) in rows.iter_mut().zip(frame.planes[0].chunks_exact(frame.widths[0].max(1) as usize)) {
        match kind {
            Kind::Luma => row.iter_mut().zip(luma).for_each(|(sample, value)| *sample = level(value)),
            Kind::Colour => {
                for (pixel, value) in row.chunks_exact_mut(4).zip(luma) {
                    let grey = level(value);
                    pixel.copy_from_slice(&[grey, grey, grey, opaque]);
                }
            }
        }
    }
}

/// The greatest value of a depth.
fn white(depth: u8) -> u16 {
    u16::MAX >> (16 - depth.clamp(1, 16))
}

/// The brightness each code value stands for.
fn luma_table<S: Sample>(coded: u8, full_range: bool, depth: u8) -> Vec<S> {
    let greatest = f64::from(white(S::depth(depth)));
    let (black, span) = match (full_range, coded.saturating_sub(8)) {
        (true, _) => (0.0, f64::from(white(coded))),
        (false, shift) => (f64::from(16u32 << shift), f64::from(219u32 << shift)),
    };
    (0..=white(coded))
        .map(|code| ((f64::from(code) - black) / span * greatest).round().clamp(0.0, greatest))
        .map(|level| S::from_u16(level as u16))
        .collect()
}
