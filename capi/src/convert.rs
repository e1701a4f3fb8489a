//! One conversion in one call.

use crate::engine::Cancel;
use crate::engine::{Engine, alive};
use crate::error::Error;
use crate::guard::{
    Outcome, guard, hand_over, held, object, optional_text, place, published_up_to, put, read_optional,
    read_struct, text,
};
use crate::options::LogLevel;
use crate::receipt::Receipt;
use crate::source::Source;
use crate::status::Status;
use crate::target::{Target, TargetKind};
use formwork::job::Job;
use formwork::run::{Control, Work};
use std::ffi::{c_char, c_void};
use std::path::Path;
use std::ptr;
use std::time::Duration;

/// What is to be done with an input. Begin with `FORMWORK_REQUEST_INIT`; what is NULL or 0 then is the default.
#[repr(C)]
pub struct Request {
    /// Size of this struct in bytes.
    pub struct_size: usize,
    /// `convert`, which is the default, or another operation: `thumbnail`, `optimize`, `watermark`, `pdf/rotate` …
    pub operation: *const c_char,
    /// The format that is wanted, by id, alias or extension. Default: what the target's path says, or the input's own for
    /// operations that keep it.
    pub output_format: *const c_char,
    /// A JSON object of options by name, as `{"width": 800, "quality": "high"}`; `timeout` in seconds is one of them.
    pub options: *const c_char,
    /// A JSON object of wishes: `keep`, `pin`, `ban` and `avoid`, lists of features, plugins, plugins and formats.
    pub wishes: *const c_char,
    /// Called with the part that is done, from 0 to 1, at most ten times a second, on any thread, and may return
    /// anything but 0 to cancel. Must not call this library.
    pub progress: ProgressCallback,
    /// Handed to `progress`.
    pub user: *mut c_void,
    /// A token of this engine that cancels the call. Default: none does.
    pub cancel: *const Cancel,
    /// A preset by its name, as `web`: options that fit the input and the target; `options` win over it.
    pub preset: *const c_char,
}

/// Hears how far something is; anything but 0 cancels it.
pub type ProgressCallback = Option<unsafe extern "C" fn(user: *mut c_void, done: f64) -> i32>;

published_up_to!(Request, preset);

impl Default for Request {
    fn default() -> Request {
        Request {
            struct_size: size_of::<Request>(),
            operation: ptr::null(),
            output_format: ptr::null(),
            options: ptr::null(),
            wishes: ptr::null(),
            progress: None,
            user: ptr::null_mut(),
            cancel: ptr::null(),
            preset: ptr::null(),
        }
    }
}

/// A callback and what it is handed.
struct Hearer(ProgressCallback, *mut c_void);

// SAFETY: the header says that it is called on any thread.
unsafe impl Send for Hearer {}
// SAFETY: as above.
unsafe impl Sync for Hearer {}

impl Hearer {
    fn wants_more(&self, done: f64) -> bool {
        // SAFETY: the caller's function lives until the call returns.
        self.0.is_none_or(|progress| unsafe { progress(self.1, done) == 0 })
    }
}

impl Request {
    /// What is asked of plugins. `name` is the result's, when it has one.
    pub(crate) fn work(&self, engine: &Engine, name: Option<&str>) -> Outcome<Work> {
        let operation = optional_text(self.operation, "request.operation")?.unwrap_or("convert");
        let asked = optional_text(self.output_format, "request.output_format")?;
        let named = || match name.filter(|name| !name.ends_with('/')) {
            Some(name) => {
                let file = Path::new(name).file_name().map(|file| file.to_string_lossy()).unwrap_or_default();
                engine.engine.format_of_name(&file).map(|id| Some(id.to_owned()))
            }
            None => Ok(None),
        };
        let output_format = match asked {
            Some(format) => Some(format.to_owned()),
            None if operation == "convert" => named()?,
            None => named().ok().flatten(),
        };
        if output_format.is_none() && operation == "convert" {
            return Err(formwork::Error::invalid("nothing says which format is wanted")
                .with_hint("set `output_format`")
                .into());
        }
        Ok(Work {
            operation: operation.to_owned(),
            output_format,
            options: object(self.options, "request.options")?,
            preset: optional_text(self.preset, "request.preset")?.map(str::to_owned),
            wishes: formwork::plan::Wishes::from_json(&object(self.wishes, "request.wishes")?)?,
        })
    }

    fn control(&self, engine: &Engine) -> Control {
        // SAFETY: NULL, or alive until the call returns.
        let token = unsafe { self.cancel.as_ref() }.map_or(&engine.cancel, |cancel| &cancel.token);
        let control = Control::new(token.child(), None);
        if self.progress.is_none() {
            return control;
        }
        let hearer = Hearer(self.progress, self.user);
        let (cancel, meter) = (control.cancel_token().clone(), control.part(None, (0.0, 1.0)));
        control.watched(move || {
            if !hearer.wants_more(meter.progress()) {
                cancel.cancel();
            }
        })
    }
}

