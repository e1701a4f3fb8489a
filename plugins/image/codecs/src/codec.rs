//! The shape of a codec: one row in [`CODECS`](crate::CODECS), one folder with `read.rs` and `write.rs`.
//!
//! ```text
//! pub(crate) const CODEC: Codec = Codec { id: "bmp", read: Some(read::READER), write: Some(write::ENCODER) };
//! ```

use formwork_image_pixels::{Changes, Channels, Orientation, Original, Picture, Profile, Target};
use formwork_sdk::{Feature, Input, OptionSpec, Options, Result, Step, Value, Writer, json};
use std::cell::Cell;

/// What this plugin can do with one format.
pub(crate) struct Codec {
    /// The format's id.
    pub(crate) id: &'static str,
    /// Decodes.
    pub(crate) read: Option<Reader>,
    /// Encodes.
    pub(crate) write: Option<Encoder>,
}

/// How a format is read.
pub(crate) struct Reader {
    /// Decodes the whole picture. Checks the limits before it allocates; calls `step.tick` every few rows
    /// or frames; reports orientation in the metadata and does not apply it. Frames, layers and the like
    /// that are left out go to [`Picture::dropped`].
    pub(crate) decode: fn(&Step<'_>, &Input<'_>, &Wish) -> Result<Picture>,
    /// Reads the header only and returns the facts of `Plugin::probe`.
    pub(crate) inspect: fn(&Step<'_>, &Input<'_>) -> Result<Facts>,
}

/// How a format is written.
pub(crate) struct Encoder {
    /// What arrives. The pipeline reduces the picture to it beforehand and says what is lost, so that
    /// `encode` never sees, say, alpha it cannot write.
    pub(crate) target: Target<'static>,
    /// Options beyond those every image target takes (`width`, `height`, `fit`, `background`,
    /// `strip_metadata`).
    pub(crate) options: fn() -> Vec<OptionSpec>,
    /// Encodes the picture to the output and leaves closing it to the pipeline.
    pub(crate) encode: fn(&Step<'_>, &Options<'_>, &Picture, &mut Writer<'_>) -> Result<()>,
}

/// What a decoder may leave out because nobody will look at it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Wish {
    /// What will be done to the picture.
    pub(crate) changes: Changes,
    /// Only the first frame is wanted. A decoder that leaves frames out says so in [`Picture::dropped`].
    pub(crate) first_frame_only: bool,
    /// See [`Wish::shrunk_from`].
    pub(crate) original: Cell<Option<Original>>,
}

impl Wish {
    /// The size the picture will be scaled down to, for a source of `width` by `height` stored pixels: a
    /// decoder may shrink while it reads, as long as it stays at or above. `None` asks for full size.
    pub(crate) fn at_least(&self, width: u32, height: u32, orientation: Orientation) -> Option<(u32, u32)> {
        if orientation.swaps_sides() {
            self.changes.at_least(height, width).map(|(width, height)| (height, width))
        } else {
            self.changes.at_least(width, height)
        }
    }

    /// Tells that the decoder delivers a smaller picture than the stored one of this size, so that the
    /// result gets the proportions of the original. `scale` is how much smaller it is, exactly.
    pub(crate) fn shrunk_from(&self, width: u32, height: u32, scale: f64, orientation: Orientation) {
        let size = if orientation.swaps_sides() { (height, width) } else { (width, height) };
        self.original.set(Some(Original { size, scale }));
    }
}

/// What a header says.
#[derive(Clone, Debug)]
pub(crate) struct Facts {
    /// Width and height as stored.
    pub(crate) size: (u32, u32),
    /// Frames or pages.
    pub(crate) frames: u64,
    /// Samples of a pixel as the decoder will deliver them.
    pub(crate) channels: Channels,
    /// Bits of a sample as stored.
    pub(crate) bits: u32,
    /// The colour profile.
    pub(crate) icc: Option<Vec<u8>>,
    /// There is EXIF, XMP or the like.
    pub(crate) metadata: bool,
    /// How stored pixels are turned for viewing.
    pub(crate) orientation: Orientation,
    /// The colours come from a palette.
    pub(crate) palette: bool,
    /// Features the other members do not tell: animation or pages, layers, quality …
    pub(crate) also: Vec<Feature>,
}

