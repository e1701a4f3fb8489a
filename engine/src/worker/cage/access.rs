//! Which files a worker may open, by Landlock. Descriptors that are handed over are not concerned.

use super::Class;
use landlock::{
    ABI, Access, AccessFs, AccessNet, PathBeneath, PathFd, Ruleset, RulesetAttr, RulesetCreatedAttr,
    RulesetStatus, Scope,
};
use std::path::Path;

/// The newest rules this build knows; an older kernel enforces those it knows.
const RULES: ABI = ABI::V6;
/// Fonts and their configuration, and the sounds of instruments.
const FONTS: &[&str] = &[
    "/usr/share/fonts",
    "/usr/local/share/fonts",
    "/usr/share/fontconfig",
    "/etc/fonts",
    "/usr/share/sounds",
    "/usr/share/soundfonts",
];
/// What programs and large libraries need to run.
const SYSTEM: &[&str] = &["/usr", "/lib", "/lib64", "/bin", "/etc", "/var/lib/ghostscript", "/proc/self"];
/// Where programs may write.
const DEVICES: &[&str] = &["/dev/null", "/dev/zero"];

/// Restricts this thread and all that it starts. `folder` is the private folder of classes that have one.
pub(super) fn restrict(class: Class, folder: &Path) -> Result<(), String> {
    let failed = |error: landlock::RulesetError| format!("Landlock: {error}");
    let mut rules = Ruleset::default()
        .handle_access(AccessFs::from_all(RULES))
        .and_then(|rules| rules.handle_access(AccessNet::from_all(RULES)))
        .and_then(|rules| rules.scope(Scope::from_all(RULES)))
        .and_then(Ruleset::create)
        .map_err(failed)?;
    let (readable, access) = match class {
        Class::Codec => (&[][..], AccessFs::from_read(RULES)),
        Class::Files => (FONTS, AccessFs::ReadFile | AccessFs::ReadDir),
        Class::Folder => (SYSTEM, AccessFs::ReadFile | AccessFs::ReadDir),
        Class::Programs => (SYSTEM, AccessFs::from_read(RULES)),
    };
    let both = readable.iter().map(|path| (Path::new(path), access));
    let devices = DEVICES.iter().map(|path| (Path::new(path), AccessFs::ReadFile | AccessFs::WriteFile));
    let own = std::iter::once((folder, AccessFs::from_all(RULES) & !AccessFs::Execute));
    let both = both.chain(devices.chain(own).filter(|_| class.has_folder()));
    for (path, access) in both {
        // What is not on this machine needs no rule.
        let Ok(folder) = PathFd::new(path) else { continue };
        rules = rules.add_rule(PathBeneath::new(folder, access)).map_err(failed)?;
    }
    match rules.restrict_self().map_err(failed)?.ruleset {
        RulesetStatus::NotEnforced => Err("this kernel has no Landlock".into()),
        _ => Ok(()),
    }
}
