//! Runs a process with a deadline and says what it cost.

use std::io::{Read, Write};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crate::Result;

/// What a process left behind.
#[derive(Debug)]
pub struct Finished {
    /// How it ended. A process that was killed at its deadline shows signal 9.
    pub status: ExitStatus,
    /// True when the deadline passed and the process was killed with all its children.
    pub timed_out: bool,
    /// Everything it wrote to stdout.
    pub stdout: Vec<u8>,
    /// Everything it wrote to stderr.
    pub stderr: Vec<u8>,
    /// Time on the clock.
    pub wall: Duration,
    /// User and system CPU time, with that of children it waited for.
    pub cpu: Duration,
    /// Largest resident set in bytes, of the process or of a child it waited for, and of the largest process
    /// of its group that outlived it, added. What this test program itself holds is a floor under it.
    pub peak_bytes: u64,
}

impl Finished {
    /// True when the exit code was 0.
    pub fn succeeded(&self) -> bool {
        self.status.success()
    }

    /// The signal that ended it, unless that was our own at the deadline.
    pub fn crashed(&self) -> Option<i32> {
        self.status.signal().filter(|_| !self.timed_out)
    }

    /// Stderr as text.
    pub fn stderr_text(&self) -> String {
        String::from_utf8_lossy(&self.stderr).into_owned()
    }
}

/// How a process is run.
#[derive(Clone, Debug)]
pub struct Limits {
    /// When it is killed.
    pub deadline: Duration,
    /// Address space it may have, in bytes; `None` for no limit. Keeps a runaway from taking the machine.
    pub address_space: Option<u64>,
    /// When it is sent the signal of Ctrl-C; `None` for never.
    pub interrupt: Option<Duration>,
}

impl Default for Limits {
    fn default() -> Self {
        Limits { deadline: Duration::from_secs(60), address_space: None, interrupt: None }
    }
}

/// Runs `command` in a process group of its own and waits for it.
pub fn run(command: &mut Command, limits: &Limits) -> Result<Finished> {
    run_with_input(command, &[], limits)
}

/// Like [`run`], with `input` on stdin.
pub fn run_with_input(command: &mut Command, input: &[u8], limits: &Limits) -> Result<Finished> {
    adopt_orphans();
    let started = Instant::now();
    command.stdin(if input.is_empty() { Stdio::null() } else { Stdio::piped() });
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0);
    let mut child = command.spawn().map_err(|error| format!("{:?}: {error}", command.get_program()))?;
    if let Some(bytes) = limits.address_space {
        limit_address_space(&child, bytes);
    }
    let writer = child.stdin.take().map(|mut pipe| {
        let input = input.to_vec();
        // A process that does not read all of its input is no error here.
        thread::spawn(move || drop(pipe.write_all(&input)))
    });
    let stdout = collect(child.stdout.take());
    let stderr = collect(child.stderr.take());
    let (alarm, ended) = watch(&child, limits);
    let (status, usage) = wait(&child)?;
    let wall = started.elapsed();
    let orphan_bytes = reap_orphans(process_id(&child));
    drop(ended);
    let timed_out = alarm.join().unwrap_or(false);
    if let Some(writer) = writer {
        let _ = writer.join();
    }
    Ok(Finished {
        status,
        timed_out,
        stdout: stdout.join().unwrap_or_default(),
        stderr: stderr.join().unwrap_or_default(),
        wall,
        cpu: span(usage.ru_utime) + span(usage.ru_stime),
        peak_bytes: resident_bytes(&usage) + orphan_bytes,
    })
}

fn collect(pipe: Option<impl Read + Send + 'static>) -> JoinHandle<Vec<u8>> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(mut pipe) = pipe {
            // What arrived before a broken pipe is what there is.
            let _ = pipe.read_to_end(&mut bytes);
        }
        bytes
    })
}

/// Interrupts the child's whole group when asked to, and kills it at the deadline. Dropping the sender calls it
/// off; the thread returns whether it had to kill.
fn watch(child: &Child, limits: &Limits) -> (JoinHandle<bool>, mpsc::Sender<()>) {
    let (sender, receiver) = mpsc::channel();
    let group = process_id(child);
    let (interrupt, deadline) = (limits.interrupt, limits.deadline);
    let expired = move |receiver: &mpsc::Receiver<()>, after: Duration, signal: i32| {
        let expired = receiver.recv_timeout(after) == Err(mpsc::RecvTimeoutError::Timeout);
        if expired {
            // SAFETY: kill takes plain numbers; the group is the child's own, not yet reaped by `wait`.
            unsafe { libc::kill(-group, signal) };
        }
        expired
    };
    let alarm = thread::spawn(move || {
        let waited = interrupt.unwrap_or_default();
        if interrupt.is_some() && !expired(&receiver, waited, libc::SIGINT) {
            return false;
        }
        expired(&receiver, deadline.saturating_sub(waited), libc::SIGKILL)
    });
    (alarm, sender)
}