impl Facts {
    /// Facts of an ordinary still picture.
    pub(crate) fn new(width: u32, height: u32, channels: Channels, bits: u32) -> Facts {
        Facts {
            size: (width, height),
            frames: 1,
            channels,
            bits,
            icc: None,
            metadata: false,
            orientation: Orientation::Upright,
            palette: false,
            also: Vec::new(),
        }
    }

    /// The facts of a decoded picture, for formats whose decoder is as quick as a look at the header.
    pub(crate) fn of(picture: &Picture) -> Facts {
        let first = picture.frames.first();
        let (width, height) = first.map_or((0, 0), |frame| (frame.width, frame.height));
        let bits = first.map_or(8, |frame| frame.samples.width() as u32 * 8);
        let metadata = &picture.metadata;
        Facts {
            frames: picture.frames.len() as u64,
            icc: metadata.icc.clone(),
            metadata: metadata.exif.is_some() || metadata.xmp.is_some(),
            orientation: metadata.orientation,
            also: picture.features(),
            ..Facts::new(width, height, first.map_or(Channels::Rgb, |frame| frame.channels), bits)
        }
    }

    /// Adds animation when there is more than one frame.
    pub(crate) fn animated(self, frames: u64) -> Facts {
        self.several(frames, Feature::Animation)
    }

    /// Adds pages when there is more than one.
    pub(crate) fn paged(self, frames: u64) -> Facts {
        self.several(frames, Feature::Pages)
    }

    fn several(mut self, frames: u64, feature: Feature) -> Facts {
        self.frames = frames;
        self.also.extend((frames > 1).then_some(feature));
        self
    }

    fn features(&self) -> Vec<&'static str> {
        let mut features = self.also.clone();
        let mut add = |holds: bool, feature| features.extend(holds.then_some(feature));
        add(self.channels.has_alpha(), Feature::Alpha);
        add(!self.palette, Feature::Colours);
        add(self.bits > 8, Feature::BitDepth);
        add(self.channels == Channels::Cmyk, Feature::Inks);
        add(self.icc.is_some(), Feature::ColourProfile);
        add(self.metadata, Feature::Metadata);
        features.sort_unstable();
        features.dedup();
        features.into_iter().map(Feature::word).collect()
    }

    /// The facts as JSON; width and height as they are after turning.
    pub(crate) fn value(&self) -> Value {
        let (width, height) = self.size;
        let (width, height) = if self.orientation.swaps_sides() { (height, width) } else { (width, height) };
        let channels = match self.channels {
            Channels::Grey => "grey",
            Channels::GreyAlpha => "grey_alpha",
            Channels::Rgb => "rgb",
            Channels::Rgba => "rgba",
            Channels::Cmyk => "cmyk",
        };
        let mut value = json!({
            "width": width,
            "height": height,
            "frames": self.frames,
            "channels": channels,
            "alpha": self.channels.has_alpha(),
            "depth": self.bits,
            "orientation": self.orientation as u8,
            "features": self.features(),
        });
        if let (Some(icc), Some(members)) = (&self.icc, value.as_object_mut()) {
            let name = Profile::parse(icc).and_then(|profile| profile.name());
            members.insert("profile".into(), name.unwrap_or_else(|| "unnamed".into()).into());
        }
        value
    }
}

/// Options of an encoder that has none of its own.
pub(crate) fn no_options() -> Vec<OptionSpec> {
    Vec::new()
}

/// Reads the value of an option that has a default, for a host that does not fill defaults in.
pub(crate) fn quality(options: &Options<'_>, default: i64) -> i64 {
    options.integer("quality").unwrap_or(default).clamp(1, 100)
}
