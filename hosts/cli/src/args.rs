//! The words of the command line. They are stable: scripts and measurements call them.

use clap::{Args as ClapArgs, Parser, Subcommand};
use std::ffi::OsString;
use std::path::PathBuf;

const EXAMPLES: &str = "\
Examples:
  formwork convert holiday.heic holiday.webp
  formwork convert photos/*.cr2 --to jpg -o out/ --set quality=high --set width=1600
  formwork convert photo.tif photo.jpg --preset web --set quality=90
  formwork convert report.zip report.7z
  formwork convert report.pdf pages.zip --to png --set density=200
  formwork extract backup.tgz backup/
  formwork archive docs/ notes.txt all.zip --set password=secret
  formwork thumbnail film.gif small.png --set width=200
  formwork watermark film.mp4 logo.png marked.mp4 --set position=bottom-right
  formwork plan report.zip --to 7z
  formwork probe mystery.bin --json
  formwork metadata song.mp3
  formwork convert in.png out.webp --receipt out.json && formwork verify out.json
  cat in.png | formwork convert - - --to webp > out.webp

More operations: archive, extract, thumbnail, crop, optimize; `formwork formats --operation NAME` says
what each reads and writes, `formwork options FROM TO` which options there are.";

/// Converts files: images and archives, from any of their formats to any other.
const JOBS: &str = "\
Examples:
  formwork run job.json
  formwork run job.json --json --events
  formwork run monday.json tuesday.json --json      a batch: each line names its job, by number and tag
  make-jobs | formwork run - --json                 a batch, one job a line
  formwork run long.json --journal long.journal     after a crash, the same again goes on

All jobs are checked before any runs, and share one queue. The exit code is 1 when some of a batch failed.";

#[derive(Parser)]
#[command(name = "formwork", version, about, after_help = EXAMPLES, subcommand_required = true, arg_required_else_help = true)]
pub(crate) struct Args {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Converts files: IN… OUT, or IN… --to FORMAT -o FOLDER
    #[command(after_help = EXAMPLES)]
    Convert(Transfer),
    /// Shows the route a conversion would take, or the steps of a job, with cost and losses; runs nothing
    Plan(Plan),
    /// Runs jobs: graphs of named tasks in JSON
    #[command(after_help = JOBS)]
    Run(Job),
    /// Says whether files are still what their receipts say
    Verify(Verify),
    /// Says what a file is: format, dimensions, frames, entries, metadata
    Probe(Probe),
    /// Lists formats, or what one can become
    Formats(Formats),
    /// Lists every capability of every plugin
    Matrix(Listing),
    /// Lists the options of a conversion
    Options(Options),
    /// Shows which plugins and back ends are there, and what to install for the rest
    Doctor(Listing),
    /// Prints completions for a shell
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Prints the manual page
    Man,
    /// Prints the families a command line needs
    #[command(hide = true)]
    Families {
        /// The command line
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<OsString>,
    },
    /// Describes one plugin file
    #[command(hide = true)]
    ScanPlugin {
        /// The file
        path: PathBuf,
    },
    #[command(external_subcommand)]
    Operation(Vec<OsString>),
}

/// IN… OUT, and how.
#[derive(ClapArgs, Clone, Debug)]
pub(crate) struct Transfer {
    /// Inputs, then the output unless -o is given; `-` is standard input or output
    #[arg(required = true, value_name = "IN… OUT")]
    pub(crate) paths: Vec<PathBuf>,
    /// Format of the result; default: what the output's name says. When that names an archive, results are packed
    #[arg(long, value_name = "FORMAT")]
    pub(crate) to: Option<String>,
    /// Folder for the results, or `-` for standard output
    #[arg(short, long, value_name = "FOLDER")]
    pub(crate) output: Option<PathBuf>,
    /// Jobs at once in a batch; default: one for each processor
    #[arg(short, long, value_name = "N")]
    pub(crate) jobs: Option<usize>,
    /// Replaces what is there
    #[arg(short, long)]
    pub(crate) force: bool,
    #[command(flatten)]
    pub(crate) preset: Preset,
    #[command(flatten)]
    pub(crate) keep: Keep,
    #[command(flatten)]
    pub(crate) how: How,
}

/// Options by a name for many.
#[derive(ClapArgs, Clone, Debug, Default)]
pub(crate) struct Preset {
    /// Sets options by the name of a preset, as in --preset web; --set wins. See `formwork options --presets`
    #[arg(long, value_name = "NAME")]
    pub(crate) preset: Option<String>,
    /// Reads further presets from a JSON file
    #[arg(long, value_name = "FILE")]
    pub(crate) presets: Option<PathBuf>,
}

/// What is kept of a run beside its results.
#[derive(ClapArgs, Clone, Debug, Default)]
pub(crate) struct Keep {
    /// Writes receipts, with hashes of all files, one JSON object a line: see `formwork verify`
    #[arg(long, value_name = "FILE")]
    pub(crate) receipt: Option<PathBuf>,
    /// Keeps results in this folder, and takes them from there when the same is asked for again
    #[arg(long, value_name = "FOLDER")]
    pub(crate) cache: Option<PathBuf>,
    /// How much the folder may hold; what was not used for the longest time goes first
    #[arg(long, value_name = "SIZE", default_value = "4G", requires = "cache")]
    pub(crate) cache_size: String,
    /// Keeps in this folder what conversions took, so that `formwork plan --history` foresees the next better
    #[arg(long, value_name = "FOLDER")]
    pub(crate) history: Option<PathBuf>,
}

/// Options, wishes and limits.
#[derive(ClapArgs, Clone, Debug, Default)]
pub(crate) struct How {
    /// Sets an option, as in --set quality=85; see `formwork options FROM TO`
    #[arg(short, long = "set", value_name = "OPTION=VALUE")]
    pub(crate) set: Vec<String>,
    /// Raises or lowers a limit, as in --limit pixels=500000000
    #[arg(long = "limit", value_name = "NAME=VALUE")]
    pub(crate) limit: Vec<String>,
    /// Takes only routes that use this plugin
    #[arg(long, value_name = "PLUGIN")]
    pub(crate) pin: Vec<String>,
    /// Takes no route that uses this plugin
    #[arg(long, value_name = "PLUGIN")]
    pub(crate) ban: Vec<String>,
    /// Takes no route through this format
    #[arg(long, value_name = "FORMAT")]
    pub(crate) avoid: Vec<String>,
    /// Takes no route that loses this feature, as in --keep alpha
    #[arg(long, value_name = "FEATURE")]
    pub(crate) keep: Vec<String>,
    /// Isolation level of plugins: 0 this process, 1 workers with resource limits, 2 also without access to
    /// files, network and processes, 3 also in namespaces of their own; default: 2
    #[arg(long, value_name = "LEVEL", value_parser = clap::value_parser!(u8).range(0..=3))]
    pub(crate) isolation: Option<u8>,
    /// Prints one JSON object a line; the receipt is the last
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(ClapArgs)]
pub(crate) struct Plan {
    /// The input; or a job in JSON, when nothing says what is wanted of it
    pub(crate) input: PathBuf,
    /// Format of the result
    #[arg(long, value_name = "FORMAT")]
    pub(crate) to: Option<String>,
    /// The operation
    #[arg(long, default_value = "convert")]
    pub(crate) operation: String,
    /// Shows up to so many routes
    #[arg(long, value_name = "K", default_value_t = 1)]
    pub(crate) top: usize,
    /// Prints the plan of a job as a picture, in the language of Graphviz
    #[arg(long, conflicts_with = "json")]
    pub(crate) dot: bool,
    /// Foresees with what conversions took before, as `--history` of other commands keeps it
    #[arg(long, value_name = "FOLDER")]
    pub(crate) history: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) preset: Preset,
    #[command(flatten)]
    pub(crate) how: How,
}

#[derive(ClapArgs)]
pub(crate) struct Job {
    /// Files of jobs: one in JSON, a list of them, or one after the other, as in JSON lines; `-` is standard input
    #[arg(required = true, value_name = "JOB")]
    pub(crate) files: Vec<PathBuf>,
    /// Keeps what is done in this folder while the jobs run, so that the same call goes on where it was when its
    /// process was killed; the folder is made, and removed when all went well
    #[arg(long, value_name = "FOLDER")]
    pub(crate) journal: Option<PathBuf>,
    /// Prints what happens when it happens, as JSON: tasks queued, started, finished, and how far the job is
    #[arg(long, requires = "json")]
    pub(crate) events: bool,
    /// Reads further presets from a JSON file
    #[arg(long, value_name = "FILE")]
    pub(crate) presets: Option<PathBuf>,
    /// Raises or lowers a limit, as in --limit pixels=500000000
    #[arg(long = "limit", value_name = "NAME=VALUE")]
    pub(crate) limit: Vec<String>,
    /// Isolation level of plugins: 0 this process, 1 workers with resource limits, 2 also without access to
    /// files, network and processes, 3 also in namespaces of their own; default: 2
    #[arg(long, value_name = "LEVEL", value_parser = clap::value_parser!(u8).range(0..=3))]
    pub(crate) isolation: Option<u8>,
    /// Replaces the file of receipts
    #[arg(short, long)]
    pub(crate) force: bool,
    #[command(flatten)]
    pub(crate) keep: Keep,
    /// Prints one JSON object a line
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(ClapArgs)]
pub(crate) struct Verify {
    /// Files of receipts, as --receipt and --json write them; `-` is standard input
    #[arg(required = true, value_name = "RECEIPT")]
    pub(crate) receipts: Vec<PathBuf>,
    /// Prints one JSON object a receipt
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(ClapArgs)]
pub(crate) struct Probe {
    /// The files; `-` is standard input
    #[arg(required = true)]
    pub(crate) files: Vec<PathBuf>,
    /// Isolation level of plugins: 0 this process, 1 workers with resource limits, 2 also without access to
    /// files, network and processes, 3 also in namespaces of their own; default: 2
    #[arg(long, value_name = "LEVEL", value_parser = clap::value_parser!(u8).range(0..=3))]
    pub(crate) isolation: Option<u8>,
    /// Prints one JSON object a file
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(ClapArgs)]
pub(crate) struct Formats {
    /// What this format can become
    #[arg(long, value_name = "FORMAT")]
    pub(crate) from: Option<String>,
    /// What can become this format
    #[arg(long, value_name = "FORMAT")]
    pub(crate) to: Option<String>,
    /// What this operation reads and writes
    #[arg(long, value_name = "OPERATION")]
    pub(crate) operation: Option<String>,
    /// Prints one JSON array
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(ClapArgs)]
pub(crate) struct Listing {
    /// Prints one JSON object
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(ClapArgs)]
pub(crate) struct Options {
    /// Format of the input
    #[arg(required_unless_present = "presets")]
    pub(crate) from: Option<String>,
    /// Format of the result
    #[arg(required_unless_present = "presets")]
    pub(crate) to: Option<String>,
    /// The operation
    #[arg(long, default_value = "convert")]
    pub(crate) operation: String,
    /// Lists presets instead, with those of a JSON file if one is named
    #[arg(long, value_name = "FILE", num_args = 0..=1, conflicts_with_all = ["from", "to"])]
    pub(crate) presets: Option<Option<PathBuf>>,
    /// Prints one JSON array
    #[arg(long)]
    pub(crate) json: bool,
}
