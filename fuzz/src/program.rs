//! What a fuzz program does when it starts, and with each input.

use crate::{Target, judge};
use std::path::Path;
use std::sync::OnceLock;

/// Environment variable that names the target to fuzz.
pub const TARGET: &str = "FORMWORK_FUZZ_TARGET";
/// Environment variable: when it is set, the program prints the names of its targets and ends.
pub const LIST: &str = "FORMWORK_FUZZ_LIST";
/// Environment variable: a folder. The program writes the target's seeds into it and ends.
pub const SEEDS: &str = "FORMWORK_FUZZ_SEEDS";
/// Environment variable: when it is set, the program runs every target on its seeds and ends.
pub const TRY: &str = "FORMWORK_FUZZ_TRY";

static CHOSEN: OnceLock<Target> = OnceLock::new();

/// Chooses the target that the environment names, or does what else the environment asks for and ends.
pub fn begin(targets: Vec<Target>) {
    if std::env::var_os(LIST).is_some() {
        targets.iter().for_each(|target| println!("{}", target.name));
        std::process::exit(0);
    }
    judge::listen_to_panics();
    if std::env::var_os(TRY).is_some() {
        targets.iter().for_each(|target| (target.seeds)().iter().for_each(|seed| (target.run)(seed)));
        std::process::exit(0);
    }
    let wanted = std::env::var(TARGET).unwrap_or_default();
    let Some(target) = targets.into_iter().find(|target| target.name == wanted) else {
        eprintln!("{TARGET} names no target of this program; {LIST}=1 lists them");
        std::process::exit(64);
    };
    if let Some(folder) = std::env::var_os(SEEDS) {
        std::process::exit(i32::from(write_seeds(&target, Path::new(&folder)).is_err()));
    }
    let _ = CHOSEN.set(target);
}

/// Runs the chosen target on one input.
pub fn run(data: &[u8]) {
    if let Some(target) = CHOSEN.get() {
        (target.run)(data);
    }
}

fn write_seeds(target: &Target, folder: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(folder)?;
    for (number, seed) in (target.seeds)().iter().enumerate() {
        std::fs::write(folder.join(format!("made-{number:02}")), seed)?;
    }
    Ok(())
}
