//! One call of a worker, from the engine's side. Whatever a worker says is checked before it is believed.

use super::frame::{self, Fields, Packer};
use super::memory::{self, Page};
use super::process::Process;
use super::request;
use crate::deliver::bytes_in;
use crate::run::{Call, Content, OutputSpec, StepContext, StepRequest};
use crate::{Error, ErrorKind};
use formwork_abi as abi;
use std::fs::File;
use std::io;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

/// How often progress, cancel and deadline are looked at.
const PULSE: Duration = Duration::from_millis(5);
/// How long a worker that is told to stop may take to do so.
const GRACE: Duration = Duration::from_millis(250);
/// How often a private folder is looked at.
const LOOK: Duration = Duration::from_millis(100);
/// Inputs in memory that are handed over before they are asked for.
const MAPPED: usize = 64;

/// How a call ended.
pub(super) enum End {
    /// The plugin returned this status; the worker may serve another call.
    Done(i32),
    /// The worker died or has to be killed.
    Dead,
    /// It was stopped; the worker has to be killed.
    Stopped(Error),
}

/// A call under way.
pub(super) struct Talk<'t> {
    process: &'t Process,
    request: &'t StepRequest<'t>,
    context: &'t StepContext<'t>,
    page: &'t Page,
    stopping: Option<(Instant, Error)>,
    /// The file that was handed over for the main output, until that is opened.
    main: Option<File>,
    /// Something failed that the worker was not told of.
    failed: bool,
    /// Whether the worker opened an output, so that it cannot be done over.
    pub(super) wrote: bool,
}

