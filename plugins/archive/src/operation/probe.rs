//! Says what an archive holds, without unpacking more than its format makes necessary.

use super::with_archive;
use crate::codec::Codec;
use crate::context::{Context, TICK};
use crate::describe::{Container, Shape};
use crate::entry::{Entry, Kind, Look};
use crate::read::{Archive, Depth, sevenz, stream, zip};
use formwork_sdk::{ErrorKind, Feature, Result, Step, Value, json};
use std::io::Read;

/// Rows a listing has at the most.
const ROWS: usize = 10_000;
/// Bytes of a single stream that are unpacked to learn its length.
const STREAM_MOST: u64 = 64 << 20;

/// Reports what the first input holds.
///
/// # Errors
///
/// `corrupt_input`; `limit_exceeded`.
pub(crate) fn run(step: &Step<'_>) -> Result<()> {
    with_archive(step, |archive| {
        let context = Context::new(step, true);
        let facts = match archive.shape {
            Shape::Stream(codec) => of_stream(&context, &archive, codec)?,
            Shape::Container(Container::Zip) => of_zip(&context, &archive)?,
            _ => of_entries(&context, &archive)?,
        };
        step.report(&facts);
        Ok(())
    })
}

/// What was seen of an archive's entries.
#[derive(Default)]
struct Listing {
    rows: Vec<Value>,
    entries: u64,
    unpacked: u64,
    encrypted: bool,
    links: bool,
    times: bool,
    permissions: bool,
}

impl Listing {
    fn see(&mut self, entry: &Entry) {
        self.entries += 1;
        self.unpacked = self.unpacked.saturating_add(entry.bytes.unwrap_or(0));
        self.encrypted |= entry.encrypted;
        self.links |= matches!(entry.kind, Kind::Symlink(_) | Kind::HardLink(_));
        self.times |= entry.modified.is_some();
        self.permissions |= entry.mode.is_some();
        if self.rows.len() < ROWS {
            self.rows.push(row(entry));
        }
    }

    fn facts(self) -> Value {
        let mut features = vec![Feature::Entries, Feature::Names];
        let optional = [
            (self.times, Feature::Timestamps),
            (self.permissions, Feature::Permissions),
            (self.links, Feature::Links),
            (self.encrypted, Feature::Encryption),
        ];
        features.extend(optional.into_iter().filter(|(there, _)| *there).map(|(_, feature)| feature));
        let words: Vec<&str> = features.into_iter().map(Feature::word).collect();
        json!({
            "entries": self.entries,
            "unpacked_bytes": self.unpacked,
            "encrypted": self.encrypted,
            "features": words,
            "listing_truncated": self.entries > self.rows.len() as u64,
            "listing": self.rows,
        })
    }
}

/// One line of a listing.
fn row(entry: &Entry) -> Value {
    let (kind, target) = match &entry.kind {
        Kind::File => ("file", None),
        Kind::Directory => ("directory", None),
        Kind::Symlink(target) => ("symlink", Some(target)),
        Kind::HardLink(target) => ("hard_link", Some(target)),
        Kind::Special(_) => ("special", None),
    };
    let mut row = json!({
        "name": entry.name,
        "kind": kind,
        "bytes": entry.bytes,
        "packed": entry.packed,
        "modified": entry.modified.map(|time| time.seconds),
        "encrypted": entry.encrypted,
    });
    if let Some(target) = target.filter(|target| !target.is_empty()) {
        row["target"] = json!(target);
    }
    row
}

/// Counts entries as they pass, and asks for no bytes.
struct Lister<'c, 'a> {
    context: &'c Context<'a>,
    listing: Listing,
}

impl Look for Lister<'_, '_> {
    fn see(&mut self, entry: &Entry, packed: u64) -> Result<()> {
        self.context.advance(packed)?;
        self.context.entry()?;
        self.listing.see(entry);
        Ok(())
    }
}

fn of_zip(context: &Context<'_>, archive: &Archive<'_>) -> Result<Value> {
    let mut listing = Listing::default();
    for row in zip::Directory::read(context, archive.source)?.rows {
        let mut entry = row.entry;
        if row.is_symlink {
            entry.kind = Kind::Symlink(String::new());
        }
        listing.see(&entry);
    }
    Ok(listing.facts())
}

fn of_entries(context: &Context<'_>, archive: &Archive<'_>) -> Result<Value> {
    let mut lister = Lister { context, listing: Listing::default() };
    match archive.read(context, Depth::Entries, &mut lister) {
        Ok(()) => {}
        // Without the password not even the names can be read; that it is encrypted is the answer.
        Err(error) if error.kind == ErrorKind::PasswordRequired && context.password.is_none() => {
            return Ok(json!({ "encrypted": true, "names_encrypted": true, "features": ["encryption"] }));
        }
        Err(error) => return Err(error),
    }
    if archive.shape == Shape::Container(Container::SevenZip) {
        let directory = sevenz::Directory::read(context, archive.source)?;
        lister.listing.encrypted |= directory.encrypted();
    }
    Ok(lister.listing.facts())
}

fn of_stream(context: &Context<'_>, archive: &Archive<'_>, codec: Codec) -> Result<Value> {
    let label = stream::label(context, archive.source, codec, archive.name)?;
    let mut features = Vec::new();
    if codec == Codec::Gzip {
        features.push(Feature::Names.word());
        features.extend(label.modified.map(|_| Feature::Timestamps.word()));
    }
    let bytes = unpacked(context, archive, codec)?;
    let mut entry = Entry::new(label.name.unwrap_or_default(), Kind::File);
    entry.modified = label.modified;
    entry.bytes = bytes;
    entry.packed = Some(archive.source.length());
    let mut facts = json!({
        "entries": 1,
        "encrypted": false,
        "features": features,
        "listing_truncated": false,
        "listing": [row(&entry)],
    });
    if let Some(bytes) = bytes {
        facts["unpacked_bytes"] = json!(bytes);
    }
    Ok(facts)
}

/// Unpacks a stream to learn its length, unless it is long.
fn unpacked(context: &Context<'_>, archive: &Archive<'_>, codec: Codec) -> Result<Option<u64>> {
    let mut stream = codec.open(context, archive.source.whole(context))?;
    let mut piece = vec![0; 4 * TICK];
    let mut bytes = 0_u64;
    while bytes < STREAM_MOST {
        match stream.read(&mut piece)? {
            0 => return Ok(Some(bytes)),
            count => bytes += count as u64,
        }
    }
    Ok(None)
}
