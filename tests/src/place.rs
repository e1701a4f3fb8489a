//! Where things are: the checkout, the program under test, the corpus, the foreign tools, scratch folders.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use crate::Result;

/// Returns the top of the checkout this crate was built in.
pub fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_path_buf()
}

/// Returns the folder cargo builds into.
pub fn target() -> PathBuf {
    env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from)
}

/// Finds the program under test: `FORMWORK_PROGRAM`, else beside the running test, else the release build.
pub fn program() -> Result<PathBuf> {
    if let Some(path) = env::var_os("FORMWORK_PROGRAM") {
        return Ok(PathBuf::from(path));
    }
    // A test binary is in <target>/<profile>/deps/, a tool in <target>/<profile>/.
    let running = env::current_exe()?;
    let beside = running.ancestors().skip(1).take(2).map(|folder| folder.join("formwork"));
    beside
        .chain([target().join("release/formwork"), root().join("target/release/formwork")])
        .find(|path| path.is_file())
        .ok_or_else(|| "the program is not built: cargo build --release --workspace".into())
}

/// Returns the folder of the corpus, if there is one: `FORMWORK_CORPUS`, else `shared/corpus` beside the checkout.
pub fn corpus() -> Option<PathBuf> {
    let folder = match env::var_os("FORMWORK_CORPUS") {
        Some(path) => PathBuf::from(path),
        None => root().parent()?.join("shared/corpus"),
    };
    folder.join("MANIFEST.tsv").is_file().then_some(folder)
}

/// Returns the Python that `./setup --check-tools` prepared, if it is there.
pub fn judge_python() -> Option<PathBuf> {
    let tools = env::var_os("FORMWORK_TOOLS").map_or_else(|| root().join("target/tools"), PathBuf::from);
    let python = tools.join("python/bin/python");
    python.is_file().then_some(python)
}

/// True when a program of this name can be started.
pub fn has_tool(name: &str) -> bool {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path).any(|folder| folder.join(name).is_file())
}

/// A folder of one test, removed when it goes out of scope.
#[derive(Debug)]
pub struct Scratch {
    path: PathBuf,
}

impl Scratch {
    /// Makes an empty folder whose name starts with `name`, in memory where the machine allows it.
    pub fn new(name: &str) -> Result<Scratch> {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let memory = Path::new("/dev/shm");
        let parent = if memory.is_dir() { memory.to_path_buf() } else { env::temp_dir() };
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let path = parent.join(format!("formwork-{name}-{}-{number}", std::process::id()));
        fs::create_dir_all(&path)?;
        Ok(Scratch { path })
    }

    /// Returns the folder.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Returns the path of `name` inside the folder.
    pub fn join(&self, name: impl AsRef<Path>) -> PathBuf {
        self.path.join(name)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // Nothing can be done about a folder that cannot be removed; the next one has another name.
        let _ = fs::remove_dir_all(&self.path);
    }
}
