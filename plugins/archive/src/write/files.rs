//! Writes entries as files: what `extract` does.
//!
//! Outputs are opened in the archive's order by the reading thread; unpacking, writing and closing them is
//! left to tasks.

use crate::context::Context;
use crate::entry::{Entry, Kind, Sink};
use crate::member::{Member, in_entry};
use crate::names::shown;
use crate::pool::{Ordered, Pool};
use formwork_sdk::{Feature, OutputInfo, OutputKind, Result, Writer};
use std::collections::HashMap;

/// Files up to this size are written by a task, larger ones as their bytes come.
const SMALL: usize = 1 << 20;
/// Bytes under way.
const UNDER_WAY: u64 = 16 << 20;

/// Writes every entry as an output of its own.
pub(crate) struct FilesSink<'p, 'q, 'a> {
    context: &'a Context<'a>,
    queue: Ordered<'p, 'q, 'a, ()>,
    /// Names in use; true for directories.
    taken: HashMap<String, bool>,
    /// Where hard links to a renamed file must lead.
    renamed: HashMap<String, String>,
    current: Option<Current<'a>>,
}

struct Current<'a> {
    writer: Writer<'a>,
    /// Bytes not written yet; nothing is kept once the file turned out to be large.
    gathered: Vec<u8>,
    large: bool,
}

impl<'p, 'q, 'a> FilesSink<'p, 'q, 'a> {
    pub(crate) fn new(context: &'a Context<'a>, pool: &'p Pool<'q, 'a>) -> Self {
        let queue = Ordered::new(pool, UNDER_WAY);
        FilesSink { context, queue, taken: HashMap::new(), renamed: HashMap::new(), current: None }
    }

    /// Waits for what is still being written.
    ///
    /// # Errors
    ///
    /// Any of a task.
    pub(crate) fn finish(mut self) -> Result<()> {
        while let Some(done) = self.queue.pop() {
            done?;
        }
        Ok(())
    }

    /// Finds a name nobody has; `None` when a file stands where a folder is needed.
    fn free_name(&mut self, name: &str) -> Option<String> {
        let blocked = name
            .match_indices('/')
            .any(|(at, _)| self.taken.get(name.get(..at).unwrap_or("")) == Some(&false));
        if blocked {
            return None;
        }
        if !self.taken.contains_key(name) {
            return Some(name.to_owned());
        }
        let (stem, extension) = split_extension(name);
        (2..10_000_u32)
            .map(|number| format!("{stem} ({number}){extension}"))
            .find(|name| !self.taken.contains_key(name))
    }

    /// Opens an output; `None` when it was skipped.
    fn open(&mut self, entry: &Entry, kind: OutputKind) -> Result<Option<Writer<'a>>> {
        let Some(name) = self.free_name(&entry.name) else {
            let why = "skipped, a file of the archive stands where its folder should be";
            self.context.step.warn_about(format!("entry {}", shown(&entry.name)), why);
            self.context.step.lose(Feature::Entries, format!("{}: {why}", shown(&entry.name)));
            return Ok(None);
        };
        if name != entry.name {
            let text = format!("written as {}, for the archive has that name twice", shown(&name));
            self.context.step.warn_about(format!("entry {}", shown(&entry.name)), text);
            self.renamed.insert(entry.name.clone(), name.clone());
        }
        self.taken.insert(name.clone(), kind == OutputKind::Directory);
        let info = OutputInfo {
            name: &name,
            kind,
            length: entry.bytes.filter(|_| kind == OutputKind::File),
            modified: entry.modified.and_then(|time| time.to_system()),
            mode: entry.mode,
            ..OutputInfo::default()
        };
        self.context.step.create_named_output(&info).map(Some)
    }

    /// Opens a directory once, however often the archive names it.
    fn directory(&mut self, entry: &Entry) -> Result<()> {
        if self.taken.get(&entry.name) == Some(&true) {
            return Ok(());
        }
        match self.open(entry, OutputKind::Directory)? {
            Some(writer) => writer.close(),
            None => Ok(()),
        }
    }

    fn link(&mut self, entry: &Entry, kind: OutputKind, target: &str) -> Result<()> {
        match self.open(entry, kind)? {
            Some(mut writer) => {
                writer.append(target.as_bytes())?;
                writer.close()
            }
            None => Ok(()),
        }
    }

    fn push(
        &mut self,
        weight: u64,
        job: impl FnOnce(&mut crate::scratch::Scratch) -> Result<()> + Send + 'a,
    ) -> Result<()> {
        while self.queue.is_full(weight) {
            self.queue.pop().unwrap_or(Ok(()))?;
        }
        self.queue.push(weight, job);
        Ok(())
    }
}

/// Splits `a/b.tar` into `a/b` and `.tar`.
fn split_extension(name: &str) -> (&str, &str) {
    let folder = name.rfind('/').map_or(0, |at| at + 1);
    match name.get(folder..).and_then(|file| file.rfind('.')).filter(|dot| *dot > 0) {
        Some(dot) => name.split_at_checked(folder + dot).unwrap_or((name, "")),
        None => (name, ""),
    }
}

impl<'a> Sink<'a> for FilesSink<'_, '_, 'a> {
    fn bare(&mut self, entry: Entry) -> Result<()> {
        match &entry.kind {
            Kind::Directory => self.directory(&entry),
            Kind::Symlink(target) => self.link(&entry, OutputKind::Symlink, &target.clone()),
            Kind::HardLink(target) => {
                // The file linked to must be there before the link is.
                while let Some(done) = self.queue.pop() {
                    done?;
                }
                let target = self.renamed.get(target).unwrap_or(target).clone();
                self.link(&entry, OutputKind::HardLink, &target)
            }
            Kind::File | Kind::Special(_) => Ok(()),
        }
    }

    fn member(&mut self, entry: Entry, member: Member<'a>) -> Result<()> {
        let Some(mut writer) = self.open(&entry, OutputKind::File)? else {
            return self.context.advance(member.packed);
        };
        let context = self.context;
        self.push(member.packed.min(SMALL as u64), move |scratch| {
            let unpacked = member.unpack(context, scratch, &mut |bytes| writer.append(bytes));
            unpacked.map_err(|error| in_entry(&entry.name, error))?;
            writer.close()
        })
    }

    fn begin(&mut self, entry: Entry) -> Result<bool> {
        let writer = self.open(&entry, OutputKind::File)?;
        self.current = writer.map(|writer| Current { writer, gathered: Vec::new(), large: false });
        Ok(self.current.is_some())
    }

    fn data(&mut self, bytes: &[u8]) -> Result<()> {
        let Some(current) = &mut self.current else { return Ok(()) };
        if !current.large && current.gathered.len() + bytes.len() > SMALL {
            current.writer.append(&current.gathered)?;
            (current.gathered, current.large) = (Vec::new(), true);
        }
        if current.large {
            return current.writer.append(bytes);
        }
        current.gathered.extend_from_slice(bytes);
        Ok(())
    }

    fn end(&mut self) -> Result<()> {
        let Some(Current { mut writer, gathered, large }) = self.current.take() else { return Ok(()) };
        if large {
            return writer.close();
        }
        self.push(gathered.len() as u64, move |_| {
            if !gathered.is_empty() {
                writer.append(&gathered)?;
            }
            writer.close()
        })
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn extensions_are_split_off() {
        assert_eq!(super::split_extension("a/b.tar"), ("a/b", ".tar"));
        assert_eq!(super::split_extension("a.d/b"), ("a.d/b", ""));
        assert_eq!(super::split_extension("a/.b"), ("a/.b", ""));
    }
}
