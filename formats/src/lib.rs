//! What each file format *is*: one row per format, and nothing about what can be done with it.
//!
//! Rows live in [`rows`], one module per family. What a program can *do* with a format is said by the
//! plugins (see the `formwork-abi` crate). Everything else — detection, the matrix, help texts — is
//! derived from these two.

mod feature;
mod format;
pub mod rows;

pub use feature::Feature;
pub use format::{Compression, Family, Format, Signature};

/// Returns every row, ordered by family and then by id.
pub fn all() -> impl Iterator<Item = &'static Format> {
    rows::TABLES.iter().flat_map(|table| table.iter())
}

/// Finds a format by its id, one of its aliases or one of its extensions, ignoring ASCII case and a
/// leading dot. Ids win over aliases, aliases over extensions.
pub fn find(name: &str) -> Option<&'static Format> {
    let name = name.trim_start_matches('.');
    let same = |candidate: &&str| candidate.eq_ignore_ascii_case(name);
    all()
        .find(|format| same(&format.id))
        .or_else(|| all().find(|format| format.aliases.iter().any(|alias| same(&alias))))
        .or_else(|| all().find(|format| format.extensions.iter().any(|extension| same(&extension))))
}

/// Finds a format by its exact id.
pub fn by_id(id: &str) -> Option<&'static Format> {
    all().find(|format| format.id == id)
}
