//! A plugin that does on command what a plugin must not do, so that tests can see what the engine
//! makes of it. Its file name keeps it out of the folders that are searched for plugins.
//!
//! The option `mode` says how: see [`MODES`]. Without it the input is copied as it is.

mod escape;

pub use escape::ESCAPES;

use formwork_sdk::{
    Capability, Description, Error, ErrorKind, OutputInfo, OutputKind, Plugin, Result, Step, Writer,
    export_plugin, json, option,
};
use std::io::Write;
use std::time::Duration;

/// Every way to misbehave.
pub const MODES: &[&str] = &[
    "copy",
    "pieces",
    "panic",
    "abort",
    "segfault",
    "spin",
    "spin_deaf",
    "sleep",
    "allocate",
    "output_bomb",
    "many_outputs",
    "five_hundred",
    "no_output",
    "leave_open",
    "empty_output",
    "wrong_format",
    "wrong_facts",
    "climbing_name",
    "absolute_name",
    "same_name_twice",
    "escaping_link",
    "hole",
    "write_after_close",
    "read_missing_input",
    "fail_without_reason",
    "half_then_fail",
    "stack_overflow",
    "descriptor_bomb",
    "fork_bomb",
    "folder_bomb",
    "garbage_frame",
    "half_frame",
    "flood_of_frames",
    "exit",
];

/// Environment variable with the class of the plugin, read when it is described; empty for a codec.
pub const TOUCHES: &str = "FORMWORK_MISBEHAVE_TOUCHES";

/// What a file asks for after this mark is done while it is probed: probing takes no options.
pub const PROBE_MARK: &str = "misbehave=";

/// The plugin.
pub struct Misbehave;

impl Plugin for Misbehave {
    fn describe() -> Description {
        let capability = |to: Vec<String>, operation: &str| Capability {
            operation: operation.into(),
            from: vec!["txt".into(), "png".into()],
            to,
            options: vec![
                option("mode").with_choices(MODES).with_default("copy"),
                option("escape").with_choices(ESCAPES),
            ],
            keeps: vec!["text".into(), "quality".into()],
            ..Capability::default()
        };
        Description {
            id: "test.misbehave".into(),
            version: env!("CARGO_PKG_VERSION").into(),
            summary: "Does what a plugin must not do".into(),
            licence: "MIT OR Apache-2.0".into(),
            probes: vec!["png".into()],
            touches: std::env::var(TOUCHES).unwrap_or_default(),
            capabilities: vec![
                capability(vec!["txt".into(), "png".into()], "convert"),
                capability(Vec::new(), "scatter"),
            ],
            ..Description::default()
        }
    }

    fn probe(step: &Step) -> Result<()> {
        let head = step.input()?.head(200)?;
        let text = String::from_utf8_lossy(&head);
        if let Some((_, mode)) = text.split_once(PROBE_MARK) {
            fault(step, mode.lines().next().unwrap_or_default())?;
        }
        let side = |at: usize| {
            head.get(at..at + 4).map(|four| u32::from_be_bytes([four[0], four[1], four[2], four[3]]))
        };
        step.report(&json!({"width": side(16), "height": side(20)}));
        Ok(())
    }

    fn run(step: &Step) -> Result<()> {
        if let Some(way) = step.options().text("escape") {
            match escape::attempt(way) {
                Ok(()) => return Err(Error::new(ErrorKind::Internal, format!("escaped by {way}"))),
                Err(error) => step.warn(format!("refused: {error}")),
            }
        }
        let mode = step.options().text("mode").unwrap_or("copy");
        fault(step, mode)?;
        write(step, mode)
    }
}

