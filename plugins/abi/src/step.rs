//! What a plugin is asked to do.

use crate::Text;

/// [`OptionValue::kind`]: `integer` is 0 or 1.
pub const KIND_BOOLEAN: u32 = 1;
/// [`OptionValue::kind`]: `integer` holds the value.
pub const KIND_INTEGER: u32 = 2;
/// [`OptionValue::kind`]: `number` holds the value.
pub const KIND_NUMBER: u32 = 3;
/// [`OptionValue::kind`]: `text` holds the value.
pub const KIND_TEXT: u32 = 4;

/// [`Input::kind`] and [`Output::kind`]: an ordinary file.
pub const KIND_FILE: u32 = 0;
/// [`Input::kind`] and [`Output::kind`]: a directory, without content.
pub const KIND_DIRECTORY: u32 = 1;
/// [`Input::kind`] and [`Output::kind`]: a symbolic link; the content is its target.
pub const KIND_SYMLINK: u32 = 2;
/// [`Output::kind`]: a hard link; the content is the name of an earlier output.
pub const KIND_HARD_LINK: u32 = 3;

/// [`Input::length`] and [`Output::length`]: not known beforehand.
pub const LENGTH_UNKNOWN: u64 = u64::MAX;
/// [`Input::modified`] and [`Output::modified`]: not known.
pub const TIME_UNKNOWN: i64 = i64::MIN;

/// One option with its value, after defaults and range checks by the engine.
#[repr(C)]
#[derive(Clone, Copy)]
#[cfg_attr(feature = "layout-proof", derive(abi_stable::StableAbi))]
pub struct OptionValue {
    /// The option's name, as in `quality`.
    pub name: Text,
    /// Which of the fields below holds the value: one of the `KIND_` constants.
    pub kind: u32,
    /// Zero; room to grow.
    pub reserved: u32,
    /// The value of a boolean or an integer.
    pub integer: i64,
    /// The value of a number.
    pub number: f64,
    /// The value of a text.
    pub text: Text,
}

/// One operation of a step. A step holds several when the planner fused tasks into one pass.
#[repr(C)]
#[derive(Clone, Copy)]
#[cfg_attr(feature = "layout-proof", derive(abi_stable::StableAbi))]
pub struct Operation {
    /// Size of this struct in bytes.
    pub size: u32,
    /// Zero; room to grow.
    pub reserved: u32,
    /// The operation's name, as in `convert`.
    pub name: Text,
    /// First of the options; may be null when there are none.
    pub options: *const OptionValue,
    /// Number of options.
    pub options_length: usize,
}

/// One input of a step. Its bytes are read with [`Host::read_at`](crate::Host), or straight from
/// `memory` when that is not null.
#[repr(C)]
#[derive(Clone, Copy)]
#[cfg_attr(feature = "layout-proof", derive(abi_stable::StableAbi))]
pub struct Input {
    /// Size of this struct in bytes.
    pub size: u32,
    /// `KIND_FILE`, `KIND_DIRECTORY` or `KIND_SYMLINK`.
    pub kind: u32,
    /// The file's name, or its relative path with `/` when a folder is handed over. A hint, not a path
    /// that can be opened.
    pub name: Text,
    /// Id of the detected format, as in `png`; empty when unknown or not a file.
    pub format: Text,
    /// Number of bytes, or `LENGTH_UNKNOWN`.
    pub length: u64,
    /// Last change in nanoseconds since 1970-01-01 UTC, or `TIME_UNKNOWN`.
    pub modified: i64,
    /// Unix permission bits, or 0 when unknown.
    pub mode: u32,
    /// Zero; room to grow.
    pub reserved: u32,
    /// All `length` bytes when the host holds them in memory, else null.
    pub memory: *const u8,
}

/// What a plugin says of an output when it opens it.
#[repr(C)]
#[derive(Clone, Copy)]
#[cfg_attr(feature = "layout-proof", derive(abi_stable::StableAbi))]
pub struct Output {
    /// Size of this struct in bytes.
    pub size: u32,
    /// `KIND_FILE`, `KIND_DIRECTORY`, `KIND_SYMLINK` or `KIND_HARD_LINK`.
    pub kind: u32,
    /// Relative path with `/` for an entry of an archive or a page; empty for the one main output,
    /// which the host names.
    pub name: Text,
    /// Id of the format written; empty means the step's target.
    pub format: Text,
    /// Number of bytes that will be written when known, else `LENGTH_UNKNOWN`. Lets the host reserve.
    pub length: u64,
    /// Last change in nanoseconds since 1970-01-01 UTC, or `TIME_UNKNOWN`.
    pub modified: i64,
    /// Unix permission bits, or 0 for the host's default.
    pub mode: u32,
    /// Zero; room to grow.
    pub reserved: u32,
}

/// What a step may use at the most. Each is a hard limit: a plugin that would pass one fails with kind
/// `limit_exceeded` and the limit's name.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "layout-proof", derive(abi_stable::StableAbi))]
pub struct Limits {
    /// Size of this struct in bytes.
    pub size: u32,
    /// Threads the step may run on, its own included; 0 and 1 both mean the caller's thread alone.
    pub threads: u32,
    /// Bytes of memory for decoded content (`memory`). Default 1 GiB.
    pub memory: u64,
    /// Width times height of one picture (`pixels`). Default 268,435,456.
    pub pixels: u64,
    /// Width or height of a picture (`side`). Default 65,535.
    pub side: u64,
    /// Frames or pages of one picture (`frames`). Default 10,000.
    pub frames: u64,
    /// Bytes of descriptive data: EXIF, XMP, ICC, comments (`metadata`). Default 64 MiB.
    pub metadata: u64,
    /// Bytes of all outputs together (`output`). Default 16 GiB.
    pub output: u64,
    /// Entries in an archive (`entries`). Default 500,000.
    pub entries: u64,
    /// Unpacked bytes for one packed byte, once `ratio_floor` bytes are out (`ratio`). Default 1,000.
    pub ratio: u64,
    /// Unpacked bytes below which `ratio` is not looked at. Default 64 MiB.
    pub ratio_floor: u64,
    /// Archives within archives (`depth`). Default 3.
    pub depth: u64,
    /// Bytes of one entry's name (`name`). Default 4,096.
    pub name: u64,
}

impl Default for Limits {
    fn default() -> Self {
        const MIB: u64 = 1 << 20;
        Limits {
            size: size_of::<Limits>() as u32,
            threads: 1,
            memory: 1024 * MIB,
            pixels: 256 * MIB,
            side: 65_535,
            frames: 10_000,
            metadata: 64 * MIB,
            output: 16 * 1024 * MIB,
            entries: 500_000,
            ratio: 1_000,
            ratio_floor: 64 * MIB,
            depth: 3,
            name: 4_096,
        }
    }
}

/// What a plugin is asked to do at one go.
#[repr(C)]
#[derive(Clone, Copy)]
#[cfg_attr(feature = "layout-proof", derive(abi_stable::StableAbi))]
pub struct Step {
    /// Size of this struct in bytes.
    pub size: u32,
    /// Zero; room to grow.
    pub reserved: u32,
    /// Id of the format to write; empty for `probe` and for operations that write what they find.
    pub target: Text,
    /// First of the operations, in the order they apply.
    pub operations: *const Operation,
    /// Number of operations.
    pub operations_length: usize,
    /// First of the inputs.
    pub inputs: *const Input,
    /// Number of inputs.
    pub inputs_length: usize,
    /// The limits of this step.
    pub limits: *const Limits,
}
