//! Where the engine's files come from: inputs that a job names by a path, and what does not fit into memory between steps.

use crate::deliver;
use crate::run::{Item, import};
use crate::{Error, Result};
use std::fmt::Debug;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Opens files in the engine's stead: for hosts with a file system of their own, and for those that may open nothing.
/// Called on any thread; what is opened is the engine's, and closed by it.
pub trait HostFiles: Debug + Send + Sync {
    /// Opens an input that a job names by this path, for reading: a file with a size, which need not have a name, as a
    /// memory file. It may be asked for more than once, and is read by position. `None` leaves it to the engine, which
    /// looks for it on disk.
    fn open_input(&self, path: &Path) -> Option<io::Result<File>> {
        let _ = path;
        None
    }

    /// Opens an empty file for reading and writing that nobody else has, and that is gone when it is closed. `None`
    /// leaves it to the engine, which makes one in the temporary folder.
    fn open_temporary(&self) -> Option<io::Result<File>> {
        None
    }
}

/// The host's files, and the system's where it has none.
#[derive(Clone, Debug)]
pub(crate) struct Files {
    pub(crate) temporary: PathBuf,
    pub(crate) host: Option<Arc<dyn HostFiles>>,
}

impl Files {
    /// The system's alone.
    pub(crate) fn in_folder(temporary: PathBuf) -> Files {
        Files { temporary, host: None }
    }

    /// A file without a name.
    pub(crate) fn spool(&self) -> Result<File> {
        let (opened, place) = match self.host.as_ref().and_then(|host| host.open_temporary()) {
            Some(opened) => (opened, "a file of the host".to_owned()),
            None => (deliver::spool_file(&self.temporary), self.temporary.display().to_string()),
        };
        let is_empty = |file: &File| file.metadata().is_ok_and(|about| about.is_file() && about.len() == 0);
        let opened = match opened {
            Ok(file) if !is_empty(&file) => Err(io::Error::other("it is not an empty file")),
            opened => opened,
        };
        opened.map_err(|error| Error::io(format!("cannot spool to {place}"), &error))
    }

    /// The input at a path, when the host opens it.
    pub(crate) fn hosts_own(&self, path: &Path, name: &str) -> Option<Result<Item>> {
        let opened = self.host.as_ref()?.open_input(path)?;
        let item = opened
            .map_err(|error| Error::io("cannot read", &error))
            .and_then(|file| Item::from_owned_file(name, file));
        Some(item.map_err(|error| error.with_context("input", path.display().to_string())))
    }

    /// What a path hands over: a file, or a folder with everything in it.
    pub(crate) fn import(&self, path: &Path) -> Result<Vec<Item>> {
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        match self.hosts_own(path, &name) {
            Some(item) => item.map(|item| vec![item]),
            None => import(path),
        }
    }
}
