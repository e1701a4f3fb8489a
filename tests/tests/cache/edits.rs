//! Inputs that change: a kept result is never that of other bytes.

use super::toy::{MEANWHILE, made};
use super::{alone, convert, engine, steps};
use formwork_tests::place::Scratch;
use formwork_tests::random::Random;
use serde_json::json;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::Duration;

const FILES: usize = 250;
const ROUNDS: usize = 4;
/// By then a change of a file shows in its times.
const SETTLED: Duration = Duration::from_millis(2_100);

/// Changes a file, or only its looks, in one of the ways programs do.
fn edit(random: &mut Random, paths: &[PathBuf], path: &Path) {
    let text = fs::read(path).unwrap();
    let times = path.metadata().unwrap().modified().unwrap();
    let mut other = text.clone();
    let place = random.number() as usize % other.len();
    other[place] = b'a' + (random.number() % 26) as u8;
    match random.number() % 8 {
        // In place, the time put back.
        0 => {
            fs::write(path, &other).unwrap();
            File::options().append(true).open(path).unwrap().set_modified(times).unwrap();
        }
        // Replaced by a file of the same size and time.
        1 => {
            let fresh = path.with_extension("new");
            fs::write(&fresh, &other).unwrap();
            File::options().append(true).open(&fresh).unwrap().set_modified(times).unwrap();
            fs::rename(&fresh, path).unwrap();
        }
        2 => fs::write(path, [text.as_slice(), b"more"].concat()).unwrap(),
        3 => fs::write(path, &text[..text.len().div_ceil(2)]).unwrap(),
        // Two files change their names.
        4 => {
            let second = &paths[random.number() as usize % paths.len()];
            let aside = path.with_extension("aside");
            fs::rename(path, &aside).unwrap();
            if second != path {
                fs::rename(second, path).unwrap();
                fs::rename(&aside, second).unwrap();
            } else {
                fs::rename(&aside, path).unwrap();
            }
        }
        5 => File::options()
            .append(true)
            .open(path)
            .unwrap()
            .set_modified(std::time::SystemTime::now())
            .unwrap(),
        6 => fs::write(path, &text).unwrap(),
        _ => fs::write(path, &other).unwrap(),
    }
}

#[test]
fn a_thousand_edits_never_give_a_stale_result() {
    let (_alone, folder) = (alone(), Scratch::new("cache-edits").unwrap());
    let cache = folder.join("cache");
    let mut random = Random::new(6);
    let paths: Vec<PathBuf> = (0..FILES).map(|number| folder.join(format!("{number}.md"))).collect();
    for (number, path) in paths.iter().enumerate() {
        fs::write(path, format!("the words of file {number}\n")).unwrap();
    }
    let cached = engine(Some(&cache));
    let mut hits = 0;
    let mut check_all = |round: &str| {
        for path in &paths {
            let (text, receipt) = convert(&cached, path, "csv", json!({})).unwrap();
            let due = made("csv", &fs::read_to_string(path).unwrap());
            assert_eq!(text, due, "{round}: {}", path.display());
            hits += usize::from(receipt["cached"] == true);
        }
    };
    check_all("at first");
    for round in 0..ROUNDS {
        sleep(SETTLED);
        // Now hashes and requests are noted by the state of the files, and then they are met.
        check_all("settled");
        check_all("noted");
        paths.iter().for_each(|path| edit(&mut random, &paths, path));
        check_all(&format!("after {} edits", (round + 1) * FILES));
    }
    assert!(hits > 2 * FILES * ROUNDS, "{hits} hits");
}

#[test]
fn what_changes_while_it_is_read_is_not_kept() {
    let (_alone, folder) = (alone(), Scratch::new("cache-edits").unwrap());
    let (cache, path) = (folder.join("cache"), folder.join("a.md"));
    let cached = engine(Some(&cache));
    for (fresh, settled) in [("first", false), ("second", true)] {
        fs::write(&path, fresh).unwrap();
        if settled {
            sleep(SETTLED);
        }
        let changing = path.clone();
        *MEANWHILE.lock().unwrap() = Some(Box::new(move || fs::write(&changing, "other").unwrap()));
        convert(&cached, &path, "csv", json!({})).unwrap();
        *MEANWHILE.lock().unwrap() = None;
        fs::write(&path, fresh).unwrap();
        let (count, (text, _)) = steps(|| convert(&cached, &path, "csv", json!({})).unwrap());
        assert_eq!((count, text), (1, made("csv", fresh)), "made anew");
    }
}
