//! Several results where a place for one was named: `film.jpg` becomes `film-001.jpg`, `film-002.jpg` …

use super::names;
use crate::run::Item;
use crate::{Error, Result};
use formwork_formats::Format;
use std::path::{Path, PathBuf};

/// The files that a numbered series of results becomes at a place that is named like one of them. `None` when the
/// place is not named so; then it is a folder.
///
/// # Errors
///
/// `invalid_request` when the place is named like one file, but the results are no numbered series.
pub(super) fn files(items: &[Item], place: &Path) -> Result<Option<Vec<PathBuf>>> {
    let Some(format) = common_format(items).filter(|format| is_named_like(place, format)) else {
        return Ok(None);
    };
    let name = place.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let (stem, extension) = names::split(&name);
    let numbers: Option<Vec<&str>> = items.iter().map(|item| number(&item.name)).collect();
    let first = items.first().and_then(|item| before_number(&item.name));
    let alike = items.iter().all(|item| before_number(&item.name) == first);
    let Some(numbers) = numbers.filter(|_| alike) else {
        let error =
            format!("{} {} files do not fit in the one file {}", items.len(), format.id, place.display());
        return Err(Error::invalid(error)
            .with_hint("end the name with / to put them in a folder")
            .with_context("output", place.display().to_string()));
    };
    let path = |number: &str| place.with_file_name(format!("{stem}-{number}{extension}"));
    Ok(Some(numbers.into_iter().map(path).collect()))
}

/// The format of all items, when they are several files of one format.
fn common_format(items: &[Item]) -> Option<&'static Format> {
    let [first, _, ..] = items else { return None };
    let format = first.format?;
    let same = |item: &Item| item.is_file() && item.format.is_some_and(|other| other.id == format.id);
    items.iter().all(same).then_some(format)
}

fn is_named_like(place: &Path, format: &Format) -> bool {
    let extension = place.extension().map(|extension| extension.to_string_lossy().to_ascii_lowercase());
    extension.is_some_and(|extension| format.extensions.contains(&extension.as_str()))
}

/// The number at the end of a name, as `002` in `film-002.jpg`.
fn number(name: &str) -> Option<&str> {
    let (_, number) = names::split(name).0.rsplit_once('-')?;
    (!number.is_empty() && number.bytes().all(|digit| digit.is_ascii_digit())).then_some(number)
}

fn before_number(name: &str) -> Option<&str> {
    names::split(name).0.rsplit_once('-').map(|(before, _)| before)
}
