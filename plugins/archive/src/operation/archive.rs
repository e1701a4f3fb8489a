//! `archive`: files, folders and links become an archive.

use super::{report_entries, stopping, write};
use crate::context::Context;
use crate::describe::{self, Shape};
use crate::entry::{Entry, Kind, Sink};
use crate::member::Member;
use crate::pool::with_pool;
use crate::source::Source;
use crate::text;
use crate::time::Time;
use formwork_sdk::{Error, Input, InputKind, Result, Step};

/// Packs all inputs into the target, under the names they came with and in their order.
///
/// # Errors
///
/// `unsupported_conversion` when several inputs should become a single stream; any other.
pub(crate) fn run(step: &Step<'_>) -> Result<()> {
    let shape = describe::shape(step.target())?;
    let files = step.inputs().filter(|input| input.kind() == InputKind::File).count();
    if matches!(shape, Shape::Stream(_)) && (files != 1 || step.input_count() != 1) {
        let target = step.target();
        let text = format!(
            "a `{target}` stream holds one file, and {} were given: use t{target} instead",
            step.input_count()
        );
        return Err(Error::unsupported(text));
    }
    let context = Context::new(step, false);
    with_pool(step.threads(), |pool| {
        let work = write(&context, pool, shape, false, |sink| {
            step.inputs().try_for_each(|input| give(&context, input, sink))
        });
        let entries = stopping(&context, work)?;
        report_entries(step, shape, entries);
        Ok(())
    })
}

/// Hands one input to a sink.
fn give<'a>(context: &'a Context<'a>, input: Input<'a>, sink: &mut dyn Sink<'a>) -> Result<()> {
    let name = input.name();
    let mut entry = Entry::new(name.clone(), Kind::File);
    entry.modified = input.modified().map(Time::from_system);
    entry.mode = input.mode().map(|mode| mode & 0o7777);
    match input.kind() {
        InputKind::Directory => entry.kind = Kind::Directory,
        InputKind::Symlink => {
            let target = input.bytes()?;
            context.may_name(target.len() as u64)?;
            entry.kind = Kind::Symlink(text::decode(&target));
        }
        InputKind::File => {
            entry.bytes = input.length();
            return match Source::of_input(input) {
                Some(source) => sink.member(entry, Member::stored(source)),
                None => stream(context, entry, input, sink),
            };
        }
    }
    sink.bare(entry)
}

/// Reads an input of unknown length from front to back.
fn stream<'a>(context: &Context<'_>, entry: Entry, input: Input<'a>, sink: &mut dyn Sink<'a>) -> Result<()> {
    if !sink.begin(entry)? {
        return Ok(());
    }
    let mut piece = vec![0; 4 * crate::context::TICK];
    let mut offset = 0;
    loop {
        let count = input.read_at(offset, &mut piece)?;
        if count == 0 {
            return sink.end();
        }
        offset += count as u64;
        context.tick()?;
        sink.data(piece.get(..count).unwrap_or_default())?;
    }
}
