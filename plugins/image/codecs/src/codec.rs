//! The shape of a codec: one row in [`CODECS`](crate::CODECS), one folder with `read.rs` and `write.rs`.

use formwork_image_pixels::Picture;
use formwork_sdk::{Feature, Input, OptionSpec, Options, Result, Step, Value, Writer};

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
    /// or frames; reports orientation in the metadata and does not apply it.
    pub(crate) decode: fn(&Step<'_>, &Input<'_>, &Wish) -> Result<Picture>,
    /// Reads the header only and returns the facts of `Plugin::probe`.
    pub(crate) inspect: fn(&Step<'_>, &Input<'_>) -> Result<Value>,
}

/// How a format is written.
pub(crate) struct Encoder {
    /// Features that arrive. The pipeline reduces the picture to them beforehand and says what is lost,
    /// so that `encode` never sees, say, alpha it cannot write.
    pub(crate) keeps: &'static [Feature],
    /// Options beyond those every image target takes (`width`, `height`, `fit`, `background`,
    /// `strip_metadata`).
    pub(crate) options: fn() -> Vec<OptionSpec>,
    /// Encodes the picture to the output and leaves closing it to the pipeline.
    pub(crate) encode: fn(&Step<'_>, &Options<'_>, &Picture, &mut Writer<'_>) -> Result<()>,
}

/// What a decoder may leave out because nobody will look at it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Wish {
    /// The result will be scaled down to fit these pixels: a decoder may shrink while it reads, as long
    /// as it stays at or above them. `None` asks for full size.
    pub(crate) at_least: Option<(u32, u32)>,
    /// Only the first frame is wanted.
    pub(crate) first_frame_only: bool,
}
