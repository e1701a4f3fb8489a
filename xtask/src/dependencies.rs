//! `cargo xtask check-dependencies`: arrows between crates run one way.
//!
//! `hosts → engine (or capi) → formats, plugins/abi` and `plugins/* → plugins/sdk → plugins/abi, formats`. A plugin
//! may also use the plain crates of its own family. Nothing in the engine knows a plugin or an async runtime.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use formwork_tests::{Result, place};
use serde_json::Value;

/// Crates from outside that must not be reachable from what lies under a folder, and why.
const BANNED: &[(&str, &str, &str)] =
    &[("engine", "tokio", "the engine is embedded in hosts that bring their own runtime, or none")];

/// The crates of this workspace and what they depend on.
struct Workspace {
    /// Crate name to its folder, relative to the root.
    folders: BTreeMap<String, String>,
    /// Crate name to the crates of this workspace it depends on; what only tests need is left out.
    uses: BTreeMap<String, BTreeSet<String>>,
    /// Crate name to every crate it reaches, from outside too.
    reaches: BTreeMap<String, BTreeSet<String>>,
}

pub(crate) fn run(words: &mut lexopt::Parser) -> Result<bool> {
    if let Some(word) = words.next()? {
        return Err(word.unexpected().into());
    }
    let workspace = Workspace::read(&metadata()?)?;
    let complaints = workspace.complaints();
    for complaint in &complaints {
        eprintln!("{complaint}");
    }
    println!("{} crates, {} arrows against the rule", workspace.folders.len(), complaints.len());
    Ok(complaints.is_empty())
}

fn metadata() -> Result<Value> {
    let done = Command::new("cargo")
        .args(["metadata", "--format-version", "1", "--all-features"])
        .current_dir(place::root())
        .output()?;
    if !done.status.success() {
        return Err(String::from_utf8_lossy(&done.stderr).into_owned().into());
    }
    Ok(serde_json::from_slice(&done.stdout)?)
}

impl Workspace {
    fn read(metadata: &Value) -> Result<Workspace> {
        let root = metadata["workspace_root"].as_str().ok_or("no workspace root")?;
        let packages = list(&metadata["packages"]);
        let names: BTreeMap<&str, &str> =
            packages.iter().filter_map(|p| Some((text(p, "id")?, text(p, "name")?))).collect();
        let members: BTreeSet<&str> =
            list(&metadata["workspace_members"]).iter().filter_map(Value::as_str).collect();
        let mut folders = BTreeMap::new();
        for package in packages.iter().filter(|p| text(p, "id").is_some_and(|id| members.contains(id))) {
            let (Some(name), Some(manifest)) = (text(package, "name"), text(package, "manifest_path")) else {
                continue;
            };
            let folder = Path::new(manifest).parent().and_then(|folder| folder.strip_prefix(root).ok());
            folders.insert(
                name.to_owned(),
                folder.map(|f| f.to_string_lossy().into_owned()).unwrap_or_default(),
            );
        }
        let links = links(metadata, &names);
        let uses = folders.keys().map(|name| {
            let direct = links.get(name.as_str()).into_iter().flatten();
            (
                name.clone(),
                direct.filter(|used| folders.contains_key(**used)).map(|used| (*used).to_owned()).collect(),
            )
        });
        let reaches = folders.keys().map(|name| (name.clone(), reach(name, &links)));
        Ok(Workspace { uses: uses.collect(), reaches: reaches.collect(), folders })
    }

    fn complaints(&self) -> Vec<String> {
        let mut complaints = Vec::new();
        for (user, used) in self.uses.iter().flat_map(|(user, all)| all.iter().map(move |used| (user, used)))
        {
            let (from, to) = (&self.folders[user], &self.folders[used]);
            if !may_use(from, to) {
                complaints.push(format!("{user} ({from}) must not depend on {used} ({to})"));
            }
        }
        for (name, folder) in &self.folders {
            for (place, banned, why) in BANNED {
                if layer(folder) == *place && self.reaches[name].contains(*banned) {
                    complaints.push(format!("{name} ({folder}) reaches {banned}: {why}"));
                }
            }
        }
        complaints
    }
}

