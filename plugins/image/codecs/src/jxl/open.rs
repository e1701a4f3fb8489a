//! Feeding the decoder, with the limits checked before it renders anything.

use formwork_sdk::{Error, Result, Step};
use jxl_oxide::image::BitDepth;
use jxl_oxide::{AllocTracker, InitializeResult, JxlImage, JxlThreadPool};

/// Bytes fed at one go.
const PIECE: usize = 1 << 16;

/// Sample type the picture is rendered to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    U8,
    U16,
    /// Linear light.
    F32,
}

impl Kind {
    pub(super) fn of(image: &JxlImage) -> Kind {
        match image.image_header().metadata.bit_depth {
            BitDepth::IntegerSample { bits_per_sample: ..=8 } => Kind::U8,
            BitDepth::IntegerSample { bits_per_sample: ..=16 } => Kind::U16,
            // Light can be worked out of named colours only.
            _ if image.original_icc().is_some() => Kind::U16,
            _ => Kind::F32,
        }
    }

    pub(super) const fn bytes(self) -> u64 {
        match self {
            Kind::U8 => 1,
            Kind::U16 => 2,
            Kind::F32 => 4,
        }
    }
}

/// Bits of a sample as stored.
pub(super) fn bits(image: &JxlImage) -> u32 {
    match image.image_header().metadata.bit_depth {
        BitDepth::IntegerSample { bits_per_sample } | BitDepth::FloatSample { bits_per_sample, .. } => {
            bits_per_sample
        }
    }
}

/// Reads all frames' data, without rendering them. A file that ends early gives what is there.
pub(super) fn open(step: &Step<'_>, bytes: &[u8]) -> Result<JxlImage> {
    let memory = usize::try_from(step.limits().memory).unwrap_or(usize::MAX);
    let builder = JxlImage::builder().pool(JxlThreadPool::none());
    let mut start = builder.alloc_tracker(AllocTracker::with_limit(memory)).build_uninit();
    let mut rest = bytes;
    let mut image = loop {
        let piece = rest.get(..PIECE).unwrap_or(rest);
        let used = start.feed_bytes(piece).map_err(|error| failure(step, &*error))?;
        if used == 0 {
            return Err(Error::corrupt("the JPEG XL picture ends within its header"));
        }
        rest = rest.get(used..).unwrap_or(&[]);
        match start.try_init().map_err(|error| failure(step, &*error))? {
            InitializeResult::NeedMoreData(more) => start = more,
            InitializeResult::Initialized(image) => break image,
        }
    };
    check(step, &image)?;
    let mut done = bytes.len() - rest.len();
    while let Some(piece) = bytes.get(done..).filter(|rest| !rest.is_empty()) {
        step.tick(done as u64, 0)?;
        match image.feed_bytes(piece.get(..PIECE).unwrap_or(piece)) {
            Ok(0) => break,
            Ok(used) => done += used,
            Err(error) if image.num_loaded_keyframes() > 0 => {
                step.warn(format!("the input is damaged: {error}"));
                break;
            }
            Err(error) => return Err(failure(step, &*error)),
        }
        step.within("frames", image.num_loaded_frames() as u64, step.limits().frames.saturating_mul(4))?;
        step.within("frames", image.num_loaded_keyframes() as u64, step.limits().frames)?;
    }
    if let Err(error) = image.finalize() {
        step.warn(format!("metadata of the JPEG XL picture is damaged ({error})"));
    }
    Ok(image)
}

fn check(step: &Step<'_>, image: &JxlImage) -> Result<()> {
    let header = image.image_header();
    // The decoder renders whole and half samples to 4 bytes, extra channels included.
    let channels = 3 + header.metadata.ec_info.len() as u64;
    step.check_picture(image.width().into(), image.height().into(), channels * 4)?;
    let profile = image.original_icc().map_or(0, <[u8]>::len);
    step.within("metadata", profile as u64, step.limits().metadata)
}

/// Puts an error of the decoder in our words.
pub(super) fn failure(step: &Step<'_>, error: &(dyn std::error::Error + Send + Sync + 'static)) -> Error {
    let text = error.to_string();
    if text.contains("failed to allocate") {
        return Error::limit("memory", "more", step.limits().memory);
    }
    Error::corrupt(format!("the JPEG XL picture is damaged: {text}"))
}
