//! What must be true of every row.

use std::collections::BTreeMap;

use super::*;

/// Every way to name a format, with the rank `find` gives it.
fn words(format: &'static Format) -> impl Iterator<Item = (&'static str, &'static str)> {
    let id = std::iter::once(("id", format.id));
    let aliases = format.aliases.iter().map(|word| ("alias", *word));
    id.chain(aliases).chain(format.extensions.iter().map(|word| ("extension", *word)))
}

#[test]
fn ids_are_unique_lower_case_and_in_order() {
    for table in rows::TABLES {
        assert!(
            table.is_sorted_by(|a, b| a.id < b.id),
            "{:?}",
            table.iter().map(|f| f.id).collect::<Vec<_>>()
        );
    }
    let mut seen = BTreeMap::new();
    for format in all() {
        assert!(format.id.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit()), "{}", format.id);
        assert!(seen.insert(format.id, ()).is_none(), "{} appears twice", format.id);
    }
}

#[test]
fn rows_are_complete() {
    for format in all() {
        let id = format.id;
        assert!(!format.name.is_empty() && !format.mime.is_empty() && !format.extensions.is_empty(), "{id}");
        assert!(format.specification.len() > 8, "{id} says where it is specified");
        assert!(format.mime.iter().all(|mime| mime.split('/').count() == 2), "{id}: {:?}", format.mime);
        assert!(format.signatures.iter().all(|signature| signature.bytes.len() >= 2), "{id}");
        let mut holds = format.holds.to_vec();
        holds.sort();
        holds.dedup();
        assert_eq!(holds.len(), format.holds.len(), "{id} names a feature twice");
    }
}

#[test]
fn containers_are_rows() {
    for format in all() {
        if let Some(container) = format.container {
            assert!(by_id(container).is_some_and(|row| row.id != format.id), "{} in {container}", format.id);
        }
    }
}

/// A word may name one format only; the single exception is an extension that is another row's id, as
/// `m4a` is for ALAC: there the id wins.
#[test]
fn no_word_is_ambiguous() {
    let mut owners: BTreeMap<String, Vec<(&str, &str)>> = BTreeMap::new();
    for format in all() {
        for (kind, word) in words(format) {
            assert_eq!(word, word.to_ascii_lowercase(), "{}", format.id);
            assert!(!word.starts_with('.') && !word.contains(' '), "{word:?}");
            let list = owners.entry(word.to_string()).or_default();
            if list.iter().all(|(_, id)| *id != format.id) {
                list.push((kind, format.id));
            }
        }
    }
    let allowed = |word: &str, list: &[(&str, &str)]| {
        list.iter().filter(|(kind, _)| *kind != "extension").all(|(kind, id)| *kind == "id" && *id == word)
            && list.iter().any(|(kind, _)| *kind == "id")
    };
    let clashes: Vec<_> =
        owners.iter().filter(|(word, list)| list.len() > 1 && !allowed(word, list)).collect();
    assert!(clashes.is_empty(), "{clashes:?}");
}

#[test]
fn every_word_finds_its_row() {
    for format in all() {
        for (kind, word) in words(format).filter(|(_, word)| by_id(word).is_none()) {
            assert_eq!(find(word).map(|f| f.id), Some(format.id), "{kind} {word}");
            assert_eq!(find(&format!(".{}", word.to_uppercase())).map(|f| f.id), Some(format.id), "{word}");
        }
    }
    assert_eq!(find("psb").map(|f| f.id), Some("psd"));
    assert_eq!(find("mpg").map(|f| f.id), Some("mpeg"));
    assert_eq!(find("midi").map(|f| f.id), Some("mid"));
    assert!(find("no such format").is_none());
}

/// The formats the project promises; the lists are those of the public descriptions it follows.
#[test]
fn promised_formats_are_there() {
    let promised = "mp4 mov avi mkv webm wmv flv m4v 3gp mpeg mts ogv vob ts m2ts f4v divx xvid swf asf gif mpg \
        mp3 wav flac aac ogg m4a wma aiff opus alac amr ac3 dts caf au midi mid m4b spx wv 3ga oga mka \
        jpg png gif webp bmp tiff svg heic ico psd eps avif raw cr2 cr3 nef arw dng kdc tga hdr pdf exr dds pcx \
        apng svgz jxl jp2 qoi pnm \
        docx doc xlsx xls pptx ppt odt ods odp txt rtf html csv md epub mobi tex rst xml azw3 fb2 \
        zip rar 7z tar gz bz2 xz tgz zst lz4 cpio ffconcat";
    for word in promised.split_whitespace() {
        assert!(find(word).is_some_and(|format| !format.internal), "{word}");
    }
    assert!(find("raster").is_some_and(|format| format.internal));
}

#[test]
fn names_claim_formats() {
    let claimed = |name| by_file_name(name).map(|format| format.id);
    assert_eq!(claimed("a/b.c/PHOTO.JPEG"), Some("jpg"));
    assert_eq!(claimed("backup.tar.gz"), Some("tgz"));
    assert_eq!(claimed("notes.tar.gz.txt"), Some("txt"));
    assert_eq!(claimed("song.m4a"), Some("m4a"));
    assert_eq!(claimed("x.fwraster"), None);
    assert_eq!(claimed("folder.png/README"), None);
    assert_eq!(claimed("C:\\x\\y.docm"), Some("docx"));
    assert_eq!(claimed(".png"), Some("png"));
}
