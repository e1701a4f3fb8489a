use crate::{Error, ErrorKind, Feature, Input, OutputInfo, Pieces, Result, Value, Writer};
use formwork_abi as abi;
use std::fmt::Display;

/// What is asked of a plugin, and everything the engine lends it meanwhile. Shared freely between the
/// threads of one call.
pub struct Step<'a> {
    pub(crate) raw: &'a abi::Step,
    pub(crate) host: &'a abi::Host,
    limits: abi::Limits,
}

// SAFETY: the contract lets every host function be called from any thread until the call returns, and
// all other fields are read-only.
unsafe impl Sync for Step<'_> {}
// SAFETY: as above.
unsafe impl Send for Step<'_> {}

impl<'a> Step<'a> {
    /// Wraps what came across the border.
    ///
    /// # Safety
    ///
    /// Both structs and everything they point to follow the contract and outlive `'a`.
    pub(crate) unsafe fn from_raw(raw: &'a abi::Step, host: &'a abi::Host) -> Self {
        let limits = if raw.limits.is_null() {
            abi::Limits::default()
        } else {
            // SAFETY: the caller vouches for the pointer; an older host's shorter struct is completed
            // with defaults by `read_limits`.
            unsafe { read_limits(raw.limits) }
        };
        Step { raw, host, limits }
    }

