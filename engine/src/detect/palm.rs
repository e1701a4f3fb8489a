//! Books in a Palm database: Mobipocket and the Kindle formats that grew out of it.

use super::bytes::{be16, be32, has};
use super::finding::Finding;
use super::reader::Reader;

/// Reads the first record (its offset stands at 78): a PalmDOC header of 16 bytes with the encryption at
/// 12, then the MOBI header with the version of its format at 36; 8 is Kindle format 8.
pub(super) fn refine(reader: &Reader<'_>) -> Option<Finding> {
    let record = be32(reader.head(), 78).map(|offset| reader.read(u64::from(offset), 40)).unwrap_or_default();
    let encrypted = be16(&record, 12).is_some_and(|kind| kind != 0);
    let version = be32(&record, 36).filter(|_| has(&record, 16, b"MOBI"));
    let found = match version {
        Some(8) => Finding::certain("azw3", "Palm database BOOKMOBI, version 8"),
        _ => Finding::certain("mobi", "Palm database BOOKMOBI"),
    };
    Some(found.encrypted(encrypted))
}
