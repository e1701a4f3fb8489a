//! Packs streams as well as deflate can.

use crate::save::deflate;
use flate2::read::ZlibDecoder;
use formwork_sdk::{Result, Step};
use lopdf::{Document, Object, Stream};
use std::io::Read;

/// Filters that only make bytes last on old lines, or pack worse than deflate.
const OLD: [&[u8]; 5] =
    [b"ASCII85Decode", b"ASCIIHexDecode", b"LZWDecode", b"RunLengthDecode", b"FlateDecode"];

/// Packs each stream anew, and keeps what is smaller.
pub(crate) fn repack(step: &Step<'_>, doc: &mut Document) -> Result<()> {
    let limit = usize::try_from(step.limits().memory / 4).unwrap_or(usize::MAX);
    let total = doc.objects.len() as u64;
    for (done, object) in doc.objects.values_mut().enumerate() {
        let Object::Stream(stream) = object else { continue };
        step.tick(total + done as u64, 3 * total)?;
        // Programs that know nothing of PDF look for the descriptive data as text.
        if !stream.dict.has_type(b"Metadata") {
            repack_one(stream, limit)?;
        }
    }
    Ok(())
}

fn repack_one(stream: &mut Stream, limit: usize) -> Result<()> {
    let filters: Vec<Vec<u8>> = match stream.dict.get(b"Filter") {
        Err(_) | Ok(Object::Null) => Vec::new(),
        Ok(_) => match stream.filters() {
            Ok(filters) => filters.into_iter().map(<[u8]>::to_vec).collect(),
            Err(_) => return Ok(()),
        },
    };
    if let [only] = filters.as_slice()
        && only == b"FlateDecode"
    {
        // What a predictor made of it stays as it is.
        if let Some(plain) = inflated(&stream.content, limit) {
            keep_smaller(stream, deflate(&plain, 9)?);
        }
        return Ok(());
    }
    if !filters.iter().all(|filter| OLD.contains(&filter.as_slice())) || stream.dict.has(b"F") {
        return Ok(());
    }
    let Ok(plain) = stream.get_plain_content_with_limit(limit) else { return Ok(()) };
    let packed = deflate(&plain, 9)?;
    // An entry for the filter costs some bytes itself.
    if packed.len() + 20 < stream.content.len() {
        stream.dict.remove(b"DecodeParms");
        stream.dict.set("Filter", "FlateDecode");
        stream.set_content(packed);
    }
    Ok(())
}

fn keep_smaller(stream: &mut Stream, packed: Vec<u8>) {
    if packed.len() < stream.content.len() {
        stream.set_content(packed);
    }
}

/// Unpacks what is whole and not too much.
fn inflated(packed: &[u8], limit: usize) -> Option<Vec<u8>> {
    let mut plain = Vec::new();
    ZlibDecoder::new(packed).take(limit as u64 + 1).read_to_end(&mut plain).ok()?;
    (plain.len() <= limit).then_some(plain)
}
