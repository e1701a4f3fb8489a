//! Receipts that are kept in a file: one canonical JSON object a line.

use formwork::deliver::{self, Placement, Receipt, StagingAreas};
use formwork::run::Item;
use formwork::{Error, Result};
use serde_json::Value;
use std::path::{Path, PathBuf, absolute};
use std::sync::{Mutex, PoisonError};

/// Gathers receipts, and writes them at the end.
#[derive(Debug)]
pub(crate) struct Book {
    place: Option<Placement>,
    lines: Mutex<String>,
}

impl Book {
    /// Receipts go into a file, if there is one to be; what is there is only replaced when `overwrite` is set.
    pub(crate) fn open(path: Option<&Path>, overwrite: bool) -> Result<Book> {
        let place = path.map(|path| Placement { path: path.to_owned(), overwrite, durable: true });
        if let Some(place) = &place {
            refuse_taken(place)?;
        }
        Ok(Book { place, lines: Mutex::default() })
    }

    /// Whether anybody wants them.
    pub(crate) fn is_kept(&self) -> bool {
        self.place.is_some()
    }

    /// Adds a receipt. Its paths become absolute: it may be read from another folder.
    pub(crate) fn note(&self, receipt: &Receipt) {
        if !self.is_kept() {
            return;
        }
        let mut receipt = receipt.clone();
        for record in receipt.inputs.iter_mut().chain(&mut receipt.outputs) {
            record.path = record.path.take().map(found_from_anywhere);
        }
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        lines.push_str(&deliver::canonical(&receipt.to_json()));
        lines.push('\n');
    }

    /// Writes the file, unless nothing succeeded.
    pub(crate) fn close(self) -> Result<()> {
        let lines = self.lines.into_inner().unwrap_or_else(PoisonError::into_inner);
        match &self.place {
            Some(place) if !lines.is_empty() => {
                let item = Item::from_bytes("receipts.jsonl", lines.into_bytes());
                deliver::place(&[item], place, &StagingAreas::default()).map(drop)
            }
            _ => Ok(()),
        }
    }
}

/// `-`, standard output, stays what it is.
fn found_from_anywhere(path: PathBuf) -> PathBuf {
    if path.as_os_str() == "-" { path } else { absolute(&path).unwrap_or(path) }
}

fn refuse_taken(place: &Placement) -> Result<()> {
    let path = place.path.display();
    let refused = |what: &str, hint: &str| {
        let error = Error::io(format!("cannot write receipts to {path}"), &std::io::Error::other(what));
        Err(error.with_hint(hint).with_context("output", path.to_string()))
    };
    if place.is_folder() {
        return refused("it is a folder", "name a file");
    }
    if !place.overwrite && place.path.symlink_metadata().is_ok() {
        return refused("it exists already", "use --force to replace it, or another name");
    }
    Ok(())
}

/// One receipt for tasks that followed each other: the first ones' inputs, the last one's outputs, and what was said of
/// all.
pub(crate) fn joined(receipts: impl Iterator<Item = Receipt>) -> Receipt {
    let mut all: Vec<Receipt> = receipts.collect();
    let Some(mut last) = all.pop() else { return Receipt::default() };
    if let Some(first) = all.first() {
        last.started = first.started;
        last.inputs.clear();
        last.route = continued(first.route.clone(), &last.route);
    }
    for receipt in all {
        last.inputs.extend(receipt.inputs);
        add_new(&mut last.plugins, receipt.plugins);
        add_new(&mut last.losses, receipt.losses);
        add_new(&mut last.warnings, receipt.warnings);
        last.elapsed_ms += receipt.elapsed_ms;
        last.peak_bytes = last.peak_bytes.max(receipt.peak_bytes);
        last.isolation = last.isolation.min(receipt.isolation);
    }
    last
}

fn add_new<T: PartialEq>(list: &mut Vec<T>, more: Vec<T>) {
    for one in more {
        if !list.contains(&one) {
            list.push(one);
        }
    }
}

/// A route with the formats and steps of the next one behind its own.
fn continued(mut route: Value, next: &Value) -> Value {
    for member in ["formats", "steps"] {
        let more = next[member].as_array().cloned().unwrap_or_default();
        if let Some(list) = route[member].as_array_mut() {
            list.extend(more);
        }
    }
    route
}
