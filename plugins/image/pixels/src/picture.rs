use crate::Metadata;
use formwork_sdk::{Feature, Limits, Result, Step};

/// A decoded picture: one frame, or several of the same kind. The default has no frames yet.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Picture {
    /// The frames. Never empty once a decoder has returned. Animation frames are whole canvases:
    /// decoders compose partial updates, so all of them have the first frame's size.
    pub frames: Vec<Frame>,
    /// How several frames belong together.
    pub sequence: Sequence,
    /// Colour profile, EXIF, XMP, orientation, density.
    pub metadata: Metadata,
    /// Features the file held beyond what a picture can carry, such as layers: they are lost whatever
    /// the target.
    pub dropped: Vec<Feature>,
}

/// How the frames of a picture belong together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sequence {
    /// One still picture.
    #[default]
    Still,
    /// Frames shown one after the other.
    Animation {
        /// How often it plays; 0 means for ever.
        loops: u32,
    },
    /// Separate pages or sizes; frames may differ in size.
    Pages,
}

/// One frame: rows from top to bottom, samples interleaved, no padding.
#[derive(Clone, Debug, PartialEq)]
pub struct Frame {
    /// Pixels in a row.
    pub width: u32,
    /// Rows.
    pub height: u32,
    /// Which samples make a pixel.
    pub channels: Channels,
    /// The samples: `width * height * channels.count()` of them.
    pub samples: Samples,
    /// How long the frame is shown, in milliseconds; 0 outside animations.
    pub delay_ms: u32,
}

/// Which samples make a pixel. Alpha is never premultiplied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Channels {
    /// Grey.
    Grey,
    /// Grey and alpha.
    GreyAlpha,
    /// Red, green, blue.
    Rgb,
    /// Red, green, blue, alpha.
    Rgba,
    /// Cyan, magenta, yellow, black: 0 is no ink, the greatest value is full ink.
    Cmyk,
}

impl Channels {
    /// Samples in a pixel.
    pub const fn count(self) -> usize {
        match self {
            Channels::Grey => 1,
            Channels::GreyAlpha => 2,
            Channels::Rgb => 3,
            Channels::Rgba | Channels::Cmyk => 4,
        }
    }

    /// Whether the last sample is alpha.
    pub const fn has_alpha(self) -> bool {
        matches!(self, Channels::GreyAlpha | Channels::Rgba)
    }
}

/// The samples of a frame.
#[derive(Clone, Debug, PartialEq)]
pub enum Samples {
    /// 8 bits, encoded as the colour profile says (sRGB without one).
    U8(Vec<u8>),
    /// 16 bits in the machine's byte order, encoded as the colour profile says.
    U16(Vec<u16>),
    /// Linear light with sRGB primaries, 1.0 is diffuse white; may lie outside 0 to 1.
    F32(Vec<f32>),
}

impl Samples {
    /// Number of samples.
    pub fn len(&self) -> usize {
        match self {
            Samples::U8(samples) => samples.len(),
            Samples::U16(samples) => samples.len(),
            Samples::F32(samples) => samples.len(),
        }
    }

    /// True when there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Bytes of one sample: 1, 2 or 4.
    pub const fn width(&self) -> usize {
        match self {
            Samples::U8(_) => 1,
            Samples::U16(_) => 2,
            Samples::F32(_) => 4,
        }
    }
}

impl Frame {
    /// Makes a still frame; `None` when the number of samples does not fit the size.
    pub fn new(width: u32, height: u32, channels: Channels, samples: Samples) -> Option<Frame> {
        let wanted = (width as usize).checked_mul(height as usize)?.checked_mul(channels.count())?;
        (wanted > 0 && samples.len() == wanted).then_some(Frame {
            width,
            height,
            channels,
            samples,
            delay_ms: 0,
        })
    }
}

impl Picture {
    /// Makes a picture of one frame without metadata.
    pub fn still(frame: Frame) -> Picture {
        Picture {
            frames: vec![frame],
            sequence: Sequence::Still,
            metadata: Metadata::default(),
            dropped: Vec::new(),
        }
    }

    /// The features this picture really holds, for `probe` and for telling losses.
    pub fn features(&self) -> Vec<Feature> {
        let mut features = Vec::new();
        let any = |test: fn(&Frame) -> bool| self.frames.iter().any(test);
        let mut add = |holds: bool, feature| {
            if holds {
                features.push(feature);
            }
        };
        add(any(|frame| frame.channels.has_alpha()), Feature::Alpha);
        add(any(|frame| frame.samples.width() > 1), Feature::BitDepth);
        add(any(|frame| frame.channels == Channels::Cmyk), Feature::Inks);
        let many = self.frames.len() > 1;
        add(many && matches!(self.sequence, Sequence::Animation { .. }), Feature::Animation);
        add(many && self.sequence == Sequence::Pages, Feature::Pages);
        add(self.metadata.icc.is_some(), Feature::ColourProfile);
        add(self.metadata.exif.is_some() || self.metadata.xmp.is_some(), Feature::Metadata);
        features.extend(&self.dropped);
        features
    }

    /// Bytes all frames take.
    pub fn bytes(&self) -> u64 {
        self.frames.iter().map(|frame| frame.samples.len() as u64 * frame.samples.width() as u64).sum()
    }

    /// Checks all limits a decoded picture has to keep.
    ///
    /// # Errors
    ///
    /// `limit_exceeded`.
    pub fn check(&self, step: &Step<'_>) -> Result<()> {
        let limits: &Limits = step.limits();
        step.within("frames", self.frames.len() as u64, limits.frames)?;
        step.within("memory", self.bytes(), limits.memory)?;
        let first = self.frames.first().map_or((0, 0), |frame| (frame.width, frame.height));
        step.check_picture(first.0.into(), first.1.into(), 1)
    }
}
