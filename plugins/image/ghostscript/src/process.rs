//! The process: what it is started with, what it may use, and the watch over it.

use formwork_sdk::{Error, ErrorKind, Limits, Result, Step};
use std::fs::File;
use std::io::{Read, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::time::{Duration, Instant};

/// The limit `time`: how long a document may go on without anything coming out.
pub(crate) const SILENCE: Duration = Duration::from_secs(8);
/// The limit `time` for the whole document.
const WHOLE: Duration = Duration::from_secs(100);
/// How often the watch asks whether to go on.
const TICK: Duration = Duration::from_millis(20);
/// Bytes read from the process at one go.
const BLOCK: usize = 64 * 1024;
/// What is kept of its messages.
const MESSAGES: usize = 64 * 1024;
/// Address space for the program itself, beside what the limit `memory` gives to pictures.
const OWN_MEMORY: u64 = 512 << 20;

/// What a run left behind.
#[derive(Debug)]
pub(crate) struct Outcome {
    /// All of standard output.
    pub(crate) output: Vec<u8>,
    /// The start of standard error.
    pub(crate) messages: String,
    /// The program said all went well.
    pub(crate) success: bool,
}

/// Runs Ghostscript on a document that arrives as its standard input. `enough` looks at the output as it
/// grows: `true` ends the run early, an error ends it in failure.
///
/// # Errors
///
/// `limit_exceeded` (`time`, `memory`); `cancelled`; `timeout`; `io`.
pub(crate) fn run(
    step: &Step<'_>,
    program: &Path,
    arguments: &[String],
    document: &[u8],
    mut enough: impl FnMut(&[u8]) -> Result<bool>,
) -> Result<Outcome> {
    let mut child = start(program, arguments, document, step.limits())?;
    let messages = child.stderr.take().map(|pipe| std::thread::spawn(move || read_messages(pipe)));
    let blocks = child.stdout.take().map(read_blocks).transpose()?;
    let watched = match &blocks {
        Some(blocks) => watch(step, blocks, &mut enough),
        None => Err(Error::new(ErrorKind::Internal, "no pipe to Ghostscript")),
    };
    // Whatever happened, nothing of it runs on; when it has ended already this does nothing.
    if !matches!(watched, Ok((_, false))) {
        let _ = child.kill();
    }
    drop(blocks);
    let status = child.wait()?;
    let messages = messages.and_then(|thread| thread.join().ok()).unwrap_or_default();
    let (output, ended_early) = watched?;
    Ok(Outcome { output, messages, success: ended_early || status.success() })
}

fn start(program: &Path, arguments: &[String], document: &[u8], limits: &Limits) -> Result<Child> {
    let mut command = Command::new(program);
    command.args(arguments).env_clear().env("LC_ALL", "C").env("TMPDIR", "/dev/null").current_dir("/");
    command.stdin(hold(document)?).stdout(Stdio::piped()).stderr(Stdio::piped());
    confine(&mut command, limits);
    command.spawn().map_err(|error| {
        let missing = error.kind() == std::io::ErrorKind::NotFound;
        let kind = if missing { ErrorKind::BackendMissing } else { ErrorKind::Io };
        Error::new(kind, format!("Ghostscript cannot be started: {error}"))
    })
}

/// Puts the document into memory that can be read, and sought in, like a file without a name.
#[cfg(any(target_os = "linux", target_os = "android"))]
fn hold(document: &[u8]) -> Result<File> {
    use std::io::Seek;
    use std::os::fd::FromRawFd;
    // SAFETY: the name is a C string; the result is checked before it is used.
    let descriptor = unsafe { libc::memfd_create(c"document".as_ptr(), libc::MFD_CLOEXEC) };
    if descriptor < 0 {
        return Err(std::io::Error::last_os_error().into());
    }
    // SAFETY: the descriptor was just opened and belongs to nobody else.
    let mut file = unsafe { File::from_raw_fd(descriptor) };
    file.write_all(document)?;
    file.rewind()?;
    Ok(file)
}

/// Puts the document into a file that has lost its name.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn hold(document: &[u8]) -> Result<File> {
    use std::io::Seek;
    use std::sync::atomic::{AtomicU64, Ordering};
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let name = format!("formwork-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
    let path = std::env::temp_dir().join(name);
    let mut file = File::options().read(true).write(true).create_new(true).open(&path)?;
    std::fs::remove_file(&path)?;
    file.write_all(document)?;
    file.rewind()?;
    Ok(file)
}

/// Limits what the process may use: it can fill no file, start no program that gains rights, leave no
/// core, and take no more memory and processor time than given.
#[cfg(unix)]
fn confine(command: &mut Command, limits: &Limits) {
    use std::os::unix::process::CommandExt;
    let memory = limits.memory.saturating_add(OWN_MEMORY);
    let seconds = WHOLE.as_secs();
    command.process_group(0);
    // SAFETY: between fork and exec only `setrlimit` and `prctl` are called, which are system calls that
    // neither allocate nor lock.
    unsafe {
        command.pre_exec(move || {
            set_limit(libc::RLIMIT_AS, memory)?;
            set_limit(libc::RLIMIT_CPU, seconds)?;
            set_limit(libc::RLIMIT_FSIZE, 0)?;
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
fn confine(_: &mut Command, _: &Limits) {}

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

fn read_messages(mut pipe: impl Read) -> String {
    let mut kept = Vec::new();
    let _ = pipe.by_ref().take(MESSAGES as u64).read_to_end(&mut kept);
    // The rest is read and dropped, so that the program does not wait for a reader.
    let _ = std::io::copy(&mut pipe, &mut std::io::sink());
    String::from_utf8_lossy(&kept).into_owned()
}

/// Reads standard output on a thread of its own, a few blocks ahead.
fn read_blocks(mut pipe: impl Read + Send + 'static) -> Result<Receiver<Vec<u8>>> {
    let (sender, receiver) = sync_channel(16);
    let read = move || {
        let mut block = vec![0; BLOCK];
        while let Ok(count @ 1..) = pipe.read(&mut block) {
            let Some(part) = block.get(..count) else { return };
            if sender.send(part.to_vec()).is_err() {
                return;
            }
        }
    };
    std::thread::Builder::new().name("ghostscript".into()).spawn(read)?;
    Ok(receiver)
}

/// Collects the output until it ends (false) or is enough (true).
fn watch(
    step: &Step<'_>,
    blocks: &Receiver<Vec<u8>>,
    enough: &mut impl FnMut(&[u8]) -> Result<bool>,
) -> Result<(Vec<u8>, bool)> {
    let start = Instant::now();
    let mut last = start;
    let mut output = Vec::new();
    loop {
        step.tick(output.len() as u64, 0)?;
        match blocks.recv_timeout(TICK) {
            Ok(block) => {
                last = Instant::now();
                step.within("memory", (output.len() + block.len()) as u64, step.limits().memory)?;
                output.extend(block);
                if enough(&output)? {
                    return Ok((output, true));
                }
            }
            Err(RecvTimeoutError::Disconnected) => return Ok((output, false)),
            Err(RecvTimeoutError::Timeout) => {}
        }
        if last.elapsed() > SILENCE || start.elapsed() > WHOLE {
            let allowed = format!("{} seconds without a result", SILENCE.as_secs());
            return Err(Error::limit("time", "longer", allowed));
        }
    }
}
