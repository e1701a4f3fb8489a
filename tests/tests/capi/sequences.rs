//! Calls in random order, with random arguments, as no sensible program would make them: nothing crashes, and what is
//! asked in a wrong moment is told so. And opening and closing again and again leaves nothing behind.
//!
//! `FORMWORK_API_CALLS` says how many calls, `FORMWORK_API_CYCLES` how many engines; a few in the usual run.

use super::plugins;
use formwork_c::*;
use formwork_tests::place::Scratch;
use formwork_tests::random::Random;
use std::ffi::{CStr, CString, c_char, c_void};
use std::path::Path;
use std::ptr::{null, null_mut};

fn count(name: &str, usual: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(usual)
}

/// Texts that may stand where a text is asked for.
const TEXTS: &[&CStr] = &[
    c"",
    c"png",
    c"bmp",
    c"ppm",
    c"nosuch",
    c"\xff\xfe",
    c"in",
    c"{}",
    c"[1, 2",
    c"{\"width\": 3}",
    c"/nowhere/at/all",
    c"convert",
    c"thumbnail",
    c"{\"tasks\": {\"in\": {\"operation\": \"import/bytes\", \"text\": \"P3 1 1 1 0 0 0\", \"filename\": \"a.ppm\"},
      \"png\": {\"operation\": \"convert\", \"input\": \"in\", \"output_format\": \"png\"},
      \"out\": {\"operation\": \"export/bytes\", \"input\": \"png\"}}}",
    c"{\"tasks\": {\"in\": {\"operation\": \"import/bytes\"}, \"out\": {\"operation\": \"export/bytes\", \"input\": \"in\"}}}",
];

const PICTURE: &[u8] = b"P6\n2 2\n255\nabcdefghijkl";

/// Everything a program may hold.
struct Holder {
    random: Random,
    folder: CString,
    registry: CString,
    engines: Vec<*mut Engine>,
    jobs: Vec<*mut Job>,
    outputs: Vec<*mut Output>,
    receipts: Vec<*mut Receipt>,
    errors: Vec<*mut Error>,
    texts: Vec<*mut c_char>,
    iterators: Vec<*mut FormatIterator>,
}

/// As many of a kind are held at most.
const MOST: usize = 4;

/// However a call ended.
fn done<T>(_: T) {}

/// One of these, sometimes none.
fn one<T>(random: &mut Random, held: &[*mut T]) -> *mut T {
    match random.below(16) {
        0 => null_mut(),
        _ => held.get(random.below(held.len())).copied().unwrap_or(null_mut()),
    }
}

/// Keeps an object, or ends it when there are enough.
fn keep<T>(held: &mut Vec<*mut T>, object: *mut T, end: unsafe extern "C" fn(*mut T)) {
    if object.is_null() {
        return;
    }
    held.push(object);
    if held.len() > MOST {
        // SAFETY: held, and taken out.
        unsafe { end(held.remove(0)) }
    }
}

impl Holder {
    fn text(&mut self) -> *const c_char {
        match self.random.below(12) {
            0 => null(),
            _ => TEXTS[self.random.below(TEXTS.len())].as_ptr(),
        }
    }

    fn source(&mut self) -> Source {
        let length = self.random.below(PICTURE.len() + 1);
        let whole = self.random.below(4) > 0;
        Source {
            struct_size: if self.random.below(20) == 0 {
                self.random.below(200)
            } else {
                size_of::<Source>()
            },
            kind: self.random.below(6) as i32
                - if self.random.below(3) == 0 { 0 } else { self.random.below(2) as i32 },
            fd: -1,
            name: self.text(),
            path: self.text(),
            data: if self.random.below(10) == 0 { null() } else { PICTURE.as_ptr().cast() },
            length: if whole { PICTURE.len() } else { length },
            read: if self.random.below(3) == 0 { None } else { Some(read) },
            user: null_mut(),
        }
    }

