//! The functions a worker lends its plugin. Bytes go straight through descriptors; only what the engine has
//! to decide goes over the socket.

use super::frame::{self, Packer};
use super::memory::{Mapping, SharedPage};
use super::pieces::{self, Piece};
use super::request::Unpacked;
use super::socket::{Packet, Socket};
use crate::lock::lock;
use formwork_abi::{self as abi, Host, Text};
use std::collections::HashMap;
use std::ffi::c_void;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// Bytes of small writes that are kept before they are written.
const KEPT: usize = 256 << 10;

/// What a worker can do for its plugin.
pub(super) struct Lent {
    socket: Mutex<Socket>,
    page: Option<SharedPage>,
    inputs: Vec<Input>,
    outputs: Mutex<HashMap<i64, Arc<Mutex<Output>>>>,
    /// A file for the main output, until the first output is opened.
    main: Mutex<Option<File>>,
    /// Whether the engine keeps pieces of the work.
    keeps: bool,
    /// The piece that was asked for last.
    pub(super) piece: Mutex<Option<Piece>>,
    /// How long outputs in memory may get together.
    in_memory: u64,
    /// How long they are.
    held: AtomicU64,
    written: AtomicU64,
    most: u64,
}

struct Input {
    inline: Vec<u8>,
    mapping: Option<Mapping>,
    file: Mutex<Option<Arc<File>>>,
}

struct Output {
    file: File,
    /// Bytes written to the file, without those kept.
    end: u64,
    kept: Vec<u8>,
    /// Its file lies in memory, as far as is known.
    in_memory: bool,
}

impl Lent {
    pub(super) fn new(socket: Socket) -> Lent {
        Lent {
            socket: Mutex::new(socket),
            page: None,
            inputs: Vec::new(),
            outputs: Mutex::default(),
            main: Mutex::default(),
            keeps: false,
            piece: Mutex::default(),
            in_memory: u64::MAX,
            held: AtomicU64::new(0),
            written: AtomicU64::new(0),
            most: 0,
        }
    }

    /// Gets ready for a call.
    pub(super) fn begin(
        self,
        unpacked: &Unpacked,
        mut mapped: HashMap<usize, (Mapping, File)>,
        main: Option<File>,
    ) -> Lent {
        let inputs = unpacked.inputs.iter().enumerate().map(|(index, head)| {
            let (mapping, file) = match mapped.remove(&index) {
                Some((mapping, file)) => (Some(mapping), Some(Arc::new(file))),
                None => (None, None),
            };
            Input { inline: head.inline.clone(), mapping, file: Mutex::new(file) }
        });
        let (inputs, most, main) = (inputs.collect(), unpacked.limits.output, Mutex::new(main));
        Lent { inputs, most, main, keeps: unpacked.keeps, in_memory: unpacked.in_memory, ..self.end() }
    }

    /// Forgets a call.
    pub(super) fn end(self) -> Lent {
        let socket = self.socket.into_inner().unwrap_or_else(PoisonError::into_inner);
        Lent { page: self.page, ..Lent::new(socket) }
    }

    /// Takes the page that is shared with the engine.
    pub(super) fn share(&mut self, page: SharedPage) {
        self.page = Some(page);
    }

    pub(super) fn receive(&self, patience: Option<Duration>) -> io::Result<Option<Packet>> {
        lock(&self.socket).receive(patience)
    }

    pub(super) fn send(&self, bytes: &[u8]) -> io::Result<()> {
        lock(&self.socket).send(bytes)
    }

    /// Where an input lies in memory; null when it has to be read.
    pub(super) fn memory(&self, index: usize) -> *const u8 {
        match self.inputs.get(index) {
            Some(Input { mapping: Some(mapping), .. }) => mapping.start(),
            Some(Input { inline, .. }) if !inline.is_empty() => inline.as_ptr(),
            _ => std::ptr::null(),
        }
    }

    /// The table to hand to the plugin; valid as long as this is.
    pub(super) fn host(&self) -> Host {
        Host {
            size: size_of::<Host>() as u32,
            minor: abi::ABI_MINOR,
            context: std::ptr::from_ref(self).cast_mut().cast::<c_void>(),
            tick,
            warn,
            lose,
            fail,
            report,
            read_at,
            release,
            open_output,
            write,
            write_at,
            close_output,
            extension: Some(extension),
        }
    }

    /// Asks the engine and waits; `None` when it says no.
    pub(super) fn ask(&self, question: &[u8]) -> Option<(u64, Option<File>)> {
        let socket = lock(&self.socket);
        socket.send(question).ok()?;
        let packet = socket.receive(None).ok()??;
        let (kind, mut fields) = packet.fields()?;
        let value = fields.u64().unwrap_or(0);
        (kind == frame::GRANTED).then(|| (value, packet.descriptor.map(File::from)))
    }

    fn fail(&self, kind: &str, limit: &str, message: &str) -> i32 {
        let _ = self.send(&Packer::new(frame::FAIL).text(kind).text(limit).text(message).finish());
        -1
    }

