//! The worker's side: one plugin, locked down, serving calls until the engine hangs up.

use super::cage::{self, Class};
use super::frame::{self, Packer};
use super::lend::Lent;
use super::memory::{Mapping, SharedPage};
use super::request::{self, Unpacked};
use super::socket::Socket;
use super::template;
use super::tidy::tidy;
use crate::load::Library;
use crate::run::Call;
use crate::{Error, ErrorKind, Result};
use formwork_abi::{self as abi, Text};
use std::collections::HashMap;
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::time::Duration;

/// What the `formwork-worker` program does: loads the plugin named by its arguments, gives up every right it
/// does not need, and serves the engine at the other end of standard input. Returns the exit code.
///
/// Arguments: path of the plugin, isolation level, class, private folder (may be empty); the word `template`
/// before them makes it fork such workers on request instead; the word `tidy` and a folder make it look after
/// the staging folders in that; the word [`SCAN`] and a plugin make it describe that. Call it first thing in `main`, before any thread is started.
pub fn serve(arguments: &[OsString]) -> u8 {
    crate::threads::unblock_signals();
    match arguments {
        [word, parent] if word == crate::deliver::TIDY => tidy(Path::new(parent)),
        [word, path] if word == SCAN => scan(Path::new(path)),
        [word, path, level, class] if word == TEMPLATE => template(path, level, class),
        [path, level, class, folder] => {
            let socket = Socket::standard_input();
            match Start::new(path, level, class) {
                Ok(start) => start.serve(socket, folder),
                Err(error) => refuse(&socket, &error),
            }
        }
        _ => refuse(
            &Socket::standard_input(),
            &Error::invalid("this program is started by the engine, not by hand"),
        ),
    }
}

/// The word that makes it describe one plugin.
pub const SCAN: &str = "scan";

fn scan(path: &Path) -> u8 {
    let described = crate::load::describe_here(path);
    // The engine reads both ends of what it started.
    let written = match &described {
        Ok(json) => writeln!(std::io::stdout(), "{json}"),
        Err(error) => writeln!(std::io::stderr(), "{}", error.message),
    };
    u8::from(described.is_err() || written.is_err())
}

/// The word that makes a template.
pub(super) const TEMPLATE: &str = "template";

fn refuse(socket: &Socket, error: &Error) -> u8 {
    let refusal = Packer::new(frame::REFUSED_START).text(error.kind.word()).text(&error.to_string());
    u8::from(socket.send(&refusal.finish()).is_err()) + 1
}

fn template(path: &OsStr, level: &OsStr, class: &OsStr) -> u8 {
    // A refusal is found by whoever wants a worker: its own start will say why.
    let Ok(start) = Start::new(path, level, class) else { return 2 };
    match template::serve_forks(Socket::standard_input()) {
        Ok((socket, folder)) => start.serve(socket, &folder),
        Err(code) => code,
    }
}

/// A plugin that is loaded, and how it is to be locked in.
struct Start {
    library: Library,
    level: u8,
    class: Class,
}

impl Start {
    fn new(path: &OsStr, level: &OsStr, class: &OsStr) -> Result<Start> {
        let level = number(level).ok_or_else(|| Error::invalid("the level is no number"))?;
        let class = class.to_str().and_then(Class::from_word);
        let class = class.ok_or_else(|| Error::invalid("this class is not known"))?;
        cage::prepare();
        super::status::answer();
        Ok(Start { library: Library::open(Path::new(path))?, level, class })
    }

    /// Locks this process in and serves until the engine hangs up.
    fn serve(&self, socket: Socket, folder: &OsStr) -> u8 {
        let level = self.level;
        if let Err(why) = cage::lock(level, self.class, Path::new(folder)) {
            let error = format!("isolation level {level} cannot be had: {why}");
            return refuse(&socket, &Error::new(ErrorKind::IsolationUnavailable, error));
        }
        cage::end_with_the_engine();
        if socket.send(&Packer::new(frame::HELLO).u32(frame::VERSION).u8(level).finish()).is_err() {
            return 3;
        }
        serve_calls(&self.library, socket)
    }
}

