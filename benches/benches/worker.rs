//! What isolation costs: a call in this process, on a warm worker, and on a fresh one that ends with its job;
//! and a whole small job.

#![allow(clippy::expect_used, reason = "a benchmark that cannot be set up should stop")]

use criterion::{Criterion, criterion_group, criterion_main};
use formwork::job::{Job, Operation};
use formwork::run::{
    Call, Carrier, Control, InProcess, Item, Sink, StepContext, StepRequest, TrustDomain, Work,
};
use formwork::worker::Workers;
use formwork::{Builder, Engine, Isolation, Limits};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

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
        let (workers, control) = (Workers::new(isolation(2, 0), &std::env::temp_dir()), Control::default());
        bench.iter(|| probe(&workers, &control));
    });
    for (name, level, templates) in [
        ("fresh worker, level 1", 1, false),
        ("fresh worker, level 2", 2, false),
        ("forked worker, level 2", 2, true),
        ("fresh worker, level 3", 3, false),
    ] {
        bench.bench_function(&format!("probe, {name}"), |bench| {
            let isolation = Isolation { templates, ..isolation(level, 0) };
            let workers = Workers::new(isolation, &std::env::temp_dir());
            bench.iter(|| {
                let control = Control::default();
                probe(&workers, &control);
                workers.domain_ended(control.domain());
            });
        });
    }
}

/// Runs of each side in the comparison.
const RUNS: usize = 400;
/// Pause before each run, in which spares get ready.
const PAUSE: Duration = Duration::from_millis(6);

/// A whole small job, side by side: in this process, in a worker that was started before, and in one that has
/// served the same domain. Prints minimum and median of each, and how many times those in this process they are.
fn small_job(_: &mut Criterion) {
    let engine = |isolation: Option<Isolation>| {
        let builder = Engine::builder().plugin_folder(programs());
        let builder = isolation.into_iter().fold(builder, Builder::isolation);
        builder.build().expect("an engine")
    };
    let isolation = || Isolation::new(2, programs().join("formwork-worker"));
    let domain = TrustDomain::new();
    let alone = || Control::default();
    let trusting = || Control::default().trusting(domain);
    let sides: [(&str, Engine, &dyn Fn() -> Control); 3] = [
        ("in this process", engine(None), &alone),
        ("pre-started worker", engine(Some(Isolation { spares: 1, ..isolation() })), &alone),
        ("warm worker", engine(Some(Isolation { most_calls: u32::MAX, ..isolation() })), &trusting),
    ];
    for side in [100, 512] {
        println!("png to jpg, {side} x {side}");
        let png = Arc::new(picture(&sides[0].1, side));
        let mut times = sides.each_ref().map(|_| Vec::new());
        for run in 0..sides.len() * RUNS {
            let (_, engine, control) = &sides[run % sides.len()];
            std::thread::sleep(PAUSE);
            let started = Instant::now();
            convert(engine, png.clone(), "jpg", &control());
            times[run % sides.len()].push(started.elapsed().as_secs_f64() * 1e6);
        }
        let times = times.map(|mut times| {
            times.sort_by(f64::total_cmp);
            (times[0], times[times.len() / 2])
        });
        for ((name, ..), (least, middle)) in sides.iter().zip(times) {
            let (of_least, of_middle) = (least / times[0].0, middle / times[0].1);
            println!(
                "  {name:<20} minimum {least:>6.0} µs ({of_least:.2}), median {middle:>6.0} µs ({of_middle:.2})"
            );
        }
    }
}

/// A made picture of so many pixels a side, as PNG: one pixel, enlarged, with noise.
fn picture(engine: &Engine, side: usize) -> Vec<u8> {
    let mut state = 1_u32;
    let pixels = (0..side * side * 3).map(|at| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        ((at / 7) as u8).wrapping_add((state >> 29) as u8)
    });
    let mut ppm = format!("P6 {side} {side} 255\n").into_bytes();
    ppm.extend(pixels);
    convert(engine, Arc::new(ppm), "png", &Control::default())
}

fn convert(engine: &Engine, bytes: Arc<Vec<u8>>, to: &str, control: &Control) -> Vec<u8> {
    let input = Operation::ImportBytes { name: "a".into(), bytes };
    let work = Work { operation: "convert".into(), output_format: Some(to.into()), ..Work::default() };
    let job = Job::simple(vec![input], work, Operation::ExportBytes).expect("a good job");
    let report = engine.run(&job, control);
    assert!(report.error().is_none(), "{:?}", report.error());
    report.exported[0].1[0].bytes(u64::MAX).expect("an output")
}

criterion_group!(benches, calls, small_job);
criterion_main!(benches);
