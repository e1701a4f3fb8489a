//! What the engine itself costs: telling what a file is, choosing a route, choosing what is next, and all of it around
//! one small conversion.

#![allow(clippy::expect_used, reason = "a benchmark that cannot be set up should stop")]

use criterion::{Criterion, criterion_group, criterion_main};
use formwork::describe::{Capability, Description};
use formwork::job::{Job, Operation, Task};
use formwork::plan::{self, Request, Wishes};
use formwork::registry::Registry;
use formwork::run::{Control, Item, Submission, Work};
use formwork::{Engine, detect};
use std::hint::black_box;
use std::sync::Arc;

/// A PNG's first bytes and some more.
fn png() -> Vec<u8> {
    let mut bytes =
        b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x10\0\0\0\x10\x08\x06\0\0\0\x1f\xf3\xff\x61".to_vec();
    bytes.resize(4096, 0);
    bytes
}

fn detection(bench: &mut Criterion) {
    let (png, text) = (png(), "one, two, three\n".repeat(256));
    bench.bench_function("detect a png", |bench| {
        bench.iter(|| detect::detect(black_box(&png.as_slice()), Some("a.png")));
    });
    bench.bench_function("detect a csv by evidence", |bench| {
        bench.iter(|| detect::detect(black_box(&text.as_bytes()), Some("a.csv")));
    });
}

/// A registry as large as the real one: many readers to the inner format, from there to many writers.
fn registry() -> Registry {
    let ids = |family| formwork::formats::all().filter(move |format| format.family == family);
    let images: Vec<String> =
        ids(formwork::formats::Family::Image).map(|format| format.id.to_owned()).collect();
    let reads = Capability { from: images.clone(), to: vec!["raster".into()], ..Capability::default() };
    let writes = images.iter().map(|to| Capability {
        from: vec!["raster".into()],
        to: vec![to.clone()],
        keeps: vec!["alpha".into()],
        ..Capability::default()
    });
    let capabilities = std::iter::once(reads).chain(writes).collect();
    let mut registry = Registry::default();
    registry.describe(Description { id: "bench".into(), capabilities, ..Description::default() });
    registry
}

fn planning(bench: &mut Criterion) {
    let registry = registry();
    let format = |id| registry.require_format(id).expect("a format of the table");
    let request = Request {
        operation: "convert".into(),
        from: format("heic"),
        to: Some(format("webp")),
        options: serde_json::Map::new(),
        bytes: 1 << 20,
        features: None,
        accompanied: false,
        wishes: Wishes::default(),
    };
    bench.bench_function("plan heic to webp", |bench| {
        bench.iter(|| plan::best(black_box(&registry), &request).map(|route| route.hops.len()));
    });
}

/// A job of 10,000 tasks that do nothing: what is left is the scheduler.
fn scheduling(bench: &mut Criterion) {
    let engine = Engine::builder().build().expect("an engine without plugins");
    let task = |number: usize| {
        let operation = Operation::ImportBytes { name: "a".into(), bytes: Arc::default() };
        Task::new(format!("t{number}"), operation, Vec::new())
    };
    let job = Job::new((0..10_000).map(task).collect(), None).expect("a job");
    let mut group = bench.benchmark_group("10,000 tasks that do nothing");
    group.sample_size(10);
    for threads in [1, 2, 8] {
        group.bench_function(format!("{threads} threads"), |bench| {
            bench.iter(|| engine.run_on(&job, &Control::default(), threads));
        });
    }
    group.bench_function("check the job", |bench| {
        bench.iter(|| Job::new((0..10_000).map(task).collect(), None));
    });
    group.finish();
}

/// A tar archive of one file with so many bytes.
fn tar(bytes: usize) -> Vec<u8> {
    let archive = formwork_sdk::testing::Job::new("archive").input("a.txt", "txt", vec![b'a'; bytes]);
    archive.target("tar").run(formwork_plugin_archive::formwork_plugin_entry_v1).expect_one().to_vec()
}

/// A file through a whole engine: detected, planned, converted by a plugin in this process, checked and handed over, on
/// this thread alone.
fn conversion(bench: &mut Criterion) {
    let builder = Engine::builder().linked_plugin(formwork_plugin_archive::formwork_plugin_entry_v1);
    let queue = builder.build().and_then(|engine| engine.queue(0)).expect("an engine without threads");
    let mut group = bench.benchmark_group("tar to zip without threads");
    for (name, archive) in [("1 KiB", tar(1 << 10)), ("1 MiB", tar(1 << 20))] {
        group.bench_function(name, |bench| {
            bench.iter(|| {
                let input = Operation::ImportItem(Item::from_bytes("a.tar", archive.clone()));
                let to_zip = Work {
                    operation: "convert".into(),
                    output_format: Some("zip".into()),
                    ..Work::default()
                };
                let job = Job::simple(vec![input], to_zip, Operation::ExportBytes).expect("a job");
                let handle = queue.submit(job, Submission::default());
                while queue.step() {}
                let report = handle.wait(None).expect("a report");
                assert!(report.error().is_none(), "{:?}", report.error());
                black_box(report.exported)
            });
        });
    }
    group.finish();
}

criterion_group!(benches, detection, planning, scheduling, conversion);
criterion_main!(benches);