/// The rule itself, on folders.
fn may_use(from: &str, to: &str) -> bool {
    match (layer(from), layer(to)) {
        // Tests, benches and chores look at everything.
        ("tests" | "benches" | "xtask" | "fuzz", _) => true,
        ("hosts", "engine" | "capi" | "formats") => true,
        ("hosts", "hosts") => true,
        ("capi", "engine" | "formats") => true,
        // The worker is the one host that carries plugins for the engine.
        ("hosts" | "engine", "plugins") => to == "plugins/abi",
        ("engine", "formats") => true,
        ("plugins", "formats") => true,
        ("plugins", "plugins") => match from {
            "plugins/abi" => false,
            "plugins/sdk" => to == "plugins/abi",
            _ => {
                // Pictures cross families: a film's frame, or a page, is handed over as one. What is of the system
                // belongs to none: its fonts, and its programs.
                matches!(to, "plugins/sdk" | "plugins/abi" | "plugins/fonts" | "plugins/program")
                    || to == "plugins/image/pixels" && matches!(family(from), Some("media" | "document"))
                    || family(from).is_some() && family(from) == family(to)
            }
        },
        _ => false,
    }
}

/// The first folder of a path.
fn layer(folder: &str) -> &str {
    folder.split('/').next().unwrap_or_default()
}

/// The family of a crate that lies inside a family's folder, as `image` for `plugins/image/heic`. Video and
/// audio share one decoder, so for this rule they are one.
fn family(folder: &str) -> Option<&str> {
    let mut parts = folder.split('/').skip(1);
    match (parts.next()?, parts.next()) {
        ("video" | "audio" | "media", _) => Some("media"),
        (family, Some(_)) => Some(family),
        _ => None,
    }
}

/// Crate name to the names it depends on outside of its tests.
fn links<'a>(
    metadata: &'a Value,
    names: &BTreeMap<&'a str, &'a str>,
) -> BTreeMap<&'a str, BTreeSet<&'a str>> {
    let nodes = list(&metadata["resolve"]["nodes"]).iter();
    let of_node = |node: &'a Value| {
        let name = names.get(text(node, "id")?)?;
        let kept = list(&node["deps"]).iter().filter(|dependency| {
            list(&dependency["dep_kinds"]).iter().any(|kind| kind["kind"].as_str() != Some("dev"))
        });
        Some((*name, kept.filter_map(|dependency| names.get(text(dependency, "pkg")?).copied()).collect()))
    };
    // Two versions of a crate have one name here; for the rule they are one.
    let mut links: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (name, used) in nodes.filter_map(of_node) {
        let used: BTreeSet<&str> = used;
        links.entry(name).or_default().extend(used);
    }
    links
}

fn reach(name: &str, links: &BTreeMap<&str, BTreeSet<&str>>) -> BTreeSet<String> {
    let mut seen = BTreeSet::new();
    let mut open = vec![name];
    while let Some(next) = open.pop() {
        for used in links.get(next).into_iter().flatten() {
            if seen.insert((*used).to_owned()) {
                open.push(used);
            }
        }
    }
    seen
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn text<'a>(value: &'a Value, key: &str) -> Option<&'a str> {
    value[key].as_str()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arrows_run_one_way() {
        for (from, to) in [
            ("hosts/cli", "engine"),
            ("engine", "plugins/abi"),
            ("engine", "formats"),
            ("plugins/image/heic", "plugins/image/pixels"),
            ("plugins/video", "plugins/media"),
            ("plugins/video", "plugins/image/pixels"),
            ("plugins/archive", "plugins/sdk"),
            ("plugins/document/ocr", "plugins/program"),
            ("plugins/sdk", "plugins/abi"),
            ("xtask", "engine"),
        ] {
            assert!(may_use(from, to), "{from} may use {to}");
        }
        for (from, to) in [
            ("engine", "plugins/archive"),
            ("engine", "hosts/cli"),
            ("plugins/archive", "engine"),
            ("plugins/archive", "plugins/image/pixels"),
            ("plugins/sdk", "plugins/archive"),
            ("plugins/sdk", "plugins/fonts"),
            ("plugins/abi", "plugins/sdk"),
            ("formats", "engine"),
            ("hosts/cli", "plugins/archive"),
        ] {
            assert!(!may_use(from, to), "{from} must not use {to}");
        }
    }
}
