//! Which plugins are there, and which formats they bring along.

mod rows;

use crate::load::{self, Cache, Library, Scanned, Scanner};
use crate::{Error, ErrorKind, Result};
use formwork_abi::describe::{Capability, Description};
use formwork_formats::Format;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// The plugins of one engine, with what they said of themselves. Immutable once built; libraries are
/// loaded on first use.
#[derive(Debug, Default)]
pub struct Registry {
    plugins: Vec<Plugin>,
    refusals: Vec<Refusal>,
    rows: Vec<&'static Format>,
}

/// One plugin.
#[derive(Debug)]
pub struct Plugin {
    /// Where its file is; empty when it is linked into the program.
    pub path: PathBuf,
    /// What it said of itself.
    pub description: Description,
    library: OnceLock<Result<Library>>,
}

/// A plugin file that is not used, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The file.
    pub path: PathBuf,
    /// Why it is refused.
    pub reason: String,
}

impl Plugin {
    /// Its id, as in `image.avif`.
    pub fn id(&self) -> &str {
        &self.description.id
    }

    /// What would have to be installed for all it can do, each once.
    pub fn missing(&self) -> BTreeSet<&str> {
        let capabilities = self.description.capabilities.iter();
        capabilities.filter_map(|capability| capability.unavailable.as_deref()).collect()
    }

    fn to_json(&self) -> Value {
        let about = &self.description;
        json!({"id": about.id, "version": about.version, "summary": about.summary, "licence": about.licence,
            "path": self.path, "libraries": about.libraries, "unavailable": self.missing()})
    }

    /// Loads the library, once.
    ///
    /// # Errors
    ///
    /// `plugin_fault` when it cannot be loaded any more.
    pub fn library(&self) -> Result<&Library> {
        self.library.get_or_init(|| Library::open(&self.path)).as_ref().map_err(Clone::clone)
    }
}

impl Registry {
    /// Describes all plugin files of these folders.
    pub fn scan(folders: &[PathBuf], scanner: &Scanner, cache: &Cache) -> Registry {
        let mut registry = Registry::default();
        for (path, scanned) in cache.describe(&load::find(folders), scanner) {
            registry.add(path, scanned, OnceLock::new());
        }
        registry
    }

    /// Adds a plugin that is linked into this program.
    ///
    /// # Errors
    ///
    /// `plugin_fault` when it refuses this engine or does not describe itself.
    pub fn link(&mut self, entry: formwork_abi::Entry) -> Result<()> {
        let library = Library::linked(entry)?;
        let description = load::read_description(&library.describe()?).map_err(|error| {
            Error::new(
                ErrorKind::PluginFault,
                format!("a linked plugin's description is not understood: {error}"),
            )
        })?;
        self.add(PathBuf::new(), Ok(description), OnceLock::from(Ok(library)));
        Ok(())
    }

    /// Adds a plugin by its description alone, for planning; its steps cannot be run.
    pub fn describe(&mut self, description: Description) {
        self.add(PathBuf::new(), Ok(description), OnceLock::new());
    }

    fn add(&mut self, path: PathBuf, scanned: Scanned, library: OnceLock<Result<Library>>) {
        let known = |id: &str| self.plugins.iter().find(|plugin| plugin.id() == id);
        let refusal = match &scanned {
            Err(reason) => Some(reason.clone()),
            Ok(description) if description.id.is_empty() => Some("it gives itself no id".to_owned()),
            Ok(description) => known(&description.id)
                .map(|other| format!("its id `{}` is taken by {}", description.id, other.path.display())),
        };
        match (scanned, refusal) {
            (Ok(description), None) => {
                self.rows.extend(description.formats.iter().filter_map(rows::adopt));
                self.plugins.push(Plugin { path, description, library });
            }
            (_, reason) => self.refusals.push(Refusal { path, reason: reason.unwrap_or_default() }),
        }
    }

    /// The plugins, in the order of their file names.
    pub fn plugins(&self) -> &[Plugin] {
        &self.plugins
    }

    /// Plugin files that are not used, each with the reason.
    pub fn refusals(&self) -> &[Refusal] {
        &self.refusals
    }

    /// All of it as JSON: `plugins`, and `refused` with `path` and `reason`.
    pub fn to_json(&self) -> Value {
        let plugins: Vec<Value> = self.plugins.iter().map(Plugin::to_json).collect();
        let refusals = self.refusals.iter();
        let refused: Vec<Value> =
            refusals.map(|refusal| json!({"path": refusal.path, "reason": refusal.reason})).collect();
        json!({"plugins": plugins, "refused": refused})
    }

    /// Finds a plugin by its id.
    pub fn plugin(&self, id: &str) -> Option<&Plugin> {
        self.plugins.iter().find(|plugin| plugin.id() == id)
    }

    /// Every format that is known: the engine's own rows, then those plugins brought along.
    pub fn formats(&self) -> impl Iterator<Item = &'static Format> {
        formwork_formats::all().chain(self.rows.iter().copied())
    }

    /// Finds a format by id, alias or extension, ignoring ASCII case and a leading dot.
    pub fn format(&self, name: &str) -> Option<&'static Format> {
        formwork_formats::find(name).or_else(|| {
            let name = name.trim_start_matches('.');
            let same = |candidate: &&str| candidate.eq_ignore_ascii_case(name);
            self.rows.iter().copied().find(|row| same(&row.id) || row.extensions.iter().any(&same))
        })
    }

    /// Finds a format as [`Registry::format`] does.
    ///
    /// # Errors
    ///
    /// `unsupported_format`, with similar names.
    pub fn require_format(&self, name: &str) -> Result<&'static Format> {
        self.format(name).ok_or_else(|| {
            let visible = self.formats().filter(|format| !format.internal).map(|format| format.id);
            let similar = crate::text::similar(name, visible);
            let error = Error::new(ErrorKind::UnsupportedFormat, format!("the format `{name}` is not known"));
            if similar.is_empty() {
                error.with_hint("`formwork formats` lists all that are")
            } else {
                error.with_hint(format!("did you mean {}?", similar.join(", ")))
            }
        })
    }

    /// Every capability with its plugin.
    pub fn capabilities(&self) -> impl Iterator<Item = (&Plugin, &Capability)> {
        self.plugins.iter().flat_map(|plugin| {
            plugin.description.capabilities.iter().map(move |capability| (plugin, capability))
        })
    }

    /// Finds a plugin that can probe a format.
    pub fn prober(&self, format: &str) -> Option<&Plugin> {
        self.plugins.iter().find(|plugin| plugin.description.probes.iter().any(|known| known == format))
    }

    /// The plugin whose file this is.
    pub fn by_path(&self, path: &Path) -> Option<&Plugin> {
        self.plugins.iter().find(|plugin| plugin.path == path)
    }
}
