//! What is kept of a job while it runs, so that it goes on where it was after its process was killed.
//!
//! ```text
//! held    locked by the process that runs the job
//! job     whose journal this is, and what was put in place: see [`record`]
//! kept/   finished tasks and steps, as a result cache of this job alone
//! ```

mod exports;
mod record;

use crate::cache::{ResultCache, private_folder};
use crate::job::Job;
use crate::lock::lock;
use crate::run::JobReport;
use crate::{Error, ErrorKind, Result};
use record::Record;
use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

const HELD: &str = "held";
const KEPT: &str = "kept";

/// The journal of a job, or of a batch of jobs, held by this process until the last clone is dropped. Run them with a
/// [`Control`](crate::run::Control) that was [`journaled`](crate::run::Control::journaled), then call [`Journal::end`].
#[derive(Clone, Debug)]
pub struct Journal {
    book: Arc<Book>,
}

#[derive(Debug)]
struct Book {
    folder: PathBuf,
    kept: ResultCache,
    record: Mutex<Record>,
    resumes: bool,
    _held: File,
}

impl Journal {
    /// Opens the journal of these jobs, or begins one: the folder is then made.
    ///
    /// # Errors
    ///
    /// `invalid_request` when the folder holds anything else, as the journal of other jobs; `io` when another process
    /// runs them, or the folder cannot be written to.
    pub fn open(folder: impl Into<PathBuf>, jobs: &[Job]) -> Result<Journal> {
        let folder = folder.into();
        private_folder(&folder).ok_or_else(|| failed("cannot make", &folder, &io::Error::last_os_error()))?;
        refuse_others(&folder)?;
        let held = hold(&folder)?;
        let (record, resumes) = Record::open(&folder, jobs)?;
        let kept = ResultCache::lasting(folder.join(KEPT));
        let record = Mutex::new(record);
        Ok(Journal { book: Arc::new(Book { folder, kept, record, resumes, _held: held }) })
    }

    /// Whether the job was begun before.
    pub fn resumes(&self) -> bool {
        self.book.resumes
    }

    /// Removes the journal when all jobs ended well; otherwise it is kept, so that running them again goes on. Returns
    /// whether it was removed.
    ///
    /// # Errors
    ///
    /// `io` when it cannot be removed.
    pub fn end<'r>(self, reports: impl IntoIterator<Item = &'r JobReport>) -> Result<bool> {
        if reports.into_iter().any(|report| report.error().is_some()) {
            return Ok(false);
        }
        let folder = &self.book.folder;
        let _ = std::fs::remove_dir_all(folder.join(KEPT));
        // From here on the job counts as never begun, so it goes when nothing else is left to lose.
        let removed = lock(&self.book.record).remove();
        let removed = removed.and_then(|()| std::fs::remove_file(folder.join(HELD)));
        let removed = removed.and_then(|()| std::fs::remove_dir(folder));
        removed.map(|()| true).map_err(|error| failed("cannot remove", folder, &error))
    }

    /// Finished tasks and steps.
    pub(crate) fn kept(&self) -> &ResultCache {
        &self.book.kept
    }
}

/// A folder with anything else in it is not ours to write to, and not ours to remove.
fn refuse_others(folder: &Path) -> Result<()> {
    let entries = std::fs::read_dir(folder).map_err(|error| failed("cannot read", folder, &error))?;
    let ours = [HELD, KEPT, record::NAME, record::DRAFT];
    let other = entries.flatten().find(|entry| !ours.iter().any(|name| entry.file_name() == *name));
    match other {
        None => Ok(()),
        Some(other) => {
            let what =
                format!("{} is no journal: it holds `{}`", folder.display(), other.file_name().display());
            Err(Error::invalid(crate::text::clean(&what)).with_hint("name a new folder, or an empty one"))
        }
    }
}

fn hold(folder: &Path) -> Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false).mode(0o600);
    let held = options.open(folder.join(HELD)).map_err(|error| failed("cannot write", folder, &error))?;
    match held.try_lock() {
        Ok(()) => Ok(held),
        Err(TryLockError::WouldBlock) => {
            let what = format!("the job of the journal {} runs in another process", folder.display());
            Err(Error::new(ErrorKind::Io, what).with_hint("wait for it, or name another folder"))
        }
        Err(TryLockError::Error(error)) => Err(failed("cannot lock", folder, &error)),
    }
}

fn failed(what: &str, folder: &Path, error: &io::Error) -> Error {
    Error::io(format!("{what} the journal {}", folder.display()), error)
}
