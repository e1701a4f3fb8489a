//! Files and folders from a fuzzer's bytes, to be put into an archive.

use crate::dice::Dice;
use formwork_sdk::testing::{Job, Outcome};
use formwork_sdk::{OutputKind, Value};
use std::collections::BTreeSet;
use std::time::{Duration, SystemTime};

/// What goes into an archive, and what must come out again.
pub(crate) struct Load {
    /// The job with its inputs.
    pub(crate) job: Job,
    /// Contents of the files.
    files: Vec<Vec<u8>>,
    /// Every name is one that an archive may keep as it is.
    tame: bool,
}

/// Adds a few files, folders and links to a job; only one file for a target that holds one.
pub(crate) fn load(mut job: Job, dice: &mut Dice<'_>, many: bool) -> Load {
    let wild = many && dice.once_in(4);
    let count = if many { dice.below(7) } else { 1 };
    let (mut files, mut names) = (Vec::new(), BTreeSet::new());
    for number in 0..count {
        let name = name(dice, number, wild);
        let kind = if many { dice.below(8) } else { 0 };
        if !names.insert(name.clone()) {
            continue;
        }
        job = match kind {
            6 => job.directory(&name),
            7 => job.symlink(&name, "a"),
            _ => {
                let content = content(dice);
                files.push(content.clone());
                job.input(&name, "", content)
            }
        };
        if dice.once_in(2) {
            job = job.dated(date(dice), u32::from(dice.short()));
        }
    }
    Load { job, files, tame: !wild }
}

impl Load {
    /// Whether these outputs are the files that were packed. Names a system may refuse prove nothing.
    pub(crate) fn came_back(&self, outcome: &Outcome) -> bool {
        let written = outcome.outputs.iter().filter(|output| output.kind == OutputKind::File);
        let mut written: Vec<&[u8]> = written.map(|output| output.bytes.as_slice()).collect();
        let mut packed: Vec<&[u8]> = self.files.iter().map(Vec::as_slice).collect();
        written.sort_unstable();
        packed.sort_unstable();
        !self.tame || written == packed
    }

    /// Whether reading it back must succeed.
    pub(crate) fn must_be_readable(&self) -> bool {
        self.tame
    }
}

/// The password among some options.
pub(crate) fn password(options: &[(String, Value)]) -> Option<&Value> {
    options.iter().find(|(name, _)| name == "password").map(|(_, value)| value)
}

/// A name: tame ones are relative, unique and made of letters of several scripts; wild ones are any bytes.
fn name(dice: &mut Dice<'_>, number: usize, wild: bool) -> String {
    let length = dice.below(20);
    let bytes = dice.bytes(length);
    if wild {
        return String::from_utf8_lossy(bytes).into_owned();
    }
    let letters: String =
        bytes.iter().map(|byte| ["a", "Z", "ß", "漢", "-", "/b", "é", " x"][usize::from(byte % 8)]).collect();
    format!("{number}{letters}")
}

/// Some bytes, perhaps many times over.
fn content(dice: &mut Dice<'_>) -> Vec<u8> {
    let (length, times) = (dice.below(64), 1 << dice.below(12));
    dice.bytes(length).repeat(times)
}

fn date(dice: &mut Dice<'_>) -> SystemTime {
    let seconds = Duration::from_secs(dice.long() >> dice.below(64));
    let epoch = SystemTime::UNIX_EPOCH;
    let moved = if dice.once_in(2) { epoch.checked_sub(seconds) } else { epoch.checked_add(seconds) };
    moved.unwrap_or(epoch)
}
