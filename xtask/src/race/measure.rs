//! Runs the programs of a race in turn, and takes the median of each.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use formwork_tests::run::{self, Finished, Limits};
use formwork_tests::{Result, place};

use super::contest::{Contest, Runner, Source};

/// The medians of one program.
#[derive(Clone, Debug)]
pub(super) struct Score {
    pub(super) name: &'static str,
    pub(super) cpu: Duration,
    pub(super) wall: Duration,
    pub(super) peak_bytes: u64,
    /// Bytes of the output; of a folder, all its files.
    pub(super) bytes: u64,
    /// SSIM and PSNR of the luma, for pictures and films.
    pub(super) quality: Option<(f64, f64)>,
    /// Why it did not finish.
    pub(super) failed: Option<String>,
}

/// Runs every program `rounds` times, taking turns so that a change in the machine's mood hits all alike.
pub(super) fn race(contest: &Contest, folder: &Path, program: &Path) -> Result<Vec<Score>> {
    let runners: Vec<&Runner> = contest.runners.iter().filter(|runner| installed(runner)).collect();
    let mut rounds: Vec<Vec<Finished>> = runners.iter().map(|_| Vec::new()).collect();
    let mut scores: Vec<Score> = runners.iter().map(|runner| blank(runner.name)).collect();
    for _ in 0..contest.rounds {
        for (index, runner) in runners.iter().enumerate() {
            if scores[index].failed.is_some() {
                continue;
            }
            let output = folder.join(format!("{index}-{}", contest.output));
            remove(&output)?;
            if contest.output.ends_with('/') {
                fs::create_dir_all(&output)?;
            }
            let done = start(runner, contest, &output, program)?;
            if done.succeeded() {
                rounds[index].push(done);
            } else {
                let said = done.stderr_text();
                scores[index].failed =
                    Some(said.lines().last().unwrap_or("failed").chars().take(120).collect());
            }
        }
    }
    for (index, score) in scores.iter_mut().enumerate() {
        let output = folder.join(format!("{index}-{}", contest.output));
        score.cpu = median(rounds[index].iter().map(|done| done.cpu)).unwrap_or_default();
        score.wall = median(rounds[index].iter().map(|done| done.wall)).unwrap_or_default();
        score.peak_bytes = median(rounds[index].iter().map(|done| done.peak_bytes)).unwrap_or_default();
        score.bytes = bytes_below(&output).unwrap_or(0);
        if let Some(source) = contest.source.as_ref().filter(|_| score.failed.is_none()) {
            score.quality = quality(source, &output)?;
        }
        remove(&output)?;
    }
    Ok(scores)
}

/// Takes the middle of what was measured.
pub(super) fn median<T: Ord + Copy>(values: impl Iterator<Item = T>) -> Option<T> {
    let mut values: Vec<T> = values.collect();
    values.sort_unstable();
    values.get(values.len() / 2).copied()
}

fn blank(name: &'static str) -> Score {
    Score {
        name,
        cpu: Duration::ZERO,
        wall: Duration::ZERO,
        peak_bytes: 0,
        bytes: 0,
        quality: None,
        failed: None,
    }
}

fn installed(runner: &Runner) -> bool {
    let tool = runner.words.first().map_or("", String::as_str);
    let there = tool == "@formwork" || place::has_tool(tool);
    if !there {
        eprintln!("not raced: {tool} is not installed (./setup --check-tools)");
    }
    there
}

fn start(runner: &Runner, contest: &Contest, output: &Path, program: &Path) -> Result<Finished> {
    let fill = |word: &String| {
        word.replace("@in", &contest.input.to_string_lossy())
            .replace("@out", &output.to_string_lossy())
            .replace("@formwork", &program.to_string_lossy())
    };
    let words: Vec<String> = runner.words.iter().map(fill).collect();
    let limits = Limits { deadline: Duration::from_secs(600), ..Limits::default() };
    run::run(Command::new(&words[0]).args(&words[1..]), &limits)
}

fn remove(path: &Path) -> Result<()> {
    if path.is_dir() {
        fs::remove_dir_all(path)?;
    } else if path.exists() {
        fs::remove_file(path)?;
    }
    Ok(())
}

fn bytes_below(path: &Path) -> Result<u64> {
    if !path.is_dir() {
        return Ok(fs::metadata(path)?.len());
    }
    fs::read_dir(path)?.map(|entry| bytes_below(&entry?.path())).sum()
}

fn quality(source: &Source, output: &Path) -> Result<Option<(f64, f64)>> {
    match source {
        Source::Picture(source) => {
            let Some(python) = place::judge_python() else { return Ok(None) };
            let script = place::root().join("xtask/src/race/quality.py");
            let done = Command::new(python).arg(script).arg(source).arg(output).output()?;
            let text = String::from_utf8_lossy(&done.stdout).into_owned();
            let mut numbers = text.split_whitespace().filter_map(|word| word.parse::<f64>().ok());
            Ok(numbers.next().zip(numbers.next()))
        }
        Source::Film(source) => {
            Ok(measured_by("ssim", "Y:", source, output)?.zip(measured_by("psnr", "y:", source, output)?))
        }
    }
}

/// What FFmpeg's filter says of the luma of two films: the number behind the last `mark`.
fn measured_by(filter: &str, mark: &str, source: &Path, output: &Path) -> Result<Option<f64>> {
    let mut ffmpeg = Command::new("ffmpeg");
    ffmpeg.args(["-hide_banner", "-nostats", "-i"]).arg(output).arg("-i").arg(source);
    let done = ffmpeg.args(["-lavfi", &format!("[0:v][1:v]{filter}"), "-f", "null", "-"]).output()?;
    let text = String::from_utf8_lossy(&done.stderr).into_owned();
    let number = text.rsplit_once(mark).and_then(|(_, rest)| rest.split_whitespace().next());
    Ok(number.and_then(|number| number.parse().ok()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_the_middle() {
        assert_eq!(median([3, 1, 9].into_iter()), Some(3));
        assert_eq!(median(std::iter::empty::<u8>()), None);
    }
}
