//! Formwork: an embeddable file-conversion engine.
//!
//! One line converts a file:
//!
//! ```no_run
//! let engine = formwork::Engine::builder().plugin_folder("/usr/lib/formwork").build()?;
//! engine.convert("holiday.heic", "holiday.webp")?;
//! # Ok::<(), formwork::Error>(())
//! ```
//!
//! For control there are the parts, named after the way a job takes: [`job`] (what is asked),
//! [`detect`] (what the bytes are), [`registry`] (which plugins are there), [`matrix`] (what can become
//! what), [`plan`] (the route), [`run`] (steps, progress, cancel, limits), [`deliver`] (the result in
//! place, the receipt); [`load`] opens plugins.
//!
//! ```no_run
//! use formwork::{Engine, job::Job, run::Control};
//! let engine = Engine::builder().plugin_folder("/usr/lib/formwork").threads(2).build()?;
//! let job = Job::from_json(&serde_json::json!({"tasks": {
//!     "in":  {"operation": "import/path", "path": "holiday.heic"},
//!     "web": {"operation": "convert", "input": "in", "output_format": "webp", "options": {"width": 800}},
//!     "out": {"operation": "export/path", "input": "web", "path": "out/"},
//! }}))?;
//! let report = engine.run(&job, &Control::default());
//! assert!(report.error().is_none());
//! # Ok::<(), formwork::Error>(())
//! ```

mod cache;
mod clock;
pub mod deliver;
pub mod detect;
mod engine;
mod error;
mod files;
pub mod job;
mod journal;
pub mod load;
mod lock;
pub mod matrix;
pub mod plan;
pub mod registry;
pub mod run;
mod text;
mod threads;
pub mod worker;

pub use clock::Clock;
pub use engine::{Builder, Engine, Plan};
pub use error::{Error, ErrorKind, Result, http_status};
pub use files::HostFiles;
pub use formwork_abi::Limits;
pub use formwork_abi::describe;
pub use formwork_abi::options;
pub use formwork_formats as formats;
pub use journal::Journal;
pub use text::{bytes, clean};
pub use worker::Isolation;

/// Finds a feature by its word.
///
/// # Errors
///
/// `invalid_request`, with the words that are known.
pub fn feature(word: &str) -> Result<formats::Feature> {
    formats::Feature::from_word(word).ok_or_else(|| {
        let words: Vec<&str> = formats::Feature::ALL.iter().map(|(_, word)| *word).collect();
        Error::invalid(format!("`{word}` is no feature"))
            .with_hint(format!("features are {}", words.join(", ")))
    })
}
