//! `cargo xtask bundle-ffmpeg`: makes the FFmpeg of the link mode `bundled`, and lets cargo link it.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use formwork_tests::{Result, place};

const HELP: &str = "\
cargo xtask bundle-ffmpeg [CARGO WORDS…]
Builds a trimmed static FFmpeg out of pinned Debian sources into target/ffmpeg, unless it is there already, and says
where. With words, runs cargo with them so that what has the feature `bundled` links it:
  cargo xtask bundle-ffmpeg build --release -p formwork-media --features bundled";

/// Builds FFmpeg, then runs cargo when words for it are given; false when cargo failed.
pub(crate) fn run(words: &mut lexopt::Parser) -> Result<bool> {
    let words: Vec<OsString> = words.raw_args()?.collect();
    if words.iter().any(|word| word == "--help") {
        println!("{HELP}");
        return Ok(true);
    }
    let folder = build()?;
    if words.is_empty() {
        println!("PKG_CONFIG_PATH={}", folder.display());
        return Ok(true);
    }
    let mut search = folder.into_os_string();
    if let Some(more) = std::env::var_os("PKG_CONFIG_PATH") {
        search.push(":");
        search.push(more);
    }
    Ok(Command::new("cargo").args(words).env("PKG_CONFIG_PATH", search).status()?.success())
}

/// Has the machine set up and the script build; the folder of the pkg-config files.
fn build() -> Result<PathBuf> {
    let root = place::root();
    let setup = Command::new(root.join("setup")).args(["--families", "bundled"]).status()?;
    if !setup.success() {
        return Err("the packages that building FFmpeg needs are not there; see above".into());
    }
    let script = Command::new(root.join("plugins/media/bundled/build.sh"))
        .arg(place::target().join("ffmpeg"))
        .stderr(Stdio::inherit())
        .output()?;
    if !script.status.success() {
        return Err("FFmpeg was not built; see above".into());
    }
    Ok(String::from_utf8(script.stdout)?.trim_end().into())
}
