//! A thumbnail of a film that is converted is taken from the film itself, so that it need not wait for the conversion.
//!
//! Only where nobody could see a difference: the conversion keeps every picture as it is, in another container or
//! codec, and its result is wanted for something else as well.

use crate::engine::Parts;
use crate::job::{Job, Operation};
use crate::plan::{self, Request, Wishes};
use crate::run::{Content, Item, Work, probe};
use formwork_formats::{Family, Format};
use serde_json::Map;
use std::sync::Arc;

/// Options of a conversion that change neither which pictures there are, nor what is on them.
const HARMLESS: &[&str] = &[
    "codec",
    "quality",
    "bitrate",
    "preset",
    "two_pass",
    "copy",
    "no_audio",
    "audio_codec",
    "audio_bitrate",
    "sample_rate",
    "channels",
    "threads",
    "timeout",
];

/// The job with its thumbnails taken from where they are there first.
pub(super) fn reordered(parts: &Parts, job: Arc<Job>) -> Arc<Job> {
    let thumbnails = (0..job.tasks.len()).filter_map(|task| Early::of(&job, task));
    let early: Vec<Early> = thumbnails.filter(|early| early.is_safe_and_cheaper(parts, &job)).collect();
    if early.is_empty() {
        return job;
    }
    let mut job = Arc::unwrap_or_clone(job);
    early.iter().for_each(|early| job.take_early(early.thumbnail, early.convert, early.source));
    Arc::new(job)
}

/// A thumbnail of what a conversion makes of an import, by their places.
struct Early {
    thumbnail: usize,
    convert: usize,
    source: usize,
}

impl Early {
    /// As far as the job alone tells.
    fn of(job: &Job, thumbnail: usize) -> Option<Early> {
        let graph = job.graph();
        let only = |task: usize| match graph.inputs[task].as_slice() {
            [input] if graph.twin[task].is_none() => Some(*input),
            _ => None,
        };
        let work = thumbnail_of(job, thumbnail)?;
        let convert = only(thumbnail)?;
        let converting = job.tasks[convert].operation.work().filter(|work| is_plain(work, "convert"))?;
        let source = only(convert)?;
        let is_harmless = converting.options.keys().all(|name| HARMLESS.contains(&name.as_str()));
        let is_wanted = graph.users[convert].iter().any(|user| thumbnail_of(job, *user).is_none());
        let knows_its_input = !work.options.contains_key("input_format");
        (is_harmless && is_wanted && knows_its_input).then_some(Early { thumbnail, convert, source })
    }

    /// As far as the file tells: a film becomes a film, and the way through the conversion is longer.
    fn is_safe_and_cheaper(&self, parts: &Parts, job: &Job) -> bool {
        let film = film(parts, &job.tasks[self.source].operation);
        film.is_some_and(|(from, bytes)| self.saves(parts, job, from, bytes).unwrap_or(false))
    }

    fn saves(&self, parts: &Parts, job: &Job, from: &'static Format, bytes: u64) -> Option<bool> {
        let (convert, thumbnail) =
            (job.tasks[self.convert].operation.work()?, job.tasks[self.thumbnail].operation.work()?);
        let format = |work: &Work| parts.registry.format(work.output_format.as_deref()?);
        let film = format(convert).filter(|format| format.family == Family::Video)?;
        let weight = |work: &Work, from, options: &Map<_, _>| {
            let request = Request {
                operation: work.operation.clone(),
                from,
                to: Some(format(work)?),
                options: options.clone(),
                bytes,
                features: None,
                accompanied: false,
                wishes: Wishes::default(),
            };
            Some(plan::best(&parts.registry, &request).ok()?.estimate.weight)
        };
        let direct = weight(thumbnail, from, &thumbnail.options)?;
        let round = weight(convert, from, &convert.options)? + weight(thumbnail, film, &thumbnail.options)?;
        Some(direct < round)
    }
}

fn thumbnail_of(job: &Job, task: usize) -> Option<&Work> {
    job.tasks[task].operation.work().filter(|work| is_plain(work, "thumbnail"))
}

/// Whether a task asks for this and for a format, and for nothing that is not among its options.
fn is_plain(work: &Work, operation: &str) -> bool {
    let has_format = work.output_format.is_some() && work.preset.is_none();
    work.operation == operation && has_format && work.wishes == Wishes::default()
}

/// The format and size of an import, when it is one film.
fn film(parts: &Parts, import_of: &Operation) -> Option<(&'static Format, u64)> {
    let item = match import_of {
        Operation::ImportPath { path } if !path.is_dir() => {
            parts.files.import(path).ok()?.into_iter().next()?
        }
        Operation::ImportBytes { name, bytes } => Item::new(name.clone(), Content::Memory(bytes.clone())),
        _ => return None,
    };
    let mut found = item.clone();
    let format = probe::detect_item(&mut found).ok()??.format;
    (format.family == Family::Video).then(|| (format, item.length()))
}
