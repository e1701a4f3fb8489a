//! JPEG, as far as it is needed on the direct way to AVIF: planes when the file has the ones AVIF stores,
//! else a frame.

// The everyday image plugin reads the same markers and calls the same library; both are linked into
// each shared object, from one source.
#[path = "../../../codecs/src/jpg/markers.rs"]
#[allow(dead_code, unused_imports, reason = "shared with the plugin that also writes JPEG")]
mod markers;
#[path = "../../../codecs/src/jpg/turbo.rs"]
#[allow(dead_code, unused_imports, reason = "shared with the plugin that also writes JPEG")]
mod turbo;

use crate::library::Layout;
use formwork_image_pixels::{Channels, Frame, Metadata, Samples};
use formwork_sdk::{Error, Limits, Result};
use markers::Header;
use turbo::Turbo;

/// Scans of a progressive file times pixels: beyond it, a small file keeps the decoder busy for long.
const WORK: u64 = 4_000_000_000;

/// A JPEG whose header was read.
pub(crate) struct Jpeg {
    bytes: Vec<u8>,
    header: Header,
}

/// Full-range Y, Cb and Cr (JFIF).
pub(crate) struct Planes {
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) layout: Layout,
    /// Brightness, then colour when the layout has it; rows without padding.
    pub(crate) planes: [Vec<u8>; 3],
}

/// What decoding made.
pub(crate) enum Decoded {
    /// The planes of the file.
    Planes(Planes),
    /// A frame, and what the library complained about.
    Frame(Frame, Option<String>),
}

impl Jpeg {
    /// Reads the markers up to the first scan.
    ///
    /// # Errors
    ///
    /// `corrupt_input`; `limit_exceeded` (`metadata`).
    pub(crate) fn open(bytes: Vec<u8>, limits: &Limits) -> Result<Jpeg> {
        let header = Header::read(&bytes, limits.metadata)?;
        Ok(Jpeg { bytes, header })
    }

    /// Width and height as stored.
    pub(crate) fn size(&self) -> (u32, u32) {
        (self.header.width, self.header.height)
    }

    /// What stands in the markers.
    pub(crate) fn metadata(&mut self) -> Metadata {
        std::mem::take(&mut self.header.metadata)
    }

    /// Decodes: to planes when they are `wanted` and the file is sound and has them, else to a frame of so
    /// many `eighths` of the full size. The caller has checked the size.
    ///
    /// # Errors
    ///
    /// `corrupt_input`.
    pub(crate) fn decode(&self, limits: &Limits, wanted: bool, eighths: u32) -> Result<Decoded> {
        if wanted && let Some(planes) = self.planes(limits) {
            return Ok(Decoded::Planes(planes));
        }
        let (frame, complaint) = self.frame(limits, eighths)?;
        Ok(Decoded::Frame(frame, complaint))
    }

    /// Makes an instance of the library with its limits set and the header read.
    fn library(&self, limits: &Limits) -> Result<Turbo> {
        let library = Turbo::decoder().ok_or_else(|| Error::limit("memory", "more", limits.memory))?;
        let pixels = u64::from(self.header.width) * u64::from(self.header.height);
        library.set(turbo::SAVE_MARKERS, 0);
        library.set(turbo::SCAN_LIMIT, (WORK / pixels.max(1)).clamp(16, 500) as i32);
        library.set(turbo::MAX_MEMORY, i32::try_from(limits.memory >> 20).unwrap_or(i32::MAX).max(1));
        match library.header(&self.bytes) {
            Err(fault) if fault.fatal => return Err(damaged(&fault.message)),
            _ => {}
        }
        // Buffers are sized by our reading of the header: both must be the same.
        let size = (library.get(turbo::WIDTH), library.get(turbo::HEIGHT));
        if size != (self.header.width as i32, self.header.height as i32) {
            return Err(damaged("it has contradicting frame headers"));
        }
        Ok(library)
    }

