//! Turns format rows that travel with a plugin into rows of the engine's own shape.

use formwork_abi::describe::FormatRow;
use formwork_formats::{Compression, Family, Feature, Format, Signature};

/// Makes a row live as long as the process, as plugins do. Returns `None` for a row without id or
/// family, or with an id the engine knows already.
pub(super) fn adopt(row: &FormatRow) -> Option<&'static Format> {
    let family = Family::ALL.into_iter().find(|family| family.word() == row.family)?;
    if row.id.is_empty() || formwork_formats::by_id(&row.id).is_some() {
        return None;
    }
    let signatures = row.signatures.iter().filter_map(|(offset, digits)| {
        Some(Signature { offset: *offset, bytes: Vec::leak(bytes_from_hex(digits)?) })
    });
    Some(Box::leak(Box::new(Format {
        id: leak(&row.id),
        name: leak(&row.name),
        family,
        extensions: leak_all(&row.extensions),
        aliases: &[],
        mime: leak_all(&row.mime),
        signatures: Vec::leak(signatures.collect()),
        container: None,
        compression: Compression::Either,
        holds: Vec::leak(row.holds.iter().filter_map(|word| Feature::from_word(word)).collect()),
        specification: leak(&row.specification),
        internal: false,
    })))
}

fn leak(text: &str) -> &'static str {
    String::leak(text.to_owned())
}

fn leak_all(texts: &[String]) -> &'static [&'static str] {
    Vec::leak(texts.iter().map(|text| leak(text)).collect())
}

fn bytes_from_hex(digits: &str) -> Option<Vec<u8>> {
    let pairs = digits.as_bytes().chunks(2);
    pairs.map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()).collect()
}
