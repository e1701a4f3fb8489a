//! Reads and writes sound, by FFmpeg.
//!
//! Reads video files too, for their sound. Links neither libavfilter nor libswscale, so that it loads fast.

mod convert;
mod describe;
mod merge;
mod optimize;
mod picture;
mod waveform;
mod work;

use formwork_media::library;
use formwork_sdk::{Description, Error, Plugin, Result, Step, export_plugin};

/// The plugin.
pub struct Audio;

impl Plugin for Audio {
    fn describe() -> Description {
        describe::describe()
    }

    fn probe(step: &Step<'_>) -> Result<()> {
        formwork_media::facts::probe(step)
    }

    fn run(step: &Step<'_>) -> Result<()> {
        library::prepare();
        match step.operation() {
            "convert" | "trim" | "metadata" => convert::run(step),
            "merge" => merge::run(step),
            "optimize" => optimize::run(step),
            "thumbnail" => picture::run(step),
            other => Err(Error::unsupported(format!("the audio plugin cannot do `{other}`"))),
        }
    }
}

export_plugin!(Audio);
