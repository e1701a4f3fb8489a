//! Everything a plugin author needs, in safe Rust.
//!
//! A plugin is a crate with `crate-type = ["cdylib", "rlib"]`, one type that implements [`Plugin`], and
//! one line that exports it:
//!
//! ```
//! use formwork_sdk::{Capability, Description, Plugin, Result, Step, export_plugin};
//! use std::io::Write;
//!
//! /// Turns text into louder text.
//! struct Shout;
//!
//! impl Plugin for Shout {
//!     fn describe() -> Description {
//!         Description {
//!             id: "text.shout".into(),
//!             version: env!("CARGO_PKG_VERSION").into(),
//!             summary: "Writes text in capitals".into(),
//!             licence: "MIT OR Apache-2.0".into(),
//!             memory_safe: true,
//!             capabilities: vec![Capability {
//!                 from: vec!["txt".into()],
//!                 to: vec!["txt".into()],
//!                 keeps: vec!["text".into()],
//!                 ..Capability::default()
//!             }],
//!             ..Description::default()
//!         }
//!     }
//!
//!     fn run(step: &Step) -> Result<()> {
//!         let bytes = step.input()?.bytes()?;
//!         let mut output = step.create_output()?;
//!         output.write_all(&bytes.to_ascii_uppercase())?;
//!         output.close()
//!     }
//! }
//!
//! export_plugin!(Shout);
//! ```
//!
//! The engine calls [`Plugin::run`] from any thread, several at once. Options arrive checked and with
//! their defaults. Outputs are placed by the engine when `run` returns `Ok`, and dropped otherwise.

mod error;
#[doc(hidden)]
pub mod export;
mod input;
mod output;
mod pieces;
mod step;
#[cfg(feature = "testing")]
pub mod testing;
pub mod xml;

pub use error::{Error, Result};
pub use formwork_abi::describe::{Capability, Cost, Description, FormatRow, Library, SCHEMA};
pub use formwork_abi::options::{self, OptionDefault, OptionKind, OptionSpec, option};
pub use formwork_abi::{ErrorKind, Limits, MOST_PIECE};
pub use formwork_formats::{self as formats, Feature};
pub use input::{Input, InputKind, Reader};
pub use output::{OutputInfo, OutputKind, Writer};
pub use pieces::Pieces;
pub use serde_json::{Value, json};
pub use step::{Operation, Options, Step};

/// A plugin. All functions may be called from several threads at once.
pub trait Plugin {
    /// Makes ready what a locked worker cannot open later, such as a library that is loaded by hand. Called once, right
    /// after this plugin was loaded and before anything else.
    fn prepare() {}

    /// Says what the plugin is and can do on this machine. Called once for each process.
    fn describe() -> Description;

    /// Reads what the first input is, and tells it with [`Step::report`]. Reads headers only.
    ///
    /// Members every family uses: `width`, `height`, `frames`, `pages`, `duration` (seconds), `entries`
    /// (a number), `encrypted`, and `features` (words of [`Feature`] the file really holds).
    ///
    /// # Errors
    ///
    /// `corrupt_input` when the header is broken.
    fn probe(step: &Step) -> Result<()> {
        let _ = step;
        Ok(())
    }

    /// Does one step: reads the inputs, writes the outputs.
    ///
    /// # Errors
    ///
    /// Any [`ErrorKind`]; what was written so far is dropped.
    fn run(step: &Step) -> Result<()>;
}
