//! Draws EPS, PostScript and Illustrator files through an installed Ghostscript.
//!
//! PostScript is a programming language, so a file is a program of somebody else's. It runs in a process
//! of its own: with `-dSAFER` it can open no file, it is given no environment and no file to write to (of a PDF
//! it keeps parts in the worker's private folder until all pages are known), its memory is limited by the kernel, and a watchdog ends it when the job ends or
//! when nothing comes out any more. The document goes in through standard input, pictures come back
//! through standard output.
//!
//! Ghostscript is free software under the AGPL. Nothing of it is linked or shipped here.

mod describe;
mod document;
mod pages;
mod pdf;
mod program;
mod run;

use formwork_sdk::{Description, Plugin, Result, Step, export_plugin};

/// The plugin `image.ghostscript`.
struct Ghostscript;

impl Plugin for Ghostscript {
    fn describe() -> Description {
        describe::describe()
    }

    fn probe(step: &Step) -> Result<()> {
        run::probe(step)
    }

    fn run(step: &Step) -> Result<()> {
        run::run(step)
    }
}

export_plugin!(Ghostscript);
