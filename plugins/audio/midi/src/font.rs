//! The SoundFont: found among those that distributions install, read once in a process.

use crate::describe::REMEDY;
use formwork_sdk::{Error, ErrorKind, Result, Step};
use rustysynth::SoundFont;
use std::fs::File;
use std::io::BufReader;
use std::panic::catch_unwind;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

/// Where distributions put SoundFonts: Debian, then Fedora and Arch. Workers may read these and no more.
const FOLDERS: &[&str] = &["/usr/share/sounds/sf2", "/usr/share/soundfonts"];
/// Banks with the instruments of General MIDI, the fullest first, and the SPDX words for their licences.
/// The `default` ones are links to any of them.
const BANKS: &[(&str, &str)] = &[
    ("FluidR3_GM.sf2", "MIT"),
    ("TimGM6mb.sf2", "GPL-2.0-only"),
    ("default-GM.sf2", ""),
    ("default.sf2", ""),
];

/// Returns the bank that will be played with; `None` when none is installed.
pub(crate) fn find() -> Option<PathBuf> {
    candidates().next()
}

/// Returns the file's name, as in `TimGM6mb.sf2`.
pub(crate) fn name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// Returns the SPDX word for a bank's licence, or nothing where it is not known.
pub(crate) fn licence(path: &Path) -> &'static str {
    let name = name(path);
    BANKS.iter().find(|(known, _)| *known == name).map_or("", |(_, licence)| licence)
}

fn candidates() -> impl Iterator<Item = PathBuf> {
    let paths = BANKS.iter().flat_map(|(name, _)| FOLDERS.iter().map(move |folder| (folder, name)));
    paths.map(|(folder, name)| Path::new(folder).join(name)).filter(|path| path.is_file())
}

/// Instruments, and where they are from.
pub(crate) struct Bank {
    /// The file's name.
    pub(crate) name: String,
    /// What the synthesiser plays with.
    pub(crate) sounds: Arc<SoundFont>,
}

/// Returns the instruments, reading them the first time.
///
/// # Errors
///
/// `backend_missing` when no bank is installed or none can be read; `limit_exceeded` (`memory`).
pub(crate) fn load(step: &Step<'_>) -> Result<&'static Bank> {
    static BANK: OnceLock<Bank> = OnceLock::new();
    if let Some(bank) = BANK.get() {
        return Ok(bank);
    }
    let mut problems = Vec::new();
    for path in candidates() {
        match read(step, &path) {
            Ok(sounds) => {
                let name = name(&path);
                return Ok(BANK.get_or_init(|| Bank { name, sounds: Arc::new(sounds) }));
            }
            Err(error) if error.kind == ErrorKind::BackendMissing => problems.push(error.message),
            Err(error) => return Err(error),
        }
    }
    let found = if problems.is_empty() { "none is installed".into() } else { problems.join("; ") };
    let message = format!("MIDI is played with a SoundFont, and {found}: {REMEDY}");
    Err(Error::new(ErrorKind::BackendMissing, message))
}

fn read(step: &Step<'_>, path: &Path) -> Result<SoundFont> {
    let fault = |why: String| {
        Error::new(ErrorKind::BackendMissing, format!("{} cannot be read: {why}", path.display()))
    };
    let file = File::open(path).map_err(|error| fault(error.to_string()))?;
    let length = file.metadata().map_err(|error| fault(error.to_string()))?.len();
    step.within("memory", length, step.limits().memory)?;
    let mut file = BufReader::with_capacity(1 << 18, file);
    // The library indexes by numbers of the file.
    match catch_unwind(move || SoundFont::new(&mut file)) {
        Ok(Ok(sounds)) => Ok(sounds),
        Ok(Err(error)) => Err(fault(error.to_string())),
        Err(_) => Err(fault("it is broken".into())),
    }
}