    fn request(&mut self) -> Request {
        let options = self.random.below(3) == 0;
        Request {
            struct_size: size_of::<Request>(),
            operation: if self.random.below(4) == 0 { self.text() } else { null() },
            output_format: self.text(),
            options: if options { self.text() } else { null() },
            wishes: if self.random.below(8) == 0 { self.text() } else { null() },
            progress: if self.random.below(3) == 0 { Some(progress) } else { None },
            user: null_mut(),
            cancel: null(),
            preset: if self.random.below(9) == 0 { self.text() } else { null() },
        }
    }

    /// Makes one call. All arguments are what the header allows, or what it calls misuse.
    #[allow(clippy::too_many_lines, reason = "one arm for each function")]
    fn call(&mut self) {
        let (mut error, mut text) = (null_mut(), null_mut());
        let wants_error = self.random.below(3) > 0;
        let told: *mut *mut Error = if wants_error { &raw mut error } else { null_mut() };
        let engine = one(&mut self.random, &self.engines);
        let job = one(&mut self.random, &self.jobs);
        let output = one(&mut self.random, &self.outputs);
        // SAFETY: every object is alive, of one thread, and every place may be written.
        unsafe {
            match self.random.below(40) {
                0 if self.engines.len() < 2 => {
                    let folders = [self.folder.as_ptr()];
                    let options = EngineOptions {
                        plugin_folders: folders.as_ptr(),
                        plugin_folder_count: 1,
                        registry_cache: self.registry.as_ptr(),
                        isolation: ISOLATION_NONE,
                        threads: self.random.below(2) as i32,
                        ..EngineOptions::default()
                    };
                    let mut engine = null_mut();
                    formwork_engine_open(&raw const options, &raw mut engine, told);
                    keep(&mut self.engines, engine, formwork_engine_close);
                }
                1 if self.engines.len() == 2 && self.random.below(50) == 0 => {
                    formwork_engine_close(self.engines.remove(0));
                }
                2..=4 => done(formwork_engine_step(engine, self.random.below(3) as u32)),
                5 => done(formwork_formats(engine, &raw mut text, told)),
                6 => done(formwork_targets(engine, self.text(), &raw mut text, told)),
                7 => {
                    done(formwork_options(engine, self.text(), self.text(), self.text(), &raw mut text, told))
                }
                8 => done(formwork_plugins(engine, &raw mut text, told)),
                9 => {
                    let source = self.source();
                    formwork_probe(engine, &raw const source, &raw mut text, told);
                }
                10 => {
                    let (source, request) = (self.source(), self.request());
                    formwork_plan(engine, &raw const source, &raw const request, 2, &raw mut text, told);
                }
                11..=15 => self.convert(engine, told),
                16..=18 => self.submit(engine, told),
                19 => done(formwork_job_wait(job, self.random.below(2) as i64, told)),
                20 => done(formwork_job_status(job, &raw mut text, told)),
                21 => done(formwork_job_report(job, &raw mut text, told)),
                22 => done(formwork_job_events(job, self.random.below(9) as u64, &raw mut text, told)),
                23 => done(formwork_job_cancel(job, self.text(), told)),
                24 => done(formwork_job_retry(job, self.text(), told)),
                25 => {
                    let mut output = null_mut();
                    formwork_job_output(job, self.random.below(3), &raw mut output, told);
                    keep(&mut self.outputs, output, formwork_output_destroy);
                }
                26 => {
                    formwork_job_id(job);
                    formwork_job_progress(job);
                    formwork_job_state(job);
                }
                27 if !self.jobs.is_empty() => formwork_job_destroy(self.jobs.remove(0)),
                28 => {
                    let (mut buffer, mut count) = ([0_u8; 32], 0);
                    let length = self.random.below(33);
                    let offset = self.random.below(200) as u64;
                    formwork_output_read(
                        output,
                        offset,
                        buffer.as_mut_ptr().cast(),
                        length,
                        &raw mut count,
                        told,
                    );
                    assert!(count <= length);
                }
                29 => {
                    let mut data = null();
                    formwork_output_data(output, &raw mut data, told);
                }
                30 => {
                    formwork_output_name(output);
                    formwork_output_format(output);
                    formwork_output_media_type(output);
                    formwork_output_size(output);
                }
                31 => {
                    let receipt = one(&mut self.random, &self.receipts);
                    formwork_verify(formwork_receipt_json(receipt), &raw mut text, told);
                }
                32 => {
                    let mut iterator = null_mut();
                    formwork_formats_begin(engine, &raw mut iterator, told);
                    keep(&mut self.iterators, iterator, formwork_format_iterator_destroy);
                }
                33..=34 => {
                    let mut row: FormatRow = std::mem::zeroed();
                    row.struct_size = if self.random.below(9) == 0 { 3 } else { size_of::<FormatRow>() };
                    let iterator = one(&mut self.random, &self.iterators);
                    formwork_format_iterator_next(iterator, &raw mut row, told);
                }
                35 => {
                    let error = one(&mut self.random, &self.errors);
                    formwork_error_status(error);
                    formwork_error_kind(error);
                    formwork_error_message(error);
                    formwork_error_hint(error);
                    formwork_error_limit(error);
                    formwork_error_json(error);
                    formwork_error_is_temporary(error);
                }
                36 => {
                    let mut descriptor = 0;
                    formwork_engine_events_fd(engine, &raw mut descriptor, told);
                }
                37 => done(formwork_engine_next_event(engine, &raw mut text, told)),
                38 => {
                    formwork_status_http(self.random.below(40) as i32 - 10);
                    formwork_has_feature(self.text());
                    formwork_api_version();
                    formwork_version();
                }
                _ => {
                    formwork_matrix(null_mut(), &raw mut text, told);
                    formwork_text_destroy(null_mut());
                }
            }
        }
        keep(&mut self.texts, text, formwork_text_destroy);
        keep(&mut self.errors, error, formwork_error_destroy);
    }

