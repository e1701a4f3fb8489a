//! What the fuzz targets share: what there is to fuzz, how bytes become work, and the judges.
//!
//! A fuzz program holds a set of targets, all those of one plugin or all those of the engine, and fuzzes the one
//! that [`TARGET`] names. The targets of a plugin are made of its own description ([`plugin`]), so a new format
//! is fuzzed without a word here. Judges: no panic and no fault, limits are kept, what was written can be read
//! back. `cargo xtask fuzz` runs them all.

mod container;
mod dice;
mod engine;
mod hostile;
mod judge;
mod picture;
mod plugin;
mod program;
mod whole;

pub use engine::targets as engine_targets;
pub use plugin::targets as plugin_targets;
pub use program::{LIST, SEEDS, TARGET, TRY, begin, run};

/// Does something with an input.
pub type Run = Box<dyn Fn(&[u8]) + Send + Sync>;
/// Makes inputs to start from.
pub type Seeds = Box<dyn Fn() -> Vec<Vec<u8>> + Send + Sync>;

/// One thing to fuzz.
pub struct Target {
    /// What is done and to which format, as in `image_read/png`.
    pub name: String,
    /// Does it with these bytes, and panics when a judge finds something.
    pub run: Run,
    /// Makes inputs to start from.
    pub seeds: Seeds,
}

impl Target {
    /// A target of that name, without seeds.
    pub(crate) fn new(name: impl Into<String>, run: impl Fn(&[u8]) + Send + Sync + 'static) -> Target {
        Target { name: name.into(), run: Box::new(run), seeds: Box::new(Vec::new) }
    }

    /// Sets where its seeds come from.
    pub(crate) fn seeded(self, seeds: impl Fn() -> Vec<Vec<u8>> + Send + Sync + 'static) -> Target {
        Target { seeds: Box::new(seeds), ..self }
    }
}
