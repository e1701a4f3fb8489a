//! Chores of this repository, as `cargo xtask <chore>`. Without one, the list.

mod api;
mod bundle;
mod census;
mod conformance;
mod dependencies;
mod derived;
mod earlier;
mod fuzz;
mod header;
mod install;
mod interface;
mod matrix;
mod new_format;
mod predict;
mod race;

use std::process::ExitCode;

use formwork_tests::Result;

/// A chore: its word, what it does, and the function that does it.
type Chore = (&'static str, &'static str, fn(&mut lexopt::Parser) -> Result<bool>);

const CHORES: &[Chore] = &[
    ("conformance", "convert every pair on every corpus file and have foreign tools judge", conformance::run),
    ("census", "watch which system calls plugins make, for the filters of workers", census::run),
    ("fuzz", "feed every reader and writer with broken input and say what was found", fuzz::run),
    ("bundle-ffmpeg", "build the static FFmpeg of the feature `bundled`, and run cargo with it", bundle::run),
    ("install", "put what was built where programs look for it: --prefix FOLDER", install::run),
    ("predict", "measure what conversions cost, and learn to foresee it", predict::run),
    ("race", "time whole jobs against other programs", race::run),
    ("new-format", "make the row and the folder of a new format", new_format::run),
    ("regenerate", "write the files that are derived from others", derived::regenerate),
    ("check-drift", "fail when a derived file is not what regenerate would write", derived::check),
    ("check-api", "fail when the C interface breaks programs made with the one before", api::run),
    (
        "check-rust-api",
        "fail when the Rust interface breaks programs and the version does not say so",
        interface::run,
    ),
    ("check-dependencies", "fail when a crate depends on one it must not know", dependencies::run),
];

fn main() -> ExitCode {
    let mut words = lexopt::Parser::from_env();
    let word = match words.next() {
        Ok(Some(lexopt::Arg::Value(word))) => word.to_string_lossy().into_owned(),
        _ => String::new(),
    };
    let Some((_, _, chore)) = CHORES.iter().find(|(name, _, _)| *name == word) else {
        eprintln!("cargo xtask CHORE [--help]");
        for (name, purpose, _) in CHORES {
            eprintln!("  {name:<19} {purpose}");
        }
        return ExitCode::from(64);
    };
    match chore(&mut words) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("xtask {word}: {error}");
            ExitCode::from(70)
        }
    }
}
