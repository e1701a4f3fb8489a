//! Single files in a compressed stream.

use crate::codec::{Codec, Label, gzip};
use crate::context::{Context, TICK};
use crate::entry::{Entry, Kind, Sink};
use crate::names;
use crate::source::Source;
use formwork_sdk::{Result, formats};
use std::io::Read;

/// Reads a stream as the one file it holds.
///
/// # Errors
///
/// `corrupt_input`, and whatever the sink says.
pub(crate) fn read<'a>(
    context: &'a Context<'a>,
    source: Source<'a>,
    codec: Codec,
    label: Label,
    sink: &mut dyn Sink<'a>,
) -> Result<()> {
    let mut stream = codec.open(context, source.whole(context))?;
    let mut entry = Entry::new(label.name.unwrap_or_default(), Kind::File);
    entry.modified = label.modified;
    entry.packed = Some(source.length());
    if !sink.begin(entry)? {
        return Ok(());
    }
    let mut piece = vec![0; 4 * TICK];
    loop {
        match stream.read(&mut piece)? {
            0 => return sink.end(),
            count => sink.data(piece.get(..count).unwrap_or_default())?,
        }
    }
}

/// Returns the inner file's name and time: what the stream says, else what the outer file's name suggests.
///
/// # Errors
///
/// `corrupt_input` when the header is broken.
pub(crate) fn label(context: &Context<'_>, source: Source<'_>, codec: Codec, outer: &str) -> Result<Label> {
    let mut label = Label::default();
    if codec == Codec::Gzip {
        let mut head = vec![0; usize::try_from(source.length().min(TICK as u64)).unwrap_or(TICK)];
        source.read_exact_at(0, &mut head)?;
        label = gzip::read_header(context, &mut head.as_slice())?;
        // gzip strips the folder; a name with one is no plain name.
        label.name =
            label.name.map(|name| names::last_part(&name).to_owned()).filter(|name| !name.is_empty());
    }
    if label.name.is_none() {
        label.name = Some(without_extension(outer, codec));
    }
    Ok(label)
}

/// `notes.txt` for `notes.txt.gz`; `data` when nothing is left.
fn without_extension(outer: &str, codec: Codec) -> String {
    let name = names::last_part(outer);
    let id = crate::describe::id_of(codec);
    let extensions = formats::by_id(id).map_or(&[][..], |format| format.extensions);
    let stem = name.rsplit_once('.').filter(|(stem, last)| {
        !stem.is_empty() && extensions.iter().any(|known| known.eq_ignore_ascii_case(last))
    });
    match stem {
        Some((stem, _)) => stem.to_owned(),
        None if name.is_empty() => "data".to_owned(),
        None => format!("{name}.out"),
    }
}
