//! Where the library's own files lie, found from where it lies itself.

use std::ffi::{CStr, OsStr};
use std::mem::MaybeUninit;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// Where plugins and the worker are looked for when the caller says nothing.
pub(crate) struct Places {
    pub(crate) plugins: Vec<PathBuf>,
    pub(crate) worker: PathBuf,
}

impl Places {
    pub(crate) fn find() -> Places {
        let here = own_file().and_then(|file| file.parent().map(Path::to_owned)).unwrap_or_default();
        // Installed below `lib` or `lib/TRIPLET`, linked into a program in `bin`, or in a build folder.
        let plugins = [here.join("formwork"), here.join("../lib/formwork"), here.clone()];
        let workers = ["../libexec", "../../libexec", "formwork", ""];
        let workers = workers.map(|place| here.join(place).join("formwork-worker"));
        Places {
            plugins: plugins.iter().find(|folder| has_plugins(folder)).into_iter().cloned().collect(),
            worker: workers.iter().find(|file| file.is_file()).unwrap_or(&workers[0]).clone(),
        }
    }
}

fn has_plugins(folder: &Path) -> bool {
    !formwork::load::find(&[folder.to_owned()]).is_empty()
}

/// The file this code was loaded from.
fn own_file() -> Option<PathBuf> {
    let mut about = MaybeUninit::<libc::Dl_info>::zeroed();
    let here = own_file as fn() -> Option<PathBuf> as *const libc::c_void;
    // SAFETY: the struct may be written, and any address may be asked for.
    let about = unsafe {
        if libc::dladdr(here, about.as_mut_ptr()) == 0 {
            return None;
        }
        about.assume_init()
    };
    if about.dli_fname.is_null() {
        return None;
    }
    // SAFETY: the loader's text for a library that stays loaded, since this is its code.
    let name = unsafe { CStr::from_ptr(about.dli_fname) };
    let path = Path::new(OsStr::from_bytes(name.to_bytes()));
    // A program found through PATH may be named without its folder.
    let path = if path.components().count() > 1 { path.to_owned() } else { PathBuf::from("/proc/self/exe") };
    std::fs::canonicalize(path).ok()
}
