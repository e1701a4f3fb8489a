//! A plugin in this process that lies wherever the contract lets it without breaking memory: sizes and versions
//! of its table, and every argument of every host function.

use crate::dice::Dice;
use formwork::Limits;
use formwork::registry::Registry;
use formwork::run::{Call, Carrier, Control, InProcess, Item, Sink, StepContext, StepRequest};
use formwork_abi::{self as abi, Host, Output, Step};
use formwork_sdk::Feature;
use formwork_sdk::export::{HostInfo, Table, Text};
use std::cell::RefCell;

thread_local! {
    /// What the plugin does in this run.
    static SCRIPT: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// Bytes that may be written in all.
const MOST_BYTES: u64 = 1 << 16;
/// Outputs that may be opened.
const MOST_OUTPUTS: u64 = 16;

/// Links the plugin into a registry, and calls it as the engine does.
pub(crate) fn call(data: &[u8]) {
    SCRIPT.replace(data.to_vec());
    let mut registry = Registry::default();
    if registry.link(entry).is_err() {
        return;
    }
    let Some(plugin) = registry.plugins().first() else { return };
    let limits = Limits { output: MOST_BYTES, entries: MOST_OUTPUTS, ..Limits::default() };
    let inputs = [Item::from_bytes("a.png", data.to_vec())];
    let (sink, control) = (Sink::memory(&limits, 1 << 12, std::env::temp_dir()), Control::default());
    let context = StepContext::new(&inputs, &sink, &control, (0.0, 1.0));
    let request = StepRequest { target: "png", operations: &[("convert", &[])], inputs: &inputs, limits };
    let _ = plugin.library().map(|library| library.extension("formwork.none/1"));
    let ended = InProcess.call(plugin, Call::Run, &request, &context);
    let found = context.into_found();
    assert!(found.warnings.len() <= 1_001 && found.losses.len() <= 1_000);
    assert!((0.0..=1.0).contains(&control.progress()));
    if let (Ok(()), Ok(items)) = (ended, sink.into_items()) {
        judge(&items);
    }
}

/// What came out keeps to the limits and to names that stay inside.
fn judge(items: &[Item]) {
    assert!(items.len() as u64 <= MOST_OUTPUTS);
    assert!(items.iter().map(Item::length).sum::<u64>() <= MOST_BYTES);
    for item in items {
        let parts = item.name.split('/').collect::<Vec<_>>();
        assert!(
            item.name.is_empty() || parts.iter().all(|part| !matches!(*part, "" | "." | "..")),
            "{:?}",
            item.name
        );
    }
}

/// Makes a table; all of it is there, whatever its size says.
unsafe extern "C" fn entry(_: *const HostInfo) -> *const Table {
    let (size, major) = SCRIPT.with_borrow(|script| {
        let mut dice = Dice::new(script);
        let whole = size_of::<Table>() as u32;
        let sizes = [whole, whole, whole, whole, whole - 1, whole - 8, 0, u32::MAX];
        (sizes[dice.below(sizes.len())], if dice.once_in(32) { 7 } else { abi::ABI_MAJOR })
    });
    Box::leak(Box::new(Table {
        size,
        major,
        minor: 0,
        reserved: 9,
        describe,
        probe: run,
        run,
        extension: None,
    }))
}

extern "C" fn describe() -> Text {
    match SCRIPT.with_borrow(|script| script.get(2).copied()) {
        Some(255) => Text { pointer: std::ptr::null(), length: usize::MAX },
        Some(254) => Text { pointer: [0xFF_u8].as_ptr(), length: 1 },
        _ => Text::new(r#"{"id": "hostile", "capabilities": [{"from": ["png"], "to": ["png"]}]}"#),
    }
}

extern "C" fn run(step: *const Step, host: *const Host) -> i32 {
    // SAFETY: the engine hands over both for the time of the call.
    let (Some(_), Some(host)) = (unsafe { (step.as_ref(), host.as_ref()) }) else { return 1 };
    let script = SCRIPT.with_borrow(Clone::clone);
    let mut dice = Dice::new(script.get(3..).unwrap_or_default());
    let status = i32::from(dice.byte()) & 1;
    while !dice.is_empty() {
        act(host, &mut dice);
    }
    status
}

/// Calls one function of the host with whatever comes.
fn act(host: &Host, dice: &mut Dice<'_>) {
    let at = host.context;
    let (number, place) = (i64::from(dice.byte()) - 1, dice.long() >> (8 * dice.below(8)));
    match dice.below(12) {
        0 => drop((host.tick)(at, place, dice.long())),
        1 => (host.warn)(at, text(dice)),
        2 => (host.lose)(at, Text::new(Feature::ALL[dice.below(Feature::ALL.len())].1), text(dice)),
        3 => (host.fail)(at, text(dice), text(dice), text(dice)),
        4 => (host.report)(at, text(dice)),
        5 => {
            let mut buffer = vec![0; dice.below(256)];
            let count = (host.read_at)(at, number as usize, place, buffer.as_mut_ptr(), buffer.len());
            assert!(count <= buffer.len() as i64);
        }
        6 => (host.release)(at, place as usize),
        7 | 8 => open(host, dice, place),
        9 => drop((host.write)(at, number, text(dice))),
        10 => drop((host.write_at)(at, number, place, text(dice))),
        _ => drop((host.close_output)(at, number)),
    }
}

fn open(host: &Host, dice: &mut Dice<'_>, length: u64) {
    let output = Output {
        size: u32::from(dice.byte()),
        kind: u32::from(dice.byte() & 7),
        name: text(dice),
        format: text(dice),
        length,
        modified: dice.long().cast_signed(),
        mode: u32::from(dice.short()),
        reserved: 0,
    };
    (host.open_output)(host.context, &raw const output);
    (host.open_output)(host.context, std::ptr::null());
}

/// Some of the script's bytes as text, which they may not be; lives as long as the script.
fn text<'d>(dice: &mut Dice<'d>) -> Text {
    let length = dice.below(24);
    let bytes: &'d [u8] = dice.bytes(length);
    Text { pointer: bytes.as_ptr(), length: bytes.len() }
}
