//! Documents: ZIP packages, compound files, pages, books.

use super::{found, id, named, padded, patched};

/// A ZIP file with stored entries, with or without its central directory.
fn zip(entries: &[(&str, &[u8])], directory: bool) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut central = Vec::new();
    for (name, content) in entries {
        let size = u32::try_from(content.len()).unwrap().to_le_bytes();
        let length = u16::try_from(name.len()).unwrap().to_le_bytes();
        let offset = u32::try_from(bytes.len()).unwrap().to_le_bytes();
        let common = [&[0; 12][..], &size, &size, &length, &[0; 2]].concat();
        central.extend(
            [b"PK\x01\x02\x14\0\x14\0".as_slice(), &common, &[0; 10], &offset, name.as_bytes()].concat(),
        );
        bytes.extend([b"PK\x03\x04\x14\0".as_slice(), &common, name.as_bytes(), content].concat());
    }
    if directory {
        let (size, start) = (u32::try_from(central.len()).unwrap(), u32::try_from(bytes.len()).unwrap());
        let count = u16::try_from(entries.len()).unwrap().to_le_bytes();
        let end = [&[0; 4], &count[..], &count, &size.to_le_bytes(), &start.to_le_bytes(), &[0; 2]].concat();
        bytes.extend([central.as_slice(), b"PK\x05\x06", &end].concat());
    }
    bytes
}

#[test]
fn packages_are_known_by_their_parts() {
    let package = |part: &str| zip(&[("[Content_Types].xml", b"<Types/>"), (part, b"x")], true);
    assert_eq!(id(&package("word/document.xml")), Some("docx"));
    assert_eq!(id(&package("xl/workbook.xml")), Some("xlsx"));
    assert_eq!(id(&package("xl/workbook.bin")), Some("xlsb"));
    assert_eq!(id(&package("ppt\\presentation.xml")), Some("pptx"));
    assert_eq!(named(&package("word/document.xml"), "a.rar"), (Some("docx"), Some("rar")));
    assert_eq!(named(&package("word/document.xml"), "a.docm"), (Some("docx"), None));
    let types = b"<Override ContentType='application/vnd...spreadsheetml.sheet.main+xml'/>";
    assert_eq!(id(&zip(&[("[Content_Types].xml", types), ("book.xml", b"x")], true)), Some("xlsx"));
    // Cut off before the directory: the local headers say the same.
    assert_eq!(id(&zip(&[("[Content_Types].xml", b"x"), ("word/document.xml", b"x")], false)), Some("docx"));
}

#[test]
fn open_documents_and_books_state_their_type() {
    let typed = |media_type: &[u8]| zip(&[("mimetype", media_type), ("content.xml", b"x")], true);
    assert_eq!(id(&typed(b"application/vnd.oasis.opendocument.text")), Some("odt"));
    assert_eq!(id(&typed(b"application/vnd.oasis.opendocument.spreadsheet-template")), Some("ods"));
    assert_eq!(id(&typed(b"application/vnd.oasis.opendocument.presentation")), Some("odp"));
    assert_eq!(id(&typed(b"application/epub+zip\r\n")), Some("epub"));
    assert_eq!(id(&typed(b"application/x-unheard-of")), Some("zip"));
    let late = zip(&[("content.xml", b"x"), ("mimetype", b"application/vnd.oasis.opendocument.text")], true);
    assert_eq!(id(&late), Some("odt"));
    let manifest = b"<entry media-type='application/vnd.oasis.opendocument.spreadsheet'/><encryption-data/>";
    assert_eq!(id(&zip(&[("content.xml", b"x"), ("META-INF/manifest.xml", manifest)], true)), Some("ods"));
    let media_type = b"application/vnd.oasis.opendocument.spreadsheet";
    assert!(found(&zip(&[("mimetype", media_type), ("META-INF/manifest.xml", manifest)], true)).encrypted);
    let book = zip(&[("META-INF/container.xml", b"x"), ("OEBPS/content.opf", b"x")], true);
    assert_eq!(id(&book), Some("epub"));
}

#[test]
fn other_zips_are_zips() {
    let plain = zip(&[("a.txt", b"words"), ("word/list.txt", b"words")], true);
    assert_eq!(id(&plain), Some("zip"));
    assert_eq!(id(&zip(&[], true)), Some("zip"));
    assert_eq!(id(b"PK\x03\x04"), Some("zip"));
    assert_eq!(id(&[b"MZ\x90\0".as_slice(), &[0; 5000], &plain].concat()), Some("zip"));
    assert_eq!(id(&[b"\xFF\xD8\xFF\xE0".as_slice(), &[0; 100], &plain].concat()), Some("jpg"));
    let mut sealed = plain;
    sealed[6] |= 1;
    let central = sealed.windows(4).position(|window| window == b"PK\x01\x02").unwrap();
    sealed[central + 8] |= 1;
    assert!(found(&sealed).encrypted);
}

