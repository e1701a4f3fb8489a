//! Templates: processes that loaded a plugin, have seen no input, and fork a worker when one is needed. That
//! saves starting a program and loading libraries, which for some plugins takes longer than the work.

use super::cage;
use super::child::status;
use super::frame::{self, Fields, Packer};
use super::socket::Socket;
use crate::lock::lock;
use std::ffi::OsString;
use std::fs::File;
use std::io;
use std::os::fd::{IntoRawFd, OwnedFd};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::Path;
use std::process::{Child, ExitStatus};
use std::sync::Mutex;
use std::time::Duration;

/// How long a template may take to answer.
const PATIENCE: Duration = Duration::from_secs(20);

/// The engine's side of a template. Dropping it ends the process; workers it forked go on.
#[derive(Debug)]
pub(super) struct Template {
    child: Child,
    socket: Mutex<Socket>,
}

impl Template {
    pub(super) fn new(child: Child, socket: Socket) -> Template {
        Template { child, socket: Mutex::new(socket) }
    }

    /// Has a worker forked that talks through `theirs`, complains to `messages` and has this private folder.
    /// Returns its number.
    ///
    /// # Errors
    ///
    /// The template refuses, or is gone.
    pub(super) fn fork(&self, theirs: &OwnedFd, messages: &File, folder: &Path) -> io::Result<u32> {
        let socket = lock(&self.socket);
        socket.send_with(&[frame::MESSAGES], messages)?;
        let request = Packer::new(frame::FORK).bytes(folder.as_os_str().as_bytes());
        socket.send_with(&request.finish(), theirs)?;
        answer(&socket).ok_or_else(|| io::Error::other("the template refuses"))
    }

    /// Waits for a worker that was killed or ended, and returns how.
    pub(super) fn reap(&self, id: u32) -> Option<ExitStatus> {
        let socket = lock(&self.socket);
        socket.send(&Packer::new(frame::REAP).u32(id).finish()).ok()?;
        answer(&socket).map(status)
    }
}

impl Drop for Template {
    fn drop(&mut self) {
        // It may have ended already; then there is nothing to stop.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The number a template answers with.
fn answer(socket: &Socket) -> Option<u32> {
    let packet = socket.receive(Some(PATIENCE)).ok()??;
    let (kind, mut fields) = packet.fields()?;
    fields.u64().filter(|_| kind == frame::GRANTED).and_then(|value| u32::try_from(value).ok())
}

/// What a template does until the engine hangs up. Returns in a new worker, with its socket and its private
/// folder, or with an exit code.
pub(super) fn serve_forks(socket: Socket) -> Result<(Socket, OsString), u8> {
    let mut messages = None;
    loop {
        let Ok(Some(packet)) = socket.receive(None) else { return Err(0) };
        match (Fields::of(&packet.bytes), packet.descriptor) {
            (Some((frame::MESSAGES, _)), Some(file)) => messages = Some(file),
            (Some((frame::FORK, mut fields)), Some(theirs)) => match fork() {
                Some(0) => {
                    let folder = fields.bytes().unwrap_or_default().to_vec();
                    become_worker(socket, theirs, messages);
                    return Ok((Socket::standard_input(), OsString::from_vec(folder)));
                }
                answer => reply(&socket, answer.map(u64::from)),
            },
            (Some((frame::REAP, mut fields)), None) => reply(&socket, fields.u32().and_then(reap)),
            _ => return Err(4),
        }
    }
}

fn reply(socket: &Socket, answer: Option<u64>) {
    let bytes = answer.map_or(vec![frame::DENIED], |value| Packer::new(frame::GRANTED).u64(value).finish());
    // An engine that is gone shows at the next receive.
    let _ = socket.send(&bytes);
}

/// Forks, unless the plugin started threads, which would be missing in the copy.
fn fork() -> Option<u32> {
    let threads = std::fs::read_dir("/proc/self/task").ok()?.count();
    if threads != 1 {
        return None;
    }
    // SAFETY: this process has one thread, so the copy finds no lock taken.
    u32::try_from(unsafe { libc::fork() }).ok()
}

fn reap(id: u32) -> Option<u64> {
    let mut status = 0;
    // SAFETY: `status` lives for the call.
    let reaped = unsafe { libc::waitpid(id.cast_signed(), &raw mut status, 0) };
    (reaped == id.cast_signed()).then_some(u64::from(status.cast_unsigned()))
}

/// Puts the copy's own socket and messages where every worker has them.
fn become_worker(template: Socket, theirs: OwnedFd, messages: Option<OwnedFd>) {
    drop(template);
    // SAFETY: both are open and owned; what they leave behind above 2 is closed after them.
    unsafe {
        libc::dup2(theirs.into_raw_fd(), 0);
        if let Some(messages) = messages {
            libc::dup2(messages.into_raw_fd(), 2);
        }
    }
    cage::close_spare_descriptors();
}
