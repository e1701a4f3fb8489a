//! What a program is started with: its input as memory, and no rights beyond its own work.

use formwork_sdk::Result;
use std::fs::File;
use std::io::Write;
use std::process::Command;
use std::time::Duration;

/// Puts the input into memory that can be read, and sought in, like a file without a name.
#[cfg(any(target_os = "linux", target_os = "android"))]
pub(crate) fn hold(input: &[u8]) -> Result<File> {
    use std::io::Seek;
    use std::os::fd::FromRawFd;
    // SAFETY: the name is a C string; the result is checked before it is used.
    let descriptor = unsafe { libc::memfd_create(c"input".as_ptr(), libc::MFD_CLOEXEC) };
    if descriptor < 0 {
        return Err(std::io::Error::last_os_error().into());
    }
    // SAFETY: the descriptor was just opened and belongs to nobody else.
    let mut file = unsafe { File::from_raw_fd(descriptor) };
    file.write_all(input)?;
    file.rewind()?;
    Ok(file)
}

/// Puts the input into a file that has lost its name.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
pub(crate) fn hold(input: &[u8]) -> Result<File> {
    use std::io::Seek;
    use std::sync::atomic::{AtomicU64, Ordering};
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let name = format!("formwork-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
    let path = std::env::temp_dir().join(name);
    let mut file = File::options().read(true).write(true).create_new(true).open(&path)?;
    std::fs::remove_file(&path)?;
    file.write_all(input)?;
    file.rewind()?;
    Ok(file)
}

/// Where a program finds what it gets beside its standard input.
#[cfg(unix)]
pub(crate) fn place_of(file: &File) -> String {
    use std::os::fd::AsRawFd;
    format!("/dev/fd/{}", file.as_raw_fd())
}

/// Lets the program have a file beside its standard input, under [`place_of`] it.
#[cfg(unix)]
pub(crate) fn lend(command: &mut Command, file: &File) {
    use std::os::fd::AsRawFd;
    use std::os::unix::process::CommandExt;
    let descriptor = file.as_raw_fd();
    // SAFETY: between fork and exec only `fcntl` is called, which is a system call that neither allocates nor locks.
    unsafe {
        command.pre_exec(move || match libc::fcntl(descriptor, libc::F_SETFD, 0) {
            -1 => Err(std::io::Error::last_os_error()),
            _ => Ok(()),
        });
    }
}

#[cfg(not(unix))]
pub(crate) fn place_of(_: &File) -> String {
    String::new()
}

#[cfg(not(unix))]
pub(crate) fn lend(_: &mut Command, _: &File) {}

/// Limits what the process may use: it can fill no file beyond `files` bytes, start no program that gains rights, leave no
/// core, and take no more memory and processor time than given.
#[cfg(unix)]
pub(crate) fn confine(command: &mut Command, memory: u64, files: u64, time: Duration) {
    use std::os::unix::process::CommandExt;
    let seconds = time.as_secs();
    command.process_group(0);
    // SAFETY: between fork and exec only `setrlimit` and `prctl` are called, which are system calls that
    // neither allocate nor lock.
    unsafe {
        command.pre_exec(move || {
            set_limit(libc::RLIMIT_AS, memory)?;
            set_limit(libc::RLIMIT_CPU, seconds)?;
            set_limit(libc::RLIMIT_FSIZE, files)?;
            set_limit(libc::RLIMIT_CORE, 0)?;
            set_limit(libc::RLIMIT_NOFILE, 64)?;
            #[cfg(any(target_os = "linux", target_os = "android"))]
            {
                libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
                libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL);
            }
            Ok(())
        });
    }
}

#[cfg(not(unix))]
pub(crate) fn confine(_: &mut Command, _: u64, _: u64, _: Duration) {}

#[cfg(all(unix, target_env = "gnu"))]
type Resource = libc::__rlimit_resource_t;
#[cfg(all(unix, not(target_env = "gnu")))]
type Resource = libc::c_int;

#[cfg(unix)]
fn set_limit(resource: Resource, most: u64) -> std::io::Result<()> {
    let most = libc::rlimit { rlim_cur: most as libc::rlim_t, rlim_max: most as libc::rlim_t };
    // SAFETY: the pointer is to a value that lives for the call.
    if unsafe { libc::setrlimit(resource, &most) } != 0 {
        return Err(std::io::Error::last_os_error());
    }
    Ok(())
}