/// A compound file of 512 byte sectors: directory in sector 1, allocation table in sector 0.
fn compound(streams: &[&str]) -> Vec<u8> {
    let mut bytes =
        patched(512 * 12, &[(0, b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1"), (30, b"\x09\0"), (48, b"\x01\0\0\0")]);
    bytes[76..80].copy_from_slice(&0_u32.to_le_bytes());
    bytes[512 + 4..512 + 8].copy_from_slice(&0xFFFF_FFFE_u32.to_le_bytes());
    let mut entry = |index: usize, name: &str, child: u32, right: u32| {
        let at = 1024 + 128 * index;
        for (place, unit) in name.encode_utf16().enumerate() {
            bytes[at + 2 * place..at + 2 * place + 2].copy_from_slice(&unit.to_le_bytes());
        }
        bytes[at + 64] = u8::try_from(2 * name.len() + 2).unwrap();
        bytes[at + 68..at + 72].copy_from_slice(&u32::MAX.to_le_bytes());
        bytes[at + 72..at + 76].copy_from_slice(&right.to_le_bytes());
        bytes[at + 76..at + 80].copy_from_slice(&child.to_le_bytes());
        bytes[at + 116] = 2;
        bytes[at + 121] = 0x10;
    };
    entry(0, "Root Entry", 1, u32::MAX);
    for (index, name) in streams.iter().enumerate() {
        let last = index + 1 == streams.len();
        let right = if last { u32::MAX } else { u32::try_from(index + 2).unwrap() };
        entry(index + 1, name, u32::MAX, right);
    }
    bytes
}

#[test]
fn compound_files_are_known_by_their_streams() {
    assert_eq!(id(&compound(&["WordDocument"])), Some("doc"));
    assert_eq!(id(&compound(&["CompObj", "Workbook"])), Some("xls"));
    assert_eq!(id(&compound(&["Book"])), Some("xls"));
    assert_eq!(id(&compound(&["Current User", "PowerPoint Document"])), Some("ppt"));
    assert_eq!(id(&compound(&["__properties_version1.0"])), None);
    let sealed = compound(&["EncryptionInfo", "EncryptedPackage"]);
    assert!(found(&sealed).encrypted);
    assert_eq!(named(&sealed, "a.docx"), (Some("docx"), None));
    assert_eq!(named(&sealed, "a.pptx"), (Some("pptx"), None));
    assert_eq!(named(&sealed, "a.ppt"), (Some("pptx"), Some("ppt")));
    // The stream itself: fEncrypted of a document, FILEPASS of a workbook (sector 2).
    let mut locked = compound(&["WordDocument"]);
    locked[512 * 3 + 11] |= 1;
    assert!(found(&locked).encrypted);
    let mut locked = compound(&["Workbook"]);
    locked[512 * 3..512 * 3 + 12].copy_from_slice(b"\x09\x08\x04\0\0\0\0\0\x2F\0\x06\0");
    assert!(found(&locked).encrypted);
}

#[test]
fn streams_without_a_compound_file() {
    assert_eq!(id(&padded(b"\x09\x08\x10\0\0\x06\x05\0", 64)), Some("xls"));
    assert_eq!(id(&padded(b"\x09\0\x04\0\x07\0\x10\0", 64)), Some("xls"));
    assert_eq!(id(&padded(b"\xDB\xA5\x2D\0", 64)), Some("doc"));
}

#[test]
fn pdf_also_behind_other_bytes() {
    assert_eq!(id(b"%PDF-1.7\n"), Some("pdf"));
    assert_eq!(named(b"%PDF-1.7\n", "a.ai"), (Some("ai"), None));
    assert_eq!(id(b"\0\0\0\0%PDF-1.4\n1 0 obj\n<<>>"), Some("pdf"));
    assert_eq!(id(b"HTTP/1.1 200 OK\r\n\r\n%PDF-1.4\n1 0 obj\n<<>>"), Some("pdf"));
    assert_eq!(id(b"A PDF file starts with %PDF-1.4 or the like.\n"), Some("txt"));
    assert!(!found(b"%PDF-1.7\n<< /EncryptMetadata true >>").encrypted);
    assert!(found(b"%PDF-1.7\ntrailer << /Encrypt 5 0 R >>").encrypted);
    let body = patched(9000, &[(0, b"%PDF-1.7\n"), (6000, b"<</Encrypt 5 0 R>>")]);
    assert!(found(&[body, vec![b' '; 9000], b"startxref\n5990\n%%EOF".to_vec()].concat()).encrypted);
}

#[test]
fn postscript_encapsulated_or_not() {
    assert_eq!(id(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 1 1\n"), Some("eps"));
    assert_eq!(id(b"%!PS-Adobe-3.0\n%%BoundingBox: 0 0 1 1\n"), Some("eps"));
    assert_eq!(id(b"%!PS-Adobe-3.0\n%%BoundingBox: 0 0 1 1\n%%Pages: 9\n"), Some("ps"));
    assert_eq!(id(b"%!PS\nshowpage\n"), Some("ps"));
    assert_eq!(named(b"%!PS\nshowpage\n", "a.eps"), (Some("eps"), None));
    assert_eq!(id(&padded(b"\xC5\xD0\xD3\xC6\x1E\0\0\0\x10\0\0\0", 60)), Some("eps"));
}

#[test]
fn books_in_palm_databases() {
    let book = |version: u8, encryption: u8| {
        patched(
            200,
            &[(60, b"BOOKMOBI"), (81, &[100]), (113, &[encryption]), (116, b"MOBI"), (139, &[version])],
        )
    };
    assert_eq!(id(&book(6, 0)), Some("mobi"));
    assert_eq!(id(&book(8, 0)), Some("azw3"));
    assert!(found(&book(6, 2)).encrypted && !found(&book(6, 0)).encrypted);
    assert_eq!(id(&patched(70, &[(60, b"BOOKMOBI")])), Some("mobi"));
}
