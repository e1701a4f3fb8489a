//! Detection against a corpus of real files: once with their names, once without.
//!
//! The corpus is a folder with a `MANIFEST.tsv` (path, format, …) named by `FORMWORK_CORPUS`, or the one
//! beside the checkout. Without it the test says that it was skipped.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use formwork::detect::{Detection, detect};

/// Rows whose label is what the name says, with what the bytes are; `None` for files that are nothing.
const TRUTH: &[(&str, Option<&str>)] = &[
    ("hostile/hls-playlist-named.mp4", Some("m3u8")),
    ("hostile/one-byte.png", None),
    ("hostile/wrong-ext-csv.xls", Some("csv")),
    ("hostile/wrong-ext-docx.zip.rar", Some("docx")),
    ("hostile/wrong-ext-html.doc", Some("html")),
    ("hostile/wrong-ext-jpg.mp4", Some("jpg")),
    ("hostile/wrong-ext-pdf.docx", Some("pdf")),
    ("hostile/wrong-ext-png.jpg", Some("png")),
    ("hostile/wrong-ext-text.mp3", Some("txt")),
    ("hostile/zero.jpg", None),
    ("hostile/zero.mp4", None),
    ("hostile/zero.pdf", None),
    ("hostile/zero.zip", None),
];

/// Answers that are more precise than a label, and as right.
const FINER: &[(&str, &str)] = &[("bz2", "tbz2"), ("xz", "txz"), ("lz4", "tlz4"), ("zst", "tzst")];

struct Row {
    path: String,
    label: String,
}

impl Row {
    fn truth(&self) -> Option<&str> {
        TRUTH
            .iter()
            .find(|(path, _)| *path == self.path)
            .map_or(Some(self.label.as_str()), |(_, truth)| *truth)
    }

    fn file_name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or(&self.path)
    }
}

fn corpus() -> Option<(PathBuf, Vec<Row>)> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/corpus");
    let folder = std::env::var_os("FORMWORK_CORPUS").map_or_else(beside, PathBuf::from);
    let manifest = std::fs::read_to_string(folder.join("MANIFEST.tsv")).ok()?;
    let rows = manifest.lines().skip(1).filter_map(|line| {
        let mut fields = line.split('\t');
        Some(Row { path: fields.next()?.to_string(), label: fields.next()?.to_string() })
    });
    Some((folder, rows.collect()))
}

/// Detects every file and returns the share of right answers; prints the others.
fn share_right(folder: &Path, rows: &[Row], with_names: bool) -> io::Result<f64> {
    let mut right = 0;
    for row in rows {
        let file = File::open(folder.join(&row.path))?;
        let name = with_names.then_some(row.file_name());
        let found = detect(&file, name)?;
        let id = found.as_ref().map(|found| found.format.id);
        let finer = FINER.iter().any(|(label, finer)| row.truth() == Some(label) && id == Some(finer));
        if id == row.truth() || finer {
            right += 1;
        } else {
            println!("{:44} is {:10} found {}", row.path, row.truth().unwrap_or("-"), told(found.as_ref()));
        }
        if finer {
            println!("{:44} finer: {} for {}", row.path, id.unwrap_or("-"), row.label);
        }
    }
    let share = f64::from(right) / rows.len() as f64;
    println!("{right} of {} right {}\n", rows.len(), if with_names { "with names" } else { "without names" });
    Ok(share)
}

fn told(found: Option<&Detection>) -> String {
    found.map_or("-".to_string(), |found| {
        format!("{} ({:?}: {})", found.format.id, found.confidence, found.evidence)
    })
}

#[test]
fn formats_are_known_with_and_without_names() -> io::Result<()> {
    let Some((folder, rows)) = corpus() else {
        println!("skipped: no corpus at FORMWORK_CORPUS or beside the checkout");
        return Ok(());
    };
    let named = share_right(&folder, &rows, true)?;
    let nameless = share_right(&folder, &rows, false)?;
    assert!(named >= 0.99, "with names: {named:.4}");
    assert!(nameless >= 0.95, "without names: {nameless:.4}");
    Ok(())
}

/// A name that lies is reported; one that is right, or merely less precise, is not.
#[test]
fn lying_names_are_reported() -> io::Result<()> {
    let Some((folder, rows)) = corpus() else {
        println!("skipped: no corpus at FORMWORK_CORPUS or beside the checkout");
        return Ok(());
    };
    for row in &rows {
        let file = File::open(folder.join(&row.path))?;
        let Some(found) = detect(&file, Some(row.file_name()))? else { continue };
        let lies = TRUTH.iter().any(|(path, _)| *path == row.path);
        assert_eq!(
            found.claimed.is_some(),
            lies,
            "{}: {}, claimed {:?}",
            row.path,
            told(Some(&found)),
            found.claimed.map(|f| f.id)
        );
    }
    Ok(())
}

/// Every file that the manifest calls encrypted, where that can be seen from outside.
#[test]
fn encryption_is_seen() -> io::Result<()> {
    let Some((folder, rows)) = corpus() else {
        println!("skipped: no corpus at FORMWORK_CORPUS or beside the checkout");
        return Ok(());
    };
    let locked = ["password", "encrypted", "aes256", "zipcrypto", "strong-encryption"];
    for row in rows.iter().filter(|row| row.path.starts_with("hostile/")) {
        let file = File::open(folder.join(&row.path))?;
        let Some(found) = detect(&file, None)? else { continue };
        let expected = locked.iter().any(|word| row.path.contains(word));
        assert_eq!(found.encrypted, expected, "{}: {}", row.path, told(Some(&found)));
    }
    Ok(())
}
