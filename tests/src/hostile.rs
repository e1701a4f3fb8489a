//! Hostile and broken input: whatever a file does, the program ends, says why, and touches nothing else.

use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::judge::Judge;
use crate::place::Scratch;
use crate::program::{self, Call, ERROR_KINDS};
use crate::run::Limits;
use crate::tree::Tree;
use crate::{Result, place};

/// More CPU time than this on one hostile file counts as a hang.
const HANG: Duration = Duration::from_secs(10);
/// When a call is killed. Later than [`HANG`], so that a busy machine does not look like a hang.
const DEADLINE: Duration = Duration::from_secs(25);
/// The most memory a call may hold.
const PEAK: u64 = 3 << 29;
/// Exit codes that say something, from sysexits, and 1 for a batch with failures.
const EXIT_CODES: &[i32] = &[0, 1, 64, 65, 66, 69, 70, 73, 74, 75, 77];
/// Absolute paths that hostile files of the corpus try to write or read.
const CANARIES: &[&str] = &["/tmp/evil.txt", "/Temp/evil.txt", "/nonexistent-canary"];

/// What is done with a hostile file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// `probe`.
    Probe,
    /// `convert` to this format.
    Convert(&'static str),
    /// `extract` into a fresh folder.
    Extract,
    /// These words, and into a fresh folder: what may write several files.
    Fill(&'static [&'static str]),
}

/// One call on one hostile file.
#[derive(Debug)]
pub struct Trial {
    /// The file's name.
    pub file: String,
    /// What was done.
    pub action: Action,
    /// How it ended: `ok`, or the error in the program's words.
    pub ending: String,
    /// The error kind, when there was one.
    pub kind: Option<String>,
    /// Everything that must not be.
    pub faults: Vec<String>,
    /// Time on the clock.
    pub wall: Duration,
    /// Largest memory.
    pub peak_bytes: u64,
}

/// Chooses what to do with a file of a format: look at it, and turn it into something else of its family.
pub fn actions(format: &str) -> Vec<Action> {
    let convert = match format {
        "png" => "jpg",
        "jpg" | "gif" | "bmp" | "ico" | "tiff" | "svg" | "eps" => "png",
        "zip" => "tar",
        "tar" | "7z" | "rar" | "gz" | "bz2" | "xz" | "tgz" => "zip",
        "pdf" => "txt",
        "mp3" | "flac" | "wav" => "ogg",
        "mp4" | "mkv" | "webm" | "ffconcat" => "gif",
        _ => "pdf",
    };
    let mut actions = vec![Action::Probe, Action::Convert(convert)];
    if matches!(format, "zip" | "tar" | "7z" | "rar" | "gz" | "bz2" | "xz" | "tgz") {
        actions.push(Action::Extract);
    }
    actions
}

/// A world of its own for hostile calls: a folder with canaries around the place where outputs go.
#[derive(Debug)]
pub struct World {
    scratch: Scratch,
}

impl World {
    /// Makes the world. Descriptions of plugins are cached outside of it, so that the cache is no difference.
    pub fn new() -> Result<World> {
        let scratch = Scratch::new("hostile")?;
        for folder in ["home", "tmp", "outside", "a/b/in", "a/b/out", "a/b/work"] {
            fs::create_dir_all(scratch.join(folder))?;
        }
        for canary in ["canary.txt", "outside.txt", "outside/pwned.txt", "b.txt", "a/b.txt", "a/b/canary.txt"]
        {
            fs::write(scratch.join(canary), "untouched")?;
        }
        Ok(World { scratch })
    }