fn process_id(child: &Child) -> libc::pid_t {
    libc::pid_t::try_from(child.id()).unwrap_or(libc::pid_t::MAX)
}

/// Waits as `Child::wait` does, and also returns the resources used.
fn wait(child: &Child) -> Result<(ExitStatus, libc::rusage)> {
    let mut status = 0;
    // SAFETY: rusage is plain data for which all zeroes is a value.
    let mut usage: libc::rusage = unsafe { std::mem::zeroed() };
    loop {
        // SAFETY: both pointers are to live locals of the right type.
        let waited = unsafe { libc::wait4(process_id(child), &raw mut status, 0, &raw mut usage) };
        if waited > 0 {
            return Ok((ExitStatus::from_raw(status), usage));
        }
        let error = std::io::Error::last_os_error();
        if error.kind() != std::io::ErrorKind::Interrupted {
            return Err(error.into());
        }
    }
}

/// Makes this process the parent of what its children leave behind, so that it can be reaped and measured.
fn adopt_orphans() {
    // SAFETY: takes plain numbers.
    unsafe { libc::prctl(libc::PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) };
}

/// How long what a process leaves behind may take to end: workers do when their engine is gone.
const ORPHANS: Duration = Duration::from_secs(2);

/// Waits for what is left of a group, and returns the largest resident set in bytes.
fn reap_orphans(group: libc::pid_t) -> u64 {
    let started = Instant::now();
    let mut largest = 0;
    loop {
        // SAFETY: rusage is plain data for which all zeroes is a value.
        let mut usage: libc::rusage = unsafe { std::mem::zeroed() };
        // SAFETY: the pointer is to a live local of the right type; a null status is allowed.
        match unsafe { libc::wait4(-group, std::ptr::null_mut(), libc::WNOHANG, &raw mut usage) } {
            0 if started.elapsed() < ORPHANS => thread::sleep(Duration::from_millis(1)),
            reaped if reaped > 0 => largest = largest.max(resident_bytes(&usage)),
            _ => return largest,
        }
    }
}

fn resident_bytes(usage: &libc::rusage) -> u64 {
    u64::try_from(usage.ru_maxrss).unwrap_or(0) * 1024
}

fn limit_address_space(child: &Child, bytes: u64) {
    let limit = libc::rlimit { rlim_cur: bytes, rlim_max: bytes };
    // SAFETY: the pointer is to a live local; a null old limit is allowed.
    unsafe { libc::prlimit(process_id(child), libc::RLIMIT_AS, &raw const limit, std::ptr::null_mut()) };
}

fn span(time: libc::timeval) -> Duration {
    let seconds = u64::try_from(time.tv_sec).unwrap_or(0);
    Duration::from_secs(seconds) + Duration::from_micros(u64::try_from(time.tv_usec).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reports_output_and_cost() {
        let done = run(Command::new("sh").args(["-c", "echo out; echo err >&2; exit 3"]), &Limits::default())
            .unwrap();
        assert_eq!(done.status.code(), Some(3));
        assert_eq!(done.stdout, b"out\n");
        assert_eq!(done.stderr_text(), "err\n");
        assert!(done.peak_bytes > 0);
    }

    #[test]
    fn kills_the_whole_group_at_the_deadline() {
        let limits = Limits { deadline: Duration::from_millis(100), ..Limits::default() };
        let done = run(Command::new("sh").args(["-c", "sleep 5 & sleep 5"]), &limits).unwrap();
        assert!(done.timed_out && done.crashed().is_none());
        assert!(done.wall < Duration::from_secs(2));
    }

    #[test]
    fn interrupts_when_asked() {
        let limits = Limits { interrupt: Some(Duration::from_millis(200)), ..Limits::default() };
        let script = "trap 'exit 130' INT; while :; do sleep 0.01; done";
        let done = run(Command::new("sh").args(["-c", script]), &limits).unwrap();
        assert_eq!((done.status.code(), done.timed_out), (Some(130), false));
    }

    #[test]
    fn hands_input_over() {
        let done = run_with_input(&mut Command::new("cat"), b"abc", &Limits::default()).unwrap();
        assert_eq!(done.stdout, b"abc");
    }
}
