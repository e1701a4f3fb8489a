//! Tesseract as a process: what it is started with, and the watch over it.

use formwork_sdk::{Error, ErrorKind, Limits, Result, Step};
use std::fs::File;
use std::io::{Read, Seek, Write};
use std::os::fd::FromRawFd;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// How often the watch asks whether to go on.
const TICK: Duration = Duration::from_millis(20);
/// Address space for the program itself, beside what the limit `memory` gives to pictures.
const OWN_MEMORY: u64 = 1 << 30;
/// Seconds of processor time for one page.
const SECONDS: u64 = 300;
/// What is kept of its messages, and of the text of a page.
const MESSAGES: u64 = 16 << 10;
const MOST_TEXT: u64 = 64 << 20;

/// How a page is read.
pub(crate) struct Reading<'r> {
    pub(crate) program: &'r Path,
    pub(crate) language: &'r str,
    pub(crate) density: f64,
}

impl Reading<'_> {
    /// Reads a picture (in the portable grey format) and returns a PDF of its size that holds the text alone.
    ///
    /// # Errors
    ///
    /// `limit_exceeded`; `cancelled`; `timeout`; `io`.
    pub(crate) fn read(&self, step: &Step<'_>, picture: &[u8]) -> Result<Vec<u8>> {
        let mut child = self.start(picture, step.limits())?;
        let output = child.stdout.take().map(|pipe| std::thread::spawn(move || read_all(pipe, MOST_TEXT)));
        let messages = child.stderr.take().map(|pipe| std::thread::spawn(move || read_all(pipe, MESSAGES)));
        let watched = watch(step, &mut child);
        if watched.is_err() {
            let _ = child.kill();
            let _ = child.wait();
        }
        let output = output.and_then(|thread| thread.join().ok()).unwrap_or_default();
        let messages = messages.and_then(|thread| thread.join().ok()).unwrap_or_default();
        if watched? && output.starts_with(b"%PDF") {
            return Ok(output);
        }
        let messages = String::from_utf8_lossy(&messages);
        let line: String = messages.lines().next().unwrap_or("no message").chars().take(120).collect();
        Err(Error::new(ErrorKind::Io, format!("Tesseract could not read a page ({line})")))
    }

    fn start(&self, picture: &[u8], limits: &Limits) -> Result<Child> {
        let mut command = Command::new(self.program);
        let density = format!("{:.0}", self.density);
        command.args([
            "stdin",
            "stdout",
            "--dpi",
            &density,
            "-l",
            self.language,
            "-c",
            "textonly_pdf=1",
            "pdf",
        ]);
        command.env_clear().env("LC_ALL", "C").env("OMP_THREAD_LIMIT", "1").current_dir("/");
        command.stdin(hold(picture)?).stdout(Stdio::piped()).stderr(Stdio::piped());
        let memory = limits.memory.saturating_add(OWN_MEMORY);
        // SAFETY: between fork and exec only `setrlimit` and `prctl` are called, which are system calls that neither
        // allocate nor lock.
        unsafe {
            command.pre_exec(move || {
                set_limit(libc::RLIMIT_AS, memory)?;
                set_limit(libc::RLIMIT_CPU, SECONDS)?;
                set_limit(libc::RLIMIT_FSIZE, 0)?;
                set_limit(libc::RLIMIT_CORE, 0)?;
                libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
                libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL);
                Ok(())
            });
        }
        command
            .spawn()
            .map_err(|error| Error::new(ErrorKind::Io, format!("Tesseract cannot be started: {error}")))
    }
}

/// Waits for the end; whether all went well.
fn watch(step: &Step<'_>, child: &mut Child) -> Result<bool> {
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(status.success());
        }
        step.tick(0, 0)?;
        std::thread::sleep(TICK);
    }
}

fn read_all(mut pipe: impl Read, most: u64) -> Vec<u8> {
    let mut kept = Vec::new();
    let _ = pipe.by_ref().take(most).read_to_end(&mut kept);
    // The rest is read and dropped, so that the program does not wait for a reader.
    let _ = std::io::copy(&mut pipe, &mut std::io::sink());
    kept
}

/// Puts bytes into memory that can be read like a file without a name.
fn hold(bytes: &[u8]) -> Result<File> {
    // SAFETY: the name is a C string; the result is checked before it is used.
    let descriptor = unsafe { libc::memfd_create(c"page".as_ptr(), libc::MFD_CLOEXEC) };
    if descriptor < 0 {
        return Err(std::io::Error::last_os_error().into());
    }
    // SAFETY: the descriptor was just opened and belongs to nobody else.
    let mut file = unsafe { File::from_raw_fd(descriptor) };
    file.write_all(bytes)?;
    file.rewind()?;
    Ok(file)
}

#[cfg(target_env = "gnu")]
type Resource = libc::__rlimit_resource_t;
#[cfg(not(target_env = "gnu"))]
type Resource = libc::c_int;

fn set_limit(resource: Resource, most: u64) -> std::io::Result<()> {
    let most = libc::rlimit { rlim_cur: most as libc::rlim_t, rlim_max: most as libc::rlim_t };
    // SAFETY: the pointer is to a value that lives for the call.
    if unsafe { libc::setrlimit(resource, &most) } != 0 {
        return Err(std::io::Error::last_os_error());
    }
    Ok(())
}
