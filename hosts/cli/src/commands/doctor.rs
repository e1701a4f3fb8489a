//! Shows what is there, what is not, and what to do about it.

use crate::args::Listing;
use crate::{exit, setup, show};
use formwork::Result;
use serde_json::{Value, json};

/// Prints plugins, refusals and missing back ends.
pub(crate) fn run(args: &Listing) -> Result<u8> {
    let engine = setup::engine(&[], 1, false, Some(0))?;
    let registry = engine.registry();
    if args.json {
        let mut all = json!({"version": env!("CARGO_PKG_VERSION"), "processors": setup::processors(),
            "isolation": setup::isolation()});
        if let (Some(all), Value::Object(found)) = (all.as_object_mut(), registry.to_json()) {
            all.extend(found);
        }
        show::line(&all.to_string());
        return Ok(exit::OK);
    }
    show::line(&format!("formwork {}, {} processors", env!("CARGO_PKG_VERSION"), setup::processors()));
    match setup::isolation() {
        Some(level) => show::line(&format!("plugins run at isolation level {level}")),
        None => show::line("formwork-worker is missing: install it beside formwork, or use --isolation 0"),
    }
    for plugin in registry.plugins() {
        let about = &plugin.description;
        show::line(&format!("\n{} {}  {}  [{}]", about.id, about.version, about.summary, about.licence));
        show::line(&format!("  {}", plugin.path.display()));
        for library in &about.libraries {
            show::line(&format!("  on {} {} ({})", library.name, library.version, library.licence));
        }
        for install in plugin.missing() {
            show::line(&format!("  partly unavailable: {install}"));
        }
    }
    for refusal in registry.refusals() {
        show::line(&format!("\nrefused: {}\n  {}", refusal.path.display(), refusal.reason));
    }
    if registry.plugins().is_empty() {
        show::line("no plugins were found: set FORMWORK_PLUGINS to the folder that holds them");
    }
    Ok(exit::OK)
}
