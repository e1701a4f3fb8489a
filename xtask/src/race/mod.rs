//! `cargo xtask race`: whole jobs, as whole processes, against other programs.

mod contest;
mod contests;
mod films;
mod inputs;
mod measure;
mod peers;
mod results;
mod table;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use formwork_tests::run::{self, Limits};
use formwork_tests::{Result, place};
use lexopt::prelude::*;

use inputs::Inputs;
use peers::Peers;

const HELP: &str = "\
cargo xtask race [options] [RACE…]
  RACE…        only these: webp jpeg thumbnail avif fused-image zip tgz zst unzip untgz un7z 7z zip-tgz zip-7z mp3 opus
                remux x264 fused probe start
  --rounds N   how often each program runs
  --write      put the result into benches/RESULTS.md; of a choice, just its parts
Medians of alternating runs; inputs lie in memory. Run it on a quiet machine.";

/// How long a small call may take: words of the program, what it shows, and the most milliseconds.
const STARTS: &[(&[&str], u32)] =
    &[(&["--version"], 5), (&["formats"], 15), (&["convert", "@in", "@out", "--force"], 15)];
const START_ROUNDS: usize = 31;

/// Runs the races; true when every goal was reached.
pub(crate) fn run(words: &mut lexopt::Parser) -> Result<bool> {
    let (mut chosen, mut rounds, mut write) = (Vec::new(), None, false);
    while let Some(word) = words.next()? {
        match word {
            Long("rounds") => rounds = Some(words.value()?.parse()?),
            Long("write") => write = true,
            Long("help") => {
                println!("{HELP}");
                return Ok(true);
            }
            Value(word) => chosen.push(word.string()?),
            other => return Err(other.unexpected().into()),
        }
    }
    let wanted = |id: &str| chosen.is_empty() || chosen.iter().any(|word| word == id);
    let program = place::program()?;
    let inputs = Inputs::make()?;
    let peers = Peers::fetch();
    let machine = machine()?;
    let mut text = String::new();
    let mut missed = 0;
    if wanted("start") {
        text += &start_up(&program, &inputs, &mut missed)?;
    }
    for mut contest in contests::all(&inputs, &peers).into_iter().filter(|contest| wanted(contest.id)) {
        contest.rounds = rounds.unwrap_or(contest.rounds);
        eprintln!("racing: {}", contest.title);
        let scores = measure::race(&contest, &inputs.folder, &program)?;
        let (part, short) = table::write(&contest, &scores);
        text += &part;
        missed += short;
    }
    println!("{machine}\n\n{text}");
    if write {
        results::write(&place::root().join("benches/RESULTS.md"), &machine, &text, chosen.is_empty())?;
    }
    Ok(missed == 0)
}

/// Small calls, whose time is all start-up.
fn start_up(program: &Path, inputs: &Inputs, missed: &mut usize) -> Result<String> {
    let mut text =
        "### Start-up, whole process\n\n| call | wall ms | goal ms | |\n|---|---|---|---|\n".to_owned();
    let output = inputs.folder.join("tiny.jpg");
    for (words, most) in STARTS {
        let fill = |word: &&str| match *word {
            "@in" => inputs.tiny.clone(),
            "@out" => output.clone(),
            word => PathBuf::from(word),
        };
        let words: Vec<PathBuf> = words.iter().map(fill).collect();
        let mut walls = Vec::new();
        for _ in 0..START_ROUNDS {
            walls.push(run::run(Command::new(program).args(&words), &Limits::default())?.wall);
        }
        let wall = measure::median(walls.into_iter()).unwrap_or_default();
        let reached = wall <= Duration::from_millis(u64::from(*most));
        *missed += usize::from(!reached);
        let verdict = if reached { "PASS" } else { "**short**" };
        let names: Vec<_> = words.iter().filter_map(|word| word.file_name()?.to_str()).collect();
        text += &format!("| {} | {:.1} | {most} | {verdict} |\n", names.join(" "), wall.as_secs_f64() * 1e3);
    }
    Ok(text + "\n")
}

/// Says on what, when and how this was measured.
fn machine() -> Result<String> {
    let cpu = fs::read_to_string("/proc/cpuinfo")?;
    let model = cpu.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or("unknown");
    let model = model.trim_start_matches(|c: char| c.is_whitespace() || c == ':');
    let cores = cpu.lines().filter(|line| line.starts_with("processor")).count();
    let load = fs::read_to_string("/proc/loadavg")?;
    let load = load.split_whitespace().next().unwrap_or_default();
    let date = Command::new("date").arg("+%-d %B %Y").env("LC_ALL", "C").output()?;
    let versions: Vec<String> = [
        ("vips", "--version"),
        ("convert", "-version"),
        ("7zz", "--help"),
        ("bsdtar", "--version"),
        ("pigz", "--version"),
        ("zstd", "--version"),
        ("avifenc", "--version"),
        ("ffmpeg", "-version"),
    ]
    .into_iter()
    .filter_map(|(tool, word)| first_line(tool, word))
    .collect();
    Ok(format!(
        "Measured on {}: {cores} cores of {model}, load {load} at the start. Whole processes; programs take turns, \
         medians are shown; all files lie in memory. Peak is the largest process of a job.\n\nOthers: {}.",
        String::from_utf8_lossy(&date.stdout).trim(),
        versions.join("; ")
    ))
}

fn first_line(tool: &str, word: &str) -> Option<String> {
    let done = Command::new(tool).arg(word).output().ok()?;
    let text = String::from_utf8_lossy(&done.stdout).into_owned();
    let line = text.lines().find(|line| !line.trim().is_empty())?;
    Some(line.trim().chars().take(60).collect())
}
