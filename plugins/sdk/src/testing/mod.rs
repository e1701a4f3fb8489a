//! A small engine for a plugin's own tests, behind the feature `testing`.
//!
//! It builds the structs of the border and calls the exported entry function as the engine does: options
//! get the defaults of the capability that fits, limits are enforced on what is written, names of outputs
//! are checked, nothing of a failed step is kept.
//!
//! ```
//! use formwork_sdk::testing::Job;
//! # use formwork_sdk::{Capability, Description, Plugin, Result, Step, export_plugin};
//! # struct Copy;
//! # impl Plugin for Copy {
//! #     fn describe() -> Description {
//! #         Description { id: "copy".into(), capabilities: vec![Capability::default()], ..Default::default() }
//! #     }
//! #     fn run(step: &Step) -> Result<()> {
//! #         step.write_output(&step.input()?.bytes()?)
//! #     }
//! # }
//! # export_plugin!(Copy);
//! let outcome = Job::new("convert").input("a.txt", "txt", b"words".as_slice()).target("txt").run(formwork_plugin_entry_v1);
//! assert_eq!(outcome.expect_one(), b"words");
//! ```

mod call;
mod host;
mod pieces;

use crate::{Description, ErrorKind, InputKind, OutputKind, Value};
use formwork_abi as abi;
use std::collections::BTreeMap;
use std::fs::File;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::SystemTime;

pub use call::describe;
pub use formwork_abi::{Entry, Limits};

/// What is to be done, built up link by link and then [run](Job::run) or [probed](Job::probe).
#[derive(Debug, Default)]
pub struct Job {
    operations: Vec<(String, Vec<(String, Value)>)>,
    target: String,
    inputs: Vec<Given>,
    limits: Limits,
    streamed: bool,
    piped: bool,
    cancel_after: Option<u64>,
    sink: Sink,
    pieces: Option<KeptPieces>,
}

/// Pieces of steps' work by their names, kept from one call to the next.
pub type KeptPieces = Arc<Mutex<BTreeMap<String, Vec<u8>>>>;

/// Where the bytes of outputs go.
#[derive(Clone, Debug, Default)]
enum Sink {
    #[default]
    Memory,
    Nowhere,
    Folder(PathBuf),
}

/// One input as the test hands it over.
#[derive(Debug)]
struct Given {
    name: String,
    format: String,
    kind: InputKind,
    content: Content,
    modified: Option<SystemTime>,
    mode: u32,
}

#[derive(Debug)]
enum Content {
    Memory(Vec<u8>),
    File(File, u64),
    Path(PathBuf, u64),
}

impl Job {
    /// A job of one operation, as in `convert`.
    pub fn new(operation: &str) -> Job {
        Job { operations: vec![(operation.to_owned(), Vec::new())], ..Job::default() }
    }

    /// Puts an operation before the last one, as a fused step has it.
    pub fn before(mut self, operation: &str, options: &[(&str, Value)]) -> Job {
        let options = options.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
        let place = self.operations.len().saturating_sub(1);
        self.operations.insert(place, (operation.to_owned(), options));
        self
    }

    /// Adds a file.
    pub fn input(self, name: &str, format: &str, bytes: impl Into<Vec<u8>>) -> Job {
        self.entry(name, format, InputKind::File, Content::Memory(bytes.into()))
    }

    /// Adds a directory.
    pub fn directory(self, name: &str) -> Job {
        self.entry(name, "", InputKind::Directory, Content::Memory(Vec::new()))
    }

    /// Adds a symbolic link.
    pub fn symlink(self, name: &str, target: &str) -> Job {
        self.entry(name, "", InputKind::Symlink, Content::Memory(target.into()))
    }

