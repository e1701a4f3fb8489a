//! Doors for fuzz targets: a made-up worker at the other end of a real socket. Not for use.
//!
//! A conversation is a row of packets, each a `u16` length and so many bytes. A packet whose first byte is one
//! of the acts below is not sent as it is: the worker does something else a worker can do.

use super::cage::Class;
use super::frame::{self, Fields, Packer};
use super::memory::{self, SharedPage};
use super::process::{Process, Recipe};
use super::request;
use super::socket::Socket;
use super::talk::{End, Talk};
use crate::run::{Call, Control, Item, Sink, StepContext, StepRequest};
use formwork_abi::{self as abi, Limits};
use std::cell::RefCell;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::PathBuf;
use std::sync::atomic::Ordering;

/// Act: cut or stretch the file that was granted last to `u64` bytes.
const STRETCH: u8 = 0xF0;
/// Act: write `bytes` at `u64` into the file that was granted last.
const SCRIBBLE: u8 = 0xF1;
/// Act: send `bytes` with a descriptor.
const ATTACH: u8 = 0xF2;
/// Act: send a long frame that says it is `u32` bytes, and holds `bytes`.
const LONG: u8 = 0xF3;
/// Act: say progress, `u64` and `u64`.
const PROGRESS: u8 = 0xF4;

/// Most packets of a conversation.
const MOST_PACKETS: usize = 64;
/// Bytes the worker may write in all.
const MOST_BYTES: u64 = 1 << 20;
/// Outputs the worker may open.
const MOST_OUTPUTS: u64 = 16;

thread_local! {
    /// A process that ended long ago: conversations need its record, not its life.
    static SHELL: RefCell<Option<Process>> = const { RefCell::new(None) };
}

/// Lets the engine's side of a call hear a conversation, and judges what it believed.
///
/// # Panics
///
/// When the engine took more than the limits allow, or names that lead out.
pub fn hear(conversation: &[u8]) {
    SHELL.with_borrow_mut(|shell| {
        if shell.is_none() {
            *shell = recipe().worker(None).ok();
        }
        let (Some(process), Ok((ours, theirs))) = (shell.as_mut(), Socket::pair()) else { return };
        let Ok(page) = SharedPage::new() else { return };
        let Ok(their_page) = page.file.try_clone().and_then(SharedPage::of) else { return };
        (process.socket, process.page) = (ours, page);
        std::thread::scope(|scope| {
            scope.spawn(|| play(&Socket::from_descriptor(theirs), &their_page, conversation));
            let greets =
                conversation.get(2).is_some_and(|kind| [frame::HELLO, frame::REFUSED_START].contains(kind));
            let judged = catch_unwind(AssertUnwindSafe(|| {
                if !greets || process.greet("fuzz").is_ok() {
                    serve(process);
                }
            }));
            // The worker has to see that nobody listens any more before it is waited for.
            if let Ok((socket, _)) = Socket::pair() {
                process.socket = socket;
            }
            judged.unwrap_or_else(|found| resume_unwind(found));
        });
    });
}

fn recipe() -> Recipe {
    let [program, plugin, temporary] = ["/bin/true", "none", "/tmp"].map(PathBuf::from);
    Recipe { program, plugin, level: 1, class: Class::Codec, temporary }
}

