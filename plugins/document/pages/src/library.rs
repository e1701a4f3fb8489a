//! Finding and loading PDFium.

use crate::likeness;
use pdfium_render::prelude::{Pdfium, PdfiumLibraryBindings};
use std::ffi::{CStr, OsStr};
use std::io::Read;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

/// The folder beside the plugin that `setup` puts the library into.
const FOLDER: &str = "pdfium";
/// The file in it that names the version.
const VERSION: &str = "VERSION";
/// PDFium, loaded and set up. It stays until the process ends.
pub(crate) struct Library {
    calls: Box<dyn PdfiumLibraryBindings>,
    /// Its build number, when that is known.
    pub(crate) version: String,
    lock: Mutex<()>,
}

/// The library while this thread is the one that uses it.
pub(crate) struct Held {
    library: &'static Library,
    _guard: MutexGuard<'static, ()>,
}

impl std::ops::Deref for Held {
    type Target = dyn PdfiumLibraryBindings;

    fn deref(&self) -> &Self::Target {
        &*self.library.calls
    }
}

impl Library {
    /// Waits until no other thread uses the library.
    pub(crate) fn hold(&'static self) -> Held {
        let guard = self.lock.lock().unwrap_or_else(PoisonError::into_inner);
        Held { library: self, _guard: guard }
    }
}

/// Returns the library, or why there is none. Loads it the first time.
pub(crate) fn get() -> Result<&'static Library, &'static str> {
    static LIBRARY: OnceLock<Result<Library, String>> = OnceLock::new();
    LIBRARY.get_or_init(load).as_ref().map_err(String::as_str)
}

fn load() -> Result<Library, String> {
    let name = Pdfium::pdfium_platform_library_name();
    let beside =
        folders().into_iter().map(|folder| folder.join(FOLDER)).find(|place| place.join(&name).is_file());
    let path = beside.as_ref().map_or_else(|| PathBuf::from(&name), |folder| folder.join(&name));
    let calls = Pdfium::bind_to_library(&path).map_err(|error| match &beside {
        Some(folder) => format!("what lies in {} does not load: {error:?}", folder.display()),
        None => "it is not installed".into(),
    })?;
    // SAFETY: called once, before any other function of the library.
    unsafe { calls.FPDF_InitLibrary() };
    likeness::look_for(&*calls);
    let version =
        beside.map(|folder| folder.join(VERSION)).and_then(|file| version(&file)).unwrap_or_default();
    Ok(Library { calls, version, lock: Mutex::new(()) })
}

/// Where the library may lie: beside this plugin; what cargo builds may lie one or two folders deeper.
fn folders() -> Vec<PathBuf> {
    let built = [OsStr::new("deps"), OsStr::new("release"), OsStr::new("debug"), OsStr::new("fuzz")];
    let mut folders = Vec::new();
    let mut next = own_file().as_deref().and_then(Path::parent).map(Path::to_owned);
    while let Some(folder) = next {
        next =
            folder.file_name().filter(|name| built.contains(name)).and(folder.parent()).map(Path::to_owned);
        folders.push(folder);
    }
    folders
}

/// The file this code was loaded from.
fn own_file() -> Option<PathBuf> {
    let mut info = std::mem::MaybeUninit::<libc::Dl_info>::zeroed();
    // SAFETY: the address is of a function, and the struct is written when the call succeeds.
    let found = unsafe { libc::dladdr(own_file as *const libc::c_void, info.as_mut_ptr()) };
    // SAFETY: zeroes are a valid value, whatever the call did.
    let name = unsafe { info.assume_init() }.dli_fname;
    if found == 0 || name.is_null() {
        return None;
    }
    // SAFETY: the loader's own string, which stays as long as the file is loaded.
    let name = unsafe { CStr::from_ptr(name) };
    std::fs::canonicalize(OsStr::from_bytes(name.to_bytes())).ok()
}

fn version(file: &Path) -> Option<String> {
    let mut text = String::new();
    std::fs::File::open(file).ok()?.take(32).read_to_string(&mut text).ok()?;
    Some(text.trim().to_owned())
}
