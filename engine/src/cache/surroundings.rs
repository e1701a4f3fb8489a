//! What a plugin depends on beside its input and its options: its own file, libraries and fonts of the system,
//! programs. All of it is told by the times of files and folders, which costs microseconds.

use super::key::Fields;
use super::stamp::Stamp;
use crate::engine::Parts;
use crate::registry::Plugin;
use std::path::{Path, PathBuf};

/// Changes whenever a shared library is installed or goes.
const LIBRARIES: &[&str] = &["/etc/ld.so.cache"];
/// What plugins that read `files` of the system read, with all folders below.
const FILES: &[&str] = &[
    "/etc/fonts",
    "/usr/share/fonts",
    "/usr/local/share/fonts",
    "/usr/share/sounds/sf2",
    "/usr/share/soundfonts",
];
/// What plugins that run `programs` depend on.
const PROGRAMS: &[&str] = &["/usr/bin", "/usr/local/bin", "/var/lib/dpkg/status"];
/// The same, with all folders below.
const PROGRAM_DATA: &[&str] = &["/usr/share/tesseract-ocr", "/usr/share/tessdata", "/usr/share/ghostscript"];

/// The state of one plugin and of what it depends on.
pub(super) fn of(plugin: &Plugin) -> String {
    let mut fields = Fields::new("surroundings");
    tell_plugin(&mut fields, plugin);
    tell_system(&mut fields, &plugin.description.touches);
    fields.key().to_hex().to_string()
}

/// The state of all plugins of an engine, and of what any of them depends on: it decides which routes there are.
pub(super) fn of_all(parts: &Parts) -> String {
    let mut fields = Fields::new("all surroundings");
    for plugin in parts.registry.plugins() {
        tell_plugin(&mut fields, plugin);
        let missing = plugin.description.capabilities.iter().map(|one| u8::from(one.unavailable.is_some()));
        fields.add(missing.collect::<Vec<u8>>());
    }
    tell_system(&mut fields, "programs");
    fields.key().to_hex().to_string()
}

fn tell_plugin(fields: &mut Fields, plugin: &Plugin) {
    fields.add(plugin.id()).add(&plugin.description.version);
    if plugin.path.as_os_str().is_empty() {
        return;
    }
    // Libraries that come with a plugin lie beside it.
    for path in [Some(plugin.path.as_path()), plugin.path.parent()].into_iter().flatten() {
        fields.add(state(path));
    }
}

fn tell_system(fields: &mut Fields, touches: &str) {
    let (mut single, mut deep) = (LIBRARIES.to_vec(), Vec::<&str>::new());
    if !touches.is_empty() {
        deep.extend(FILES);
    }
    if !matches!(touches, "" | "files") {
        single.extend(PROGRAMS);
        deep.extend(PROGRAM_DATA);
    }
    for path in single {
        fields.add(state(Path::new(path)));
    }
    deep.iter().for_each(|path| folders_below(Path::new(path), fields));
}

/// Folders of fonts are few; a tree that is deeper or wider than any of them is not searched further.
const MOST_FOLDERS: usize = 2_000;

fn folders_below(root: &Path, fields: &mut Fields) {
    let mut open: Vec<PathBuf> = vec![root.to_owned()];
    let mut seen = 0;
    while let Some(folder) = open.pop() {
        fields.add(folder.as_os_str().as_encoded_bytes()).add(state(&folder));
        seen += 1;
        if seen > MOST_FOLDERS {
            return;
        }
        let entries = std::fs::read_dir(&folder).into_iter().flatten().flatten();
        let mut below: Vec<PathBuf> = entries
            .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()))
            .map(|entry| entry.path())
            .collect();
        below.sort();
        open.extend(below);
    }
}

/// What tells a change of a file, or of the list of files in a folder.
fn state(path: &Path) -> Vec<u8> {
    path.metadata().map_or_else(|_| Vec::new(), |about| Stamp::of(&about).bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::Registry;
    use formwork_abi::describe::Description;

    fn state_of(id: &str, version: &str, touches: &str) -> String {
        let mut registry = Registry::default();
        let description = Description {
            id: id.into(),
            version: version.into(),
            touches: touches.into(),
            ..Description::default()
        };
        registry.describe(description);
        registry.plugins().first().map(of).unwrap()
    }

    #[test]
    fn another_plugin_is_another_state() {
        let state = state_of("a", "1.0", "");
        assert_eq!(state, state_of("a", "1.0", ""));
        for other in [state_of("a", "1.1", ""), state_of("b", "1.0", ""), state_of("a", "1.0", "files")] {
            assert_ne!(state, other);
        }
    }

    #[test]
    fn another_file_in_a_folder_is_another_state() {
        let folder = std::env::temp_dir().join(format!("formwork-surroundings-{}", std::process::id()));
        let state = || {
            let mut fields = Fields::new("test");
            folders_below(&folder, &mut fields);
            fields.key()
        };
        let gone = state();
        std::fs::create_dir_all(folder.join("below")).unwrap();
        let empty = state();
        std::thread::sleep(std::time::Duration::from_millis(20));
        std::fs::write(folder.join("below/font.ttf"), "font").unwrap();
        let (one, again) = (state(), state());
        std::fs::remove_dir_all(&folder).unwrap();
        assert!(gone != empty && empty != one && one == again);
    }
}