impl<'t> Talk<'t> {
    /// Hands a call over.
    pub(super) fn begin(
        process: &'t Process,
        call: Call,
        request: &'t StepRequest<'t>,
        context: &'t StepContext<'t>,
    ) -> io::Result<Talk<'t>> {
        let page = process.page.page();
        for number in [&page.done, &page.total] {
            number.store(0, Ordering::Relaxed);
        }
        page.stop.store(0, Ordering::Relaxed);
        for (index, item) in request.inputs.iter().enumerate().take(MAPPED) {
            let head = Packer::new(frame::MAPPED).u64(index as u64).finish();
            match &item.content {
                Content::Memory(bytes) => process.socket.send_with(&head, &memory::file_of(bytes)?)?,
                Content::File(file) if file.path().as_os_str().is_empty() => {
                    let file = file.file()?;
                    if memory::is_sealed(&file) {
                        process.socket.send_with(&head, &*file)?;
                    }
                }
                _ => {}
            }
        }
        let main = if call == Call::Run { context.file_ahead() } else { None };
        if let Some(main) = &main {
            process.socket.send_with(&[frame::MAIN], main)?;
        }
        process.socket.send(&request::pack(
            call,
            request,
            context.in_memory(),
            context.pieces().is_some(),
        ))?;
        Ok(Talk { process, request, context, page, stopping: None, main, failed: false, wrote: false })
    }

    /// Serves the worker until the call ended. Its private folder may hold `temporary` bytes.
    pub(super) fn run(&mut self, temporary: u64) -> End {
        let (context, mut looked) = (self.context, Instant::now());
        loop {
            if let Some(end) = self.look_after() {
                return end;
            }
            if looked.elapsed() >= LOOK {
                looked = Instant::now();
                if let Some(error) = self.overfull(temporary).or_else(|| context.overfull()) {
                    return End::Stopped(error);
                }
            }
            match self.process.socket.receive(Some(PULSE)) {
                Ok(None) => {}
                Ok(Some(packet)) => {
                    let Some((kind, fields)) = packet.fields() else { return self.nonsense() };
                    if kind == frame::DONE {
                        let mut fields = fields;
                        return match fields.u32() {
                            Some(status) => self.done(status.cast_signed()),
                            None => self.nonsense(),
                        };
                    }
                    match self.serve(kind, fields) {
                        Some(Ok(())) => {}
                        // The answer could not be sent: the worker is gone.
                        Some(Err(_)) => return self.dead(),
                        None => return self.nonsense(),
                    }
                }
                Err(_) => return self.dead(),
            }
        }
    }

    /// Passes progress on, and the wish to stop.
    fn look_after(&mut self) -> Option<End> {
        let page = self.page;
        self.context.advance(page.done.load(Ordering::Relaxed), page.total.load(Ordering::Relaxed));
        if let Some((since, error)) = &self.stopping {
            return (since.elapsed() >= GRACE).then(|| End::Stopped(error.clone()));
        }
        if let Err(error) = self.context.control().check() {
            let late = error.kind == ErrorKind::Timeout;
            let answer = if late { abi::TICK_DEADLINE } else { abi::TICK_CANCELLED };
            page.stop.store(answer, Ordering::Relaxed);
            self.stopping = Some((Instant::now(), error));
        }
        None
    }

    /// What is wrong when the private folder holds more than it may.
    fn overfull(&self, most: u64) -> Option<Error> {
        let folder = self.process.folder.as_ref()?;
        (bytes_in(folder.path()) > most).then(|| crate::run::limit("temporary", most))
    }

    fn done(&mut self, status: i32) -> End {
        match self.stopping.take() {
            Some((_, error)) if status != abi::STATUS_OK => End::Stopped(error),
            _ if self.failed && status == abi::STATUS_OK => End::Done(abi::STATUS_FAILED),
            _ => End::Done(status),
        }
    }

    fn dead(&mut self) -> End {
        self.stopping.take().map_or(End::Dead, |(_, error)| End::Stopped(error))
    }

    fn nonsense(&self) -> End {
        End::Stopped(Error::new(ErrorKind::PluginFault, "the worker sent a frame that makes no sense"))
    }

    /// Does what a frame asks. `None`: it makes no sense.
    fn serve(&mut self, kind: u8, mut fields: Fields<'_>) -> Option<io::Result<()>> {
        let context = self.context;
        match kind {
            frame::NEED => return Some(self.hand_over(fields.u64()?)),
            frame::OPEN => {
                let spec = output(&mut fields)?;
                self.wrote = true;
                return Some(match context.open_shared(spec) {
                    Some((id, file)) => self.grant(id, &file),
                    None => self.deny(),
                });
            }
            frame::SPILL => {
                let id = i64::try_from(fields.u64()?).ok()?;
                return Some(match context.spill_shared(id) {
                    Some(file) => self.grant(0, &file),
                    None => self.deny(),
                });
            }
            frame::OPEN_MAIN => {
                let spec = output(&mut fields)?;
                let file = self.main.take()?;
                if spec.kind != abi::KIND_FILE || !spec.name.is_empty() {
                    return None;
                }
                self.wrote = true;
                self.failed |= !context.open_ahead(spec, file);
            }
            frame::CLOSE => self.failed |= !context.close_shared(i64::try_from(fields.u64()?).ok()?),
            frame::KEEP => {
                let (name, bytes) = (fields.text()?, fields.bytes()?);
                context.pieces()?.keep(name, bytes);
            }
            frame::FIND => {
                let name = fields.text()?;
                return Some(match context.pieces()?.find(name) {
                    Some(piece) => self.grant(piece.length, &piece.file),
                    None => self.deny(),
                });
            }
            frame::WARN => context.warn(&String::from_utf8_lossy(fields.bytes()?)),
            frame::LOSE => {
                let (feature, detail) = (fields.bytes()?, fields.bytes()?);
                context.lose(std::str::from_utf8(feature).ok()?, &String::from_utf8_lossy(detail));
            }
            frame::FAIL => context.fail(fields.text()?, fields.text()?, fields.text()?),
            frame::REPORT => context.report(fields.bytes()?),
            frame::RELEASE => {
                if let Some(item) = self.request.inputs.get(usize::try_from(fields.u64()?).ok()?) {
                    item.release();
                }
            }
            _ => return None,
        }
        Some(Ok(()))
    }

    fn hand_over(&self, index: u64) -> io::Result<()> {
        let item = usize::try_from(index).ok().and_then(|index| self.request.inputs.get(index));
        let Some(item) = item else { return self.deny() };
        let opened = match &item.content {
            Content::File(file) => file.file(),
            Content::Memory(bytes) => return self.grant(index, &memory::file_of(bytes)?),
            _ => return self.deny(),
        };
        match opened {
            Ok(file) => self.grant(index, &file),
            Err(error) => {
                self.context.record(Error::io(format!("cannot read {}", item.name), &error));
                self.deny()
            }
        }
    }

    fn grant(&self, value: u64, file: &File) -> io::Result<()> {
        let answer = Packer::new(frame::GRANTED).u64(value).finish();
        self.process.socket.send_with(&answer, file)
    }

    fn deny(&self) -> io::Result<()> {
        self.process.socket.send(&[frame::DENIED])
    }
}

/// The output a worker opens, as it describes it.
fn output(fields: &mut Fields<'_>) -> Option<OutputSpec> {
    let (kind, length) = (fields.u32()?, fields.u64()?);
    Some(OutputSpec {
        kind,
        length: (length != abi::LENGTH_UNKNOWN).then_some(length),
        modified: crate::run::time(fields.i64()?),
        mode: fields.u32()?,
        name: fields.text()?.to_owned(),
        format: fields.text()?.to_owned(),
    })
}
