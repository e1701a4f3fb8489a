//! What a host may open in the library's stead.

use crate::Error;
use crate::guard::{Outcome, published_up_to, read_struct};
use formwork::HostFiles;
use std::ffi::{CString, c_char, c_int, c_void};
use std::fs::File;
use std::io;
use std::os::fd::{AsRawFd, FromRawFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// Opens files in the library's stead: for hosts with a file system of their own, and for those that may open nothing.
/// What is NULL is the library's, as what a function leaves to it by returning 1. Descriptors that are stored at `fd` are
/// the library's from then on: it closes them, and no process it starts inherits them. Called on any thread.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct FileHooks {
    /// Size of this struct in bytes.
    pub struct_size: usize,
    /// Opens for reading what a source or a task `import/path` names: a file with a size, which need not have a name, as a
    /// memory file. It is read by position, and may be asked for more than once. Returns 0, 1, or a negative `errno`.
    pub open_input: OpenInputCallback,
    /// Opens an empty file for reading and writing that nobody else has and that is gone when it is closed: what does not
    /// fit into memory goes there. Returns 0, 1, or a negative `errno`.
    pub open_temporary: OpenTemporaryCallback,
    /// Handed to both. Must live as long as the engine and the jobs that came from it.
    pub user: *mut c_void,
}

/// Opens an input; see `formwork_files`.
pub type OpenInputCallback =
    Option<unsafe extern "C" fn(user: *mut c_void, path: *const c_char, fd: *mut c_int) -> c_int>;
/// Opens a temporary file; see `formwork_files`.
pub type OpenTemporaryCallback = Option<unsafe extern "C" fn(user: *mut c_void, fd: *mut c_int) -> c_int>;

published_up_to!(FileHooks, user);

/// The functions of a host, as the engine calls them.
#[derive(Debug)]
pub(crate) struct Hooks {
    open_input: OpenInputCallback,
    open_temporary: OpenTemporaryCallback,
    user: *mut c_void,
}

// SAFETY: the header says that both functions are called on any thread.
unsafe impl Send for Hooks {}
// SAFETY: as above.
unsafe impl Sync for Hooks {}

impl Hooks {
    pub(crate) fn of(given: *const FileHooks) -> Outcome<Hooks> {
        let FileHooks { open_input, open_temporary, user, .. } = read_struct(given, "files")?;
        if open_input.is_none() && open_temporary.is_none() {
            return Err(Error::misuse("`files` opens nothing"));
        }
        Ok(Hooks { open_input, open_temporary, user })
    }
}

impl HostFiles for Hooks {
    fn open_input(&self, path: &Path) -> Option<io::Result<File>> {
        let open = self.open_input?;
        let path = match CString::new(path.as_os_str().as_bytes()) {
            Ok(path) => path,
            Err(_) => return Some(Err(io::Error::from_raw_os_error(libc::EINVAL))),
        };
        let mut fd = -1;
        // SAFETY: the host's function, with a text and a place that live until it returns.
        let told = unsafe { open(self.user, path.as_ptr(), &raw mut fd) };
        opened(told, fd)
    }

    fn open_temporary(&self) -> Option<io::Result<File>> {
        let mut fd = -1;
        // SAFETY: the host's function, with a place that lives until it returns.
        let told = unsafe { (self.open_temporary?)(self.user, &raw mut fd) };
        opened(told, fd)
    }
}

/// What a host's function came to; `None` when it leaves the file to the library.
fn opened(told: c_int, fd: c_int) -> Option<io::Result<File>> {
    match told {
        1 => None,
        0 if fd >= 0 => {
            // SAFETY: a descriptor that the host gives away.
            let file = unsafe { File::from_raw_fd(fd) };
            // SAFETY: changes a flag of the descriptor alone.
            let told = unsafe { libc::fcntl(file.as_raw_fd(), libc::F_SETFD, libc::FD_CLOEXEC) };
            Some(if told < 0 { Err(io::Error::last_os_error()) } else { Ok(file) })
        }
        error if error < 0 => Some(Err(io::Error::from_raw_os_error(error.saturating_neg()))),
        _ => Some(Err(io::Error::other("the host's function neither opened a file nor said why not"))),
    }
}
