//! What a camera raw file says of itself, read without its maker's secrets and without decoding.

use crate::jpegs::{self, Jpeg};
use crate::tiff::{Directory, Place, Tiff, tag};
use crate::{canon, exif, survey};
use formwork_image_pixels::Orientation;
use formwork_sdk::{Result, Step};

/// Photometric interpretations of what the sensor saw: a colour filter array, and colours after it.
const SENSOR: [u64; 2] = [32_803, 34_892];

/// What a file says.
#[derive(Default)]
pub(crate) struct Header {
    /// Size of the photo, as stored.
    pub(crate) size: Option<(u64, u64)>,
    /// Every size the file states for any picture or tile in it.
    pub(crate) sizes: Vec<(u64, u64)>,
    /// Maker of the camera.
    pub(crate) make: Option<String>,
    /// The camera.
    pub(crate) model: Option<String>,
    /// How to turn the photo for viewing.
    pub(crate) orientation: Orientation,
    /// EXIF, put together anew.
    pub(crate) exif: Option<Vec<u8>>,
    /// The XMP packet.
    pub(crate) xmp: Option<Vec<u8>>,
    /// Whether the maker's own notes are left behind.
    pub(crate) maker_note: bool,
    /// Bits a sample of what the sensor saw.
    pub(crate) bits: Option<u64>,
    /// Where sensor data starts: JPEGs there are no previews.
    pub(crate) sensor_data: Vec<u64>,
    /// Plain pictures: start, width, height.
    pub(crate) plain: Vec<(u64, u32, u32)>,
    /// Why the directories are not to be trusted.
    pub(crate) broken: Option<&'static str>,
}

/// Reads what the file says; `jpegs` are the pictures found in it.
pub(crate) fn read(bytes: &[u8], jpegs: &[Jpeg]) -> Header {
    let mut header = Header::default();
    if canon::is_canon(bytes) {
        read_canon(&mut header, bytes);
    } else if let Some(tiff) = Tiff::open(bytes) {
        let directories = tiff.directories();
        let parts: Vec<exif::Part<'_, '_>> = directories.iter().map(|part| (tiff, part)).collect();
        header.take(&parts);
        header.check(&tiff, &directories);
    } else if let Some(block) = bytes.get(..160).and_then(minolta) {
        header.sizes.push(block);
    }
    header.broken = header.broken.or_else(|| foreign(bytes)).or_else(|| survey::objection_within(bytes));
    header.sizes.extend(raf(bytes));
    for jpeg in jpegs {
        let (width, height) = (u64::from(jpeg.width), u64::from(jpeg.height));
        header.sizes.push((width, height));
    }
    header.complete(bytes, jpegs);
    header
}

