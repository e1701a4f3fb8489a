//! What a plugin says of itself, as JSON across the border.
//!
//! The registry, the matrix, help texts and the planner are made of nothing else. A description is
//! made anew on each machine, so it can say what is missing there.

use crate::options::OptionSpec;
use serde::{Deserialize, Serialize};

/// The shape of this JSON; a higher number adds members, never changes old ones.
pub const SCHEMA: u32 = 5;

/// A whole plugin.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Description {
    /// [`SCHEMA`] as of the plugin's build.
    pub schema: u32,
    /// The plugin's id, as in `image.avif`: stable, used to pin and ban it and in receipts.
    pub id: String,
    /// The plugin's own version.
    pub version: String,
    /// What it does, in one sentence.
    pub summary: String,
    /// SPDX expression that holds for the shared object as a whole.
    pub licence: String,
    /// Libraries and programs it rests on.
    pub libraries: Vec<Library>,
    /// True when all of its code that touches input is memory-safe, its dependencies included.
    pub memory_safe: bool,
    /// True when a fuzz target covers every reader.
    pub fuzzed: bool,
    /// What it needs beside input and output: nothing when empty, `files` for fonts and other read-only files
    /// of the system, `programs` to run programs of the system. A locked worker gives no more. Since schema 2.
    pub touches: String,
    /// Ids of the formats [`Plugin::probe`](crate::Plugin) knows.
    pub probes: Vec<String>,
    /// What it can do.
    pub capabilities: Vec<Capability>,
    /// Rows for formats the engine's own table does not have.
    pub formats: Vec<FormatRow>,
}

/// A library or program a plugin rests on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Library {
    /// Its name.
    pub name: String,
    /// Its version, empty when it cannot be told.
    pub version: String,
    /// SPDX expression.
    pub licence: String,
}

/// One thing a plugin can do: every format of `from` to every format of `to`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Capability {
    /// The operation, as in `convert`.
    pub operation: String,
    /// Ids of the formats it reads.
    pub from: Vec<String>,
    /// Ids of the formats it writes. Empty for operations that write what they find, as `extract`.
    pub to: Vec<String>,
    /// Options it takes.
    pub options: Vec<OptionSpec>,
    /// Words of the features that arrive when the source has them; all others are lost.
    pub keeps: Vec<String>,
    /// What it costs.
    pub cost: Cost,
    /// Between equal routes the higher rank wins. Default 50.
    pub rank: u8,
    /// Reads several inputs at once, as `archive`.
    pub many_inputs: bool,
    /// Formats of further inputs it takes beside the first, as the picture of a watermark; ids. The engine
    /// converts them to one of these. Several inputs of an operation that takes companions are one subject and its
    /// companions, not several subjects; a step that fuses the operation gets them without saying so. Since schema 3.
    /// With `many_inputs` all inputs are equals, and those of formats that `from` lacks are converted to one of these.
    pub companions: Vec<String>,
    /// May write several outputs, as `extract`.
    pub many_outputs: bool,
    /// Can be asked for a part of its outputs, by the setting `part`: `8+4` are the ninth to the twelfth of them. It
    /// then says how many there are in all, as the fact `parts`; without that fact it did all. The engine spreads the
    /// parts over threads and workers, and takes each to the end of the route before the next. Since schema 4.
    pub in_parts: bool,
    /// Operations it can do in the same pass before this one, as `crop` before `convert`.
    pub fuses: Vec<String>,
    /// Reads and writes front to back in bounded memory.
    pub streams: bool,
    /// Can use more than one thread.
    pub parallel: bool,
    /// Least isolation the plugin itself asks for: 0 in-process is fine … 3.
    pub isolation: u8,
    /// What the engine may use it for without being asked: nothing when empty. `rescue`: it writes inputs anew that
    /// another plugin says are damaged, which is then tried again. `finish`: a route that ends in a format it reads
    /// and writes goes on with it when its first option is given, which the route itself does not know. Since schema 5.
    pub role: String,
    /// When it cannot run on this machine: what to install, as in `apt install ghostscript`.
    pub unavailable: Option<String>,
}

impl Default for Capability {
    fn default() -> Self {
        Capability {
            operation: "convert".into(),
            from: Vec::new(),
            to: Vec::new(),
            options: Vec::new(),
            keeps: Vec::new(),
            cost: Cost::default(),
            rank: 50,
            many_inputs: false,
            companions: Vec::new(),
            many_outputs: false,
            in_parts: false,
            fuses: Vec::new(),
            streams: false,
            parallel: false,
            isolation: 0,
            role: String::new(),
            unavailable: None,
        }
    }
}

/// A rough model of what a step costs: compares routes, and guesses times until receipts know better.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Cost {
    /// CPU milliseconds whatever the input.
    pub fixed_ms: f64,
    /// CPU milliseconds for one MiB of input.
    pub per_mib_ms: f64,
    /// Peak bytes of memory for one byte of input.
    pub memory_ratio: f64,
}

impl Default for Cost {
    fn default() -> Self {
        Cost { fixed_ms: 1.0, per_mib_ms: 50.0, memory_ratio: 10.0 }
    }
}

/// A format row that travels with a plugin; the same members as the engine's own rows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct FormatRow {
    /// The stable id.
    pub id: String,
    /// The name people know it by.
    pub name: String,
    /// The family's word.
    pub family: String,
    /// Extensions without the dot.
    pub extensions: Vec<String>,
    /// Media types.
    pub mime: Vec<String>,
    /// Byte signatures at their offsets, in hexadecimal.
    pub signatures: Vec<(usize, String)>,
    /// Words of the features it can hold.
    pub holds: Vec<String>,
    /// Where it is specified.
    pub specification: String,
}