    unsafe fn convert(&mut self, engine: *mut Engine, told: *mut *mut Error) {
        let (source, request) = (self.source(), self.request());
        let mut target = Target {
            struct_size: size_of::<Target>(),
            kind: [2, 2, 2, 4, 1, 0][self.random.below(6)],
            fd: -1,
            path: null(),
            overwrite: 0,
            reserved: 0,
            write: if self.random.below(4) == 0 { None } else { Some(write) },
            user: null_mut(),
            output: null_mut(),
        };
        let mut receipt = null_mut();
        // SAFETY: as in `call`.
        unsafe {
            formwork_convert(
                engine,
                &raw const source,
                &raw const request,
                &raw mut target,
                &raw mut receipt,
                told,
            );
        }
        keep(&mut self.outputs, target.output, formwork_output_destroy);
        keep(&mut self.receipts, receipt, formwork_receipt_destroy);
    }

    unsafe fn submit(&mut self, engine: *mut Engine, told: *mut *mut Error) {
        let source = self.source();
        let held = HeldInput {
            struct_size: size_of::<HeldInput>(),
            task: self.text(),
            source: if self.random.below(9) == 0 { null() } else { &raw const source },
        };
        let options = JobOptions {
            held: &raw const held,
            held_count: self.random.below(2),
            tenant: if self.random.below(4) == 0 { self.text() } else { null() },
            timeout_ms: self.random.below(2) as u64 * 1_000,
            listener: if self.random.below(2) == 0 { None } else { Some(listen) },
            ..JobOptions::default()
        };
        let mut job = null_mut();
        // SAFETY: as in `call`.
        unsafe {
            let request = if self.random.below(3) == 0 { self.text() } else { TEXTS[13].as_ptr() };
            formwork_job_submit(engine, request, &raw const options, &raw mut job, told);
        }
        keep(&mut self.jobs, job, formwork_job_destroy);
    }
}

impl Drop for Holder {
    fn drop(&mut self) {
        // In no particular order: engines before what came from them.
        // SAFETY: all are held, and nothing is used after.
        unsafe {
            self.engines.drain(..).for_each(|one| formwork_engine_close(one));
            self.jobs.drain(..).for_each(|one| formwork_job_destroy(one));
            self.outputs.drain(..).for_each(|one| formwork_output_destroy(one));
            self.receipts.drain(..).for_each(|one| formwork_receipt_destroy(one));
            self.errors.drain(..).for_each(|one| formwork_error_destroy(one));
            self.texts.drain(..).for_each(|one| formwork_text_destroy(one));
            self.iterators.drain(..).for_each(|one| formwork_format_iterator_destroy(one));
        }
    }
}

