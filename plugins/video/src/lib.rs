//! Reads and writes video, by FFmpeg.
//!
//! ```text
//! options ─► VideoWish ─► Recipe (filters, settings) ─► VideoLane: decode, filter, encode
//!                                └ or the track is copied as it is
//! ```
//!
//! Encoding goes by segments that a job's journal keeps; `seam` is where a film goes on behind those.
//!
//! Everything that is not about pictures is in `formwork_media`: files, tracks, sound, subtitles, tags.

mod burn;
mod convert;
mod describe;
mod geometry;
mod gif;
mod graph;
mod lane;
mod merge;
mod options;
mod picture;
mod recipe;
mod seam;
mod search;
mod settings;
mod watermark;

use formwork_media::library;
use formwork_sdk::{Description, Plugin, Result, Step, export_plugin};

/// Id of the internal format of decoded pictures.
pub(crate) const RASTER: &str = "raster";

/// The plugin.
pub struct Video;

impl Plugin for Video {
    fn describe() -> Description {
        describe::describe()
    }

    fn probe(step: &Step<'_>) -> Result<()> {
        formwork_media::facts::probe(step)
    }

    fn run(step: &Step<'_>) -> Result<()> {
        library::prepare();
        match (step.operation(), step.target()) {
            (_, RASTER) => picture::run(step),
            ("merge", _) => merge::run(step),
            _ => convert::run(step),
        }
    }
}

export_plugin!(Video);
