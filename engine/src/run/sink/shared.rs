//! Outputs that another process writes, through a file that it shares with this one.

use super::{Bytes, LONGEST_LINK, MOST_RESERVED, Output, OutputSpec, Place, Sink, limit};
use crate::files::Files;
use crate::lock::lock;
use crate::{Error, ErrorKind, Result, worker};
use formwork_abi as abi;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::sync::atomic::Ordering;

/// Outputs in memory that stay files, which costs a descriptor each; a step that takes more apart gets them as bytes.
const MOST_OPEN: i64 = 64;

impl Sink {
    /// A file for the main output, before that is opened; `None` when it cannot be had cheaply.
    pub(in crate::run) fn file_ahead(&self) -> Option<File> {
        match &self.place {
            // What gets a name as soon as it is opened cannot be there before.
            _ if self.series.is_some() => None,
            Place::Staging(staging) => staging.take_main(),
            Place::Memory { .. } => worker::memory_file(c"formwork-output").ok(),
        }
    }

    /// How long outputs in memory may get together.
    pub(in crate::run) fn in_memory(&self) -> u64 {
        match &self.place {
            Place::Staging(_) => u64::MAX,
            Place::Memory { spill_over, .. } => *spill_over,
        }
    }

    /// Opens the main output, which must be the first, in the file that was handed over ahead.
    pub(in crate::run) fn open_ahead(&self, mut spec: OutputSpec, file: File) -> Result<()> {
        self.claim_name(&mut spec)?;
        let id = self.push(spec, Bytes::Memory(Vec::new()))?;
        if id != 0 {
            return Err(Error::new(ErrorKind::PluginFault, "the plugin opened its main output too late"));
        }
        let in_memory = matches!(self.place, Place::Memory { .. });
        let output = self.output(0)?;
        lock(&output).share(file, in_memory).map_err(cannot_share)
    }

    /// Opens an output whose bytes another process writes through the file that is returned.
    pub(in crate::run) fn open_shared(&self, spec: OutputSpec) -> Result<(usize, File)> {
        let length = spec.length.unwrap_or(0);
        let id = self.open(spec)?;
        let output = self.output(id as i64)?;
        let mut output = lock(&output);
        if let Bytes::Memory(_) = &output.bytes {
            match &self.place {
                Place::Memory { spill_over, files } if length > *spill_over => {
                    output.share(files.spool()?, false)
                }
                _ => worker::memory_file(c"formwork-output").and_then(|file| output.share(file, true)),
            }
            .map_err(cannot_share)?;
        }
        Ok((id, output.theirs()?))
    }

    /// Gives an open output a file on disk, to which the process that writes it moves it.
    pub(in crate::run) fn spill_shared(&self, id: i64) -> Result<File> {
        let slot = self.output(id)?;
        let mut output = lock(&slot);
        let (Place::Memory { files, .. }, false) = (&self.place, output.closed) else {
            return Err(Error::new(ErrorKind::PluginFault, "the plugin moved an output that cannot move"));
        };
        output.share(files.spool()?, false).map_err(cannot_share)?;
        output.theirs()
    }

    /// The limit that is passed when outputs hold more memory than they would if their writer had kept to what it
    /// was told. It counts pieces before they arrive here, so it gets as much again.
    pub(in crate::run) fn overfull(&self) -> Option<Error> {
        let Place::Memory { spill_over, .. } = &self.place else { return None };
        let open = lock(&self.outputs).iter().flatten().map(|slot| lock(slot).shared_bytes()).sum::<u64>();
        let held = self.held.load(Ordering::Relaxed).saturating_add(open);
        (held > spill_over.saturating_mul(2)).then(|| limit("memory", *spill_over))
    }

    /// Closes such an output: looks at what was written, and takes the writer's right to change it.
    pub(in crate::run) fn close_shared(&self, id: i64) -> Result<()> {
        let slot = self.output(id)?;
        let mut output = lock(&slot);
        let kind = output.spec.kind;
        if output.closed {
            return Err(Error::new(ErrorKind::PluginFault, "the plugin closed an output twice"));
        }
        let memory = std::mem::take(&mut output.shared_memory);
        let Bytes::File { file: Some(file), end, .. } = &mut output.bytes else {
            return Err(Error::new(ErrorKind::Internal, "an output lost its file"));
        };
        let failed = |error: io::Error| Error::io("cannot look at an output", &error);
        *end = file.metadata().map_err(failed)?.len();
        // A sparse file may say any length, so it is looked at before it is added.
        if *end > self.most_bytes || self.written.fetch_add(*end, Ordering::Relaxed) + *end > self.most_bytes
        {
            return Err(limit("output", self.most_bytes));
        }
        let (kept, left): (Vec<File>, Vec<File>) = memory.into_iter().partition(|memory| same(memory, file));
        for memory in left {
            // Its writer may still hold it, but not with anything in it.
            memory.set_len(0).and_then(|()| worker::seal_growth(&memory)).map_err(failed)?;
        }
        let in_memory = !kept.is_empty();
        if in_memory {
            self.held.fetch_add(*end, Ordering::Relaxed);
        }
        if let Place::Memory { files, .. } = &self.place {
            // On disk, or still mapped by the writer: a copy cannot change any more.
            let copy = match in_memory {
                true => worker::seal(file).is_err().then(|| copy_in_memory(file, *end).map_err(failed)),
                false => (*end <= MOST_RESERVED).then(|| copy_on_disk(file, *end, files)),
            };
            if let Some(copy) = copy {
                *file = copy?;
            }
        }
        if in_memory && id >= MOST_OPEN && *end <= MOST_RESERVED {
            let mut bytes = vec![0; *end as usize];
            file.read_exact_at(&mut bytes, 0).map_err(failed)?;
            output.bytes = Bytes::Memory(bytes);
        } else if kind != abi::KIND_FILE {
            let mut text = vec![0; LONGEST_LINK.min(*end) as usize];
            file.read_exact_at(&mut text, 0).map_err(failed)?;
            output.bytes = Bytes::Memory(text);
        }
        drop(output);
        self.close(id)
    }
}

