//! Numbers and pieces out of byte strings that may be too short: every answer is an `Option`.

/// The `len` bytes at `at`.
pub(super) fn slice(data: &[u8], at: usize, len: usize) -> Option<&[u8]> {
    data.get(at..at.checked_add(len)?)
}

/// The `N` bytes at `at`.
pub(super) fn array<const N: usize>(data: &[u8], at: usize) -> Option<[u8; N]> {
    slice(data, at, N)?.try_into().ok()
}

/// Tells whether `expected` stands at `at`.
pub(super) fn has(data: &[u8], at: usize, expected: &[u8]) -> bool {
    slice(data, at, expected.len()) == Some(expected)
}

/// The byte at `at`.
pub(super) fn byte(data: &[u8], at: usize) -> Option<u8> {
    data.get(at).copied()
}

/// The 16-bit big-endian number at `at`.
pub(super) fn be16(data: &[u8], at: usize) -> Option<u16> {
    array(data, at).map(u16::from_be_bytes)
}

/// The 32-bit big-endian number at `at`.
pub(super) fn be32(data: &[u8], at: usize) -> Option<u32> {
    array(data, at).map(u32::from_be_bytes)
}

/// The 64-bit big-endian number at `at`.
pub(super) fn be64(data: &[u8], at: usize) -> Option<u64> {
    array(data, at).map(u64::from_be_bytes)
}

/// The 16-bit little-endian number at `at`.
pub(super) fn le16(data: &[u8], at: usize) -> Option<u16> {
    array(data, at).map(u16::from_le_bytes)
}

/// The 32-bit little-endian number at `at`.
pub(super) fn le32(data: &[u8], at: usize) -> Option<u32> {
    array(data, at).map(u32::from_le_bytes)
}

/// The 64-bit little-endian number at `at`.
pub(super) fn le64(data: &[u8], at: usize) -> Option<u64> {
    array(data, at).map(u64::from_le_bytes)
}

/// Where `needle` first stands in `data`.
pub(super) fn find(data: &[u8], needle: &[u8]) -> Option<usize> {
    data.windows(needle.len().max(1)).position(|window| window == needle)
}

/// Where `needle` last stands in `data`.
pub(super) fn find_last(data: &[u8], needle: &[u8]) -> Option<usize> {
    data.windows(needle.len().max(1)).rposition(|window| window == needle)
}