/// The engine's side: one call, as the carrier makes it.
fn serve(process: &Process) {
    let limits = Limits { output: MOST_BYTES, entries: MOST_OUTPUTS, ..Limits::default() };
    let inputs = [Item::from_bytes("a.png", vec![7; 100])];
    let (sink, control) = (Sink::memory(&limits, 1 << 16, std::env::temp_dir()), Control::default());
    let context = StepContext::new(&inputs, &sink, &control, (0.0, 1.0));
    let request = StepRequest { target: "png", operations: &[("convert", &[])], inputs: &inputs, limits };
    let Ok(mut talk) = Talk::begin(process, Call::Run, &request, &context) else { return };
    let ended = talk.run(0);
    let found = context.into_found();
    assert!(found.warnings.len() <= 1_001 && found.losses.len() <= 1_000);
    assert!((0.0..=1.0).contains(&control.progress()));
    let (End::Done(abi::STATUS_OK), Ok(items)) = (ended, sink.into_items()) else { return };
    assert!(items.len() as u64 <= MOST_OUTPUTS);
    assert!(items.iter().map(Item::length).sum::<u64>() <= MOST_BYTES);
    for item in &items {
        let climbs = item.name.split('/').any(|part| matches!(part, "." | ".."));
        assert!(!climbs && !item.name.starts_with('/'), "{:?}", item.name);
        assert_eq!(item.bytes(MOST_BYTES).map(|bytes| bytes.len() as u64).ok(), Some(item.length()));
    }
}

/// The worker's side: takes the call, then says its lines and waits for answers as a worker does.
fn play(socket: &Socket, page: &SharedPage, conversation: &[u8]) {
    let mut files = Files::default();
    let mut rest = conversation;
    for _ in 0..MOST_PACKETS {
        let Some((length, after)) = rest.split_first_chunk::<2>() else { return };
        let (packet, after) = after.split_at(after.len().min(u16::from_le_bytes(*length).into()));
        rest = after;
        if act(socket, page, &mut files, packet).is_none() {
            return;
        }
    }
}

/// What the engine handed over.
#[derive(Default)]
struct Files {
    /// For the main output, until that is opened.
    main: Option<File>,
    /// The last that was granted.
    granted: Option<File>,
}

/// `None` when the engine is gone.
fn act(socket: &Socket, page: &SharedPage, files: &mut Files, packet: &[u8]) -> Option<()> {
    let Some((kind, mut fields)) = Fields::of(packet) else { return Some(()) };
    match kind {
        // What cannot be done to a file is no matter of the engine.
        STRETCH => drop(files.granted.as_ref()?.set_len(fields.u64().unwrap_or(0))),
        SCRIBBLE => {
            let (offset, bytes) = (fields.u64().unwrap_or(0), fields.bytes().unwrap_or_default());
            drop(files.granted.as_ref()?.write_at(bytes, offset));
        }
        ATTACH => {
            let file = memory::file(c"formwork-fuzz").ok()?;
            socket.send_with(fields.bytes().unwrap_or_default(), &file).ok()?;
        }
        LONG => {
            let file = memory::file(c"formwork-fuzz").ok()?;
            let length = fields.u32().unwrap_or(0);
            file.write_at(fields.bytes().unwrap_or_default(), 0).ok()?;
            file.set_len(length.into()).ok()?;
            socket.send_with(&[frame::LONG], &file).ok()?;
        }
        PROGRESS => {
            page.page().done.store(fields.u64().unwrap_or(0), Ordering::Relaxed);
            page.page().total.store(fields.u64().unwrap_or(0), Ordering::Relaxed);
        }
        _ => socket.send(packet).ok()?,
    }
    match kind {
        frame::NEED | frame::OPEN | frame::SPILL => wait_for_answer(socket, files)?,
        frame::OPEN_MAIN => files.granted = files.main.take().or(files.granted.take()),
        _ => {}
    }
    Some(())
}

/// Waits for an answer, past the call and what comes before it.
fn wait_for_answer(socket: &Socket, files: &mut Files) -> Option<()> {
    loop {
        let packet = socket.receive(None).ok()??;
        let kind = packet.fields().map(|(kind, _)| kind);
        let file = packet.descriptor.map(File::from);
        match kind {
            Some(frame::MAIN) => files.main = file,
            Some(frame::GRANTED | frame::DENIED) => {
                files.granted = file.or(files.granted.take());
                return Some(());
            }
            _ => {}
        }
    }
}

/// Lets the worker's side read a call.
pub fn unpack(call: &[u8]) {
    let Some(unpacked) = Fields::of(call).and_then(|(_, fields)| request::unpack(fields)) else { return };
    for (name, value) in unpacked.operations.iter().flat_map(|(_, settings)| settings) {
        let _ = value.raw(name);
    }
}