/// Converts one input, on the caller's thread and the engine's, and returns when the result is in its place.
///
/// `request` may be NULL when `target` is a path whose name says the format. `receipt`, `error` may be NULL. A failure
/// leaves no result.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn formwork_convert(
    engine: *mut Engine,
    source: *const Source,
    request: *const Request,
    target: *mut Target,
    receipt: *mut *mut Receipt,
    error: *mut *mut Error,
) -> Status {
    guard(error, || {
        put(receipt, ptr::null_mut());
        let engine = alive(engine)?;
        let place = read_struct(target, "target")?;
        if place.kind == TargetKind::Memory as i32 {
            // SAFETY: the caller's struct, which was read from there.
            put(unsafe { &raw mut (*target).output }, ptr::null_mut());
        }
        let source = read_struct(source, "source")?;
        let request = read_optional(request, "request")?;
        let (done, items) = convert(engine, &source, &request, &place)?;
        place.deliver(target, items)?;
        if !receipt.is_null() {
            hand_over(receipt, Receipt::of(&done));
        }
        Ok(Status::Ok)
    })
}

fn convert(
    engine: &Engine,
    source: &Source,
    request: &Request,
    target: &Target,
) -> Outcome<(formwork::deliver::Receipt, Vec<formwork::run::Item>)> {
    let export = target.export()?;
    let path =
        (target.kind == TargetKind::Path as i32).then(|| text(target.path, "target.path")).transpose()?;
    let work = request.work(engine, path)?;
    let job = Job::simple(vec![source.import(engine)?], work, export)?;
    let mut report = engine.engine.run(&job, &request.control(engine));
    if let Some(error) = report.error() {
        if let Some(log) = &engine.log {
            log.say(LogLevel::Error, &error.to_string());
        }
        return Err(error.clone().into());
    }
    let receipt = report.tasks.iter_mut().find_map(|task| task.receipts.pop());
    let receipt = receipt
        .ok_or_else(|| formwork::Error::new(formwork::ErrorKind::Internal, "no receipt was written"))?;
    let items = report.exported.pop().map(|(_, items)| items).unwrap_or_default();
    Ok((receipt, items))
}

/// Converts the file `from` to the format the name `to` says, with all defaults. Nothing is overwritten.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn formwork_convert_path(
    engine: *mut Engine,
    from: *const c_char,
    to: *const c_char,
    receipt: *mut *mut Receipt,
    error: *mut *mut Error,
) -> Status {
    guard(error, || {
        put(receipt, ptr::null_mut());
        let done = alive(engine)?.engine.convert(text(from, "from")?, text(to, "to")?)?;
        if !receipt.is_null() {
            hand_over(receipt, Receipt::of(&done));
        }
        Ok(Status::Ok)
    })
}

/// Says what an input is, without converting it: stores a JSON object at `facts`, which the caller ends with
/// `formwork_text_destroy`. `format` and, unless that is null, `name`, `family`, `mime`, `confidence`, `evidence`;
/// `facts`, as width, height, duration or pages, and `problem` when the header is broken, which is no error.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn formwork_probe(
    engine: *mut Engine,
    source: *const Source,
    facts: *mut *mut c_char,
    error: *mut *mut Error,
) -> Status {
    guard(error, || {
        place(facts, "facts")?;
        let engine = alive(engine)?;
        let item = read_struct(source, "source")?.item(engine)?;
        let probe = engine.engine.probe(item, &Control::default())?;
        crate::guard::hand_over_text(facts, &probe.to_json().to_string());
        Ok(Status::Ok)
    })
}

/// Says how an input would be converted, without doing it: stores a JSON array of up to `count` routes at `routes`, the
/// best first, which the caller ends with `formwork_text_destroy`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn formwork_plan(
    engine: *mut Engine,
    source: *const Source,
    request: *const Request,
    count: u32,
    routes: *mut *mut c_char,
    error: *mut *mut Error,
) -> Status {
    guard(error, || {
        place(routes, "routes")?;
        let engine = alive(engine)?;
        let item = read_struct(source, "source")?.item(engine)?;
        let work = held(&read_struct(request, "request")?, "request")?.work(engine, None)?;
        let plan = engine.engine.plan(item, &work, count.max(1) as usize)?;
        let list: Vec<serde_json::Value> = plan.routes.iter().map(formwork::plan::Route::to_json).collect();
        crate::guard::hand_over_text(routes, &serde_json::Value::from(list).to_string());
        Ok(Status::Ok)
    })
}

/// Milliseconds as callers give them; negative is for ever.
pub(crate) fn milliseconds(given: i64) -> Option<Duration> {
    u64::try_from(given).ok().map(Duration::from_millis)
}
