//! What each file format *is*: one row per format, and nothing about what can be done with it.
//!
//! Rows live in [`rows`], one module per family. What a program can *do* with a format is said by the
//! plugins (see the `formwork-abi` crate). Everything else — detection, the matrix, help texts — is
//! derived from these two.
//!
//! ```
//! let format = formwork_formats::find("JPEG").unwrap();
//! assert_eq!((format.id, format.mime[0], format.extension()), ("jpg", "image/jpeg", "jpg"));
//! assert_eq!(formwork_formats::by_file_name("backup.tar.gz").unwrap().id, "tgz");
//! ```

mod feature;
mod format;
pub mod rows;

pub use feature::Feature;
pub use format::{Compression, Family, Format, Signature};

/// Returns every row, ordered by family and then by id (camera raw follows the other images).
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
        .or_else(|| all().find(|format| format.aliases.iter().any(same)))
        .or_else(|| all().find(|format| format.extensions.iter().any(same)))
}

/// Finds a format by its exact id.
pub fn by_id(id: &str) -> Option<&'static Format> {
    all().find(|format| format.id == id)
}

/// Finds the format new files with this extension have, ignoring ASCII case and a leading dot.
///
/// Where several formats use one extension (`m4a` for AAC and for ALAC), the format named like the
/// extension is meant.
pub fn by_extension(extension: &str) -> Option<&'static Format> {
    let extension = extension.trim_start_matches('.');
    let uses = |format: &&Format| format.extensions.iter().any(|known| known.eq_ignore_ascii_case(extension));
    all()
        .filter(|format| !format.internal)
        .filter(uses)
        .find(|format| format.id.eq_ignore_ascii_case(extension))
        .or_else(|| all().filter(|format| !format.internal).find(uses))
}

/// Finds the format a file name claims: by its last two extensions (`tar.gz`), then by its last one.
///
/// Only the part after the last slash or backslash counts. A name says what a file is *called*; what it
/// *is* the engine's detection says.
pub fn by_file_name(name: &str) -> Option<&'static Format> {
    let name = name.rsplit(['/', '\\']).next().unwrap_or(name);
    let (stem, last) = name.rsplit_once('.')?;
    let double = stem.rsplit_once('.').map(|(_, before)| format!("{before}.{last}"));
    double.as_deref().and_then(by_extension).or_else(|| by_extension(last))
}

#[cfg(test)]
mod tests;
