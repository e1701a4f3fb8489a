//! The gate every entry passes on its way from a reader to a writer. What comes through is harmless: clean
//! names, links that stay inside, no devices, no set-id bits, nothing written through a link, all counted.

use crate::context::Context;
use crate::entry::{Entry, Kind, Sink};
use crate::member::{Member, in_entry};
use crate::names::{self, Cleaned, shown};
use formwork_sdk::{Feature, Result};
use std::collections::HashSet;

/// How many skipped entries are named before only their number is told.
const NAMED: u64 = 20;

/// Cleans entries and hands them to a writer.
pub(crate) struct Gate<'a, S> {
    context: &'a Context<'a>,
    pub(crate) sink: S,
    symlinks: HashSet<String>,
    files: HashSet<String>,
    /// Remembers files, because hard links to them may follow.
    links_follow: bool,
    current: String,
    skipped: u64,
    changed: u64,
    set_id: u64,
    passed: u64,
}

impl<'a, S: Sink<'a>> Gate<'a, S> {
    /// A gate in front of `sink`. `links_follow` says whether the source's format knows hard links.
    pub(crate) fn new(context: &'a Context<'a>, sink: S, links_follow: bool) -> Self {
        Gate {
            context,
            sink,
            symlinks: HashSet::new(),
            files: HashSet::new(),
            links_follow,
            current: String::new(),
            skipped: 0,
            changed: 0,
            set_id: 0,
            passed: 0,
        }
    }

    /// Entries that came through.
    pub(crate) fn passed(&self) -> u64 {
        self.passed
    }

    /// Tells what is only worth telling once, and returns the writer.
    pub(crate) fn close(self) -> S {
        let step = self.context.step;
        if self.skipped > NAMED {
            step.warn(format!("{} more entries were skipped", self.skipped - NAMED));
        }
        if self.changed > NAMED {
            step.warn(format!("{} more names were changed", self.changed - NAMED));
        }
        if self.set_id > 0 {
            let text =
                format!("set-user-id, set-group-id and sticky bits of {} entries were dropped", self.set_id);
            step.lose(Feature::Permissions, text);
        }
        self.sink
    }

    fn skip(&mut self, name: &str, feature: Feature, why: &str) {
        self.skipped += 1;
        if self.skipped <= NAMED {
            self.context.step.warn_about(format!("entry {}", shown(name)), format!("skipped, {why}"));
            self.context.step.lose(feature, format!("{}: {why}", shown(name)));
        }
    }

    /// Cleans an entry; `None` when it is not to be written.
    fn admit(&mut self, mut entry: Entry) -> Result<Option<Entry>> {
        self.context.entry()?;
        self.context.may_name(entry.name.len() as u64)?;
        let raw = std::mem::take(&mut entry.name);
        match names::clean(&raw) {
            Cleaned::Same(name) => entry.name = name,
            Cleaned::Changed(name, why) => {
                self.changed += 1;
                if self.changed <= NAMED {
                    let text = format!("is now {}, {why}", shown(&name));
                    self.context.step.warn_about(format!("entry {}", shown(&raw)), text);
                }
                entry.header = None;
                entry.name = name;
            }
            Cleaned::Nothing => return Ok(None),
            Cleaned::Refused(why) => {
                self.skip(&raw, Feature::Entries, why);
                return Ok(None);
            }
        }
        if self.goes_through_link(&entry.name) {
            self.skip(&raw, Feature::Entries, "its name goes through a symbolic link of the archive");
            return Ok(None);
        }
        if let Err((feature, why)) = self.check_kind(&mut entry) {
            self.skip(&raw, feature, why);
            return Ok(None);
        }
        if let Some(mode) = entry.mode.as_mut().filter(|mode| **mode & !0o777 != 0) {
            *mode &= 0o777;
            entry.header = None;
            self.set_id += u64::from(!matches!(entry.kind, Kind::Directory));
        }
        self.passed += 1;
        Ok(Some(entry))
    }

    fn check_kind(&mut self, entry: &mut Entry) -> std::result::Result<(), (Feature, &'static str)> {
        match &mut entry.kind {
            Kind::Special(what) => return Err((Feature::Entries, what)),
            Kind::Symlink(target) => {
                if !names::link_stays(&entry.name, target) {
                    return Err((Feature::Links, "its target leads out of the archive"));
                }
                self.symlinks.insert(entry.name.clone());
            }
            Kind::HardLink(target) => match names::clean(target) {
                Cleaned::Same(clean) | Cleaned::Changed(clean, _) if self.files.contains(&clean) => {
                    if clean != *target {
                        *target = clean;
                        entry.header = None;
                    }
                }
                _ => return Err((Feature::Links, "it is a hard link to nothing in the archive")),
            },
            Kind::File => {
                // A file that takes a link's place is not written through it.
                self.symlinks.remove(&entry.name);
            }
            Kind::Directory => {}
        }
        if self.links_follow && !matches!(entry.kind, Kind::Directory) {
            self.files.insert(entry.name.clone());
        }
        Ok(())
    }

    fn goes_through_link(&self, name: &str) -> bool {
        !self.symlinks.is_empty()
            && name
                .match_indices('/')
                .any(|(at, _)| name.get(..at).is_some_and(|part| self.symlinks.contains(part)))
    }
}

impl<'a, S: Sink<'a>> Sink<'a> for Gate<'a, S> {
    fn bare(&mut self, entry: Entry) -> Result<()> {
        match self.admit(entry)? {
            Some(entry) => self.sink.bare(entry),
            None => Ok(()),
        }
    }

    fn member(&mut self, entry: Entry, member: Member<'a>) -> Result<()> {
        match self.admit(entry)? {
            Some(entry) => self.sink.member(entry, member),
            None => self.context.advance(member.packed),
        }
    }

    fn begin(&mut self, entry: Entry) -> Result<bool> {
        // Bytes that were promised are checked before any of them is made.
        let promised = entry.bytes.unwrap_or(0);
        let Some(entry) = self.admit(entry)? else { return Ok(false) };
        self.context.may_unpack(promised).map_err(|error| in_entry(&entry.name, error))?;
        self.current.clone_from(&entry.name);
        self.sink.begin(entry)
    }

    fn data(&mut self, bytes: &[u8]) -> Result<()> {
        self.context.unpack(bytes.len() as u64).map_err(|error| in_entry(&self.current, error))?;
        self.sink.data(bytes)
    }

    fn end(&mut self) -> Result<()> {
        self.sink.end()
    }
}
