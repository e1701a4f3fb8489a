//! Memory files and the shared page.

use std::ffi::CStr;
use std::fs::File;
use std::io::{self, Write};
use std::os::fd::{AsRawFd, FromRawFd};
use std::os::unix::fs::FileExt;
use std::sync::atomic::{AtomicU32, AtomicU64};

/// Makes an empty memory file that can be sealed.
pub(crate) fn file(name: &CStr) -> io::Result<File> {
    // SAFETY: the name is a C string; the result is checked before it is used.
    let descriptor =
        unsafe { libc::memfd_create(name.as_ptr(), libc::MFD_CLOEXEC | libc::MFD_ALLOW_SEALING) };
    if descriptor < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: just opened, and belongs to nobody else.
    Ok(unsafe { File::from_raw_fd(descriptor) })
}

/// Makes a memory file of these bytes that nobody can change any more.
pub(crate) fn file_of(bytes: &[u8]) -> io::Result<File> {
    let mut file = file(c"formwork-input")?;
    file.write_all(bytes)?;
    seal(&file)?;
    Ok(file)
}

/// Takes from everybody the ability to change a memory file. Fails while somebody has it mapped for writing.
pub(crate) fn seal(file: &File) -> io::Result<()> {
    add_seals(file, libc::F_SEAL_WRITE | libc::F_SEAL_GROW | libc::F_SEAL_SHRINK | libc::F_SEAL_SEAL)
}

/// Whether nobody can change the file any more, so that it may be mapped.
pub(crate) fn is_sealed(file: &File) -> bool {
    // SAFETY: a system call on an open descriptor.
    let seals = unsafe { libc::fcntl(file.as_raw_fd(), libc::F_GET_SEALS) };
    seals >= 0 && seals & libc::F_SEAL_WRITE != 0 && seals & libc::F_SEAL_SHRINK != 0
}

/// Takes from everybody the ability to make a memory file longer.
pub(crate) fn seal_growth(file: &File) -> io::Result<()> {
    add_seals(file, libc::F_SEAL_GROW)
}

fn add_seals(file: &File, seals: libc::c_int) -> io::Result<()> {
    // SAFETY: a system call on an open descriptor.
    if unsafe { libc::fcntl(file.as_raw_fd(), libc::F_ADD_SEALS, seals) } != 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(())
}

/// Reads a whole file from its start.
pub(crate) fn read_all(file: &File, most: u64) -> io::Result<Vec<u8>> {
    let length = file.metadata()?.len();
    if length > most {
        return Err(io::Error::other("more content than agreed"));
    }
    let mut bytes = vec![0; length as usize];
    file.read_exact_at(&mut bytes, 0)?;
    Ok(bytes)
}

/// Bytes mapped from a file for reading, until this is dropped.
#[derive(Debug)]
pub(crate) struct Mapping {
    start: *const u8,
    length: usize,
}

// SAFETY: the bytes are only read.
unsafe impl Send for Mapping {}
// SAFETY: as above.
unsafe impl Sync for Mapping {}

impl Mapping {
    /// Maps a sealed file.
    pub(crate) fn of(file: &File) -> io::Result<Mapping> {
        let length = usize::try_from(file.metadata()?.len()).map_err(io::Error::other)?;
        if length == 0 {
            return Ok(Mapping { start: std::ptr::null(), length });
        }
        Ok(Mapping { start: map(file, length, libc::PROT_READ, libc::MAP_PRIVATE)?, length })
    }

    /// The first byte; null when there is none.
    pub(crate) fn start(&self) -> *const u8 {
        self.start
    }

    /// The bytes.
    pub(crate) fn bytes(&self) -> &[u8] {
        if self.length == 0 {
            return &[];
        }
        // SAFETY: mapped for as long as this lives, and sealed against change.
        unsafe { std::slice::from_raw_parts(self.start, self.length) }
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        if self.length > 0 {
            // SAFETY: the range that was mapped.
            unsafe { libc::munmap(self.start.cast_mut().cast(), self.length) };
        }
    }
}

fn map(file: &File, length: usize, protection: i32, flags: i32) -> io::Result<*const u8> {
    // SAFETY: a new mapping at a place the kernel chooses.
    let start = unsafe { libc::mmap(std::ptr::null_mut(), length, protection, flags, file.as_raw_fd(), 0) };
    if start == libc::MAP_FAILED {
        Err(io::Error::last_os_error())
    } else {
        Ok(start.cast::<u8>().cast_const())
    }
}

/// What engine and worker tell each other without a frame. The worker may write nonsense to all of it.
#[repr(C)]
#[derive(Debug, Default)]
pub(crate) struct Page {
    /// Parts done, written by the worker.
    pub(crate) done: AtomicU64,
    /// Parts in all.
    pub(crate) total: AtomicU64,
    /// 0, or one of the contract's `TICK_` answers that say stop; written by the engine.
    pub(crate) stop: AtomicU32,
}

/// A page mapped by both.
#[derive(Debug)]
pub(crate) struct SharedPage {
    start: *const Page,
    /// Its file, to be handed over.
    pub(crate) file: File,
}

// SAFETY: all fields of a page are atomic.
unsafe impl Send for SharedPage {}
// SAFETY: as above.
unsafe impl Sync for SharedPage {}

impl SharedPage {
    /// Makes a page.
    pub(crate) fn new() -> io::Result<SharedPage> {
        let file = file(c"formwork-page")?;
        file.set_len(size_of::<Page>() as u64)?;
        SharedPage::of(file)
    }

    /// Maps a page that somebody made.
    pub(crate) fn of(file: File) -> io::Result<SharedPage> {
        let both = libc::PROT_READ | libc::PROT_WRITE;
        let start = map(&file, size_of::<Page>(), both, libc::MAP_SHARED)?;
        // Nobody may cut it off under the other.
        // SAFETY: a system call on an open descriptor.
        unsafe { libc::fcntl(file.as_raw_fd(), libc::F_ADD_SEALS, libc::F_SEAL_SHRINK | libc::F_SEAL_GROW) };
        Ok(SharedPage { start: start.cast(), file })
    }

    /// The page.
    pub(crate) fn page(&self) -> &Page {
        // SAFETY: mapped as long as this lives, page-aligned, and zeros are a valid page.
        unsafe { &*self.start }
    }
}

impl Drop for SharedPage {
    fn drop(&mut self) {
        // SAFETY: the range that was mapped.
        unsafe { libc::munmap(self.start.cast_mut().cast(), size_of::<Page>()) };
    }
}