/// A worker that is started for a call gets it within this time; one that is kept ready does not.
const AT_ONCE: Duration = Duration::from_millis(2);
/// Heap that is touched ahead, in bytes: what a small picture takes.
const TOUCHED: usize = 8 << 20;
/// Bytes of a page of memory, or fewer.
const PAGE: usize = 4_096;

/// Has the system find memory for the heap while there is time: the allocator keeps it.
fn warm_up() {
    let mut heap: Vec<u8> = Vec::with_capacity(TOUCHED);
    for page in heap.spare_capacity_mut().iter_mut().step_by(PAGE) {
        page.write(1);
    }
    std::hint::black_box(&mut heap);
}

fn number(word: &OsStr) -> Option<u8> {
    word.to_str()?.parse().ok()
}

fn serve_calls(library: &Library, socket: Socket) -> u8 {
    let mut lent = Lent::new(socket);
    let mut mapped = HashMap::new();
    let mut main = None;
    let mut patience = Some(AT_ONCE);
    loop {
        let packet = match lent.receive(patience.take()) {
            Ok(Some(packet)) => packet,
            // Nobody waits for this worker yet.
            Ok(None) => {
                warm_up();
                continue;
            }
            Err(_) => return 0,
        };
        patience = (packet.bytes == [frame::PAGE]).then_some(AT_ONCE);
        let file = packet.descriptor.map(File::from);
        match (frame::Fields::of(&packet.bytes), file) {
            (Some((frame::PAGE, _)), Some(file)) => match SharedPage::of(file) {
                Ok(page) => lent.share(page),
                Err(_) => return 4,
            },
            (Some((frame::MAIN, _)), Some(file)) => main = Some(file),
            (Some((frame::MAPPED, mut fields)), Some(file)) => {
                if let (Some(index), Ok(mapping)) = (fields.u64(), Mapping::of(&file)) {
                    mapped.insert(index as usize, (mapping, file));
                }
            }
            (Some((frame::CALL, fields)), _) => {
                let Some(unpacked) = request::unpack(fields) else { return 4 };
                lent = lent.begin(&unpacked, std::mem::take(&mut mapped), main.take());
                let status = call(library, &unpacked, &lent);
                if lent.send(&Packer::new(frame::DONE).u32(status as u32).finish()).is_err() {
                    return 0;
                }
                lent = lent.end();
            }
            _ => return 4,
        }
    }
}

/// Calls the plugin with everything laid out as the contract has it.
fn call(library: &Library, unpacked: &Unpacked, lent: &Lent) -> i32 {
    let options: Vec<Vec<abi::OptionValue>> = unpacked
        .operations
        .iter()
        .map(|(_, settings)| settings.iter().map(|(name, value)| value.raw(name)).collect())
        .collect();
    let operations: Vec<abi::Operation> = unpacked
        .operations
        .iter()
        .zip(&options)
        .map(|((name, _), options)| abi::Operation {
            size: size_of::<abi::Operation>() as u32,
            reserved: 0,
            name: Text::new(name),
            options: options.as_ptr(),
            options_length: options.len(),
        })
        .collect();
    let inputs: Vec<abi::Input> = unpacked
        .inputs
        .iter()
        .enumerate()
        .map(|(index, head)| abi::Input {
            size: size_of::<abi::Input>() as u32,
            kind: head.kind,
            name: Text::new(&head.name),
            format: Text::new(&head.format),
            length: head.length,
            modified: head.modified,
            mode: head.mode,
            reserved: 0,
            memory: lent.memory(index),
        })
        .collect();
    let step = abi::Step {
        size: size_of::<abi::Step>() as u32,
        reserved: 0,
        target: Text::new(&unpacked.target),
        operations: operations.as_ptr(),
        operations_length: operations.len(),
        inputs: inputs.as_ptr(),
        inputs_length: inputs.len(),
        limits: &unpacked.limits,
    };
    let host = lent.host();
    match unpacked.call {
        Call::Probe => library.probe(&step, &host),
        Call::Run => library.run(&step, &host),
    }
}