/// Conversations of honest and dishonest workers, to start from.
pub fn conversations() -> Vec<Vec<u8>> {
    let open_as = |how: u8, kind: u32, name: &str| {
        let head = Packer::new(how).u32(kind).u64(abi::LENGTH_UNKNOWN).i64(5).u32(0o644);
        head.text(name).text("png").finish()
    };
    let open = |kind, name: &str| open_as(frame::OPEN, kind, name);
    let open_main = open_as(frame::OPEN_MAIN, abi::KIND_FILE, "");
    let hello = Packer::new(frame::HELLO).u32(frame::VERSION).u8(2).finish();
    let need = Packer::new(frame::NEED).u64(0).finish();
    let scribble = Packer::new(SCRIBBLE).u64(0).bytes(b"content").finish();
    let close = |id| Packer::new(frame::CLOSE).u64(id).finish();
    let done = |status| Packer::new(frame::DONE).u32(status).finish();
    let said = [
        Packer::new(frame::WARN).text("careful").finish(),
        Packer::new(frame::LOSE).text("alpha").text("flattened").finish(),
        Packer::new(frame::REPORT).text("{\"width\": 7}").finish(),
        Packer::new(PROGRESS).u64(3).u64(4).finish(),
        Packer::new(frame::RELEASE).u64(0).finish(),
    ];
    let long = Packer::new(frame::WARN).text(&"long ".repeat(20)).finish();
    let plain = [vec![hello.clone(), need.clone()], vec![open_main, scribble.clone(), close(0)], said.into()];
    let links = vec![
        open(abi::KIND_SYMLINK, "a/b"),
        scribble.clone(),
        close(0),
        open(abi::KIND_HARD_LINK, "c"),
        scribble,
    ];
    let fails = vec![
        Packer::new(frame::FAIL).text("limit_exceeded").text("pixels").text("too many").finish(),
        done(1),
    ];
    let refuses = vec![Packer::new(frame::REFUSED_START).text("io").text("no").finish()];
    let stretched = vec![
        need,
        open(abi::KIND_FILE, "../x"),
        open(abi::KIND_FILE, "x"),
        Packer::new(STRETCH).u64(1 << 40).finish(),
        close(0),
        done(0),
    ];
    let attached = vec![Packer::new(ATTACH).bytes(&done(0)).finish()];
    let lengthy = vec![Packer::new(LONG).u32(long.len() as u32).bytes(&long).finish(), done(0)];
    let ended = |packets: Vec<Vec<u8>>, last: Vec<u8>| [packets, vec![last]].concat();
    let all = [
        ended(plain.concat(), done(0)),
        ended(links, close(1)),
        fails,
        refuses,
        stretched,
        attached,
        lengthy,
    ];
    all.iter().map(|packets| packets.iter().flat_map(|packet| framed(packet)).collect()).collect()
}

fn framed(packet: &[u8]) -> Vec<u8> {
    [&(packet.len() as u16).to_le_bytes(), packet].concat()
}

/// Calls as the engine packs them, to start from.
pub fn requests() -> Vec<Vec<u8>> {
    use crate::matrix::{Setting, SettingValue};
    let setting = |name: &str, value| Setting { name: name.into(), value, secret: false };
    let settings = [
        setting("quality", SettingValue::Integer(80)),
        setting("fit", SettingValue::Text("crop".into())),
        setting("scale", SettingValue::Number(1.5)),
        setting("lossless", SettingValue::Boolean(true)),
    ];
    let inputs = [Item::from_bytes("a.png", vec![1, 2, 3])];
    let limits = Limits::default();
    let operations: [(&str, &[Setting]); 2] = [("crop", &[]), ("convert", &settings)];
    let request = StepRequest { target: "jpg", operations: &operations, inputs: &inputs, limits };
    [Call::Run, Call::Probe].map(|call| request::pack(call, &request, 1 << 20, call == Call::Run)).to_vec()
}
