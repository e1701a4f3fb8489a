use crate::{Error, Result};
use std::collections::HashSet;
use std::fs::{File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

/// Keeps count of the staging folders that exist, so that a host that must end at once can remove them.
#[derive(Clone, Debug, Default)]
pub struct StagingAreas {
    live: Arc<Mutex<HashSet<PathBuf>>>,
}

impl StagingAreas {
    /// Makes a staging folder beside the place results will go to.
    ///
    /// # Errors
    ///
    /// `io` when `parent` cannot be written to.
    pub fn create(&self, parent: &Path) -> Result<Arc<Staging>> {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        let failed = |error: &io::Error| {
            Error::io(format!("cannot write to {}", shown(parent)), error)
                .with_context("output", shown(parent))
        };
        loop {
            let number = NUMBER.fetch_add(1, Ordering::Relaxed);
            let folder = parent.join(format!(".formwork-{}-{number}", std::process::id()));
            self.lock().insert(folder.clone());
            match std::fs::create_dir(&folder) {
                Ok(()) => {
                    return Ok(Arc::new(Staging { folder, folders: Mutex::default(), areas: self.clone() }));
                }
                Err(error) => {
                    self.lock().remove(&folder);
                    if error.kind() != io::ErrorKind::AlreadyExists {
                        return Err(failed(&error));
                    }
                }
            }
        }
    }

    /// Removes every staging folder at once. Work that still runs will fail.
    pub fn remove_all(&self) {
        for folder in self.lock().drain() {
            let _ = std::fs::remove_dir_all(folder);
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashSet<PathBuf>> {
        self.live.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A folder of the engine's own beside the target, in which outputs grow. It vanishes with what is
/// still in it when the last handle goes.
#[derive(Debug)]
pub struct Staging {
    folder: PathBuf,
    /// Folders made so far, relative; so that ten thousand files do not ask ten thousand times.
    folders: Mutex<HashSet<PathBuf>>,
    areas: StagingAreas,
}

/// The file that holds the main output.
const MAIN: &str = "main";
/// The folder under which named outputs lie.
const TREE: &str = "tree";

impl Staging {
    /// Where it lies.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The folder that holds all named outputs.
    pub fn tree(&self) -> PathBuf {
        self.folder.join(TREE)
    }

    /// Opens a new file for an output; the empty name is the main one. `name` has been checked.
    pub(crate) fn create(&self, name: &str) -> Result<(File, PathBuf)> {
        let path = if name.is_empty() { self.folder.join(MAIN) } else { self.tree().join(name) };
        let failed =
            |error: io::Error| Error::io(format!("cannot create `{}`", crate::text::clean(name)), &error);
        if !name.is_empty() {
            self.make_folder(path.parent().unwrap_or(&self.folder)).map_err(failed)?;
        }
        let file = OpenOptions::new().read(true).write(true).create_new(true).open(&path).map_err(failed)?;
        Ok((file, path))
    }

    /// Makes a folder and those above it. Everything in the staging folder was made by this engine, and
    /// links are made last, so no part of the path can be a link that leads out.
    pub(crate) fn make_folder(&self, path: &Path) -> io::Result<()> {
        let mut made = self.folders.lock().unwrap_or_else(PoisonError::into_inner);
        if !made.contains(path) {
            std::fs::create_dir_all(path)?;
            made.insert(path.to_owned());
        }
        Ok(())
    }

    /// Sets what was asked for on a finished file and closes it.
    pub(crate) fn finish(
        &self,
        file: File,
        path: &Path,
        modified: Option<SystemTime>,
        mode: u32,
    ) -> Result<()> {
        let failed = |error: io::Error| Error::io(format!("cannot finish {}", path.display()), &error);
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
}

impl Drop for Staging {
    fn drop(&mut self) {
        if self.areas.lock().remove(&self.folder) {
            let _ = std::fs::remove_dir_all(&self.folder);
        }
    }
}

/// Opens a file without a name: it is gone when it is closed, however the process ends.
pub(crate) fn unnamed_file(folder: &Path) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt;
    let mut options = OpenOptions::new();
    options.read(true).write(true);
    match options.clone().custom_flags(libc::O_TMPFILE).open(folder) {
        Ok(file) => Ok(file),
        // Some file systems do not know O_TMPFILE.
        Err(_) => {
            let path = folder.join(format!(".formwork-spool-{}-{:p}", std::process::id(), &options));
            let file = options.create_new(true).open(&path)?;
            std::fs::remove_file(&path)?;
            Ok(file)
        }
    }
}

fn shown(path: &Path) -> String {
    if path.as_os_str().is_empty() { ".".into() } else { path.display().to_string() }
}
