//! Broken and evil files: no crash, no hang, no flood, nothing written elsewhere, always an answer.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests stop at the first broken premise")]

use std::fs;
use std::path::Path;

use formwork_tests::hostile::{self, Action, Trial, World};
use formwork_tests::judge::Judge;
use formwork_tests::place::{self, Scratch};
use formwork_tests::{corpus, made};

/// Files whose ending is settled: a success, or another kind, would be wrong. The kinds are alternatives.
const SETTLED: &[(&str, Action, &[&str])] = &[
    ("zero.jpg", Action::Convert("png"), &["corrupt_input", "unsupported_format"]),
    ("zero.zip", Action::Convert("tar"), &["corrupt_input", "unsupported_format"]),
    ("one-byte.png", Action::Convert("jpg"), &["corrupt_input", "unsupported_format"]),
    ("png-claims-2e9.png", Action::Convert("jpg"), &["limit_exceeded", "corrupt_input"]),
    ("png-bomb-30000x30000.png", Action::Convert("jpg"), &["limit_exceeded"]),
    ("bomb-1GiB.bz2", Action::Convert("zip"), &["limit_exceeded"]),
    ("bomb-overlap-125GiB.zip", Action::Extract, &["limit_exceeded", "corrupt_input"]),
    ("gz-bad-crc.gz", Action::Extract, &["corrupt_input"]),
    ("xz-bad-check.xz", Action::Extract, &["corrupt_input"]),
    ("zip-bad-crc.zip", Action::Extract, &["corrupt_input"]),
    ("zip-bad-crc.zip", Action::Convert("tar"), &["corrupt_input"]),
    ("zip-aes256.zip", Action::Extract, &["password_required"]),
    ("zip-zipcrypto.zip", Action::Extract, &["password_required"]),
    ("7z-encrypted-headers.7z", Action::Extract, &["password_required"]),
    ("rar5-encrypted-headers.rar", Action::Extract, &["password_required"]),
    ("tar-truncated.tar", Action::Extract, &["corrupt_input"]),
    ("svg-billion-laughs.svg", Action::Convert("png"), &["limit_exceeded", "corrupt_input"]),
];

fn report(name: &str, trials: &[Trial]) {
    let table = hostile::table(trials);
    fs::create_dir_all(place::target().join("hostile")).unwrap();
    fs::write(place::target().join("hostile").join(name), &table).unwrap();
    let failed = trials.iter().filter(|trial| !trial.faults.is_empty()).count();
    println!("{table}{name}: {} calls, {failed} with faults", trials.len());
    let faults: Vec<String> = trials
        .iter()
        .filter(|trial| !trial.faults.is_empty())
        .map(|trial| format!("{} {:?}: {}", trial.file, trial.action, trial.faults.join("; ")))
        .collect();
    assert!(faults.is_empty(), "{} of {} calls:\n{}", faults.len(), trials.len(), faults.join("\n"));
}

fn unsettled(trial: &Trial) -> Option<String> {
    let (_, _, kinds) =
        SETTLED.iter().find(|(file, action, _)| *file == trial.file && *action == trial.action)?;
    let kind = trial.kind.as_deref().unwrap_or("none");
    (!kinds.contains(&kind)).then(|| format!("error kind {kind} instead of {}", kinds.join(" or ")))
}

#[test]
fn corpus_of_hostile_files() {
    let samples = corpus::folder("hostile").unwrap();
    if samples.is_empty() {
        return;
    }
    let mut judge = Judge::start().unwrap();
    let world = World::new().unwrap();
    let mut trials = Vec::new();
    for sample in &samples {
        for action in hostile::actions(&sample.format) {
            let mut trial = world.try_file(&sample.path, action, judge.as_mut()).unwrap();
            trial.faults.extend(unsettled(&trial));
            trials.push(trial);
        }
    }
    report("corpus.tsv", &trials);
}

/// Small evil files made here, for machines without the corpus.
fn made_files(folder: &Path) -> Vec<(&'static str, &'static str)> {
    let png = made::png(40, 30);
    let mut huge = png.clone();
    huge[16..24].copy_from_slice(&[0x7f, 0xff, 0xff, 0xff, 0x7f, 0xff, 0xff, 0xff]);
    let zip = made::zip(&[("a.txt", b"hello"), ("b.txt", b"world")]);
    let mut damaged = zip.clone();
    damaged[35] ^= 0xff;
    let files: Vec<(&str, &str, Vec<u8>)> = vec![
        ("empty.png", "png", Vec::new()),
        ("cut.png", "png", png[..png.len() / 2].to_vec()),
        ("bad-header-crc.png", "png", huge),
        ("not-a-picture.jpg", "jpg", b"just text, whatever its name says".to_vec()),
        ("climbs.zip", "zip", made::zip(&[("../b.txt", b"evil"), ("ok.txt", b"ok")])),
        ("absolute.zip", "zip", made::zip(&[("/nonexistent-canary/x", b"evil"), ("ok.txt", b"ok")])),
        ("backslash.zip", "zip", made::zip(&[("..\\..\\b.txt", b"evil")])),
        ("damaged.zip", "zip", damaged),
        ("cut.zip", "zip", zip[..zip.len() - 30].to_vec()),
        ("climbs.tar", "tar", made::tar(&[("../../b.txt", b"evil"), ("ok.txt", b"ok")])),
        ("absolute.tar", "tar", made::tar(&[("/nonexistent-canary/x", b"evil")])),
        ("cut.tar", "tar", made::tar(&[("a.txt", &[7; 5000])])[..3000].to_vec()),
    ];
    let written = files.into_iter().map(|(name, format, bytes)| {
        fs::write(folder.join(name), bytes).unwrap();
        (name, format)
    });
    written.collect()
}

#[test]
fn files_made_here() {
    let folder = Scratch::new("hostile-made").unwrap();
    let mut judge = Judge::start().unwrap();
    let world = World::new().unwrap();
    let mut trials = Vec::new();
    for (name, format) in made_files(folder.path()) {
        for action in hostile::actions(format) {
            trials.push(world.try_file(&folder.join(name), action, judge.as_mut()).unwrap());
        }
    }
    report("made.tsv", &trials);
}

/// Good files cut short at many lengths must end cleanly too.
#[test]
fn good_files_cut_short() {
    let folder = Scratch::new("hostile-cut").unwrap();
    let mut judge = Judge::start().unwrap();
    let world = World::new().unwrap();
    let whole = [
        ("png", made::png(64, 64)),
        ("zip", made::zip(&[("a.txt", b"hello"), ("d/b.txt", &[65; 300])])),
        ("tar", made::tar(&[("a.txt", b"hello"), ("d/b.txt", &[65; 700])])),
    ];
    let mut trials = Vec::new();
    for (format, bytes) in whole {
        for part in 1..8 {
            let path = folder.join(format!("cut-{part}-of-8.{format}"));
            fs::write(&path, &bytes[..bytes.len() * part / 8]).unwrap();
            for action in hostile::actions(format) {
                trials.push(world.try_file(&path, action, judge.as_mut()).unwrap());
            }
        }
    }
    report("cut.tsv", &trials);
}
