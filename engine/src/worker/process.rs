//! One worker process, from its start to its end.

use super::cage::{Budget, Class, set_for};
use super::child::Child;
use super::death::{self, Death};
use super::memory::SharedPage;
use super::serve::TEMPLATE;
use super::socket::Socket;
use super::template::Template;
use super::{frame, memory};
use crate::deliver::HeldFolder;
use crate::{Error, ErrorKind, Result};
use formwork_abi::Limits;
use std::ffi::OsStr;
use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
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
    /// Its private folder, when its class has one.
    pub(super) folder: Option<HeldFolder>,
    /// Work it did belongs to this trust domain; 0 when it has done none.
    pub(super) domain: u64,
    pub(super) calls: u32,
    pub(super) started: Instant,
}

/// A worker ends soon, so its allocator need not give memory back to the system, which would zero it again for
/// the next buffer (mallopt(3); other C libraries ignore it).
const TUNABLES: &str = "glibc.malloc.mmap_threshold=33554432:glibc.malloc.trim_threshold=268435456";

/// How the workers of one plugin are started.
#[derive(Clone, Debug)]
pub(super) struct Recipe {
    /// The program `formwork-worker`.
    pub(super) program: PathBuf,
    pub(super) plugin: PathBuf,
    pub(super) level: u8,
    pub(super) class: Class,
    /// Where private folders are made.
    pub(super) temporary: PathBuf,
}

impl Recipe {
    fn command(&self, words: &[&OsStr], stdin: OwnedFd) -> Command {
        let mut command = Command::new(&self.program);
        command.args(words).arg(&self.plugin).arg(self.level.to_string()).arg(self.class.word());
        command.env_clear().env("GLIBC_TUNABLES", TUNABLES).stdin(stdin).stdout(Stdio::null());
        command
    }

    fn unavailable(&self, error: &io::Error) -> Error {
        Error::new(
            ErrorKind::IsolationUnavailable,
            format!("the worker {} cannot be started: {error}", self.program.display()),
        )
        .with_hint("install formwork-worker beside the program, or use isolation level 0")
    }

    /// Starts a template.
    ///
    /// # Errors
    ///
    /// What the system says.
    pub(super) fn template(&self) -> io::Result<Template> {
        let (socket, theirs) = Socket::pair()?;
        let child = self.command(&[OsStr::new(TEMPLATE)], theirs).stderr(Stdio::null()).spawn()?;
        Ok(Template::new(child, socket))
    }

    /// Starts a worker without waiting until it is ready.
    ///
    /// # Errors
    ///
    /// `isolation_unavailable` when the program cannot be started, `io` when it cannot have its folder.
    pub(super) fn worker(&self, template: Option<&Arc<Template>>) -> Result<Process> {
        let folder =
            self.class.has_folder().then(|| HeldFolder::create(&self.temporary, Some(&self.program)));
        let folder = folder.transpose().map_err(|error| {
            Error::io(format!("cannot make a private folder in {}", self.temporary.display()), &error)
        })?;
        // First what may fail: a process that is started has an owner at once.
        let page = SharedPage::new().map_err(|error| self.unavailable(&error))?;
        let (child, socket, messages) =
            self.start(template, folder.as_ref()).map_err(|error| self.unavailable(&error))?;
        // One that is gone already is found dead by its first call.
        let _ = socket.send_with(&[frame::PAGE], &page.file);
        let started = Instant::now();
        Ok(Process { child, socket, messages, page, limits: None, folder, domain: 0, calls: 0, started })
    }

    fn start(
        &self,
        template: Option<&Arc<Template>>,
        folder: Option<&HeldFolder>,
    ) -> io::Result<(Child, Socket, File)> {
        let (socket, theirs) = Socket::pair()?;
        let messages = memory::file(c"formwork-messages")?;
        let folder = folder.map_or(Path::new(""), HeldFolder::path);
        if let Some(template) = template {
            let id = template.fork(&theirs, &messages, folder)?;
            return Ok((Child::forked(id, template.clone())?, socket, messages));
        }
        let child = self.command(&[], theirs).arg(folder).stderr(messages.try_clone()?).spawn()?;
        Ok((Child::Started(child), socket, messages))
    }
}

impl Process {
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

    /// Greatest resident memory so far, in bytes; 0 when it is gone.
    pub(super) fn peak_memory(&self) -> u64 {
        crate::engine::peak_memory_of(&self.child.id().to_string())
    }

    /// Kills it, when it still lives, and says how it ended.
    pub(super) fn bury(&mut self) -> Death {
        // Its end of the socket may close a moment before it is gone: let it end by itself if it does so now.
        let ended = self.child.wait_for(Duration::from_millis(20));
        match ended.map_or_else(|| self.child.end(), Ok) {
            Ok(status) => death::of(status, &self.messages),
            Err(_) => Death::unknown(),
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended already; then there is nothing to stop.
        let _ = self.child.end();
    }
}
