//! Sets text that flows into PDF: plain text, Markdown, tables, web pages. Joins tables.
//!
//! Readers make a tree of their own ([`tree`]), which is bounded in depth; `set` turns it into content of typst, and
//! typst lays it out. Nothing a document says is ever read as typst's markup, nothing it names is opened: no file, no
//! network, no package.

mod builder;
mod describe;
mod fonts;
mod join;
mod lay;
mod read;
mod set;
mod settings;
mod tell;
mod tree;
mod world;

use fonts::Fonts;
use formwork_sdk::{Description, Error, Plugin, Result, Step, export_plugin, json};
use settings::Settings;

/// The plugin `typeset`.
struct Typeset;

impl Plugin for Typeset {
    fn prepare() {
        // Looking through all fonts of a machine takes longer than most documents.
        fonts::are_there();
    }

    fn describe() -> Description {
        describe::describe()
    }

    fn run(step: &Step) -> Result<()> {
        if step.operation() == "merge" {
            return join::run(step);
        }
        if step.target() != "pdf" {
            return Err(Error::unsupported(format!("typeset does not write {}", step.target())));
        }
        let settings = Settings::of(step)?;
        let document = lay::deeply(1, || read::read(step))??;
        step.tick(1, 4)?;
        let fonts = Fonts::choose(&document, settings.font.as_deref())?;
        tell::losses(step, &document, &fonts);
        let (bytes, pages) = lay::deeply(step.threads(), || lay::out(step, document, fonts, &settings))??;
        step.write_output(&bytes)?;
        step.report(&json!({ "pages": pages }));
        if let Some((name, _)) = settings.standard {
            step.warn(format!("{name}-marked, unvalidated: no validator is part of this program"));
            step.report(&json!({ "conforms": name, "validated": false }));
        }
        Ok(())
    }
}

export_plugin!(Typeset);
