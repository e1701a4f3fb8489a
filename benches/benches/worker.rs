//! What isolation costs: a call in this process, on a warm worker, and on a fresh one that ends with its job.

#![allow(clippy::expect_used, reason = "a benchmark that cannot be set up should stop")]

use criterion::{Criterion, criterion_group, criterion_main};
use formwork::run::{Call, Carrier, Control, InProcess, Item, Sink, StepContext, StepRequest};
use formwork::worker::Workers;
use formwork::{Engine, Isolation, Limits};
use std::path::PathBuf;

/// The folder of the built programs and plugins.
fn programs() -> PathBuf {
    let here = std::env::current_exe().expect("a program has a path");
    here.ancestors().nth(2).expect("target/release/deps/bench").to_owned()
}

/// A PNG of one pixel.
const PIXEL: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\0\0\0\0\x3a\x7e\x9b\x55\
    \0\0\0\x0aIDATx\x9cc\xe8\0\0\0\x82\0\x81\xdd\x43\x6a\xf4\0\0\0\0IEND\xaeB`\x82";

/// Asks the image plugin what a picture of one pixel is: as little work as a plugin can have.
fn calls(bench: &mut Criterion) {
    let engine = Engine::builder().plugin_folder(programs()).build().expect("an engine");
    let plugin = engine.registry().plugin("image").expect("cargo build --release --workspace comes first");
    let inputs = [Item::from_bytes("a.png", PIXEL.to_vec())];
    let inputs = inputs.map(|mut item| {
        item.format = engine.registry().format("png");
        item
    });
    let limits = Limits::default();
    let request = StepRequest { target: "", operations: &[], inputs: &inputs, limits };
    let probe = |carrier: &dyn Carrier, control: &Control| {
        let sink = Sink::memory(&limits, u64::MAX, std::env::temp_dir());
        let context = StepContext::new(&inputs, &sink, control, (0.0, 1.0));
        carrier.call(plugin, Call::Probe, &request, &context).expect("a good picture");
    };
    bench.bench_function("probe, in this process", |bench| {
        let control = Control::default();
        bench.iter(|| probe(&InProcess, &control));
    });
    let isolation = |level, spares| {
        let most_calls = u32::MAX;
        Isolation { spares, most_calls, ..Isolation::new(level, programs().join("formwork-worker")) }
    };
    bench.bench_function("probe, warm worker, level 2", |bench| {
        let (workers, control) = (Workers::new(isolation(2, 0)), Control::default());
        bench.iter(|| probe(&workers, &control));
    });
    for level in [1, 2, 3] {
        bench.bench_function(&format!("probe, fresh worker, level {level}"), |bench| {
            let workers = Workers::new(isolation(level, 0));
            bench.iter(|| {
                let control = Control::default();
                probe(&workers, &control);
                workers.end_job(&control);
            });
        });
    }
}

criterion_group!(benches, calls);
criterion_main!(benches);