    /// Does `action` with the file at `path`, and looks around afterwards.
    pub fn try_file(&self, path: &Path, action: Action, judge: Option<&mut Judge>) -> Result<Trial> {
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let input = self.scratch.join("a/b/in").join(&name);
        fs::copy(path, &input)?;
        let output = self.scratch.join("a/b/out/result");
        let output =
            if let Action::Convert(format) = action { output.with_extension(format) } else { output };
        let before = Tree::of(self.scratch.path())?;
        let canaries = present_canaries();
        let call = self.call(&input, action, &output)?;
        let mut faults = judge_call(&call);
        faults.extend(self.strangers(&before, action, &output)?);
        faults.extend(
            present_canaries()
                .into_iter()
                .filter(|path| !canaries.contains(path))
                .map(|p| format!("wrote {p}")),
        );
        if let (Action::Convert(format), true, Some(judge)) = (action, call.succeeded(), judge) {
            faults.extend(wrong_result(judge, &output, format));
        }
        fs::remove_file(&input)?;
        remove(&output)?;
        Ok(Trial {
            file: name,
            action,
            ending: if call.succeeded() { "ok".to_owned() } else { call.complaint() },
            kind: call.error_kind().map(str::to_owned),
            faults,
            wall: call.process.wall,
            peak_bytes: call.process.peak_bytes,
        })
    }

    fn call(&self, input: &Path, action: Action, output: &Path) -> Result<Call> {
        let mut command = Command::new(place::program()?);
        match action {
            Action::Probe => command.arg("probe").arg(input),
            Action::Convert(_) => command.arg("convert").arg(input).arg(output),
            Action::Extract => command.arg("extract").arg(input).arg(output),
            Action::Fill(words) => command.args(words).arg(input).arg("-o").arg(output),
        };
        if !matches!(action, Action::Probe) {
            // Some damage makes a song of hours: whole, but too long to wait for.
            command.args(["--set", &format!("timeout={}", DEADLINE.as_secs() - 5)]);
        }
        command.arg("--json").current_dir(self.scratch.join("a/b/work"));
        command.env("HOME", self.scratch.join("home")).env("TMPDIR", self.scratch.join("tmp"));
        command.env("XDG_CACHE_HOME", place::target().join("tests-cache"));
        let limits = Limits { deadline: DEADLINE, address_space: Some(16 << 30), ..Limits::default() };
        program::call_command(&mut command, &[], &limits)
    }

    /// Names what came, went or changed where nothing may, and what lies in the output that may not.
    fn strangers(&self, before: &Tree, action: Action, output: &Path) -> Result<Vec<String>> {
        let after = Tree::of(self.scratch.path())?;
        let due = output.strip_prefix(self.scratch.path())?;
        let allowed = |path: &Path| match action {
            Action::Probe => false,
            Action::Convert(_) => path == due,
            Action::Extract | Action::Fill(_) => path.starts_with(due),
        };
        let differences = before.differences(&after).into_iter();
        let strange = differences.filter(|difference| !allowed(Path::new(&difference[1..])));
        let mut faults: Vec<String> =
            strange.map(|difference| format!("outside the output: {difference}")).collect();
        if output.is_dir() {
            dangerous(output, output, &mut faults)?;
        }
        Ok(faults)
    }
}

/// Finds links that lead out of `top`, devices, pipes and set-user bits.
fn dangerous(top: &Path, folder: &Path, faults: &mut Vec<String>) -> Result<()> {
    use std::os::unix::fs::PermissionsExt;
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let facts = fs::symlink_metadata(&path)?;
        let kind = facts.file_type();
        let shown = path.strip_prefix(top)?.display();
        if kind.is_symlink() && leads_out(top, &path)? {
            faults.push(format!("{shown} links out of the output"));
        } else if kind.is_fifo() || kind.is_char_device() || kind.is_block_device() || kind.is_socket() {
            faults.push(format!("{shown} is no file"));
        } else if !kind.is_symlink() && facts.permissions().mode() & 0o6000 != 0 {
            faults.push(format!("{shown} has a set-user or set-group bit"));
        }
        if kind.is_dir() {
            dangerous(top, &path, faults)?;
        }
    }
    Ok(())
}

