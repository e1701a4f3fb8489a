use super::staging::finish;
use super::system::{link_unnamed, rename_if_free, unnamed_file_in};
use super::{Ledger, Staging, StagingAreas, Standing, copy_bytes, names, series};
use crate::run::{Content, Item};
use crate::{Error, ErrorKind, Result};
use std::collections::HashMap;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Where results go and what may happen there.
#[derive(Clone, Debug)]
pub struct Placement {
    /// A file, or a folder when it ends in `/`, exists as one, or several results go there. A numbered series of
    /// results, as pages or thumbnails, goes beside it when it is named like one of them: `film.jpg` stands for
    /// `film-001.jpg` and so on.
    pub path: PathBuf,
    /// Replace what is there.
    pub overwrite: bool,
    /// Wait until the bytes are on the disk before a result appears under its name.
    pub durable: bool,
}

impl Placement {
    /// Whether results go into a folder of this name, rather than becoming a file of this name.
    pub fn is_folder(&self) -> bool {
        self.path.as_os_str().as_encoded_bytes().ends_with(b"/") || self.path.is_dir()
    }

    /// The folder beside which results are staged: on the same file system as the target.
    pub(crate) fn staging_parent(&self) -> PathBuf {
        let existing = |mut path: &Path| {
            while !path.as_os_str().is_empty() && !path.is_dir() {
                path = path.parent().unwrap_or(Path::new(""));
            }
            if path.as_os_str().is_empty() { PathBuf::from(".") } else { path.to_owned() }
        };
        if self.path.is_dir() {
            return self.path.clone();
        }
        existing(self.path.parent().unwrap_or(Path::new("")))
    }
}

/// Puts items in place and returns their paths: all of them, or none.
///
/// # Errors
///
/// `io` when something is there already and `overwrite` is not set, or the system refuses; `invalid_request` when
/// several results would have to become one file. Then nothing has changed.
pub fn place(items: &[Item], placement: &Placement, areas: &StagingAreas) -> Result<Vec<PathBuf>> {
    place_noted(items, placement, areas, &())
}

/// The same with a ledger: what it knows to be there already is left, what it knows to be the job's own is replaced.
pub(crate) fn place_noted(
    items: &[Item],
    placement: &Placement,
    areas: &StagingAreas,
    ledger: &dyn Ledger,
) -> Result<Vec<PathBuf>> {
    let single = match items {
        [item] if item.is_file() && !placement.is_folder() => Some(item),
        _ => None,
    };
    let files = match single {
        Some(_) => Some(vec![placement.path.clone()]),
        None if placement.is_folder() => None,
        None => series::files(items, &placement.path)?,
    };
    let mut moves =
        Moves { placement, areas, ledger, standings: HashMap::new(), done: Vec::new(), staging: None };
    let result = match files {
        Some(files) => moves.place_files(items, &files).map(|()| files),
        None => moves.place_all(items),
    };
    if result.is_err() {
        moves.undo();
    }
    result
}

/// What has been moved so far, so that it can be taken back.
struct Moves<'p> {
    placement: &'p Placement,
    areas: &'p StagingAreas,
    ledger: &'p dyn Ledger,
    /// What was found at the places, where anything was.
    standings: HashMap<PathBuf, Standing>,
    done: Vec<PathBuf>,
    staging: Option<Arc<Staging>>,
}

