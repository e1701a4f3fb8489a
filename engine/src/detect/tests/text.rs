//! Text and its kinds.

use super::{id, named};

fn utf16(text: &str, mark: bool) -> Vec<u8> {
    let units = mark.then_some(0xFEFF).into_iter().chain(text.encode_utf16());
    units.flat_map(u16::to_le_bytes).collect()
}

#[test]
fn encodings() {
    assert_eq!(id("Füße und Ärmel\n".as_bytes()), Some("txt"));
    assert_eq!(id(b"F\xFC\xDFe und \xC4rmel, in Latin-1\n"), Some("txt"));
    assert_eq!(id(&[0xEF, 0xBB, 0xBF, b'a', b'\n']), Some("txt"));
    assert_eq!(id(&utf16("words and words\n", true)), Some("txt"));
    assert_eq!(id(&utf16("words and words\n", false)), Some("txt"));
    let big: Vec<u8> = "words and words\n".encode_utf16().flat_map(u16::to_be_bytes).collect();
    assert_eq!(id(&big), Some("txt"));
    assert_eq!(id(&utf16("<?xml version=\"1.0\"?><a/>", true)), Some("xml"));
    assert_eq!(id(b"one slip \0 is forgiven in text\n"), Some("txt"));
    assert_eq!(id(b"\x01\x02\x03\x04 binary \x05\x06\x07"), None);
    // The sample of 4 KiB ends inside a character.
    assert_eq!(id(format!("{}é", "a".repeat(4095)).as_bytes()), Some("txt"));
}

#[test]
fn markup_by_its_first_element() {
    assert_eq!(
        id(b"<?xml version='1.0'?>\n<!-- <html> --><svg xmlns='http://www.w3.org/2000/svg'/>"),
        Some("svg")
    );
    assert_eq!(id(b"<svg:svg xmlns:svg='http://www.w3.org/2000/svg'/>"), Some("svg"));
    assert_eq!(id(b"<!DOCTYPE svg [<!ENTITY a \"]><html>\">]>\n<svg/>"), Some("svg"));
    assert_eq!(named(b"<svg/>", "a.xml"), (Some("svg"), None));
    assert_eq!(id(b"<?xml version='1.0'?><FictionBook/>"), Some("fb2"));
    assert_eq!(id(b"<?xml version='1.0'?><note/>"), Some("xml"));
    assert_eq!(id(b"<note><to>you</to></note>"), Some("xml"));
    assert_eq!(id(b"<article xmlns:xlink='x'>a</article>"), Some("xml"));
    let flat =
        b"<?xml version='1.0'?><office:document office:mimetype='application/vnd.oasis.opendocument.text'/>";
    assert_eq!(id(flat), Some("fodt"));
    assert_eq!(id(b"\n<!DOCTYPE HTML>\n<title>a</title>"), Some("html"));
    assert_eq!(id(b"<HTML><BODY>a"), Some("html"));
    assert_eq!(id(b"<?xml version='1.0'?><html xmlns='x'/>"), Some("html"));
    assert_eq!(id(b"<div><p>a piece of a page"), Some("html"));
    assert_eq!(named(b"<p align=center>a</p>\n", "readme.md"), (Some("md"), None));
    assert_eq!(named(b"<html><body>a</body></html>", "a.doc"), (Some("html"), Some("doc")));
    assert_eq!(id(b"<3 is a heart\n"), Some("txt"));
    assert_eq!(named(b"words without tags\n", "a.html"), (Some("html"), None));
}

#[test]
fn words_at_the_start() {
    assert_eq!(id(b"{\\rtf1\\ansi a}"), Some("rtf"));
    assert_eq!(id(b"\n  {\\rtf1\\ansi a}"), Some("rtf"));
    assert_eq!(id(b"ffconcat version 1.0\nfile a\n"), Some("ffconcat"));
    assert_eq!(named(b"#EXTM3U\n#EXTINF:10,\nfile:///a\n", "a.mp4"), (Some("m3u8"), Some("mp4")));
    assert_eq!(id(b"\xEF\xBB\xBF#EXTM3U\n"), Some("m3u8"));
    assert_eq!(id(b"#define a_width 8\n#define a_height 8\nstatic char a_bits[] = { 0 };\n"), Some("xbm"));
}

#[test]
fn tables() {
    assert_eq!(id(b"a,b\n1,2\n"), Some("csv"));
    assert_eq!(id(b"a;b;c\n1;2;3\n4;5;6\n"), Some("csv"));
    assert_eq!(id(b"a\tb\n1\t2\n"), Some("csv"));
    assert_eq!(id(b"a|b|c\r1|2|3\r4|5|6\r"), Some("csv"));
    assert_eq!(id(b"name,value\n=1+1,@SUM(1+1)\n\"=H(\"\"a\"\",\"\"x\"\")\",-2+3\n"), Some("csv"));
    assert_eq!(id(b"id,text\n1,\"two\nlines\"\n2,\"a \"\"word\"\", more\"\n"), Some("csv"));
    assert_eq!(id(b"plain text, not a table\n".repeat(20).as_slice()), Some("txt"));
    assert_eq!(id(b"{\"a\": 1, \"b\": 2}\n{\"a\": 1, \"b\": 2}\n"), Some("txt"));
    assert_eq!(named(b"a\tb\n1\t2\n", "a.txt"), (Some("txt"), None));
    assert_eq!(named(b"a,b\n1,2\n", "a.xls"), (Some("csv"), Some("xls")));
}

#[test]
fn light_markup() {
    assert_eq!(id(b"# Title\n\nSee [here](a.html) and `code`.\n"), Some("md"));
    assert_eq!(id(b"Title\n\n```rust\nfn a() {}\nlet b = 1;\nlet c = 2;\n```\n"), Some("md"));
    assert_eq!(id(b"| a | b |\n|---|---|\n| 1 | 2 |\n"), Some("md"));
    assert_eq!(id(b"Title\n=====\n\n.. note:: words\n\n:ref:`there`\n"), Some("rst"));
    assert_eq!(id(b"\\documentclass{article}\n\\begin{document}\na\n\\end{document}\n"), Some("tex"));
    assert_eq!(id(b"# a comment\n# another\nkey = value\n"), Some("txt"));
    assert_eq!(named(b"# Title\n\nSee [here](a.html).\n", "a.py"), (Some("txt"), None));
    assert_eq!(named(b"# Title\n\nSee [here](a.html).\n", "a.txt"), (Some("txt"), None));
    assert_eq!(id(b"#!/bin/sh\n\n# Title\n\necho [a](b)\n"), Some("txt"));
}