    fn file(&self, input: &Input, index: usize) -> Option<Arc<File>> {
        let mut file = lock(&input.file);
        if file.is_none() {
            let (_, got) = self.ask(&Packer::new(frame::NEED).u64(index as u64).finish())?;
            *file = got.map(Arc::new);
        }
        file.clone()
    }

    fn read_at(&self, index: usize, offset: u64, buffer: &mut [u8]) -> i64 {
        let Some(input) = self.inputs.get(index) else {
            let message = format!("the plugin read input {index}, which is not there");
            return self.fail("plugin_fault", "", &message).into();
        };
        let memory = input.mapping.as_ref().map_or(input.inline.as_slice(), Mapping::bytes);
        if !memory.is_empty() {
            let start = usize::try_from(offset).unwrap_or(usize::MAX).min(memory.len());
            let count = (memory.len() - start).min(buffer.len());
            buffer[..count].copy_from_slice(&memory[start..start + count]);
            return count as i64;
        }
        let Some(file) = self.file(input, index) else { return -1 };
        match file.read_at(buffer, offset) {
            Ok(count) => count as i64,
            Err(error) => self.fail("io", "", &format!("cannot read the input: {error}")).into(),
        }
    }

    fn open(&self, output: &abi::Output) -> i64 {
        // SAFETY: the texts live for this call.
        let (name, format) = unsafe { (output.name.to_string_lossy(), output.format.to_string_lossy()) };
        let ask = |kind: u8| {
            let question = Packer::new(kind).u32(output.kind).u64(output.length).i64(output.modified);
            question.u32(output.mode).text(&name).text(&format).finish()
        };
        // Whatever is opened first, the file for the main output is of use only then.
        let ahead = lock(&self.main).take();
        // The engine goes by the same rule.
        let small = output.length == abi::LENGTH_UNKNOWN || output.length <= self.in_memory;
        let (id, file) = match ahead {
            Some(file) if name.is_empty() && output.kind == abi::KIND_FILE && small => {
                if self.send(&ask(frame::OPEN_MAIN)).is_err() {
                    return -1;
                }
                (0, file)
            }
            _ => match self.ask(&ask(frame::OPEN)) {
                Some((id, Some(file))) => (id as i64, file),
                _ => return -1,
            },
        };
        let output = Output { file, end: 0, kept: Vec::new(), in_memory: small };
        lock(&self.outputs).insert(id, Arc::new(Mutex::new(output)));
        id
    }

    fn write(&self, id: i64, offset: Option<u64>, bytes: &[u8]) -> i32 {
        let Some(output) = lock(&self.outputs).get(&id).cloned() else {
            let message = format!("the plugin wrote to output {id}, which is not open");
            return self.fail("plugin_fault", "", &message);
        };
        let mut output = lock(&output);
        let end = output.end + output.kept.len() as u64;
        let offset = offset.unwrap_or(end);
        if offset > end {
            return self.fail("plugin_fault", "", "the plugin left a hole in an output");
        }
        let grown = (offset + bytes.len() as u64).saturating_sub(end);
        if self.written.fetch_add(grown, Ordering::Relaxed) + grown > self.most {
            let message = format!("the limit `output` of {} is reached", self.most);
            return self.fail("limit_exceeded", "output", &message);
        }
        if output.in_memory && grown > 0 {
            let held = self.held.fetch_add(grown, Ordering::Relaxed) + grown;
            if held > self.in_memory {
                if let Err(error) = self.spill(id, &mut output) {
                    return self.fail("io", "", &format!("cannot move the output to disk: {error}"));
                }
                self.held.fetch_sub(end + grown, Ordering::Relaxed);
            }
        }
        match output.write(offset, end, bytes) {
            Ok(()) => 0,
            Err(error) => self.fail("io", "", &format!("cannot write the output: {error}")),
        }
    }

    /// Moves an output from memory to a file on disk.
    fn spill(&self, id: i64, output: &mut Output) -> io::Result<()> {
        let question = Packer::new(frame::SPILL).u64(id as u64).finish();
        let Some((_, Some(file))) = self.ask(&question) else {
            return Err(io::Error::other("the engine gives no file"));
        };
        let mut buffer = vec![0; KEPT];
        let mut at = 0;
        while at < output.end {
            let count = output.file.read_at(&mut buffer, at)?;
            if count == 0 {
                break;
            }
            file.write_all_at(&buffer[..count], at)?;
            at += count as u64;
        }
        // The engine counts what is left in the old file.
        output.file.set_len(0)?;
        (output.file, output.in_memory) = (file, false);
        Ok(())
    }

    fn close(&self, id: i64) -> i32 {
        let Some(output) = lock(&self.outputs).remove(&id) else {
            return self.fail(
                "plugin_fault",
                "",
                &format!("the plugin closed output {id}, which is not open"),
            );
        };
        if let Err(error) = lock(&output).flush() {
            return self.fail("io", "", &format!("cannot write the output: {error}"));
        }
        drop(output);
        match self.send(&Packer::new(frame::CLOSE).u64(id as u64).finish()) {
            Ok(()) => 0,
            Err(_) => -1,
        }
    }
}