impl Moves<'_> {
    fn place_files(&mut self, items: &[Item], files: &[PathBuf]) -> Result<()> {
        let targets: Vec<(PathBuf, &Item)> = files.iter().cloned().zip(items).collect();
        self.claim(&targets)?;
        targets.iter().try_for_each(|(path, item)| self.place_file(item, path))
    }

    /// Looks what there is at the places, and notes in the ledger what will be.
    fn claim(&mut self, targets: &[(PathBuf, &Item)]) -> Result<()> {
        for (path, item) in targets {
            match self.ledger.standing(path, item)? {
                Standing::Free => continue,
                Standing::Foreign if !self.placement.overwrite => return Err(already_there(path)),
                found => self.standings.insert(path.clone(), found),
            };
        }
        self.ledger.claim(targets)
    }

    fn is_there(&self, path: &Path) -> bool {
        self.standings.get(path) == Some(&Standing::Same)
    }

    /// Whether what is there may be replaced.
    fn may_replace(&self, path: &Path) -> bool {
        self.placement.overwrite || self.standings.get(path) == Some(&Standing::Own)
    }

    fn place_all(&mut self, items: &[Item]) -> Result<Vec<PathBuf>> {
        let root = &self.placement.path;
        let targets: Vec<(PathBuf, &Item)> = items.iter().map(|item| (root.join(&item.name), item)).collect();
        let (folders, files): (Vec<_>, Vec<_>) =
            targets.into_iter().partition(|(_, item)| is_directory(item));
        self.claim(&files)?;
        if let Some(tree) = whole_tree(items).filter(|_| !root.exists()) {
            return self.place_tree(&tree, items);
        }
        self.make_folder(root)?;
        for (path, _) in &folders {
            self.make_folder(path)?;
        }
        for (path, item) in files.iter().filter(|(_, item)| item.is_file()) {
            if let Some(folder) = path.parent() {
                self.make_folder(folder)?;
            }
            self.place_file(item, path)?;
        }
        self.make_links(root, items)?;
        Ok(files.into_iter().map(|(path, _)| path).collect())
    }

    /// The fast way: the staging folder holds nothing but these items, so it becomes the target.
    fn place_tree(&mut self, staging: &Arc<Staging>, items: &[Item]) -> Result<Vec<PathBuf>> {
        let (tree, root) = (staging.tree()?, &self.placement.path);
        let failed = |error: io::Error| Error::io(format!("cannot create {}", root.display()), &error);
        staging.make_folder(&tree).map_err(failed)?;
        for item in items.iter().filter(|item| is_directory(item)) {
            staging.make_folder(&tree.join(&item.name)).map_err(failed)?;
        }
        self.make_links(&tree, items)?;
        self.done.clear();
        if let Some(parent) = root.parent().filter(|parent| !parent.as_os_str().is_empty()) {
            self.make_folder(parent)?;
        }
        std::fs::rename(&tree, root).map_err(failed)?;
        Ok(items.iter().filter(|item| !is_directory(item)).map(|item| root.join(&item.name)).collect())
    }

    fn make_links(&mut self, root: &Path, items: &[Item]) -> Result<()> {
        for item in items {
            let path = root.join(&item.name);
            let failed = |error: io::Error| Error::io(format!("cannot link {}", path.display()), &error);
            if self.is_there(&path) {
                continue;
            }
            match &item.content {
                Content::Symlink(target) if names::link_stays_inside(&item.name, target) => {
                    self.prepare(&path)?;
                    std::os::unix::fs::symlink(target, &path).map_err(failed)?;
                }
                Content::Symlink(target) => {
                    let error = format!("the link `{}` to `{target}` leads out of its folder", item.name);
                    return Err(Error::new(ErrorKind::CorruptInput, crate::text::clean(&error)));
                }
                Content::HardLink(target) => {
                    self.prepare(&path)?;
                    std::fs::hard_link(root.join(target), &path).map_err(failed)?;
                }
                _ => continue,
            }
            self.done.push(path);
        }
        Ok(())
    }

    fn prepare(&mut self, path: &Path) -> Result<()> {
        if let Some(folder) = path.parent() {
            self.make_folder(folder)?;
        }
        if self.may_replace(path) && path.symlink_metadata().is_ok_and(|about| !about.is_dir()) {
            std::fs::remove_file(path)
                .map_err(|error| Error::io(format!("cannot replace {}", path.display()), &error))?;
        }
        Ok(())
    }

    /// Makes a folder and those above it, and refuses to pass through a link inside the target.
    fn make_folder(&mut self, path: &Path) -> Result<()> {
        if path.is_dir() || path.as_os_str().is_empty() {
            return Ok(());
        }
        if let Some(parent) = path.parent() {
            self.make_folder(parent)?;
        }
        std::fs::create_dir(path)
            .map_err(|error| Error::io(format!("cannot create the folder {}", path.display()), &error))?;
        self.done.push(path.to_owned());
        Ok(())
    }

    fn place_file(&mut self, item: &Item, target: &Path) -> Result<()> {
        if self.is_there(target) {
            return Ok(());
        }
        let finished = self.finished(item, target)?;
        if self.placement.durable {
            let sync = finished.open().and_then(|file| file.sync_data());
            sync.map_err(|error| Error::io(format!("cannot write {}", target.display()), &error))?;
        }
        let failed = |error: io::Error| match error.kind() {
            io::ErrorKind::AlreadyExists => already_there(target),
            _ => Error::io(format!("cannot create {}", target.display()), &error)
                .with_context("output", target.display().to_string()),
        };
        let staged = match finished {
            Finished::Named(path) => path,
            Finished::Unnamed(file) => match self.link(&file, target) {
                Ok(None) => {
                    self.done.push(target.to_owned());
                    return Ok(());
                }
                Ok(Some(link)) => link,
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Err(failed(error)),
                // No /proc, or another file system: a copy has a name from the start.
                Err(_) => self.copied(item, target)?,
            },
        };
        let rename = if self.may_replace(target) {
            std::fs::rename(&staged, target)
        } else {
            rename_if_free(&staged, target)
        };
        rename.map_err(failed)?;
        self.done.push(target.to_owned());
        Ok(())
    }

    /// Gives a file without a name its own. A link replaces nothing, so where something is to be replaced, it gets
    /// one in the staging folder, which is returned.
    fn link(&mut self, file: &File, target: &Path) -> io::Result<Option<PathBuf>> {
        let overwrite = self.may_replace(target);
        if !overwrite || target.symlink_metadata().is_err() {
            match link_unnamed(file, target) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists && overwrite => {}
                done => return done.map(|()| None),
            }
        }
        let folder = self.staging().and_then(|staging| staging.folder()).map_err(io::Error::other)?;
        let link = folder.join(format!("link-{}", self.done.len()));
        link_unnamed(file, &link).map(|()| Some(link))
    }

    /// An item's bytes on the target's file system.
    fn finished(&mut self, item: &Item, target: &Path) -> Result<Finished> {
        let failed = |error: io::Error| Error::io(format!("cannot write {}", target.display()), &error);
        if let Content::File(file) = &item.content
            && file.staging.is_some()
        {
            return Ok(match file.path() {
                path if path.as_os_str().is_empty() => Finished::Unnamed(file.file().map_err(failed)?),
                path => Finished::Named(path.to_owned()),
            });
        }
        let Ok(file) = unnamed_file_in(&self.placement.staging_parent()) else {
            return self.copied(item, target).map(Finished::Named);
        };
        copy_bytes(item, &file).map_err(failed)?;
        finish(&file, item.modified, item.mode)?;
        Ok(Finished::Unnamed(Arc::new(file)))
    }

    /// A copy of an item in the staging folder.
    fn copied(&mut self, item: &Item, target: &Path) -> Result<PathBuf> {
        let name = format!("copy-{}", self.done.len());
        let (file, path) = self.staging()?.create(&name)?;
        copy_bytes(item, &file)
            .map_err(|error| Error::io(format!("cannot write {}", target.display()), &error))?;
        finish(&file, item.modified, item.mode)?;
        if self.placement.durable {
            file.sync_data()
                .map_err(|error| Error::io(format!("cannot write {}", target.display()), &error))?;
        }
        Ok(path)
    }

    fn staging(&mut self) -> Result<&Arc<Staging>> {
        if self.staging.is_none() {
            self.staging = Some(self.areas.create(&self.placement.staging_parent())?);
        }
        self.staging.as_ref().ok_or_else(|| Error::new(ErrorKind::Internal, "no staging area"))
    }

    fn undo(&mut self) {
        for path in self.done.drain(..).rev() {
            let folder = path.symlink_metadata().is_ok_and(|about| about.is_dir());
            let _ = if folder { std::fs::remove_dir(&path) } else { std::fs::remove_file(&path) };
        }
    }
}

