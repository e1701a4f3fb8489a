//! The worker's side: one plugin, locked down, serving calls until the engine hangs up.

use super::cage::{self, Class};
use super::frame::{self, Packer};
use super::lend::Lent;
use super::memory::{Mapping, SharedPage};
use super::request::{self, Unpacked};
use super::socket::Socket;
use crate::load::Library;
use crate::run::Call;
use crate::{Error, ErrorKind, Result};
use formwork_abi::{self as abi, Text};
use std::collections::HashMap;
use std::fs::File;
use std::os::fd::{FromRawFd, OwnedFd};
use std::path::Path;

/// What the `formwork-worker` program does: loads the plugin named by its arguments, gives up every right it
/// does not need, and serves the engine at the other end of standard input. Returns the exit code.
///
/// Arguments: path of the plugin, isolation level, class. Call it first thing in `main`, before any thread
/// is started.
pub fn serve(arguments: &[String]) -> u8 {
    // SAFETY: the program was started with this end as its standard input, and nobody else uses it.
    let socket = Socket::from_descriptor(unsafe { OwnedFd::from_raw_fd(0) });
    let library = match start(arguments) {
        Ok(library) => library,
        Err(error) => {
            let refusal = Packer::new(frame::REFUSED_START).text(error.kind.word()).text(&error.to_string());
            return u8::from(socket.send(&refusal.finish()).is_err()) + 1;
        }
    };
    cage::end_with_the_engine();
    let level = arguments.get(1).and_then(|level| level.parse().ok()).unwrap_or(0);
    if socket.send(&Packer::new(frame::HELLO).u32(frame::VERSION).u8(level).finish()).is_err() {
        return 3;
    }
    serve_calls(&library, socket)
}

fn start(arguments: &[String]) -> Result<Library> {
    let [path, level, class] = arguments else {
        return Err(Error::invalid("this program is started by the engine, not by hand"));
    };
    let level: u8 = level.parse().map_err(|_| Error::invalid("the level is no number"))?;
    let class = Class::from_word(class).ok_or_else(|| Error::invalid("this class is not known"))?;
    cage::prepare();
    super::status::answer();
    let library = Library::open(Path::new(path))?;
    cage::lock(level, class).map_err(|why| {
        Error::new(ErrorKind::IsolationUnavailable, format!("isolation level {level} cannot be had: {why}"))
    })?;
    Ok(library)
}

fn serve_calls(library: &Library, socket: Socket) -> u8 {
    let mut lent = Lent::new(socket);
    let mut mapped = HashMap::new();
    loop {
        let Ok(Some(packet)) = lent.receive() else { return 0 };
        let file = packet.descriptor.map(File::from);
        match (frame::Fields::of(&packet.bytes), file) {
            (Some((frame::PAGE, _)), Some(file)) => match SharedPage::of(file) {
                Ok(page) => lent.share(page),
                Err(_) => return 4,
            },
            (Some((frame::MAPPED, mut fields)), Some(file)) => {
                if let (Some(index), Ok(mapping)) = (fields.u64(), Mapping::of(&file)) {
                    mapped.insert(index as usize, (mapping, file));
                }
            }
            (Some((frame::CALL, fields)), _) => {
                let Some(unpacked) = request::unpack(fields) else { return 4 };
                lent = lent.begin(&unpacked, std::mem::take(&mut mapped));
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