/// True when following the words of a link ends above `top`.
fn leads_out(top: &Path, link: &Path) -> Result<bool> {
    let target = fs::read_link(link)?;
    let parent = link.parent().unwrap_or(top);
    let mut depth = i64::try_from(parent.strip_prefix(top)?.components().count())?;
    for part in target.components() {
        match part {
            std::path::Component::RootDir | std::path::Component::Prefix(_) => return Ok(true),
            std::path::Component::ParentDir => depth -= 1,
            std::path::Component::CurDir => {}
            std::path::Component::Normal(_) => depth += 1,
        }
        if depth < 0 {
            return Ok(true);
        }
    }
    Ok(false)
}

/// What a call itself must not do.
fn judge_call(call: &Call) -> Vec<String> {
    let mut faults = Vec::new();
    let process = &call.process;
    if let Some(signal) = process.crashed() {
        faults.push(format!("crash: signal {signal}"));
    }
    // Long work that ends at its own timeout is no hang: a damaged song may say that it lasts for hours.
    let in_time = call.error_kind() == Some("timeout");
    if process.timed_out || (process.cpu > HANG && !in_time) {
        faults.push(format!("hang: {:.1?} wall, {:.1?} CPU", process.wall, process.cpu));
    }
    if process.peak_bytes > PEAK {
        faults.push(format!("memory: {} MiB", process.peak_bytes >> 20));
    }
    if process.stderr_text().contains("panicked at") {
        faults.push("a panic reached stderr".to_owned());
    }
    match (process.status.code(), call.error_kind()) {
        (Some(0), None) | (None, _) => {}
        (Some(0), Some(kind)) => faults.push(format!("exit 0 with error {kind}")),
        (Some(code), _) if !EXIT_CODES.contains(&code) => {
            faults.push(format!("exit {code} is not of sysexits"))
        }
        (Some(_), Some(kind)) if ERROR_KINDS.contains(&kind) => {}
        (Some(_), kind) => faults.push(format!("failed without a known error kind ({kind:?})")),
    }
    faults
}

/// What was called a success must open in a foreign reader.
fn wrong_result(judge: &mut Judge, output: &Path, format: &str) -> Option<String> {
    let verdict = match format {
        "png" | "jpg" => judge.picture(output, format).map(drop),
        "zip" | "tar" => judge.archive(output, format).map(drop),
        _ => return None,
    };
    verdict.err().map(|error| format!("said ok, but the output does not open: {error}"))
}

fn present_canaries() -> Vec<&'static str> {
    CANARIES.iter().copied().filter(|path| Path::new(path).exists()).collect()
}

fn remove(path: &PathBuf) -> Result<()> {
    match fs::symlink_metadata(path) {
        Ok(facts) if facts.is_dir() => Ok(fs::remove_dir_all(path)?),
        Ok(_) => Ok(fs::remove_file(path)?),
        Err(_) => Ok(()),
    }
}

/// Writes trials as lines of a table.
pub fn table(trials: &[Trial]) -> String {
    let mut text = "file\taction\tms\tMiB\tending\tfaults\n".to_owned();
    for trial in trials {
        let (ms, mib) = (trial.wall.as_millis(), trial.peak_bytes >> 20);
        let faults = trial.faults.join("; ");
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{}\t{:?}\t{ms}\t{mib}\t{}\t{faults}", trial.file, trial.action, trial.ending);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_followed_on_paper() {
        let scratch = Scratch::new("links").unwrap();
        fs::create_dir(scratch.join("d")).unwrap();
        for (name, target, out) in [
            ("d/up", "../x", false),
            ("d/out", "../../x", true),
            ("abs", "/etc", true),
            ("dance", "d/../../x", true),
        ] {
            std::os::unix::fs::symlink(target, scratch.join(name)).unwrap();
            assert_eq!(leads_out(scratch.path(), &scratch.join(name)).unwrap(), out, "{name} -> {target}");
        }
    }
}
