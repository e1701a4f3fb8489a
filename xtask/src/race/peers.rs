//! Programs to race that no Debian package has: peers are fetched into target/peers by their package managers.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use formwork_tests::{Result, place};

/// What could be had; the rest is not raced.
#[derive(Clone, Debug, Default)]
pub(super) struct Peers {
    /// The script that runs sharp.
    pub(super) sharp: Option<PathBuf>,
    /// Static builds of FFmpeg, by what they are called in tables.
    pub(super) ffmpegs: Vec<(&'static str, PathBuf)>,
    /// Our own program with the plugins that have FFmpeg linked in, when target/bundled holds a build of them.
    pub(super) bundled: Option<PathBuf>,
}

/// Static FFmpeg inside releases of a Python package: what it is called here, and the package's release.
const STATIC: &[(&str, &str)] = &[("ffmpeg 7.0.2 static", "0.6.0"), ("ffmpeg 9.0.2 static", "0.8.1")];

impl Peers {
    /// Fetches what is missing, and says what cannot be had.
    pub(super) fn fetch() -> Peers {
        let ffmpegs = STATIC.iter().filter_map(|(name, release)| match static_ffmpeg(release) {
            Ok(program) => Some((*name, program)),
            Err(error) => {
                eprintln!("not raced: {name}: {error}");
                None
            }
        });
        let bundled =
            Some(place::target().join("bundled/release/formwork")).filter(|program| program.is_file());
        if bundled.is_none() {
            eprintln!("not raced: plugins with FFmpeg linked in; docs/media.md says how they are built");
        }
        Peers { sharp: sharp(), ffmpegs: ffmpegs.collect(), bundled }
    }
}

/// Unpacks the program out of a release of `imageio-ffmpeg`.
fn static_ffmpeg(release: &str) -> Result<PathBuf> {
    let folder = place::target().join("peers").join(format!("imageio-ffmpeg-{release}"));
    let programs = folder.join("imageio_ffmpeg/binaries");
    if !programs.is_dir() {
        let python = place::judge_python().ok_or("run ./setup --check-tools first")?;
        let words = ["-m", "pip", "install", "--quiet", "--no-deps", "--target"];
        let package = format!("imageio-ffmpeg=={release}");
        let done = Command::new(python).args(words).arg(&folder).arg(package).status()?;
        if !done.success() {
            return Err("pip could not install it".into());
        }
    }
    let mut found = fs::read_dir(programs)?.flatten().map(|entry| entry.path());
    let program =
        found.find(|path| path.file_name().is_some_and(|name| name.to_string_lossy().contains("ffmpeg-")));
    program.ok_or_else(|| "the package holds no program".into())
}

/// Installs sharp when node is there.
fn sharp() -> Option<PathBuf> {
    let folder = place::target().join("peers");
    let script = folder.join("sharp.mjs");
    fs::create_dir_all(&folder).ok()?;
    if !folder.join("node_modules/sharp").is_dir() {
        let install = "npm install --silent --no-audit --no-fund --prefix . sharp";
        let done = Command::new("sh").args(["-c", install]).current_dir(&folder).status().ok()?;
        if !done.success() {
            eprintln!("not raced: sharp could not be installed with npm");
            return None;
        }
    }
    fs::copy(place::root().join("xtask/src/race/sharp.mjs"), &script).ok()?;
    Some(script)
}
