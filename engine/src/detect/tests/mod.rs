//! Detection on small made byte strings, one group of formats a file.

mod archives;
mod documents;
mod hostile;
mod media;
mod pictures;
mod text;

use super::{Confidence, Detection, Source, detect};

/// What `bytes` are found to be without a name.
fn id(bytes: &[u8]) -> Option<&'static str> {
    detect(&bytes, None).unwrap().map(|found| found.format.id)
}

/// What `bytes` are found to be under `name`, and what the name claims otherwise.
fn named(bytes: &[u8], name: &str) -> (Option<&'static str>, Option<&'static str>) {
    let found = detect(&bytes, Some(name)).unwrap();
    (found.as_ref().map(|found| found.format.id), found.and_then(|found| found.claimed).map(|claim| claim.id))
}

fn found(bytes: &[u8]) -> Detection {
    detect(&bytes, None).unwrap().unwrap()
}

/// `bytes`, with zero bytes behind up to `length`.
fn padded(bytes: &[u8], length: usize) -> Vec<u8> {
    let mut padded = bytes.to_vec();
    padded.resize(length.max(bytes.len()), 0);
    padded
}

/// Zero bytes with `pieces` written over them.
fn patched(length: usize, pieces: &[(usize, &[u8])]) -> Vec<u8> {
    let mut bytes = vec![0; length];
    for (at, piece) in pieces {
        bytes[*at..at + piece.len()].copy_from_slice(piece);
    }
    bytes
}

/// A box of the ISO base media file format.
fn atom(kind: &[u8; 4], body: &[u8]) -> Vec<u8> {
    let size = u32::try_from(body.len() + 8).unwrap().to_be_bytes();
    [&size, kind.as_slice(), body].concat()
}

/// Every signature that a row lists leads to that row, or to one of its relatives, when the rest of the
/// file does not contradict.
#[test]
fn plain_signatures_are_enough() {
    for (id, tail) in [
        ("3gp", b"....isom".as_slice()),
        ("crw", b""),
        ("exr", b"\x02\0\0\0"),
        ("farbfeld", b"\0\0\0\x01"),
        ("gif", b"\x01\0\x01\0"),
        ("hdr", b"\n"),
        ("jxr", b"\x20\0\0\0"),
        ("lz", b"\x0C"),
        ("mid", b"\0\0\0\x01\0\x60"),
        ("mrw", b"\0\0"),
        ("mxf", b"\x04\0"),
        ("orf", b"\x08\0\0\0"),
        ("psd", b"\0\0\0\0\0\0"),
        ("raf", b"0201"),
        ("raster", b"\0"),
        ("rpm", b"\x03\0"),
        ("rw2", b"\x18\0\0\0"),
        ("wmf", b"\0\0"),
        ("x3f", b"\x01\0\x02\0"),
        ("xcf", b"file\0"),
        ("y4m", b"W16 H16\n"),
    ] {
        let row = formwork_formats::by_id(id).unwrap();
        for signature in row.signatures {
            let bytes = patched(600, &[(signature.offset, &[signature.bytes, tail].concat())]);
            assert_eq!(super::tests::id(&bytes), Some(id), "{:?}", signature.bytes);
        }
    }
}

#[test]
fn nothing_is_nothing() {
    assert_eq!(id(b""), None);
    assert_eq!(id(b"\x89"), None);
    assert_eq!(named(b"", "a.png"), (None, None));
    assert_eq!(id(&[0; 5000]), None);
}

/// An ordinary picture is known from one read of 4 KiB.
#[test]
fn one_read_is_enough_for_pictures() {
    struct Counted(Vec<u8>, std::cell::Cell<usize>);
    impl Source for Counted {
        fn read_at(&self, offset: u64, buffer: &mut [u8]) -> std::io::Result<usize> {
            self.1.set(self.1.get() + buffer.len());
            self.0.read_at(offset, buffer)
        }
        fn length(&self) -> Option<u64> {
            self.0.length()
        }
    }
    let png = patched(100_000, &[(0, b"\x89PNG\r\n\x1A\n\0\0\0\x0DIHDR"), (33, b"\0\0\x10\0IDAT")]);
    let jpg = patched(100_000, &[(0, b"\xFF\xD8\xFF\xE0")]);
    for (bytes, id) in [(png, "png"), (jpg, "jpg")] {
        let source = Counted(bytes, std::cell::Cell::new(0));
        assert_eq!(detect(&source, None).unwrap().map(|found| found.format.id), Some(id));
        assert_eq!(source.1.get(), 4096);
    }
}

#[test]
fn failing_sources_are_reported() {
    struct Broken(u64);
    impl Source for Broken {
        fn read_at(&self, offset: u64, buffer: &mut [u8]) -> std::io::Result<usize> {
            if offset >= self.0 {
                return Err(std::io::Error::other("bad sector"));
            }
            buffer.fill(0);
            Ok(buffer.len())
        }
        fn length(&self) -> Option<u64> {
            Some(1 << 30)
        }
    }
    assert!(detect(&Broken(0), None).is_err());
    assert!(detect(&Broken(4096), None).is_err());
}

/// The name chooses among formats with the same bytes, and is reported when it claims another.
#[test]
fn names_choose_and_names_lie() {
    let text = b"nothing but words in lines\nand more of them\n";
    assert_eq!(named(text, "a.md"), (Some("md"), None));
    assert_eq!(named(text, "a.rst"), (Some("rst"), None));
    assert_eq!(named(text, "a.csv"), (Some("csv"), None));
    assert_eq!(named(text, "a.mp3"), (Some("txt"), Some("mp3")));
    assert_eq!(named(text, "a.unheard-of"), (Some("txt"), None));
    assert_eq!(named(b"\xFF\xD8\xFF\xE0\0\x10JFIF\0", "a.mp4"), (Some("jpg"), Some("mp4")));
    assert_eq!(found(text).confidence, Confidence::Guess);
}
