use super::exif::Description;
use super::ifd::{Directory, File};
use super::layout::{Layout, Number};
use super::unpack::Unit;
use super::{chunk, colour, jpeg, tags};
use crate::codec::{Facts, Reader, Wish};
use crate::damage;
use formwork_image_pixels::{Channels, Frame, Metadata, Orientation, Picture, Samples, Sequence};
use formwork_sdk::{Error, ErrorKind, Feature, Input, Result, Step};

pub(super) const READER: Reader = Reader { decode, inspect };

fn decode(step: &Step<'_>, input: &Input<'_>, wish: &Wish) -> Result<Picture> {
    let bytes = input.bytes()?;
    let file = File::open(&bytes)?;
    let pages = pages(step, &file)?;
    let wanted = if wish.first_frame_only { 1 } else { pages.len() };
    let mut picture = Picture::default();
    let mut used = 0;
    for (index, directory) in pages.iter().take(wanted).enumerate() {
        match page(step, &file, directory) {
            Ok(frame) => {
                used += frame.samples.len() as u64 * frame.samples.width() as u64;
                step.within("memory", used, step.limits().memory)?;
                picture.frames.push(frame);
            }
            Err(error) if index > 0 && error.kind == ErrorKind::CorruptInput => {
                damage::accept_frames(step, index as u64, wanted as u64, error.message)?;
                break;
            }
            Err(error) => return Err(error),
        }
    }
    if wanted < pages.len() {
        picture.dropped.push(Feature::Pages);
    } else if picture.frames.len() > 1 {
        picture.sequence = Sequence::Pages;
    }
    let first = pages.first().ok_or_else(empty)?;
    picture.metadata = metadata(step, &file, first)?;
    Ok(picture)
}

fn empty() -> Error {
    Error::corrupt("the TIFF holds no picture")
}

/// The directories that are pages: not the smaller copies and masks that may accompany them.
fn pages<'b>(step: &Step<'_>, file: &File<'b>) -> Result<Vec<Directory<'b>>> {
    let (all, trouble) = file.chain(step.limits().frames);
    if let Some(trouble) = trouble {
        step.warn(format!("the TIFF is damaged: {trouble}"));
    }
    step.within("frames", all.len() as u64, step.limits().frames)?;
    let whole = |page: &Directory<'_>| file.number(page, tags::SUBFILE).unwrap_or(0) & 0b101 == 0;
    let mut pages: Vec<_> = all.iter().filter(|page| whole(page)).cloned().collect();
    if pages.is_empty() {
        pages.extend(all.into_iter().next());
    }
    if pages.is_empty() { Err(empty()) } else { Ok(pages) }
}

/// Decodes one page.
fn page(step: &Step<'_>, file: &File<'_>, directory: &Directory<'_>) -> Result<Frame> {
    let mut layout = Layout::read(step, file, directory)?;
    match layout.compression {
        jpeg::OLD => return jpeg::old(step, file, directory, &layout),
        jpeg::NEW => {
            let tables = file.block(directory, tags::JPEG_TABLES);
            let samples = from_jpegs(step, file, &layout, tables)?;
            if layout.photometric == tags::YCBCR {
                layout.photometric = tags::RGB;
            }
            return colour::frame(&layout, samples);
        }
        _ => {}
    }
    let samples = match (layout.number, layout.decoded_bytes()) {
        (Number::Float, _) => from_chunks::<f32>(step, file, &layout),
        (_, 1) => from_chunks::<u8>(step, file, &layout),
        _ => from_chunks::<u16>(step, file, &layout),
    }?;
    colour::frame(&layout, samples)
}

/// The packed bytes of each chunk with its plane and its number in it; damage is a warning.
fn chunks<'b>(file: &File<'b>, layout: &Layout) -> impl Iterator<Item = (usize, u64, Option<&'b [u8]>)> {
    let (bytes, places, each) = (file.bytes, layout.places.clone(), layout.chunks());
    let planes = if layout.planar { layout.samples } else { 1 };
    (0..planes).flat_map(move |plane| (0..each).map(move |index| (plane, index))).map(
        move |(plane, index)| {
            let place = places.get((plane as u64 * each + index) as usize);
            let packed = place.and_then(|(offset, length)| {
                let start = usize::try_from(*offset).ok()?;
                let rest = bytes.get(start..)?;
                Some(rest.get(..usize::try_from(*length).ok()?).unwrap_or(rest))
            });
            (plane, index, packed.filter(|packed| !packed.is_empty()))
        },
    )
}