    /// Adds a file that is read from disk piece by piece, as the engine does with large ones.
    ///
    /// # Panics
    ///
    /// When the file has no length.
    #[expect(
        clippy::expect_used,
        reason = "a test's own file that cannot be asked for its length ends the test"
    )]
    pub fn input_file(self, name: &str, format: &str, file: File) -> Job {
        let length = file.metadata().expect("the file has a length").len();
        self.entry(name, format, InputKind::File, Content::File(file, length))
    }

    /// Sets the last added input's time of last change and permission bits.
    pub fn dated(mut self, modified: SystemTime, mode: u32) -> Job {
        if let Some(last) = self.inputs.last_mut() {
            (last.modified, last.mode) = (Some(modified), mode);
        }
        self
    }

    /// Adds a file that is opened whenever it is read, so that thousands can be handed over.
    ///
    /// # Panics
    ///
    /// When the file is not there.
    #[expect(clippy::expect_used, reason = "a test's own file that is not there ends the test")]
    pub fn input_path(self, name: &str, format: &str, path: impl Into<PathBuf>) -> Job {
        let path = path.into();
        let length = path.metadata().expect("the file is there").len();
        self.entry(name, format, InputKind::File, Content::Path(path, length))
    }

    fn entry(mut self, name: &str, format: &str, kind: InputKind, content: Content) -> Job {
        let (name, format) = (name.to_owned(), format.to_owned());
        self.inputs.push(Given { name, format, kind, content, modified: None, mode: 0 });
        self
    }

    /// Sets the format to write.
    pub fn target(mut self, format: &str) -> Job {
        self.target = format.to_owned();
        self
    }

    /// Sets an option of the last operation: a boolean, number or text in JSON.
    pub fn option(mut self, name: &str, value: impl Into<Value>) -> Job {
        if let Some((_, options)) = self.operations.last_mut() {
            options.push((name.to_owned(), value.into()));
        }
        self
    }

    /// Sets how many threads the step may run on.
    pub fn threads(mut self, threads: u32) -> Job {
        self.limits.threads = threads;
        self
    }

    /// Changes the limits.
    pub fn limit(mut self, change: impl FnOnce(&mut Limits)) -> Job {
        change(&mut self.limits);
        self
    }

    /// Hands inputs over for reading only, never as memory.
    pub fn streamed(mut self) -> Job {
        self.streamed = true;
        self
    }

    /// Hands inputs over as pipes: for reading only, of unknown length.
    pub fn piped(mut self) -> Job {
        (self.streamed, self.piped) = (true, true);
        self
    }

    /// Cancels the job at this tick.
    pub fn cancel_after(mut self, ticks: u64) -> Job {
        self.cancel_after = Some(ticks);
        self
    }

    /// Keeps pieces of the step's work, and lets it find those that are there.
    pub fn keeping(mut self, pieces: &KeptPieces) -> Job {
        self.pieces = Some(pieces.clone());
        self
    }

    /// Drops what is written, after counting it.
    pub fn discard(mut self) -> Job {
        self.sink = Sink::Nowhere;
        self
    }

    /// Writes outputs below a folder instead of keeping them in memory: the main output as `output`.
    pub fn into_folder(mut self, folder: impl Into<PathBuf>) -> Job {
        self.sink = Sink::Folder(folder.into());
        self
    }

    /// Calls the plugin's `run`.
    pub fn run(self, entry: Entry) -> Outcome {
        call::call(self, entry, |plugin| plugin.run)
    }

    /// Calls the plugin's `probe`.
    pub fn probe(self, entry: Entry) -> Outcome {
        call::call(self, entry, |plugin| plugin.probe)
    }
}

/// What a call left behind.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// The closed outputs in the order they were opened; empty after a failure.
    pub outputs: Vec<Produced>,
    /// Warnings in order.
    pub warnings: Vec<String>,
    /// Losses: the feature's word, and what was lost.
    pub losses: Vec<(String, String)>,
    /// Facts reported, merged.
    pub facts: serde_json::Map<String, Value>,
    /// How often the plugin called `tick`.
    pub ticks: u64,
    /// Why the call failed.
    pub error: Option<Failure>,
}

/// One output.
#[derive(Clone, Debug)]
pub struct Produced {
    /// Its name; empty for the main output.
    pub name: String,
    /// What it becomes on disk.
    pub kind: OutputKind,
    /// Its format.
    pub format: String,
    /// Its bytes, unless they were sent elsewhere.
    pub bytes: Vec<u8>,
    /// How many bytes were written.
    pub length: u64,
    /// Last change, when told.
    pub modified: Option<SystemTime>,
    /// Unix permission bits, or 0.
    pub mode: u32,
    closed: bool,
}

/// A failure as it crossed the border.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// Whose fault it is.
    pub kind: ErrorKind,
    /// The limit's name, or empty.
    pub limit: String,
    /// The sentence.
    pub message: String,
}

impl Outcome {
    /// Returns the bytes of the one output.
    ///
    /// # Panics
    ///
    /// When the call failed or wrote none or several outputs.
    #[expect(clippy::panic, reason = "a test's assertion")]
    pub fn expect_one(&self) -> &[u8] {
        match (&self.error, self.outputs.as_slice()) {
            (None, [one]) => &one.bytes,
            (None, many) => panic!("{} outputs where one was expected", many.len()),
            (Some(error), _) => panic!("failed: {error:?}"),
        }
    }

    /// Returns the output of that name.
    pub fn named(&self, name: &str) -> Option<&Produced> {
        self.outputs.iter().find(|output| output.name == name)
    }

    /// Returns the failure's kind and limit, as in `("limit_exceeded", "entries")`.
    pub fn failure(&self) -> Option<(&'static str, &str)> {
        self.error.as_ref().map(|error| (error.kind.word(), error.limit.as_str()))
    }

    /// Tells whether a loss of that word was recorded.
    pub fn lost(&self, feature: &str) -> bool {
        self.losses.iter().any(|(word, _)| word == feature)
    }
}

/// Finds what an option's default is, in the first capability that fits the job.
fn defaults(description: &Description, job: &Job) -> Vec<(String, Value)> {
    let Some((operation, given)) = job.operations.last() else { return Vec::new() };
    let format = job.inputs.first().map_or("", |input| input.format.as_str());
    let fits = |capability: &&crate::Capability| {
        capability.operation == *operation
            && (capability.to.is_empty() || capability.to.contains(&job.target))
            && (capability.many_inputs || capability.from.iter().any(|from| from == format))
    };
    let Some(capability) = description.capabilities.iter().find(fits) else { return Vec::new() };
    let missing = capability.options.iter().filter(|spec| !given.iter().any(|(name, _)| *name == spec.name));
    missing
        .filter_map(|spec| Some((spec.name.clone(), serde_json::to_value(spec.default.as_ref()?).ok()?)))
        .collect()
}

/// Tells which number stands for a kind of input at the border.
fn kind_number(kind: InputKind) -> u32 {
    match kind {
        InputKind::File => abi::KIND_FILE,
        InputKind::Directory => abi::KIND_DIRECTORY,
        InputKind::Symlink => abi::KIND_SYMLINK,
    }
}
