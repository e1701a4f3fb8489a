use super::markers::Header;
use super::second;
use super::turbo::{self, Turbo};
use crate::codec::{Facts, Reader, Wish};
use formwork_image_pixels::{Channels, Frame, Picture, Samples};
use formwork_sdk::{Error, Input, Result, Step};

pub(super) const READER: Reader = Reader { decode, inspect };

/// Scans of a progressive file times pixels: beyond it, a small file keeps the decoder busy for long.
const WORK: u64 = 4_000_000_000;

fn decode(step: &Step<'_>, input: &Input<'_>, wish: &Wish) -> Result<Picture> {
    let bytes = input.bytes()?;
    let header = open(step, &bytes)?;
    let frame = frame(step, &bytes, &header, wish)?;
    Ok(Picture { metadata: header.metadata, ..Picture::still(frame) })
}

/// Decodes a JPEG that lies inside another file, at full size.
///
/// # Errors
///
/// As decoding a file of its own.
pub(crate) fn embedded(step: &Step<'_>, bytes: &[u8]) -> Result<Frame> {
    let mut header = open(step, bytes)?;
    // The file around it says what inks mean.
    header.adobe = false;
    frame(step, bytes, &header, &Wish::default())
}

/// Decodes with one library or the other.
fn frame(step: &Step<'_>, bytes: &[u8], header: &Header, wish: &Wish) -> Result<Frame> {
    match first(step, bytes, header, wish) {
        Ok(frame) => Ok(frame),
        Err(Trouble::Ours(error)) => Err(error),
        Err(Trouble::Library(message)) => {
            step.check_picture(header.width.into(), header.height.into(), header.components.into())?;
            let frame = second::decode(bytes, header).ok_or_else(|| corrupt(&message))?;
            step.warn(format!("the JPEG is damaged ({message}); what could be read was taken"));
            Ok(frame)
        }
    }
}

fn corrupt(message: &str) -> Error {
    Error::corrupt(format!("the JPEG is damaged: {message}"))
}

/// Reads and checks the header.
pub(super) fn open(step: &Step<'_>, bytes: &[u8]) -> Result<Header> {
    let header = Header::read(bytes, step.limits().metadata)?;
    step.check_picture(header.width.into(), header.height.into(), 0)?;
    step.tick(0, header.height.into())?;
    Ok(header)
}

/// What keeps the first decoder from delivering.
enum Trouble {
    /// A limit, a cancelled job: final.
    Ours(Error),
    /// The library gave up: another one may not.
    Library(String),
}

impl From<turbo::Fault> for Trouble {
    fn from(fault: turbo::Fault) -> Trouble {
        Trouble::Library(fault.message)
    }
}

impl From<Error> for Trouble {
    fn from(error: Error) -> Trouble {
        Trouble::Ours(error)
    }
}

/// Makes a decoder for a file, with its limits set.
pub(super) fn prepared(
    step: &Step<'_>,
    bytes: &[u8],
    header: &Header,
) -> std::result::Result<Turbo, turbo::Fault> {
    set_up(step, bytes, header, Turbo::decoder())
}

/// Gives an instance its limits and the header.
pub(super) fn set_up(
    step: &Step<'_>,
    bytes: &[u8],
    header: &Header,
    library: Option<Turbo>,
) -> std::result::Result<Turbo, turbo::Fault> {
    let library = library
        .ok_or_else(|| turbo::Fault { message: "libjpeg-turbo is out of memory".into(), fatal: true })?;
    let pixels = u64::from(header.width) * u64::from(header.height);
    library.set(turbo::SAVE_MARKERS, 0);
    library.set(turbo::SCAN_LIMIT, (WORK / pixels.max(1)).clamp(16, 500) as i32);
    library.set(turbo::MAX_MEMORY, i32::try_from(step.limits().memory >> 20).unwrap_or(i32::MAX).max(1));
    match library.header(bytes) {
        Err(fault) if fault.fatal => return Err(fault),
        _ => {}
    }
    // Buffers are sized by our reading of the header: both must be the same.
    if (library.get(turbo::WIDTH), library.get(turbo::HEIGHT)) != (header.width as i32, header.height as i32)
    {
        return Err(turbo::Fault { message: "it has contradicting frame headers".into(), fatal: true });
    }
    Ok(library)
}

