//! What the C API adds: a small conversion through it and in Rust, opening an engine, asking how far a job is.

#![allow(clippy::expect_used, reason = "a benchmark that cannot be set up should stop")]

use criterion::{Criterion, criterion_group, criterion_main};
use formwork::Engine;
use formwork::job::{Job, Operation};
use formwork::run::{Control, Item, Work};
use formwork_c::*;
use std::ffi::{CString, c_char};
use std::hint::black_box;
use std::path::PathBuf;
use std::ptr::{null, null_mut};

/// The folder the release build lies in.
fn built() -> PathBuf {
    let program = std::env::current_exe().expect("this program");
    program.ancestors().nth(2).expect("target/release").to_owned()
}

fn text(path: PathBuf) -> CString {
    CString::new(path.into_os_string().into_encoded_bytes()).expect("no NUL")
}

/// A picture of 1 KiB.
fn picture() -> Vec<u8> {
    let mut bytes = b"P6\n18 19\n255\n".to_vec();
    bytes.resize(13 + 18 * 19 * 3, 7);
    bytes
}

/// An open engine in this process, with a warm cache of plugins.
fn open(folders: &[*const c_char], registry: &CString, threads: i32) -> *mut formwork_c::Engine {
    let options = EngineOptions {
        plugin_folders: folders.as_ptr(),
        plugin_folder_count: folders.len(),
        registry_cache: registry.as_ptr(),
        isolation: ISOLATION_NONE,
        threads,
        ..EngineOptions::default()
    };
    let mut engine = null_mut();
    // SAFETY: all places may be written and all texts live.
    let status = unsafe { formwork_engine_open(&raw const options, &raw mut engine, null_mut()) };
    assert_eq!(status, Status::Ok);
    engine
}

fn calls(bench: &mut Criterion) {
    let (folder, registry) = (text(built()), text(built().join("bench-registry")));
    let folders = [folder.as_ptr()];
    let picture = picture();

    let in_rust = Engine::builder().plugin_folder(built()).threads(1).build().expect("an engine");
    bench.bench_function("convert 1 KiB in rust", |bench| {
        bench.iter(|| {
            let input = Operation::ImportItem(Item::from_bytes("in.ppm", picture.clone()));
            let work =
                Work { operation: "convert".into(), output_format: Some("bmp".into()), ..Work::default() };
            let job = Job::simple(vec![input], work, Operation::ExportBytes).expect("a job");
            let report = in_rust.run(&job, &Control::default());
            assert!(report.error().is_none());
            black_box(report.exported);
        });
    });

    // Without threads, as the engine in Rust: a process with one thread allocates faster.
    let engine = open(&folders, &registry, 0);
    bench.bench_function("convert 1 KiB through c", |bench| bench.iter(|| convert(engine, &picture)));
    // SAFETY: opened above.
    unsafe { formwork_engine_close(engine) };

    bench.bench_function("open and close an engine", |bench| {
        bench.iter(|| {
            // SAFETY: opened a moment ago.
            unsafe { formwork_engine_close(open(&folders, &registry, 2)) }
        });
    });
}

fn convert(engine: *mut formwork_c::Engine, picture: &[u8]) {
    let source = Source {
        struct_size: size_of::<Source>(),
        kind: SourceKind::Memory as i32,
        fd: -1,
        name: c"in.ppm".as_ptr(),
        path: null(),
        data: picture.as_ptr().cast(),
        length: picture.len(),
        read: None,
        user: null_mut(),
    };
    let mut target = Target {
        struct_size: size_of::<Target>(),
        kind: TargetKind::Memory as i32,
        fd: -1,
        path: null(),
        overwrite: 0,
        reserved: 0,
        write: None,
        user: null_mut(),
        output: null_mut(),
    };
    let request = Request { output_format: c"bmp".as_ptr(), ..Request::default() };
    // SAFETY: all structs live, and the output is ended once.
    unsafe {
        let status = formwork_convert(
            engine,
            &raw const source,
            &raw const request,
            &raw mut target,
            null_mut(),
            null_mut(),
        );
        assert_eq!(status, Status::Ok);
        formwork_output_destroy(target.output);
    }
}

fn polls(bench: &mut Criterion) {
    let (folder, registry) = (text(built()), text(built().join("bench-registry")));
    let engine = open(&[folder.as_ptr()], &registry, 0);
    let request = c"{\"tasks\": {\"in\": {\"operation\": \"import/bytes\", \"text\": \"a\"},
        \"out\": {\"operation\": \"export/bytes\", \"input\": \"in\"}}}";
    let mut job = null_mut();
    // SAFETY: the engine is open, and the job is destroyed after its last use.
    unsafe {
        formwork_job_submit(engine, request.as_ptr(), null(), &raw mut job, null_mut());
        bench.bench_function("ask how far a job is", |bench| {
            bench.iter(|| formwork_job_progress(black_box(job)))
        });
        bench.bench_function("ask where a job is", |bench| bench.iter(|| formwork_job_state(black_box(job))));
        formwork_job_destroy(job);
        formwork_engine_close(engine);
    }
}

criterion_group!(benches, calls, polls);
criterion_main!(benches);
