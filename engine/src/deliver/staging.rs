use super::folder::HeldFolder;
use super::system::unnamed_file_in;
use crate::lock::lock;
use crate::{Error, Result};
use std::collections::{HashMap, HashSet};
use std::fs::{File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::SystemTime;

/// Makes staging areas, and keeps account of their folders, so that a host that must end at once can remove
/// them.
#[derive(Clone, Debug, Default)]
pub struct StagingAreas {
    live: Arc<Mutex<HashMap<u64, HeldFolder>>>,
    keeper: Option<PathBuf>,
}

impl StagingAreas {
    /// Areas whose folders are removed even when this process is killed: the program `formwork-worker` looks
    /// after them. Without it they are removed when the next one is made in the same place.
    pub fn with_keeper(worker: impl Into<PathBuf>) -> StagingAreas {
        StagingAreas { keeper: Some(worker.into()), ..StagingAreas::default() }
    }

    /// Makes a staging area beside the place results will go to.
    ///
    /// # Errors
    ///
    /// `io` when `parent` cannot be written to.
    pub fn create(&self, parent: &Path) -> Result<Arc<Staging>> {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        let mut staging = Staging {
            parent: parent.to_owned(),
            number: NUMBER.fetch_add(1, Ordering::Relaxed),
            main: Mutex::default(),
            folders: Mutex::default(),
            areas: self.clone(),
        };
        // A result that is one file needs no folder, where files can get their name last.
        match unnamed_file_in(parent) {
            Ok(file) => staging.main = Mutex::new(Some(file)),
            Err(_) => drop(staging.folder()?),
        }
        Ok(Arc::new(staging))
    }

    /// Removes every staging folder at once. Work that still runs will fail.
    pub fn remove_all(&self) {
        lock(&self.live).clear();
    }
}

/// Where outputs grow: a file without a name for the main one, a folder of the engine's own for named ones.
/// What is still in it vanishes when the last handle goes.
#[derive(Debug)]
pub struct Staging {
    parent: PathBuf,
    number: u64,
    /// The file for the main output, until it is taken.
    main: Mutex<Option<File>>,
    /// Folders made so far; so that ten thousand files do not ask ten thousand times.
    folders: Mutex<HashSet<PathBuf>>,
    areas: StagingAreas,
}

/// The file that holds the main output where files need a name.
const MAIN: &str = "main";
/// The folder under which named outputs lie.
const TREE: &str = "tree";

impl Staging {
    /// Its folder, which is made at the first call.
    ///
    /// # Errors
    ///
    /// `io` when it cannot be made.
    pub fn folder(&self) -> Result<PathBuf> {
        let mut live = lock(&self.areas.live);
        if let Some(folder) = live.get(&self.number) {
            return Ok(folder.path().to_owned());
        }
        let folder = HeldFolder::create(&self.parent, self.areas.keeper.as_deref()).map_err(|error| {
            let place = shown(&self.parent);
            Error::io(format!("cannot write to {place}"), &error).with_context("output", place)
        })?;
        let path = folder.path().to_owned();
        live.insert(self.number, folder);
        Ok(path)
    }

    /// The folder that holds all named outputs.
    ///
    /// # Errors
    ///
    /// As [`Staging::folder`].
    pub fn tree(&self) -> Result<PathBuf> {
        Ok(self.folder()?.join(TREE))
    }

    /// The file without a name for the main output, when there is one.
    pub(crate) fn take_main(&self) -> Option<File> {
        lock(&self.main).take()
    }

    /// Opens a new file for an output; the empty name is the main one. `name` has been checked. The path is
    /// empty when the file has no name.
    pub(crate) fn create(&self, name: &str) -> Result<(File, PathBuf)> {
        if name.is_empty()
            && let Some(file) = self.take_main()
        {
            return Ok((file, PathBuf::new()));
        }
        let path = if name.is_empty() { self.folder()?.join(MAIN) } else { self.tree()?.join(name) };
        let failed =
            |error: io::Error| Error::io(format!("cannot create `{}`", crate::text::clean(name)), &error);
        if let Some(folder) = path.parent().filter(|_| !name.is_empty()) {
            self.make_folder(folder).map_err(failed)?;
        }
        let file = OpenOptions::new().read(true).write(true).create_new(true).open(&path).map_err(failed)?;
        Ok((file, path))
    }

    /// Makes a folder and those above it. Everything in the staging folder was made by this engine, and
    /// links are made last, so no part of the path can be a link that leads out.
    pub(crate) fn make_folder(&self, path: &Path) -> io::Result<()> {
        let mut made = lock(&self.folders);
        if !made.contains(path) {
            std::fs::create_dir_all(path)?;
            made.insert(path.to_owned());
        }
        Ok(())
    }
}

impl Drop for Staging {
    fn drop(&mut self) {
        // Not under the lock: removing ten thousand files takes a while.
        let folder = lock(&self.areas.live).remove(&self.number);
        drop(folder);
    }
}

/// Sets what was asked for on a finished file.
pub(crate) fn finish(file: &File, modified: Option<SystemTime>, mode: u32) -> Result<()> {
    let failed = |error: io::Error| Error::io("cannot finish an output", &error);
    if mode != 0 {
        use std::os::unix::fs::PermissionsExt;
        // Set-uid, set-gid and sticky bits never come from a file; the owner can always read and write.
        let safe = (mode & 0o777) | 0o600;
        file.set_permissions(std::fs::Permissions::from_mode(safe)).map_err(failed)?;
    }
    if let Some(modified) = modified {
        file.set_modified(modified).map_err(failed)?;
    }
    Ok(())
}

fn shown(path: &Path) -> String {
    if path.as_os_str().is_empty() { ".".into() } else { path.display().to_string() }
}