impl Output {
    /// Goes on in a file that another process writes.
    fn share(&mut self, file: File, in_memory: bool) -> io::Result<()> {
        if in_memory {
            self.shared_memory.push(file.try_clone()?);
        }
        self.bytes = Bytes::File { file: Some(file), path: PathBuf::new(), end: 0 };
        Ok(())
    }

    /// The file for the other process.
    fn theirs(&self) -> Result<File> {
        match &self.bytes {
            Bytes::File { file: Some(file), .. } => file.try_clone().map_err(cannot_share),
            _ => Err(Error::new(ErrorKind::Internal, "an output without a file was shared")),
        }
    }

    /// Bytes in memory files that another process still writes.
    fn shared_bytes(&self) -> u64 {
        let lengths = self.shared_memory.iter().map(|file| file.metadata().map_or(0, |about| about.len()));
        lengths.fold(0, u64::saturating_add)
    }
}

fn cannot_share(error: io::Error) -> Error {
    Error::io("cannot share an output", &error)
}

/// Whether both are one file.
fn same(one: &File, other: &File) -> bool {
    use std::os::unix::fs::MetadataExt;
    let place = |file: &File| file.metadata().map(|about| (about.dev(), about.ino())).ok();
    place(one).is_some_and(|one| Some(one) == place(other))
}

fn copy_in_memory(file: &File, length: u64) -> io::Result<File> {
    let copy = worker::memory_file(c"formwork-output")?;
    copy_bytes(file, &copy, length)?;
    worker::seal(&copy)?;
    Ok(copy)
}

/// A copy that nobody else holds.
fn copy_on_disk(file: &File, length: u64, files: &Files) -> Result<File> {
    let copy = files.spool()?;
    copy_bytes(file, &copy, length).map_err(|error| Error::io("cannot spool an output", &error))?;
    Ok(copy)
}

fn copy_bytes(from: &File, to: &File, length: u64) -> io::Result<()> {
    let mut buffer = vec![0; (256 << 10).min(length as usize)];
    let mut at = 0;
    while at < length {
        let count = (length - at).min(buffer.len() as u64) as usize;
        from.read_exact_at(&mut buffer[..count], at)?;
        to.write_all_at(&buffer[..count], at)?;
        at += count as u64;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use formwork_abi::Limits;

    const SPEC: OutputSpec = OutputSpec {
        name: String::new(),
        format: String::new(),
        kind: abi::KIND_FILE,
        length: None,
        modified: None,
        mode: 0,
    };

    fn named(name: &str) -> OutputSpec {
        OutputSpec { name: name.into(), ..SPEC }
    }

    #[test]
    fn a_writer_that_does_not_keep_to_its_memory_is_noticed() {
        let sink = Sink::memory(&Limits::default(), 1_000, std::env::temp_dir());
        let (first, mut at_first) = sink.open_shared(named("a")).unwrap();
        let (second, at_second) = sink.open_shared(named("b")).unwrap();
        at_first.set_len(1_500).unwrap();
        at_second.set_len(500).unwrap();
        assert_eq!(sink.overfull(), None, "as much again is not too much");
        at_second.set_len(501).unwrap();
        assert_eq!(sink.overfull().unwrap().limit.as_deref(), Some("memory"));
        let on_disk = sink.spill_shared(first as i64).unwrap();
        assert!(sink.overfull().is_some(), "what is left in the old file counts");
        at_first.set_len(0).unwrap();
        assert_eq!(sink.overfull(), None);
        on_disk.set_len(5_000).unwrap();
        for id in [first, second] {
            sink.close_shared(id as i64).unwrap();
        }
        assert_eq!(sink.overfull(), None, "what is on disk does not");
        io::Write::write_all(&mut at_first, b"more").expect_err("the old file cannot grow any more");
        let items = sink.into_items().unwrap();
        assert_eq!(items.iter().map(crate::run::Item::length).collect::<Vec<_>>(), [5_000, 501]);
    }
}
