//! Archives and compressed streams: read, written, converted, listed.
//!
//! A step goes through three stages. A reader ([`read`]) finds the entries of one format, and hands each to
//! the gate ([`gate`]), which cleans names, checks links and counts against the limits. Behind it a writer
//! ([`write`]) makes an archive, a stream or files of them. Where entries can be had at any place of the
//! input they travel as *members*, packed as they are: the threads of the step unpack them, or a writer takes
//! the packed bytes over without recompression.

mod codec;
mod context;
mod describe;
mod entry;
mod gate;
mod member;
mod names;
mod operation;
mod pool;
mod read;
mod scratch;
mod source;
mod text;
mod time;
mod write;

use formwork_sdk::{Description, Error, Plugin, Result, Step, export_plugin};

/// The plugin `archive`.
pub struct ArchivePlugin;

impl Plugin for ArchivePlugin {
    fn describe() -> Description {
        describe::description()
    }

    fn probe(step: &Step<'_>) -> Result<()> {
        operation::probe::run(step)
    }

    fn run(step: &Step<'_>) -> Result<()> {
        match step.operation() {
            "convert" => operation::convert::run(step),
            "archive" => operation::archive::run(step),
            "extract" => operation::extract::run(step),
            "merge" => operation::merge::run(step),
            other => Err(Error::invalid(format!(
                "archive cannot do the operation `{other}`; it can convert, archive, extract and merge"
            ))),
        }
    }
}

export_plugin!(ArchivePlugin);