fn read_canon(header: &mut Header, bytes: &[u8]) {
    let canon = canon::read(bytes);
    let places = [Place::First, Place::Exif, Place::Gps];
    if !canon::is_sound(bytes) {
        header.broken = Some("its boxes do not lie within each other");
    }
    let mut parts: Vec<(Tiff<'_>, Directory)> = Vec::new();
    for tiff in canon.streams.into_iter().flatten().filter_map(Tiff::open) {
        header.check_cost(&tiff, &tiff.directories());
    }
    for (stream, place) in canon.streams.into_iter().zip(places) {
        let Some(tiff) = stream.and_then(Tiff::open) else { continue };
        parts.extend(tiff.directories().into_iter().take(1).map(|part| (tiff, Directory { place, ..part })));
    }
    let parts: Vec<exif::Part<'_, '_>> = parts.iter().map(|(tiff, part)| (*tiff, part)).collect();
    header.take(&parts);
    header.sizes.extend(canon.sizes);
}

impl Header {
    /// Takes what directories say.
    fn take(&mut self, parts: &[exif::Part<'_, '_>]) {
        let mut best = 0;
        for (tiff, part) in parts {
            self.take_names(tiff, part);
            for (x, y) in [(tag::WIDTH, tag::HEIGHT), (tag::TILE_WIDTH, tag::TILE_HEIGHT)] {
                self.sizes.extend(tiff.pair(part, x, y));
            }
            let photometric = tiff.number(part, tag::PHOTOMETRIC);
            let size = tiff.pair(part, tag::WIDTH, tag::HEIGHT);
            if photometric.is_some_and(|value| SENSOR.contains(&value)) {
                self.bits = self.bits.or_else(|| tiff.number(part, tag::BITS));
                for starts in [tag::STRIP_OFFSETS, tag::TILE_OFFSETS] {
                    let starts = part.entry(starts).map(|entry| tiff.numbers(entry, 65_536));
                    self.sensor_data.extend(starts.into_iter().flatten());
                }
            }
            self.plain.extend(plain(tiff, part));
            // What the camera calls the size of the photo, before what the file stores.
            let rank = match (part.place, size) {
                _ if part.entry(tag::DNG_CROP_SIZE).is_some() => 3,
                (Place::Exif, _) => 2,
                (_, Some(_)) if tiff.number(part, tag::SUBFILE).unwrap_or(0) & 1 == 0 => 1,
                _ => 0,
            };
            let size = match rank {
                3 => part.entry(tag::DNG_CROP_SIZE).map(|entry| tiff.numbers(entry, 2)).and_then(two),
                2 => tiff.pair(part, tag::PIXEL_WIDTH, tag::PIXEL_HEIGHT),
                _ => size,
            };
            let area = |(width, height): (u64, u64)| width.saturating_mul(height);
            if let Some(size) = size.filter(|size| area(*size) > 0)
                && (rank > best || self.size.is_none_or(|known| rank == best && area(size) > area(known)))
            {
                (self.size, best) = (Some(size), rank);
            }
        }
        self.exif = exif::block(parts);
        self.maker_note = exif::has_maker_note(parts);
    }

    fn take_names(&mut self, tiff: &Tiff<'_>, part: &Directory) {
        if part.place == Place::First {
            self.make = tiff.text(part, tag::MAKE);
            self.model = tiff.text(part, tag::MODEL);
            let value = tiff.number(part, tag::ORIENTATION).unwrap_or(1);
            self.orientation = Orientation::from_exif(u32::try_from(value).unwrap_or(1));
            self.xmp = part.entry(tag::XMP).and_then(|entry| tiff.bytes_of(entry)).map(<[u8]>::to_vec);
        }
    }

    /// Looks for what a decoder must not be given: it trusts directories.
    fn check(&mut self, tiff: &Tiff<'_>, directories: &[Directory]) {
        if directories.is_empty() {
            self.broken = Some("its directory cannot be read");
        } else if let Some(first) = directories.first()
            && first.entry(tag::DNG_VERSION).is_none()
            && tiff.text(first, tag::MAKE).is_none()
            && tiff.text(first, tag::MODEL).is_none()
        {
            self.broken = Some("it names no camera");
        }
        self.check_cost(tiff, directories);
    }

    fn check_cost(&mut self, tiff: &Tiff<'_>, directories: &[Directory]) {
        let too_long = |part: &Directory| part.entries.iter().any(|entry| entry.length() > tiff.length());
        if directories.iter().any(too_long) {
            self.broken = Some("its directory holds values longer than the file");
        }
        self.broken = self.broken.or_else(|| survey::objection(tiff));
    }

    /// Fills in what only the embedded pictures say.
    fn complete(&mut self, bytes: &[u8], jpegs: &[Jpeg]) {
        if self.exif.is_none() {
            let block = jpegs.iter().find_map(|jpeg| bytes.get(jpeg.exif.clone()?));
            if let Some(block) = block
                && let Some(tiff) = Tiff::open(block)
            {
                let directories = tiff.directories();
                let parts: Vec<exif::Part<'_, '_>> = directories.iter().map(|part| (tiff, part)).collect();
                let mut inner = Header::default();
                inner.take(&parts);
                self.size = self.size.or(inner.size);
                (self.make, self.model) = (inner.make, inner.model);
                (self.orientation, self.exif) = (inner.orientation, inner.exif);
                self.maker_note = inner.maker_note;
            }
        }
        let largest = |size: &&(u64, u64)| size.0.saturating_mul(size.1);
        self.size = self.size.or_else(|| self.sizes.iter().max_by_key(largest).copied());
        self.size = self.size.filter(|size| size.0 > 0 && size.1 > 0);
    }

    /// Checks every size the file states, at so many bytes a pixel for the largest.
    pub(crate) fn within(&self, step: &Step<'_>, bytes_per_pixel: u64) -> Result<()> {
        let metadata = |block: &Option<Vec<u8>>| block.as_ref().map_or(0, |block| block.len() as u64);
        step.within("metadata", metadata(&self.exif) + metadata(&self.xmp), step.limits().metadata)?;
        for (width, height) in &self.sizes {
            if *width > 0 && *height > 0 {
                step.check_picture(*width, *height, bytes_per_pixel)?;
            }
        }
        Ok(())
    }
}

/// Files that `rawler` takes for what is not read here. It loops for ever on a JPEG whose EXIF is cut short, and
/// opens boxes (see [`canon::is_sound`]) and the others before their sizes can be checked.
fn foreign(bytes: &[u8]) -> Option<&'static str> {
    let others: [&[u8]; 5] = [b"\xFF\xD8", b"FOVb", b"ARRI", b"qktk", b"qktn"];
    let film = !canon::is_canon(bytes) && canon::holds_film(bytes);
    (film || others.iter().any(|start| bytes.starts_with(start))).then_some("it is of another kind")
}