/// Faults that do not need an output. Modes of other kinds do nothing here.
fn fault(step: &Step, mode: &str) -> Result<()> {
    match mode {
        #[allow(clippy::panic, reason = "panicking is this plugin's job")]
        "panic" => panic!("as commanded"),
        "abort" => std::process::abort(),
        // SAFETY: none: this is the fault that is asked for.
        "segfault" => unsafe { std::ptr::null_mut::<u8>().write_volatile(1) },
        "spin" => loop {
            step.tick(0, 0)?;
        },
        "spin_deaf" => loop {
            std::hint::spin_loop();
        },
        "sleep" => std::thread::sleep(Duration::from_secs(3600)),
        "stack_overflow" => {
            std::hint::black_box(dig(1));
        }
        "descriptor_bomb" => {
            let mut open = Vec::new();
            loop {
                step.tick(0, 0)?;
                // SAFETY: a system call that takes a number.
                match unsafe { libc::dup(0) } {
                    -1 => return Err(Error::new(ErrorKind::Io, "no more descriptors")),
                    descriptor => open.push(descriptor),
                }
            }
        }
        "fork_bomb" => loop {
            step.tick(0, 0)?;
            // SAFETY: a system call; a child goes on in this loop, as a bomb does.
            if unsafe { libc::fork() } == -1 {
                return Err(Error::new(ErrorKind::Io, "no more processes"));
            }
        },
        "folder_bomb" => {
            for number in 0.. {
                step.tick(0, 0)?;
                let file = std::env::temp_dir().join(format!("file-{number}"));
                std::fs::write(file, [0; 1 << 16])
                    .map_err(|error| Error::new(ErrorKind::Io, error.to_string()))?;
            }
        }
        "garbage_frame" => shout(&[0xEE; 300]),
        "half_frame" => shout(&[4, 1, 2]),
        "flood_of_frames" => loop {
            shout(&[6, 1, 0, 0, 0, b'x']);
        },
        "exit" => std::process::exit(0),
        "allocate" => {
            let mut hoard: Vec<Vec<u8>> = Vec::new();
            loop {
                step.tick(0, 0)?;
                hoard.push(vec![1; 64 << 20]);
            }
        }
        _ => {}
    }
    Ok(())
}

/// Recurses until the stack is used up.
fn dig(depth: u64) -> u64 {
    let room = std::hint::black_box([depth; 512]);
    if depth == u64::MAX { 0 } else { dig(depth + 1) + room[7] }
}

/// Writes to whatever is at the other end of standard input: in a worker, the engine.
fn shout(bytes: &[u8]) {
    // SAFETY: a system call on bytes that live for it.
    unsafe { libc::write(0, bytes.as_ptr().cast(), bytes.len()) };
}

/// Faults in what is written.
fn write(step: &Step, mode: &str) -> Result<()> {
    let input = step.input()?.bytes()?;
    let named = |name: &str, kind: OutputKind| {
        let mut output = step.create_named_output(&OutputInfo { name, kind, ..OutputInfo::default() })?;
        output.write_all(b"../../outside")?;
        output.close()
    };
    match mode {
        "no_output" => return Ok(()),
        "empty_output" => return step.write_output(b""),
        "wrong_format" => return step.write_output(b"%PDF-1.4\n%%EOF\n"),
        "wrong_facts" => step.report(&json!({"width": 123_456})),
        "climbing_name" => return named("a/../../b", OutputKind::File),
        "absolute_name" => return named("/tmp/b", OutputKind::File),
        "same_name_twice" => {
            named("a", OutputKind::File)?;
            return named("a", OutputKind::File);
        }
        "escaping_link" => return named("link", OutputKind::Symlink),
        "many_outputs" => {
            for number in 0.. {
                step.tick(0, 0)?;
                named(&format!("file-{number}"), OutputKind::File)?;
            }
        }
        "five_hundred" => {
            return (0..500).try_for_each(|number| named(&format!("file-{number}"), OutputKind::File));
        }
        "read_missing_input" => {
            let Some(other) = step.input_at(1) else {
                return Err(Error::corrupt("there is no second input"));
            };
            other.bytes()?;
        }
        "fail_without_reason" => return Err(Error::corrupt("")),
        _ => {}
    }
    let mut output = step.create_output()?;
    match mode {
        "pieces" => return write_pieces(output, &input),
        _ => output.write_all(&input)?,
    }
    match mode {
        "leave_open" => return Ok(()),
        "hole" => output.write_at(input.len() as u64 + 1, b"x")?,
        "half_then_fail" => return Err(Error::corrupt("changed its mind halfway")),
        "output_bomb" => loop {
            step.tick(0, 0)?;
            output.append(&[0; 1 << 16])?;
        },
        _ => {}
    }
    output.close()
}

/// No fault: writes as a muxer does, in pieces, and the beginning once more at the end.
fn write_pieces(mut output: Writer<'_>, input: &[u8]) -> Result<()> {
    for piece in input.chunks(60_000) {
        output.append(piece)?;
    }
    output.write_at(0, &input[..input.len().min(100)])?;
    output.close()
}

export_plugin!(Misbehave);