/// Decodes with libjpeg-turbo.
fn first(step: &Step<'_>, bytes: &[u8], header: &Header, wish: &Wish) -> std::result::Result<Frame, Trouble> {
    let library = prepared(step, bytes, header)?;
    let deep = header.precision > 8;
    let eighths = if deep { 8 } else { eighths(header, wish) };
    if eighths < 8 {
        library.scale(eighths)?;
        wish.shrunk_from(header.width, header.height, f64::from(eighths) / 8.0, header.metadata.orientation);
    }
    let scaled = |side: u32| (side * eighths).div_ceil(8);
    let (width, height) = (scaled(header.width), scaled(header.height));
    let channels = header.channels();
    let count = channels.count();
    step.check_picture(width.into(), height.into(), (count * if deep { 2 } else { 1 }) as u64)?;
    let format = match channels {
        Channels::Grey => turbo::GREY,
        Channels::Cmyk => turbo::CMYK,
        _ => turbo::RGB,
    };
    let (row, rows) = (width as usize * count, height as usize);
    let (mut samples, result) = if deep {
        let mut samples = vec![0; row * rows];
        let result = library.decode_u16(bytes, &mut samples, row, rows, (format, header.precision));
        (Samples::U16(spread(samples, header.precision)), result)
    } else {
        let mut samples = vec![0; row * rows];
        let result = library.decode_u8(bytes, &mut samples, row, rows, format);
        (Samples::U8(samples), result)
    };
    match result {
        Err(fault) if fault.fatal => return Err(fault.into()),
        Err(fault) => {
            step.warn(format!("the JPEG is damaged ({}); what could be read was taken", fault.message))
        }
        Ok(()) => {}
    }
    if channels == Channels::Cmyk && header.adobe {
        invert(&mut samples);
    }
    Frame::new(width, height, channels, samples).ok_or_else(|| corrupt("too few samples").into())
}

/// The scale to decode at: the smallest power of two that leaves at least a quarter more than asked for,
/// so that the final filter, not the shrinking, decides what the result looks like.
fn eighths(header: &Header, wish: &Wish) -> u32 {
    let least = wish.at_least(header.width, header.height, header.metadata.orientation);
    let Some((width, height)) = least else { return 8 };
    let enough = |eighths: &u32| {
        let scaled = |side: u32| (side * eighths).div_ceil(8);
        scaled(header.width) >= width + width / 4 && scaled(header.height) >= height + height / 4
    };
    [1, 2, 4].into_iter().find(enough).unwrap_or(8)
}

/// Spreads samples of fewer bits over 16.
fn spread(samples: Vec<u16>, precision: u8) -> Vec<u16> {
    let full = (1u32 << precision.min(16)) - 1;
    samples.into_iter().map(|sample| (u32::from(sample).min(full) * 65_535 / full) as u16).collect()
}

/// Adobe stores inks inverted: 255 is none.
pub(super) fn invert(samples: &mut Samples) {
    match samples {
        Samples::U8(samples) => samples.iter_mut().for_each(|sample| *sample = !*sample),
        Samples::U16(samples) => samples.iter_mut().for_each(|sample| *sample = !*sample),
        Samples::F32(_) => {}
    }
}

fn inspect(step: &Step<'_>, input: &Input<'_>) -> Result<Facts> {
    let header = Header::read(&input.bytes()?, step.limits().metadata)?;
    if header.width == 0 || header.height == 0 {
        return Err(corrupt("the picture is empty"));
    }
    let facts = Facts::new(header.width, header.height, header.channels(), header.precision.into());
    Ok(Facts {
        icc: header.metadata.icc,
        metadata: header.metadata.exif.is_some() || header.metadata.xmp.is_some(),
        orientation: header.metadata.orientation,
        ..facts
    })
}
