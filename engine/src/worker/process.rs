//! One worker process, from its start to its end.

use super::cage::{Budget, Class, set_for};
use super::death::{self, Death};
use super::memory::SharedPage;
use super::socket::Socket;
use super::{frame, memory};
use crate::{Error, ErrorKind, Result};
use formwork_abi::Limits;
use std::fs::File;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// How long a worker may take to load its plugin and lock itself in.
const START: Duration = Duration::from_secs(20);

/// A worker that is ready for a call. Dropping it kills the process and waits for it.
#[derive(Debug)]
pub(super) struct Process {
    child: Child,
    pub(super) socket: Socket,
    messages: File,
    /// Shared with the worker from its first call on.
    pub(super) page: SharedPage,
    /// The limits it was given last.
    limits: Option<(Limits, Budget)>,
    /// Work it did belongs to this trust domain; 0 when it has done none.
    pub(super) domain: u64,
    pub(super) calls: u32,
    pub(super) started: Instant,
}

impl Process {
    /// Starts a worker without waiting until it is ready.
    ///
    /// # Errors
    ///
    /// `isolation_unavailable` when the program cannot be started.
    pub(super) fn start(program: &Path, plugin: &Path, level: u8, class: Class) -> Result<Process> {
        let unavailable = |error: std::io::Error| {
            Error::new(
                ErrorKind::IsolationUnavailable,
                format!("the worker {} cannot be started: {error}", program.display()),
            )
            .with_hint("install formwork-worker beside the program, or use isolation level 0")
        };
        let (socket, theirs) = Socket::pair().map_err(unavailable)?;
        let messages = memory::file(c"formwork-messages").map_err(unavailable)?;
        let child = Command::new(program)
            .arg(plugin)
            .arg(level.to_string())
            .arg(class.word())
            .env_clear()
            .stdin(theirs)
            .stdout(Stdio::null())
            .stderr(messages.try_clone().map_err(unavailable)?)
            .spawn()
            .map_err(unavailable)?;
        let page = SharedPage::new().map_err(unavailable)?;
        socket.send_with(&[frame::PAGE], &page.file).map_err(unavailable)?;
        let started = Instant::now();
        Ok(Process { child, socket, messages, page, limits: None, domain: 0, calls: 0, started })
    }

    /// Waits until it is locked in.
    ///
    /// # Errors
    ///
    /// What it said; `plugin_fault` when it died or said nothing.
    pub(super) fn greet(&mut self, plugin: &str) -> Result<()> {
        let fault = |what: &str| {
            Error::new(ErrorKind::PluginFault, format!("the worker for {plugin} {what} while it started"))
        };
        match self.socket.receive(Some(START)) {
            Ok(Some(packet)) => match packet.fields() {
                Some((frame::HELLO, mut fields)) => match fields.u32() {
                    Some(frame::VERSION) => Ok(()),
                    _ => Err(Error::new(
                        ErrorKind::IsolationUnavailable,
                        "formwork-worker is of another version than this engine",
                    )),
                },
                Some((frame::REFUSED_START, mut fields)) => {
                    let kind = fields.text().and_then(ErrorKind::from_word);
                    let text = fields.text().unwrap_or("it gave no reason");
                    Err(Error::new(kind.unwrap_or(ErrorKind::PluginFault), crate::text::clean(text)))
                }
                _ => Err(fault("sent nonsense")),
            },
            Ok(None) => Err(fault("hung")),
            Err(_) => {
                let death = self.bury();
                Err(fault(&format!("ended ({})", death.what)))
            }
        }
    }

    /// Limits what it may use from now on. A worker that died before its call is found dead by the call.
    pub(super) fn limit(&mut self, limits: &Limits, budget: Budget) {
        if self.limits != Some((*limits, budget)) && set_for(self.child.id(), limits, budget).is_ok() {
            self.limits = Some((*limits, budget));
        }
    }

    /// Kills it, when it still lives, and says how it ended.
    pub(super) fn bury(&mut self) -> Death {
        // Its end of the socket may close a moment before it is gone: let it end by itself if it does so now.
        for _ in 0..20 {
            if let Ok(Some(status)) = self.child.try_wait() {
                return death::of(status, &self.messages);
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        let _ = self.child.kill();
        match self.child.wait() {
            Ok(status) => death::of(status, &self.messages),
            Err(_) => Death::unknown(),
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended already; then there is nothing to stop.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
