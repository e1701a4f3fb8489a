//! ustar headers, and pax headers for what does not fit them.

use crate::entry::{Entry, Kind};
use crate::read::tar::padding;

/// Greatest size eleven octal digits can say.
const SIZE_MOST: u64 = 0o77_777_777_777;
/// Greatest number seven octal digits can say.
const ID_MOST: u32 = 0o7_777_777;

/// Returns all blocks before an entry's data.
pub(super) fn blocks(entry: &Entry, bytes: u64) -> Vec<u8> {
    let mut name = entry.name.clone();
    if entry.kind == Kind::Directory {
        name.push('/');
    }
    let (kind, link) = match &entry.kind {
        Kind::Directory => (b'5', ""),
        Kind::Symlink(target) => (b'2', target.as_str()),
        Kind::HardLink(target) => (b'1', target.as_str()),
        Kind::File | Kind::Special(_) => (b'0', ""),
    };
    let bytes = if kind == b'0' { bytes } else { 0 };
    let seconds = entry.modified.map_or(0, |time| time.seconds);
    let (uid, gid) = entry.owner.unwrap_or((0, 0));

    let mut records = Vec::new();
    let split = split_name(&name);
    if split.is_none() || !name.is_ascii() {
        push_record(&mut records, "path", name.as_bytes());
    }
    if link.len() > 100 || !link.is_ascii() {
        push_record(&mut records, "linkpath", link.as_bytes());
    }
    if bytes > SIZE_MOST {
        push_record(&mut records, "size", bytes.to_string().as_bytes());
    }
    let modified = u64::try_from(seconds).ok().filter(|seconds| *seconds <= SIZE_MOST);
    if modified.is_none() {
        push_record(&mut records, "mtime", seconds.to_string().as_bytes());
    }
    for (key, id) in [("uid", uid), ("gid", gid)] {
        if id > ID_MOST {
            push_record(&mut records, key, id.to_string().as_bytes());
        }
    }

    let mut out = Vec::with_capacity(512);
    if !records.is_empty() {
        let length = records.len() as u64;
        let pax =
            Fields { kind: b'x', mode: 0o644, uid: 0, gid: 0, size: length, modified: modified.unwrap_or(0) };
        out.extend_from_slice(&block(("", "PaxHeader"), "", &pax));
        records.resize(records.len() + usize::try_from(padding(length)).unwrap_or(0), 0);
        out.extend_from_slice(&records);
    }
    let fields = Fields {
        kind,
        mode: entry.mode_or_default(),
        uid: uid.min(ID_MOST),
        gid: gid.min(ID_MOST),
        size: bytes.min(SIZE_MOST),
        modified: modified.unwrap_or(0),
    };
    out.extend_from_slice(&block(split.unwrap_or(("", &name)), link, &fields));
    out
}

struct Fields {
    kind: u8,
    mode: u32,
    uid: u32,
    gid: u32,
    size: u64,
    modified: u64,
}

/// Splits a name into prefix and rest where both fit; `None` when they cannot.
fn split_name(name: &str) -> Option<(&str, &str)> {
    if name.len() <= 100 {
        return Some(("", name));
    }
    let at = name.match_indices('/').map(|(at, _)| at);
    let (prefix, rest) = at
        .filter(|at| *at <= 155)
        .filter_map(|at| Some((name.get(..at)?, name.get(at + 1..)?)))
        .next_back()?;
    (!prefix.is_empty() && !rest.is_empty() && rest.len() <= 100).then_some((prefix, rest))
}

/// One header block.
fn block((prefix, name): (&str, &str), link: &str, fields: &Fields) -> [u8; 512] {
    let mut block = [0; 512];
    put(&mut block, 0, 100, name.as_bytes());
    put(&mut block, 100, 8, &octal(u64::from(fields.mode), 7));
    put(&mut block, 108, 8, &octal(u64::from(fields.uid), 7));
    put(&mut block, 116, 8, &octal(u64::from(fields.gid), 7));
    put(&mut block, 124, 12, &octal(fields.size, 11));
    put(&mut block, 136, 12, &octal(fields.modified, 11));
    put(&mut block, 148, 8, b"        ");
    put(&mut block, 156, 1, &[fields.kind]);
    put(&mut block, 157, 100, link.as_bytes());
    put(&mut block, 257, 8, b"ustar\x0000");
    put(&mut block, 345, 155, prefix.as_bytes());
    let sum: u64 = block.iter().copied().map(u64::from).sum();
    put(&mut block, 148, 8, &octal(sum, 6));
    put(&mut block, 154, 2, b"\0 ");
    block
}

/// Copies a field's bytes, cut to its length.
fn put(block: &mut [u8; 512], at: usize, length: usize, bytes: &[u8]) {
    for (place, byte) in block.iter_mut().skip(at).take(length).zip(bytes) {
        *place = *byte;
    }
}

/// A number in so many octal digits.
fn octal(mut number: u64, digits: usize) -> Vec<u8> {
    let mut out = vec![b'0'; digits];
    for place in out.iter_mut().rev() {
        *place = b'0' + (number & 7) as u8;
        number >>= 3;
    }
    out
}

/// Appends a pax record, whose length counts its own digits.
fn push_record(out: &mut Vec<u8>, key: &str, value: &[u8]) {
    let rest = key.len() + value.len() + 3;
    let mut length = rest + rest.to_string().len();
    length = rest + length.to_string().len();
    out.extend_from_slice(format!("{length} {key}=").as_bytes());
    out.extend_from_slice(value);
    out.push(b'\n');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_count_themselves() {
        for length in 0..1_100 {
            let mut out = Vec::new();
            push_record(&mut out, "path", &vec![b'x'; length]);
            let said: usize = String::from_utf8_lossy(&out).split(' ').next().unwrap().parse().unwrap();
            assert_eq!(said, out.len());
        }
    }

    #[test]
    fn names_are_split_where_they_fit() {
        assert_eq!(split_name("a/b"), Some(("", "a/b")));
        let long = format!("{}/{}", "d".repeat(120), "f".repeat(90));
        assert_eq!(split_name(&long).map(|(prefix, name)| (prefix.len(), name.len())), Some((120, 90)));
        assert_eq!(split_name(&"x".repeat(101)), None);
        assert_eq!(split_name(&format!("{}/{}", "d".repeat(200), "f".repeat(90))), None);
    }
}