/// Counts chunks that were there and whole, and says at the end when some were not.
#[derive(Default)]
struct Tally {
    all: u64,
    whole: u64,
}

impl Tally {
    fn count(&mut self, whole: bool) {
        self.all += 1;
        self.whole += u64::from(whole);
    }

    fn tell(&self, step: &Step<'_>) -> Result<()> {
        match (self.whole, self.all) {
            (whole, all) if whole == all => Ok(()),
            (0, 2..) => Err(Error::corrupt("the TIFF is damaged: no part of the picture could be read")),
            (whole, all) => {
                step.warn(format!(
                    "the input is damaged: {} of {all} parts of the picture are incomplete",
                    all - whole
                ));
                Ok(())
            }
        }
    }
}

fn from_chunks<T: Unit>(step: &Step<'_>, file: &File<'_>, layout: &Layout) -> Result<Samples> {
    let mut samples = vec![T::default(); layout.width as usize * layout.height as usize * layout.samples];
    let subsampled = layout.photometric == tags::YCBCR
        && layout.subsampling != (1, 1)
        && !layout.planar
        && layout.bits == 8;
    let mut tally = Tally::default();
    for (plane, index, packed) in chunks(file, layout) {
        step.tick(tally.all, layout.places.len() as u64)?;
        let (left, top, rows) = layout.area(index);
        let row_bytes = layout.row_bytes();
        let length = if subsampled { units(layout, rows).2 } else { row_bytes * rows as usize };
        let mut unpacked = chunk::unpack(layout, packed.unwrap_or(&[]), rows as usize, length)?;
        tally.count(packed.is_some() && unpacked.complete);
        if subsampled {
            unpacked.bytes = spread(layout, &unpacked.bytes, rows);
        }
        let count = layout.chunk.0 as usize * layout.chunk_samples();
        for (y, row) in unpacked.bytes.chunks_exact_mut(row_bytes.max(1)).enumerate() {
            let values = T::row(layout, file.big_endian, row, count);
            put(&mut samples, layout, plane, (left, top + y as u32), &values);
        }
    }
    tally.tell(step)?;
    Ok(T::samples(samples))
}

/// Puts one row of a chunk where it belongs.
fn put<T: Copy>(samples: &mut [T], layout: &Layout, plane: usize, (left, y): (u32, u32), values: &[T]) {
    if y >= layout.height {
        return;
    }
    let pixels = (layout.width - left.min(layout.width)) as usize;
    let start = (y as usize * layout.width as usize + left as usize) * layout.samples;
    let end = start + pixels * layout.samples;
    let Some(row) = samples.get_mut(start..end) else { return };
    if layout.planar {
        let places = row.iter_mut().skip(plane).step_by(layout.samples);
        places.zip(values).for_each(|(place, value)| *place = *value);
    } else {
        row.iter_mut().zip(values).for_each(|(place, value)| *place = *value);
    }
}

/// Units of subsampled YCbCr in a chunk: across, down, and their bytes together.
fn units(layout: &Layout, rows: u32) -> (usize, usize, usize) {
    let (h, v) = layout.subsampling;
    let (across, down) = (layout.chunk.0.div_ceil(h) as usize, rows.div_ceil(v) as usize);
    (across, down, across * down * (h * v + 2) as usize)
}

/// Gives every pixel its chroma (TIFF 6.0, section 21): units hold their luma, then one Cb and one Cr.
fn spread(layout: &Layout, bytes: &[u8], rows: u32) -> Vec<u8> {
    let (h, v) = (layout.subsampling.0 as usize, layout.subsampling.1 as usize);
    let (across, _, _) = units(layout, rows);
    let (width, rows) = (layout.chunk.0 as usize, rows as usize);
    let mut full = vec![0; width * rows * 3];
    for (index, unit) in bytes.chunks_exact(h * v + 2).enumerate() {
        let Some((luma, [cb, cr])) = unit.split_last_chunk::<2>() else { continue };
        let (left, top) = (index % across.max(1) * h, index / across.max(1) * v);
        for (place, y) in luma.iter().enumerate() {
            let (x, row) = (left + place % h, top + place / h);
            if x < width
                && let Some(pixel) = full.get_mut((row * width + x) * 3..(row * width + x) * 3 + 3)
            {
                pixel.copy_from_slice(&[*y, *cb, *cr]);
            }
        }
    }
    full
}