    /// Id of the format to write; empty when the operation writes what it finds.
    pub fn target(&self) -> &'a str {
        // SAFETY: the engine keeps the step's texts alive for `'a`.
        unsafe { self.raw.target.as_str() }.unwrap_or("")
    }

    /// The limits that hold.
    pub fn limits(&self) -> &abi::Limits {
        &self.limits
    }

    /// Threads this step may run on, its own included; at least 1.
    pub fn threads(&self) -> usize {
        self.limits.threads.max(1) as usize
    }

    /// The operations in the order they apply; the last one is what was asked for, those before it were
    /// fused into this step.
    pub fn operations(&self) -> impl Iterator<Item = Operation<'a>> {
        // SAFETY: pointer and length come from the engine, which keeps them alive for `'a`.
        let operations: &'a [abi::Operation] =
            unsafe { slice(self.raw.operations, self.raw.operations_length) };
        operations.iter().map(|raw| Operation { raw })
    }

    /// The last operation's options.
    pub fn options(&self) -> Options<'a> {
        self.operations().last().map_or(Options(&[]), |operation| operation.options())
    }

    /// The last operation's name.
    pub fn operation(&self) -> &'a str {
        self.operations().last().map_or("", |operation| operation.name())
    }

    /// Number of inputs.
    pub fn input_count(&self) -> usize {
        self.raw_inputs().len()
    }

    /// One input by its place.
    pub fn input_at(&'a self, index: usize) -> Option<Input<'a>> {
        self.raw_inputs().get(index).map(|raw| Input { step: self, index, raw })
    }

    /// All inputs.
    pub fn inputs(&'a self) -> impl Iterator<Item = Input<'a>> {
        self.raw_inputs().iter().enumerate().map(|(index, raw)| Input { step: self, index, raw })
    }

    /// The first input.
    ///
    /// # Errors
    ///
    /// `invalid_request` when the step has none.
    pub fn input(&'a self) -> Result<Input<'a>> {
        self.input_at(0).ok_or_else(|| Error::invalid("the step has no input"))
    }

    fn raw_inputs(&self) -> &'a [abi::Input] {
        // SAFETY: as in `operations`.
        unsafe { slice(self.raw.inputs, self.raw.inputs_length) }
    }

    /// Opens the one main output, in the step's target format.
    ///
    /// # Errors
    ///
    /// `io`.
    pub fn create_output(&'a self) -> Result<Writer<'a>> {
        Writer::open(self, &OutputInfo::default())
    }

    /// Opens the main output and says how long it will be.
    ///
    /// # Errors
    ///
    /// `io`.
    pub fn create_output_of(&'a self, length: u64) -> Result<Writer<'a>> {
        Writer::open(self, &OutputInfo { length: Some(length), ..OutputInfo::default() })
    }

    /// Opens a named output: a page, an entry of an archive.
    ///
    /// # Errors
    ///
    /// `invalid_request` when the name climbs out or is taken; `limit_exceeded`; `io`.
    pub fn create_named_output(&'a self, info: &OutputInfo<'_>) -> Result<Writer<'a>> {
        Writer::open(self, info)
    }

    /// Writes the main output in one go.
    ///
    /// # Errors
    ///
    /// `limit_exceeded` (`output`); `io`.
    pub fn write_output(&'a self, bytes: &[u8]) -> Result<()> {
        let mut output = self.create_output_of(bytes.len() as u64)?;
        output.append(bytes)?;
        output.close()
    }

    /// Reports progress and asks whether to go on. Call it for every 64 KiB or 50 ms; it costs
    /// nanoseconds. `total` 0 means unknown.
    ///
    /// # Errors
    ///
    /// `cancelled` or `timeout`: stop and pass it on.
    pub fn tick(&self, done: u64, total: u64) -> Result<()> {
        match (self.host.tick)(self.host.context, done, total) {
            abi::TICK_CONTINUE => Ok(()),
            abi::TICK_DEADLINE => Err(Error::new(ErrorKind::Timeout, "the deadline passed")),
            _ => Err(Error::new(ErrorKind::Cancelled, "the job was cancelled")),
        }
    }

    /// Records something the user should know, in one sentence.
    pub fn warn(&self, message: impl AsRef<str>) {
        (self.host.warn)(self.host.context, abi::Text::new(message.as_ref()));
    }

    /// Records that a feature of the input is not in the output.
    pub fn lose(&self, feature: Feature, detail: impl AsRef<str>) {
        let detail = abi::Text::new(detail.as_ref());
        (self.host.lose)(self.host.context, abi::Text::new(feature.word()), detail);
    }

    /// Records facts: members of a JSON object. Facts of what was written (`width`, `height`, `frames`,
    /// `entries`, `duration`) are compared with the finished file before it is handed over. `exact`: true says that
    /// samples arrived as they were, although the target is a lossy one: they were copied.
    pub fn report(&self, facts: &Value) {
        let text = facts.to_string();
        (self.host.report)(self.host.context, abi::Text::new(&text));
    }

    /// What this call is to do of `all` that the step as a whole does; all of it, unless the capability says `in_parts`.
    pub fn part_of<'t, T>(&self, all: &'t [T]) -> &'t [T] {
        let options = self.options();
        let part = options.text("part").and_then(|part| part.split_once('+'));
        let number = |text: &str| text.parse::<usize>().ok();
        let Some((first, count)) = part.and_then(|(first, count)| number(first).zip(number(count))) else {
            return all;
        };
        self.report(&crate::json!({ "parts": all.len() }));
        let rest = all.get(first..).unwrap_or_default();
        rest.get(..count).unwrap_or(rest)
    }

    /// Where pieces of this step's work are kept, so that a job that was killed goes on within the step; `None` where
    /// nothing is. A step must come to the same bytes with what was kept and without.
    pub fn pieces(&'a self) -> Option<Pieces<'a>> {
        Pieces::of(self)
    }

    /// Fails when a value passes the limit of that name.
    ///
    /// # Errors
    ///
    /// `limit_exceeded`.
    pub fn within(&self, name: &str, met: u64, allowed: u64) -> Result<()> {
        if met > allowed { Err(Error::limit(name, met, allowed)) } else { Ok(()) }
    }

    pub(crate) fn fail(&self, error: &Error) {
        let limit = error.limit.as_deref().unwrap_or("");
        let text = abi::Text::new;
        (self.host.fail)(self.host.context, text(error.kind.word()), text(limit), text(&error.message));
    }
}

/// One operation of a step.
#[derive(Clone, Copy)]
pub struct Operation<'a> {
    raw: &'a abi::Operation,
}

impl<'a> Operation<'a> {
    /// Its name, as in `convert`.
    pub fn name(&self) -> &'a str {
        // SAFETY: the engine keeps the step's texts alive for `'a`.
        unsafe { self.raw.name.as_str() }.unwrap_or("")
    }

    /// Its options.
    pub fn options(&self) -> Options<'a> {
        // SAFETY: as in `name`.
        Options(unsafe { slice(self.raw.options, self.raw.options_length) })
    }
}