unsafe extern "C" fn read(_: *mut c_void, buffer: *mut c_void, length: usize) -> isize {
    thread_local!(static CALLS: std::cell::Cell<usize> = const { std::cell::Cell::new(0) });
    let call = CALLS.get();
    CALLS.set(call + 1);
    match call % 5 {
        0 => -5,
        1 | 3 => {
            let count = length.min(PICTURE.len());
            // SAFETY: the library says that so many bytes may be written.
            unsafe { buffer.cast::<u8>().copy_from_nonoverlapping(PICTURE.as_ptr(), count) };
            count as isize
        }
        2 => 0,
        _ => isize::MAX,
    }
}

unsafe extern "C" fn write(_: *mut c_void, _: *const c_void, length: usize) -> i32 {
    i32::from(length.is_multiple_of(7))
}

unsafe extern "C" fn progress(_: *mut c_void, done: f64) -> i32 {
    i32::from(done > 0.7)
}

unsafe extern "C" fn listen(_: *mut c_void, event: *const JobEvent) {
    assert!(!event.is_null());
}

#[test]
fn random_calls_never_crash() {
    let scratch = Scratch::new("sequences").unwrap();
    let text = |path: &Path| CString::new(path.to_str().unwrap()).unwrap();
    let calls = count("FORMWORK_API_CALLS", 20_000);
    let mut holder = Holder {
        random: Random::new(7),
        folder: text(&plugins(&scratch)),
        registry: text(&scratch.join("registry")),
        engines: Vec::new(),
        jobs: Vec::new(),
        outputs: Vec::new(),
        receipts: Vec::new(),
        errors: Vec::new(),
        texts: Vec::new(),
        iterators: Vec::new(),
    };
    let start = std::time::Instant::now();
    (0..calls).for_each(|_| holder.call());
    println!("{calls} calls in {:?}, {} outputs held at the end", start.elapsed(), holder.outputs.len());
    assert!(!holder.outputs.is_empty() && !holder.receipts.is_empty() && !holder.errors.is_empty());
}

/// Resident bytes, descriptors and threads of this process.
fn held() -> (u64, usize, usize) {
    let pages = std::fs::read_to_string("/proc/self/statm").unwrap();
    let resident = pages.split(' ').nth(1).unwrap().parse::<u64>().unwrap() * 4096;
    let entries = |folder: &str| std::fs::read_dir(folder).unwrap().count();
    (resident, entries("/proc/self/fd"), entries("/proc/self/task"))
}

#[test]
fn opening_and_closing_leaves_nothing_behind() {
    let scratch = Scratch::new("cycles").unwrap();
    let text = |path: &Path| CString::new(path.to_str().unwrap()).unwrap();
    let (folder, registry) = (text(&plugins(&scratch)), text(&scratch.join("registry")));
    let cycle = || {
        let folders = [folder.as_ptr()];
        let options = EngineOptions {
            plugin_folders: folders.as_ptr(),
            plugin_folder_count: 1,
            registry_cache: registry.as_ptr(),
            threads: 2,
            ..EngineOptions::default()
        };
        let mut engine = null_mut();
        // SAFETY: every place may be written, and the engine is closed once.
        unsafe {
            assert_eq!(formwork_engine_open(&raw const options, &raw mut engine, null_mut()), Status::Ok);
            formwork_engine_close(engine);
        }
    };
    let cycles = count("FORMWORK_API_CYCLES", 500);
    (0..cycles.min(200)).for_each(|_| cycle());
    let before = held();
    let start = std::time::Instant::now();
    (0..cycles).for_each(|_| cycle());
    let after = held();
    println!("{cycles} cycles in {:?}: {before:?} before, {after:?} after", start.elapsed());
    // Other tests of this program run beside it; a leak of a page a cycle would be more.
    assert!(after.0 < before.0 + (8 << 20), "{before:?} {after:?}");
}
