//! `cargo xtask install --prefix FOLDER`: puts what was built where programs look for it.
//!
//! ```text
//! bin/formwork                        the command line
//! include/formwork.h formwork.hpp     the engine for C and C++; formwork_plugin.h for plugin authors
//! lib/libformwork.so.0 libformwork.a  with lib/pkgconfig and lib/cmake/Formwork
//! lib/formwork/                       plugins
//! libexec/formwork-worker             the program plugins run in
//! share/doc/formwork/                 licences
//! ```

use std::fs;
use std::io;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use formwork_tests::{Result, place};

/// The version of the shared library's interface, as its build script says.
const MAJOR: &str = "0";
const VERSION: &str = env!("CARGO_PKG_VERSION");

pub(crate) fn run(words: &mut lexopt::Parser) -> Result<bool> {
    let mut prefix = None;
    while let Some(word) = words.next()? {
        match word {
            lexopt::Arg::Long("prefix") => prefix = Some(PathBuf::from(words.value()?)),
            lexopt::Arg::Long("help") => {
                println!("cargo xtask install --prefix FOLDER   after cargo build --release --workspace");
                return Ok(true);
            }
            word => return Err(word.unexpected().into()),
        }
    }
    let prefix = prefix.ok_or("where to? --prefix FOLDER")?;
    let count = install(&prefix)?;
    println!("installed {count} files below {}", prefix.display());
    Ok(true)
}

fn install(prefix: &Path) -> Result<usize> {
    let (root, built) = (place::root(), place::target().join("release"));
    let shared = format!("libformwork.so.{VERSION}");
    let mut copies = vec![
        (built.join("formwork"), "bin/formwork".to_owned()),
        (built.join("formwork-worker"), "libexec/formwork-worker".to_owned()),
        (built.join("libformwork_c.so"), format!("lib/{shared}")),
        (built.join("libformwork_c.a"), "lib/libformwork.a".to_owned()),
        (root.join("capi/include/formwork.h"), "include/formwork.h".to_owned()),
        (root.join("capi/include/formwork.hpp"), "include/formwork.hpp".to_owned()),
        (root.join("plugins/abi/include/formwork_plugin.h"), "include/formwork_plugin.h".to_owned()),
        (root.join("LICENSE-MIT"), "share/doc/formwork/LICENSE-MIT".to_owned()),
        (root.join("LICENSE-APACHE"), "share/doc/formwork/LICENSE-APACHE".to_owned()),
    ];
    let plugins = formwork::load::find(&[built]);
    copies.extend(plugins.into_iter().map(|plugin| {
        let name = plugin.file_name().unwrap_or_default().to_string_lossy().into_owned();
        (plugin, format!("lib/formwork/{name}"))
    }));
    copies.extend(below(&place::target().join("pdfium"), "lib/formwork/pdfium")?);
    for (from, to) in &copies {
        copy(from, &prefix.join(to))?;
    }
    for (name, to) in
        [(format!("libformwork.so.{MAJOR}"), shared.as_str()), ("libformwork.so".into(), &shared)]
    {
        replace(&prefix.join("lib").join(name), |new| symlink(to, new))?;
    }
    let templates = [
        ("formwork.pc", "lib/pkgconfig"),
        ("FormworkConfig.cmake", "lib/cmake/Formwork"),
        ("FormworkConfigVersion.cmake", "lib/cmake/Formwork"),
    ];
    for (name, folder) in templates {
        let text = fs::read_to_string(root.join("capi/package").join(format!("{name}.in")))?;
        let text = text.replace("@VERSION@", VERSION).replace("@MAJOR@", MAJOR);
        replace(&prefix.join(folder).join(name), |new| fs::write(new, &text))?;
    }
    Ok(copies.len() + 2 + templates.len())
}

/// All files below a folder, with their places below `to`; none when it is not there.
fn below(folder: &Path, to: &str) -> Result<Vec<(PathBuf, String)>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten() {
        let entry = entry?;
        let place = format!("{to}/{}", entry.file_name().to_string_lossy());
        if entry.file_type()?.is_dir() {
            files.extend(below(&entry.path(), &place)?);
        } else {
            files.push((entry.path(), place));
        }
    }
    Ok(files)
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    replace(to, |new| fs::copy(from, new).map(drop))
}

/// Makes something under a name of its own, which then takes the old one's: a program that runs the old one goes on, and
/// several may install at once.
fn replace(to: &Path, make: impl FnOnce(&Path) -> io::Result<()>) -> Result<()> {
    fs::create_dir_all(to.parent().unwrap_or(to))?;
    let new = to.with_extension(format!("new-{}", std::process::id()));
    let made = make(&new).and_then(|()| fs::rename(&new, to));
    made.map_err(|error| format!("{}: {error}", to.display()).into())
}