/// The options of an operation: checked by the engine, defaults filled in.
#[derive(Clone, Copy)]
pub struct Options<'a>(&'a [abi::OptionValue]);

impl<'a> Options<'a> {
    fn find(&self, name: &str, kind: u32) -> Option<&'a abi::OptionValue> {
        self.0.iter().find(|option| {
            // SAFETY: the engine keeps the step's texts alive for `'a`.
            option.kind == kind && unsafe { option.name.bytes() } == name.as_bytes()
        })
    }

    /// A boolean; false when absent.
    pub fn flag(&self, name: &str) -> bool {
        self.find(name, abi::KIND_BOOLEAN).is_some_and(|option| option.integer != 0)
    }

    /// A whole number.
    pub fn integer(&self, name: &str) -> Option<i64> {
        self.find(name, abi::KIND_INTEGER).map(|option| option.integer)
    }

    /// A whole number as another type; `None` as well when it does not fit.
    pub fn get<T: TryFrom<i64>>(&self, name: &str) -> Option<T> {
        self.integer(name).and_then(|value| T::try_from(value).ok())
    }

    /// A number; whole numbers count too.
    pub fn number(&self, name: &str) -> Option<f64> {
        let number = self.find(name, abi::KIND_NUMBER).map(|option| option.number);
        number.or_else(|| self.integer(name).map(|value| value as f64))
    }

    /// Text.
    pub fn text(&self, name: &str) -> Option<&'a str> {
        // SAFETY: as in `find`.
        self.find(name, abi::KIND_TEXT).and_then(|option| unsafe { option.text.as_str() })
    }

    /// A colour as red, green, blue, alpha.
    pub fn colour(&self, name: &str) -> Option<[u8; 4]> {
        let digits = self.text(name)?.strip_prefix('#')?;
        let value = u32::from_str_radix(digits, 16).ok().filter(|_| digits.len() == 8)?;
        Some(value.to_be_bytes())
    }
}

/// Lets several limits be checked in one chain of `?`.
impl Step<'_> {
    /// Checks a picture's size against `side`, `pixels`, and `memory` at so many bytes a pixel.
    ///
    /// # Errors
    ///
    /// `corrupt_input` for an empty picture; `limit_exceeded`.
    pub fn check_picture(&self, width: u64, height: u64, bytes_per_pixel: u64) -> Result<()> {
        if width == 0 || height == 0 {
            return Err(Error::corrupt(format!("the picture is {width} by {height} pixels")));
        }
        let limits = self.limits();
        self.within("side", width.max(height), limits.side)?;
        let pixels = width.saturating_mul(height);
        self.within("pixels", pixels, limits.pixels)?;
        self.within("memory", pixels.saturating_mul(bytes_per_pixel), limits.memory)
    }

    /// Records a warning about one thing in the input, as in `entry "a": skipped`.
    pub fn warn_about(&self, subject: impl Display, message: impl Display) {
        self.warn(format!("{subject}: {message}"));
    }
}

/// # Safety
///
/// `pointer` is null or points to `length` values that outlive `'a`.
unsafe fn slice<'a, T>(pointer: *const T, length: usize) -> &'a [T] {
    if pointer.is_null() || length == 0 {
        return &[];
    }
    // SAFETY: the caller vouches for it.
    unsafe { std::slice::from_raw_parts(pointer, length) }
}

/// Copies as much of the host's limits as both sides know; defaults complete the rest.
///
/// # Safety
///
/// `pointer` points to a `Limits` of at least its own `size` bytes.
unsafe fn read_limits(pointer: *const abi::Limits) -> abi::Limits {
    let mut limits = abi::Limits::default();
    // SAFETY: `size` is the first field and always present.
    let given = unsafe { (*pointer).size } as usize;
    let known = given.min(size_of::<abi::Limits>());
    // SAFETY: both sides hold at least `known` bytes, every field is a plain integer.
    unsafe {
        std::ptr::copy_nonoverlapping(pointer.cast::<u8>(), (&raw mut limits).cast::<u8>(), known);
    }
    limits
}