fn from_jpegs(step: &Step<'_>, file: &File<'_>, layout: &Layout, tables: Option<&[u8]>) -> Result<Samples> {
    let count = layout.width as usize * layout.height as usize * layout.samples;
    let mut samples =
        if layout.bits > 8 { Samples::U16(vec![0; count]) } else { Samples::U8(vec![0; count]) };
    let mut tally = Tally::default();
    for (plane, index, packed) in chunks(file, layout) {
        step.tick(tally.all, layout.places.len() as u64)?;
        let (left, top, _) = layout.area(index);
        let part = packed.map(|packed| jpeg::chunk(step, layout, tables, packed)).transpose();
        let part = match part {
            Ok(part) => part.filter(|part| part.channels.count() == layout.chunk_samples()),
            Err(error) if error.kind == ErrorKind::CorruptInput => None,
            Err(error) => return Err(error),
        };
        tally.count(part.is_some());
        let Some(part) = part else { continue };
        let row = part.width as usize * part.channels.count();
        match (&mut samples, &part.samples) {
            (Samples::U8(to), Samples::U8(from)) => {
                rows(to, layout, plane, (left, top), from.chunks_exact(row))
            }
            (Samples::U16(to), Samples::U16(from)) => {
                rows(to, layout, plane, (left, top), from.chunks_exact(row))
            }
            _ => return Err(Error::corrupt("the TIFF and its JPEG differ in depth")),
        }
    }
    tally.tell(step)?;
    Ok(samples)
}

fn rows<'s, T: Copy + 's>(
    samples: &mut [T],
    layout: &Layout,
    plane: usize,
    (left, top): (u32, u32),
    rows: impl Iterator<Item = &'s [T]>,
) {
    // A tile may be longer than what of it lies on the page.
    for (y, row) in rows.take(layout.chunk.1 as usize).enumerate() {
        let row = row.get(..layout.chunk.0 as usize * layout.chunk_samples()).unwrap_or(row);
        put(samples, layout, plane, (left, top + y as u32), row);
    }
}

fn metadata(step: &Step<'_>, file: &File<'_>, page: &Directory<'_>) -> Result<Metadata> {
    let (icc, xmp) = (file.block(page, tags::ICC), file.block(page, tags::XMP));
    let description = Description::of(file, page, step.limits().metadata)?;
    let size = icc.map_or(0, <[u8]>::len) + xmp.map_or(0, <[u8]>::len) + description.exif.length();
    step.within("metadata", size as u64, step.limits().metadata)?;
    let inch = if file.number(page, tags::RESOLUTION_UNIT) == Some(3) { 2.54 } else { 1.0 };
    let density = file.fraction(page, tags::X_RESOLUTION).zip(file.fraction(page, tags::Y_RESOLUTION));
    Ok(Metadata {
        icc: icc.map(<[u8]>::to_vec),
        exif: description.block(page),
        xmp: xmp.map(<[u8]>::to_vec),
        orientation: Orientation::from_exif(file.number(page, tags::ORIENTATION).unwrap_or(1) as u32),
        density: density.map(|(x, y)| (x * inch, y * inch)),
    })
}

fn inspect(step: &Step<'_>, input: &Input<'_>) -> Result<Facts> {
    let bytes = input.bytes()?;
    let file = File::open(&bytes)?;
    let pages = pages(step, &file)?;
    let first = pages.first().ok_or_else(empty)?;
    let number = |tag, default| file.number(first, tag).unwrap_or(default);
    let layout = Layout::read(step, &file, first)?;
    let metadata = metadata(step, &file, first)?;
    let channels = if layout.compression == jpeg::OLD && layout.samples >= 3 {
        Channels::Rgb
    } else {
        colour::channels(&layout)
    };
    Ok(Facts {
        icc: metadata.icc,
        metadata: metadata.exif.is_some() || metadata.xmp.is_some(),
        orientation: metadata.orientation,
        palette: number(tags::PHOTOMETRIC, 0) == tags::PALETTE,
        ..Facts::new(layout.width, layout.height, channels, layout.bits).paged(pages.len() as u64)
    })
}
