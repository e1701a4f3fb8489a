//! `merge`: the entries of several archives under one roof, in the order of the archives.
//!
//! An archive in which a file has the name of one that is there already gets a folder of its own, whole, so that its
//! links still lead where they led.

use super::convert::{as_tar, knows_hard_links, tell_encryption};
use super::{read_content, report_entries, stopping, with_archives, write};
use crate::context::Context;
use crate::describe;
use crate::entry::{Entry, Kind, Look, Sink};
use crate::member::Member;
use crate::names::{self, Cleaned, shown};
use crate::pool::with_pool;
use crate::read::{Archive, Depth};
use formwork_sdk::{Error, Result, Step};
use std::collections::HashSet;

/// Merges all inputs.
///
/// # Errors
///
/// Any; see the readers and writers.
pub(crate) fn run(step: &Step<'_>) -> Result<()> {
    let target = describe::shape(step.target())?;
    with_archives(step, |archives| {
        let context = Context::new(step, true);
        with_pool(step.threads(), |pool| {
            let hard_links = archives.iter().any(|archive| knows_hard_links(archive.shape));
            let mut taken = Taken::default();
            let work = write(&context, pool, target, hard_links, |sink| {
                archives.iter().try_for_each(|archive| {
                    let archive = as_tar(&context, archive)?;
                    let folder = folder_for(&context, &archive, &taken)?;
                    read_content(&context, &archive, &mut Roof { sink, folder, taken: &mut taken })
                })
            });
            let entries = stopping(&context, work)?;
            tell_encryption(&context, target, taken.encrypted);
            report_entries(step, target, entries);
            Ok(())
        })
    })
}

/// The folder an archive needs, when one of its names is taken.
fn folder_for<'a>(context: &Context<'a>, archive: &Archive<'a>, taken: &Taken) -> Result<Option<String>> {
    if taken.files.is_empty() && taken.folders.is_empty() {
        return Ok(None);
    }
    let quiet = Context::new(context.step, true);
    let mut survey = Survey { taken, clash: None };
    let read = survey_of(&quiet, archive, &mut survey);
    let Some(clash) = survey.clash else { return read.map(|()| None) };
    let folder = taken.free_name(archive.name);
    let text = format!("is there already: all of {} went into {}/", shown(archive.name), shown(&folder));
    context.step.warn_about(format!("entry {}", shown(&clash)), text);
    Ok(Some(folder))
}

/// Reads an archive's entries for a shorter time than it lives.
fn survey_of<'b>(context: &'b Context<'b>, archive: &Archive<'b>, survey: &mut Survey<'_>) -> Result<()> {
    archive.read(context, Depth::Entries, survey)
}

/// Names that are under the roof.
#[derive(Default)]
struct Taken {
    files: HashSet<String>,
    folders: HashSet<String>,
    encrypted: bool,
}

impl Taken {
    /// Takes a name; false for a folder that is there.
    fn add(&mut self, name: &str, kind: &Kind) -> bool {
        self.folders.extend(parents(name).map(str::to_owned));
        match kind {
            Kind::Directory => self.folders.insert(name.to_owned()),
            _ => self.files.insert(name.to_owned()),
        }
    }

    fn clashes(&self, name: &str, kind: &Kind) -> bool {
        self.files.contains(name)
            || (*kind != Kind::Directory && self.folders.contains(name))
            || parents(name).any(|parent| self.files.contains(parent))
    }

    /// A name for the folder of an archive: its own without the ending, and a number where that is taken.
    fn free_name(&self, archive: &str) -> String {
        let stem = archive.rsplit_once('.').map_or(archive, |(stem, _)| stem);
        let stem = stem.strip_suffix(".tar").unwrap_or(stem);
        let stem = match names::clean(stem) {
            Cleaned::Same(name) | Cleaned::Changed(name, _) => name.replace('/', "_"),
            Cleaned::Nothing | Cleaned::Refused(_) => "archive".to_owned(),
        };
        let is_free = |name: &String| !self.files.contains(name) && !self.folders.contains(name);
        let numbered = (2_u32..).map(|number| format!("{stem} {number}"));
        std::iter::once(stem.clone()).chain(numbered).find(is_free).unwrap_or(stem)
    }
}

fn parents(name: &str) -> impl Iterator<Item = &str> {
    name.match_indices('/').filter_map(|(at, _)| name.get(..at))
}

/// Looks for a name that is taken.
struct Survey<'t> {
    taken: &'t Taken,
    clash: Option<String>,
}

impl Look for Survey<'_> {
    fn see(&mut self, entry: &Entry, _packed: u64) -> Result<()> {
        let (Cleaned::Same(name) | Cleaned::Changed(name, _)) = names::clean(&entry.name) else {
            return Ok(());
        };
        if self.taken.clashes(&name, &entry.kind) {
            self.clash = Some(name);
            // Ends the reading on purpose.
            return Err(Error::invalid("a name is taken"));
        }
        Ok(())
    }
}

/// Puts the entries of one archive where they belong.
struct Roof<'s, 'a> {
    sink: &'s mut dyn Sink<'a>,
    folder: Option<String>,
    taken: &'s mut Taken,
}

impl Roof<'_, '_> {
    /// Places an entry; `None` for a folder that is there already.
    fn place(&mut self, mut entry: Entry) -> Option<Entry> {
        self.taken.encrypted |= entry.encrypted;
        let (Cleaned::Same(name) | Cleaned::Changed(name, _)) = names::clean(&entry.name) else {
            // The gate says what is wrong with it.
            return Some(entry);
        };
        let Some(folder) = &self.folder else {
            return self.taken.add(&name, &entry.kind).then_some(entry);
        };
        entry.name = format!("{folder}/{name}");
        entry.header = None;
        if let Kind::HardLink(target) = &mut entry.kind {
            *target = format!("{folder}/{target}");
        }
        self.taken.add(&entry.name, &entry.kind).then_some(entry)
    }
}

impl<'a> Sink<'a> for Roof<'_, 'a> {
    fn bare(&mut self, entry: Entry) -> Result<()> {
        self.place(entry).map_or(Ok(()), |entry| self.sink.bare(entry))
    }

    fn member(&mut self, entry: Entry, member: Member<'a>) -> Result<()> {
        self.place(entry).map_or(Ok(()), |entry| self.sink.member(entry, member))
    }

    fn begin(&mut self, entry: Entry) -> Result<bool> {
        self.place(entry).map_or(Ok(false), |entry| self.sink.begin(entry))
    }

    fn data(&mut self, bytes: &[u8]) -> Result<()> {
        self.sink.data(bytes)
    }

    fn end(&mut self) -> Result<()> {
        self.sink.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_clash_with_files_and_with_folders_that_are_files_elsewhere() {
        let mut taken = Taken::default();
        assert!(taken.add("a/b.txt", &Kind::File) && !taken.add("a", &Kind::Directory));
        assert!(taken.clashes("a/b.txt", &Kind::File) && taken.clashes("a", &Kind::File));
        assert!(taken.clashes("a/b.txt/c", &Kind::File) && !taken.clashes("a", &Kind::Directory));
        assert!(!taken.clashes("a/c.txt", &Kind::File));
    }

    #[test]
    fn a_folder_has_the_name_of_its_archive_and_a_number_when_that_is_taken() {
        let mut taken = Taken::default();
        assert_eq!(taken.free_name("notes.tar.gz"), "notes");
        taken.add("notes/x", &Kind::File);
        assert_eq!(taken.free_name("notes.zip"), "notes 2");
        assert_eq!(taken.free_name("...zip"), "archive");
    }
}
