//! The contract between the engine and its plugins.
//!
//! This crate holds the only types that cross the border: structs with C layout ([`Host`], [`Step`],
//! [`Plugin`] and what they point to), and the JSON a plugin says of itself ([`describe`]). The C header
//! for plugin authors, `include/formwork_plugin.h`, is generated from it.
//!
//! # Rules
//!
//! 1. A plugin exports one function for each major version, [`ENTRY_SYMBOL`]. It returns null to refuse.
//! 2. Every struct that can grow starts with its size in bytes. Slots are only added at the end, so an
//!    older struct is always a prefix of a newer one: a slot is there when its end lies within `size`.
//! 3. Memory never changes owner. What a call is given lives until that call returns; what a plugin
//!    hands to the host is copied before the host function returns.
//! 4. No panic, exception or `longjmp` crosses the border.
//! 5. [`Plugin::run`] and [`Plugin::probe`] may be called from several threads at once. Functions of
//!    [`Host`] may be called from any thread, but only until the call they were given to returns.
//! 6. A plugin is never unloaded.

pub mod describe;
mod error;
mod host;
#[cfg(feature = "layout-proof")]
pub mod layout;
pub mod options;
mod pieces;
mod plugin;
mod step;
mod text;

pub use error::ErrorKind;
pub use host::{Host, TICK_CANCELLED, TICK_CONTINUE, TICK_DEADLINE};
pub use pieces::{MOST_PIECE, PIECES, Pieces};
pub use plugin::{Entry, HostInfo, Plugin, STATUS_FAILED, STATUS_OK};
pub use step::{
    Input, KIND_BOOLEAN, KIND_DIRECTORY, KIND_FILE, KIND_HARD_LINK, KIND_INTEGER, KIND_NUMBER, KIND_SYMLINK,
    KIND_TEXT, LENGTH_UNKNOWN, Limits, Operation, OptionValue, Output, Step, TIME_UNKNOWN,
};
pub use text::Text;

/// The major version of the contract. Engine and plugin must agree on it.
pub const ABI_MAJOR: u32 = 1;

/// The minor version of the contract: counts the additions since the major version began.
///
/// 1.0 had `describe`, `probe` and `run`; 1.1 added `extension` at the end of [`Plugin`] and [`Host`].
pub const ABI_MINOR: u32 = 1;

/// The symbol every plugin exports, of type [`Entry`].
pub const ENTRY_SYMBOL: &str = "formwork_plugin_entry_v1";

#[cfg(feature = "layout-proof")]
#[doc(hidden)]
pub use abi_stable;