fn two(numbers: Vec<u64>) -> Option<(u64, u64)> {
    match numbers.as_slice() {
        [first, second] => Some((*first, *second)),
        _ => None,
    }
}

/// A picture of 8 bits in plain RGB, in one strip.
fn plain(tiff: &Tiff<'_>, part: &Directory) -> Option<(u64, u32, u32)> {
    let number = |tag| tiff.number(part, tag);
    let fits = number(tag::PHOTOMETRIC) == Some(2)
        && number(tag::COMPRESSION) == Some(1)
        && number(tag::BITS) == Some(8)
        && number(tag::SAMPLES) == Some(3);
    let (width, height) = tiff.pair(part, tag::WIDTH, tag::HEIGHT)?;
    let (width, height) = (u32::try_from(width).ok()?, u32::try_from(height).ok()?);
    let start = number(tag::STRIP_OFFSETS)?;
    let length = u64::from(width).checked_mul(height.into())?.checked_mul(3)?;
    (fits && length > 0 && tiff.slice(start, length).is_some()).then_some((start, width, height))
}

/// The sensor's size in Minolta's header (block PRD: eight bytes, then height and width).
fn minolta(head: &[u8]) -> Option<(u64, u64)> {
    let block = head.strip_prefix(b"\0MRM")?.get(4..)?.strip_prefix(b"\0PRD")?.get(4 + 8..)?;
    let side = |at: usize| block.get(at..)?.first_chunk().map(|two| u64::from(u16::from_be_bytes(*two)));
    side(2).zip(side(0))
}

/// The sensor's size in Fujifilm's directory (tag 0x0100: height and width).
fn raf(bytes: &[u8]) -> Option<(u64, u64)> {
    if !bytes.starts_with(b"FUJIFILM") {
        return None;
    }
    let short = |at: usize| bytes.get(at..)?.first_chunk().map(|two| u16::from_be_bytes(*two));
    let mut place = u32::from_be_bytes(*bytes.get(92..)?.first_chunk()?) as usize + 4;
    for _ in 0..256 {
        let (tag, length) = (short(place)?, short(place + 2)?);
        if tag == 0x0100 {
            return Some((short(place + 6)?.into(), short(place + 4)?.into()));
        }
        place += 4 + usize::from(length);
    }
    None
}

/// Reads what the file says, looking for the pictures in it first.
pub(crate) fn of(bytes: &[u8]) -> (Header, Vec<Jpeg>) {
    let jpegs = jpegs::find(bytes);
    let header = read(bytes, &jpegs);
    (header, jpegs)
}