impl Output {
    /// Appends to what is kept, or writes at a place within what is there.
    fn write(&mut self, offset: u64, end: u64, bytes: &[u8]) -> io::Result<()> {
        if offset == end && self.kept.len() + bytes.len() <= KEPT {
            self.kept.extend_from_slice(bytes);
            return Ok(());
        }
        self.flush()?;
        self.file.write_all_at(bytes, offset)?;
        self.end = self.end.max(offset + bytes.len() as u64);
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        if !self.kept.is_empty() {
            self.file.write_all_at(&self.kept, self.end)?;
            self.end += self.kept.len() as u64;
            self.kept.clear();
        }
        Ok(())
    }
}

/// # Safety
///
/// `context` is the one of a [`Lent::host`] that is alive.
pub(super) unsafe fn lent<'a>(context: *mut c_void) -> &'a Lent {
    // SAFETY: the caller vouches for it.
    unsafe { &*context.cast::<Lent>() }
}

extern "C" fn tick(at: *mut c_void, done: u64, total: u64) -> u32 {
    // SAFETY: the plugin hands back the pointer it was given.
    let Some(page) = &unsafe { lent(at) }.page else { return abi::TICK_CONTINUE };
    let page = page.page();
    page.done.store(done, Ordering::Relaxed);
    page.total.store(total, Ordering::Relaxed);
    page.stop.load(Ordering::Relaxed)
}

extern "C" fn warn(at: *mut c_void, message: Text) {
    // SAFETY: as in `tick`; the text lives for this call.
    let (lent, message) = unsafe { (lent(at), message.bytes()) };
    let _ = lent.send(&Packer::new(frame::WARN).bytes(message).finish());
}

extern "C" fn lose(at: *mut c_void, feature: Text, detail: Text) {
    // SAFETY: as in `warn`.
    let (lent, feature, detail) = unsafe { (lent(at), feature.bytes(), detail.bytes()) };
    let _ = lent.send(&Packer::new(frame::LOSE).bytes(feature).bytes(detail).finish());
}

extern "C" fn fail(at: *mut c_void, kind: Text, limit: Text, message: Text) {
    // SAFETY: as in `warn`.
    let (lent, kind, limit, message) =
        unsafe { (lent(at), kind.to_string_lossy(), limit.to_string_lossy(), message.to_string_lossy()) };
    lent.fail(&kind, &limit, &message);
}

extern "C" fn report(at: *mut c_void, json: Text) {
    // SAFETY: as in `warn`.
    let (lent, json) = unsafe { (lent(at), json.bytes()) };
    let _ = lent.send(&Packer::new(frame::REPORT).bytes(json).finish());
}

extern "C" fn read_at(at: *mut c_void, index: usize, offset: u64, buffer: *mut u8, length: usize) -> i64 {
    if buffer.is_null() || length == 0 {
        return 0;
    }
    // SAFETY: the contract says the plugin's buffer has `length` bytes, all initialised; else as in `tick`.
    let (lent, buffer) = unsafe { (lent(at), std::slice::from_raw_parts_mut(buffer, length)) };
    lent.read_at(index, offset, buffer)
}

extern "C" fn release(at: *mut c_void, index: usize) {
    // SAFETY: as in `tick`.
    let lent = unsafe { lent(at) };
    let Some(input) = lent.inputs.get(index) else { return };
    // A mapping stays: the plugin may still hold a slice of it.
    if input.mapping.is_none() && lock(&input.file).take().is_some() {
        let _ = lent.send(&Packer::new(frame::RELEASE).u64(index as u64).finish());
    }
}

extern "C" fn open_output(at: *mut c_void, output: *const abi::Output) -> i64 {
    // SAFETY: as in `tick`; the struct lives for this call, null is refused.
    let (lent, output) = unsafe { (lent(at), output.as_ref()) };
    output.map_or(-1, |output| lent.open(output))
}

extern "C" fn write(at: *mut c_void, output: i64, bytes: Text) -> i32 {
    // SAFETY: as in `warn`.
    let (lent, bytes) = unsafe { (lent(at), bytes.bytes()) };
    lent.write(output, None, bytes)
}

extern "C" fn write_at(at: *mut c_void, output: i64, offset: u64, bytes: Text) -> i32 {
    // SAFETY: as in `warn`.
    let (lent, bytes) = unsafe { (lent(at), bytes.bytes()) };
    lent.write(output, Some(offset), bytes)
}

extern "C" fn close_output(at: *mut c_void, output: i64) -> i32 {
    // SAFETY: as in `tick`.
    unsafe { lent(at) }.close(output)
}

extern "C" fn extension(at: *mut c_void, name: Text) -> *const c_void {
    // SAFETY: as in `warn`.
    let (lent, name) = unsafe { (lent(at), name.bytes()) };
    match lent.keeps && name == abi::PIECES.as_bytes() {
        true => pieces::table(),
        false => std::ptr::null(),
    }
}