/// A file with all its bytes, which only has to get its name.
enum Finished {
    Unnamed(Arc<File>),
    Named(PathBuf),
}

impl Finished {
    fn open(&self) -> io::Result<Arc<File>> {
        match self {
            Finished::Unnamed(file) => Ok(file.clone()),
            Finished::Named(path) => File::open(path).map(Arc::new),
        }
    }
}

fn is_directory(item: &Item) -> bool {
    matches!(item.content, Content::Directory)
}

/// The staging area all files lie in, when it holds nothing else and can be moved as a whole.
fn whole_tree(items: &[Item]) -> Option<Arc<Staging>> {
    let mut whole: Option<(Arc<Staging>, PathBuf)> = None;
    for item in items {
        let Content::File(file) = &item.content else { continue };
        let staging = file.staging.as_ref().filter(|_| !file.path().as_os_str().is_empty())?;
        let tree = match &whole {
            Some((known, tree)) if Arc::ptr_eq(known, staging) => tree,
            Some(_) => return None,
            None => &whole.insert((staging.clone(), staging.tree().ok()?)).1,
        };
        if file.path() != tree.join(&item.name) {
            return None;
        }
    }
    whole.map(|(staging, _)| staging)
}

fn already_there(path: &Path) -> Error {
    Error::new(ErrorKind::Io, format!("{} exists already", path.display()))
        .with_hint("allow it to be overwritten (--force), or use another name")
        .with_context("output", path.display().to_string())
}
