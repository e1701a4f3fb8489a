//! What past conversions took and gave, so that the next are foreseen better on this machine, for these files.
//!
//! A file `history.tsv` in a folder the host hands in: a row for each operation and pair of formats, with how far off
//! the shipped model was on average. It is small, may be deleted at will, and is shared by processes: whoever changes it
//! holds a lock on `history.lock` and puts a whole new file in place.

use crate::lock::lock;
use crate::plan::predict::Logs;
use std::collections::HashMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

/// The most rows that are kept; those that were not used for the longest time go first.
const MOST_ROWS: usize = 2_000;
/// A row weighs no more than so many conversions, so that it follows a machine that changes.
const MOST_WEIGHT: f64 = 30.0;
/// How many conversions of one kind it takes to believe them as much as all others together.
const DOUBT: f64 = 2.0;
/// A new file is no larger: anything beyond was not written by us.
const MOST_BYTES: u64 = 1 << 20;
/// The row of everything together: how fast this machine is.
const ALL: &str = "*";

/// Where the history is kept.
#[derive(Debug)]
pub(crate) struct History {
    folder: PathBuf,
    /// What was read last; asked again only after a change of our own.
    rows: Mutex<Option<HashMap<String, Row>>>,
}

/// How far off the model was for one kind of conversion.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Row {
    weight: f64,
    mean: Logs,
    /// Grows with every use of the file.
    used: u64,
}

impl History {
    pub(crate) fn new(folder: PathBuf) -> History {
        History { folder, rows: Mutex::default() }
    }

    /// What to add to the model's logarithms for a kind of conversion.
    pub(crate) fn correction(&self, kind: &str) -> Logs {
        let mut rows = lock(&self.rows);
        let rows = rows.get_or_insert_with(|| read(&self.folder));
        let all = rows.get(ALL).copied().unwrap_or_default();
        let own = rows.get(kind).copied().unwrap_or_default();
        let all = all.mean.map(|mean| mean * all.weight / (all.weight + DOUBT));
        let mut mixed = all;
        for (mixed, own_mean) in mixed.iter_mut().zip(own.mean) {
            *mixed = (own_mean * own.weight + *mixed * DOUBT) / (own.weight + DOUBT);
        }
        mixed
    }

    /// Notes how far off the shipped model was. A history that cannot be written is no failure of the conversion.
    pub(crate) fn note(&self, kind: &str, off: Logs) {
        if off.iter().any(|log| !log.is_finite()) {
            return;
        }
        let _ = self.change(|rows| {
            let now = rows.values().map(|row| row.used).max().unwrap_or(0) + 1;
            for name in [ALL, kind] {
                let row = rows.entry(name.to_owned()).or_default();
                row.weight = (row.weight + 1.0).min(MOST_WEIGHT);
                for (mean, off) in row.mean.iter_mut().zip(off) {
                    *mean += (off.clamp(-7.0, 7.0) - *mean) / row.weight;
                }
                row.used = now;
            }
        });
    }

    fn change(&self, change: impl FnOnce(&mut HashMap<String, Row>)) -> std::io::Result<()> {
        fs::create_dir_all(&self.folder)?;
        let guard = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(self.folder.join("history.lock"))?;
        guard.lock()?;
        let mut rows = read(&self.folder);
        change(&mut rows);
        let mut sorted: Vec<(&String, &Row)> = rows.iter().collect();
        sorted.sort_by(|(a, one), (b, two)| two.used.cmp(&one.used).then(a.cmp(b)));
        sorted.truncate(MOST_ROWS);
        let text: String = sorted.iter().map(|(name, row)| line(name, row)).collect();
        let fresh = self.folder.join("history.new");
        fs::write(&fresh, text)?;
        fs::rename(&fresh, self.folder.join("history.tsv"))?;
        *lock(&self.rows) = Some(rows);
        Ok(())
    }
}

fn line(name: &str, row: &Row) -> String {
    let [time, memory, size] = row.mean;
    format!("{name}\t{}\t{}\t{time:.4}\t{memory:.4}\t{size:.4}\n", row.used, row.weight)
}

fn read(folder: &Path) -> HashMap<String, Row> {
    let path = folder.join("history.tsv");
    let fits = path.metadata().is_ok_and(|about| about.len() <= MOST_BYTES);
    let text = if fits { fs::read_to_string(path).unwrap_or_default() } else { String::new() };
    text.lines().filter_map(parse).collect()
}

fn parse(line: &str) -> Option<(String, Row)> {
    let columns: Vec<&str> = line.split('\t').collect();
    let [name, used, weight, time, memory, size] = columns.as_slice() else { return None };
    let number = |text: &&str| text.parse::<f64>().ok().filter(|value| value.is_finite());
    let weight = number(weight)?.clamp(0.0, MOST_WEIGHT);
    let mean = [number(time)?, number(memory)?, number(size)?];
    Some(((*name).to_owned(), Row { weight, mean, used: used.parse::<u32>().ok()?.into() }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU32, Ordering};

    fn folder() -> PathBuf {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        std::env::temp_dir().join(format!("formwork-history-{}-{number}", std::process::id()))
    }

    #[test]
    fn what_was_noted_corrects_and_is_shared() {
        let place = folder();
        let (one, two) = (History::new(place.clone()), History::new(place.clone()));
        assert_eq!(one.correction("convert jpg>png"), [0.0; 3]);
        for _ in 0..40 {
            two.note("convert jpg>png", [0.7, 0.0, -0.7]);
        }
        let fresh = History::new(place.clone());
        let [time, memory, size] = fresh.correction("convert jpg>png");
        assert!((0.6..=0.7).contains(&time) && memory == 0.0 && (-0.7..=-0.6).contains(&size));
        let [other, ..] = fresh.correction("convert gif>png");
        assert!((0.5..=0.7).contains(&other), "a machine that is slower is so for all: {other}");
        fs::remove_dir_all(place).unwrap();
    }

    #[test]
    fn it_stays_small_and_takes_nothing_foreign() {
        let place = folder();
        fs::create_dir_all(&place).unwrap();
        fs::write(place.join("history.tsv"), "a\tb\n*\t1\t9e99\tnan\t0\t0\nx\t1\t5\tinf\t0\t0\n").unwrap();
        let history = History::new(place.clone());
        assert_eq!(history.correction("x"), [0.0; 3]);
        let row = Row { weight: 1.0, ..Row::default() };
        let many: String = (0..MOST_ROWS + 50).map(|number| line(&format!("a{number}"), &row)).collect();
        fs::write(place.join("history.tsv"), many).unwrap();
        history.note("convert a>b", [0.1; 3]);
        history.note("y", [f64::NAN, 0.0, 0.0]);
        let text = fs::read_to_string(place.join("history.tsv")).unwrap();
        assert!(text.lines().count() <= MOST_ROWS && !text.contains("NaN"));
        fs::remove_dir_all(place).unwrap();
    }
}
