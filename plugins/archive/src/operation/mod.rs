//! What can be asked of the plugin.

pub(crate) mod archive;
pub(crate) mod convert;
pub(crate) mod extract;
pub(crate) mod merge;
pub(crate) mod probe;

use crate::context::Context;
use crate::describe::{self, Container, Shape};
use crate::entry::Sink;
use crate::gate::Gate;
use crate::pool::Pool;
use crate::read::{Archive, Depth};
use crate::source::Source;
use crate::write::sevenz::SevenSink;
use crate::write::single::SingleSink;
use crate::write::tar::TarSink;
use crate::write::zip::ZipSink;
use formwork_sdk::{Error, Input, Result, Step, json};

/// The first input, as an archive of the format it was found to be.
pub(crate) fn with_archive<R>(step: &Step<'_>, work: impl FnOnce(Archive<'_>) -> Result<R>) -> Result<R> {
    with_inputs([step.input()?], |archives| match archives {
        [archive, ..] => work(*archive),
        [] => Err(Error::invalid("there is no input")),
    })
}

/// All inputs, as archives of the formats they were found to be.
pub(crate) fn with_archives<R>(step: &Step<'_>, work: impl FnOnce(&[Archive<'_>]) -> Result<R>) -> Result<R> {
    with_inputs(step.inputs(), work)
}

fn with_inputs<'a, R>(
    inputs: impl IntoIterator<Item = Input<'a>>,
    work: impl FnOnce(&[Archive<'_>]) -> Result<R>,
) -> Result<R> {
    // A pipe cannot be read at any place: all of it is held.
    let held = inputs.into_iter().map(|input| {
        let shape = describe::shape(input.format())?;
        let source = Source::of_input(input);
        let bytes = if source.is_none() { Some(input.bytes()?) } else { None };
        Ok((shape, input.name(), source, bytes))
    });
    let held = held.collect::<Result<Vec<_>>>()?;
    let archives = held.iter().map(|(shape, name, source, bytes)| {
        let held = || Source::of_bytes(bytes.as_deref().unwrap_or_default());
        Archive { shape: *shape, source: source.unwrap_or_else(held), name }
    });
    work(&archives.collect::<Vec<_>>())
}

/// Makes the archive a target's shape stands for, of the entries `fill` gives.
///
/// Returns how many entries were written, links and directories included.
pub(crate) fn write<'a>(
    context: &'a Context<'a>,
    pool: &Pool<'_, 'a>,
    shape: Shape,
    hard_links: bool,
    fill: impl FnOnce(&mut dyn Sink<'a>) -> Result<()>,
) -> Result<u64> {
    /// Fills a writer through the gate.
    fn through<'a, S: Sink<'a>>(
        context: &'a Context<'a>,
        sink: S,
        hard_links: bool,
        fill: impl FnOnce(&mut dyn Sink<'a>) -> Result<()>,
    ) -> Result<(S, u64)> {
        let mut gate = Gate::new(context, sink, hard_links);
        fill(&mut gate)?;
        let passed = gate.passed();
        Ok((gate.close(), passed))
    }
    match shape {
        Shape::Container(Container::Zip) => {
            let (sink, passed) = through(context, ZipSink::open(context, pool)?, hard_links, fill)?;
            sink.finish().map(|()| passed)
        }
        Shape::Container(Container::SevenZip) => {
            let (sink, passed) = through(context, SevenSink::open(context, pool)?, hard_links, fill)?;
            sink.finish().map(|()| passed)
        }
        Shape::Tar(codec) => {
            let (sink, passed) = through(context, TarSink::open(context, pool, codec)?, hard_links, fill)?;
            sink.finish().map(|()| passed)
        }
        Shape::Stream(codec) => {
            let (sink, passed) = through(context, SingleSink::new(context, pool, codec), hard_links, fill)?;
            sink.finish().map(|()| passed)
        }
        Shape::Container(Container::Rar | Container::Cpio) => {
            Err(Error::unsupported(format!("`{}` is only read, not written", context.step.target())))
        }
    }
}

/// Stops the other threads when the step fails, so that they do not work on for nothing.
pub(crate) fn stopping<R>(context: &Context<'_>, result: Result<R>) -> Result<R> {
    if result.is_err() {
        context.stop();
    }
    result
}

/// Reports what was written, for the engine to compare with the finished file.
pub(crate) fn report_entries(step: &Step<'_>, shape: Shape, entries: u64) {
    if !matches!(shape, Shape::Stream(_)) {
        step.report(&json!({ "entries": entries }));
    }
}

/// Reads an archive's content into a sink.
pub(crate) fn read_content<'a>(
    context: &'a Context<'a>,
    archive: &Archive<'a>,
    sink: &mut dyn Sink<'a>,
) -> Result<()> {
    archive.read(context, Depth::Content, sink)
}