    fn planes(&self, limits: &Limits) -> Option<Planes> {
        let (width, height) = self.size();
        if self.header.precision != 8 {
            return None;
        }
        let library = self.library(limits).ok()?;
        let subsampling = library.get(turbo::SUBSAMPLING);
        let layout = match (self.header.components, subsampling) {
            (1, _) => return grey_planes(&library, &self.bytes, width, height),
            (3, turbo::SAMPLING_420) => Layout::Halved,
            (3, turbo::SAMPLING_444) => Layout::Full,
            _ => return None,
        };
        if library.get(turbo::COLORSPACE) != turbo::YCBCR as i32 {
            return None;
        }
        let sizes = [0, 1, 2].map(|plane| turbo::plane_size(plane, width, height, subsampling));
        let [mut y, mut cb, mut cr] = sizes.map(|(stride, rows)| vec![0; stride * rows]);
        let all =
            [(y.as_mut_slice(), sizes[0]), (cb.as_mut_slice(), sizes[1]), (cr.as_mut_slice(), sizes[2])];
        let all = all.map(|(plane, (stride, rows))| (plane, stride, rows));
        library.decode_planes(&self.bytes, all).ok()?;
        // Planes of the library may be a sample wider than the picture needs.
        let [luma, chroma, _] = sizes;
        let halved = |side: u32| if layout == Layout::Halved { side.div_ceil(2) } else { side } as usize;
        trim(&mut y, luma.0, width as usize, height as usize);
        trim(&mut cb, chroma.0, halved(width), halved(height));
        trim(&mut cr, chroma.0, halved(width), halved(height));
        Some(Planes { width, height, layout, planes: [y, cb, cr] })
    }

    fn frame(&self, limits: &Limits, eighths: u32) -> Result<(Frame, Option<String>)> {
        let library = self.library(limits)?;
        let deep = self.header.precision > 8;
        let eighths = if deep { 8 } else { eighths };
        if eighths < 8 {
            library.scale(eighths).map_err(|fault| damaged(&fault.message))?;
        }
        let scaled = |side: u32| (side * eighths).div_ceil(8);
        let (width, height) = (scaled(self.header.width), scaled(self.header.height));
        let channels = self.header.channels();
        let format = match channels {
            Channels::Grey => turbo::GREY,
            Channels::Cmyk => turbo::CMYK,
            _ => turbo::RGB,
        };
        let (row, rows) = (width as usize * channels.count(), height as usize);
        let (mut samples, result) = if deep {
            let mut samples = vec![0; row * rows];
            let kind = (format, self.header.precision);
            let result = library.decode_u16(&self.bytes, &mut samples, row, rows, kind);
            (Samples::U16(spread(samples, self.header.precision)), result)
        } else {
            let mut samples = vec![0; row * rows];
            let result = library.decode_u8(&self.bytes, &mut samples, row, rows, format);
            (Samples::U8(samples), result)
        };
        let complaint = match result {
            Err(fault) if fault.fatal => return Err(damaged(&fault.message)),
            Err(fault) => Some(fault.message),
            Ok(()) => None,
        };
        if channels == Channels::Cmyk && self.header.adobe {
            invert(&mut samples);
        }
        let frame = Frame::new(width, height, channels, samples);
        frame.map(|frame| (frame, complaint)).ok_or_else(|| damaged("too few samples"))
    }
}

fn damaged(message: &str) -> Error {
    Error::corrupt(format!("the JPEG is damaged: {message}"))
}

/// A grey JPEG's only plane.
fn grey_planes(library: &Turbo, bytes: &[u8], width: u32, height: u32) -> Option<Planes> {
    let (row, rows) = (width as usize, height as usize);
    let mut plane = vec![0; row * rows];
    library.decode_u8(bytes, &mut plane, row, rows, turbo::GREY).ok()?;
    Some(Planes { width, height, layout: Layout::Grey, planes: [plane, Vec::new(), Vec::new()] })
}

/// Cuts the rows of a plane to the width they are needed at, in place.
fn trim(plane: &mut Vec<u8>, stride: usize, width: usize, rows: usize) {
    if stride > width {
        for y in 0..rows {
            plane.copy_within(y * stride..y * stride + width, y * width);
        }
    }
    plane.truncate(width * rows);
}

/// Spreads samples of fewer bits over 16.
fn spread(samples: Vec<u16>, precision: u8) -> Vec<u16> {
    let full = (1u32 << precision.clamp(1, 16)) - 1;
    samples.into_iter().map(|sample| (u32::from(sample).min(full) * 65_535 / full) as u16).collect()
}

/// Adobe stores inks inverted: 255 is none.
fn invert(samples: &mut Samples) {
    match samples {
        Samples::U8(samples) => samples.iter_mut().for_each(|sample| *sample = !*sample),
        Samples::U16(samples) => samples.iter_mut().for_each(|sample| *sample = !*sample),
        Samples::F32(_) => {}
    }
}
