//! What the standard library does not offer: files that get their name last, and renames that replace nothing.

use std::ffi::CString;
use std::fs::{File, OpenOptions};
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// Opens a file without a name: it is gone when it is closed, however the process ends, unless
/// [`link_unnamed`] names it.
///
/// # Errors
///
/// Also when the file system does not know such files.
pub(super) fn unnamed_file_in(folder: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).write(true).custom_flags(libc::O_TMPFILE).open(folder)
}

/// Like [`unnamed_file_in`], on every file system; it can never be named.
pub(crate) fn spool_file(folder: &Path) -> io::Result<File> {
    unnamed_file_in(folder).or_else(|_| {
        let mut options = OpenOptions::new();
        let path = folder.join(format!(".formwork-spool-{}-{:p}", std::process::id(), &options));
        let file = options.read(true).write(true).create_new(true).open(&path)?;
        std::fs::remove_file(&path)?;
        Ok(file)
    })
}

/// Opens an open file once more, for reading only, so that whoever gets it cannot change it.
pub(crate) fn read_only(file: &File) -> io::Result<File> {
    File::open(format!("/proc/self/fd/{}", file.as_raw_fd()))
}

/// Whether an open file cannot be written to.
pub(crate) fn is_read_only(file: &File) -> bool {
    // SAFETY: asks about an open descriptor.
    let flags = unsafe { libc::fcntl(file.as_raw_fd(), libc::F_GETFL) };
    flags >= 0 && flags & libc::O_ACCMODE == libc::O_RDONLY
}

/// Gives a file without a name one that is free.
///
/// # Errors
///
/// `AlreadyExists`; anything else when it cannot be done here, as on another file system.
pub(super) fn link_unnamed(file: &File, target: &Path) -> io::Result<()> {
    // By way of /proc no privilege is needed (open(2), O_TMPFILE).
    let source = CString::new(format!("/proc/self/fd/{}", file.as_raw_fd()))?;
    let target = CString::new(target.as_os_str().as_bytes())?;
    // SAFETY: both strings end with a NUL and live for the call.
    let status = unsafe {
        libc::linkat(
            libc::AT_FDCWD,
            source.as_ptr(),
            libc::AT_FDCWD,
            target.as_ptr(),
            libc::AT_SYMLINK_FOLLOW,
        )
    };
    if status == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// Renames without replacing what may have appeared there.
///
/// # Errors
///
/// `AlreadyExists`, and what the system says.
pub(super) fn rename_if_free(from: &Path, to: &Path) -> io::Result<()> {
    let source = CString::new(from.as_os_str().as_bytes())?;
    let target = CString::new(to.as_os_str().as_bytes())?;
    // SAFETY: both strings end with a NUL and live for the call.
    let status = unsafe {
        libc::renameat2(
            libc::AT_FDCWD,
            source.as_ptr(),
            libc::AT_FDCWD,
            target.as_ptr(),
            libc::RENAME_NOREPLACE,
        )
    };
    if status == 0 {
        return Ok(());
    }
    let error = io::Error::last_os_error();
    match error.raw_os_error() {
        // Some file systems do not know the flag.
        Some(libc::EINVAL | libc::ENOSYS) => {
            std::fs::hard_link(from, to)?;
            std::fs::remove_file(from)
        }
        _ => Err(error),
    }
}
