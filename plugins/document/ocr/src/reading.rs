//! Tesseract at work on one page.

use formwork_program::Program;
use formwork_sdk::{Error, ErrorKind, Result, Step};
use std::path::Path;
use std::time::Duration;

/// Address space for the program itself.
const OWN_MEMORY: u64 = 1 << 30;
/// For one page.
const TIME: Duration = Duration::from_secs(300);

/// How pages are read.
pub(crate) struct Reading<'r> {
    pub(crate) program: &'r Path,
    pub(crate) language: &'r str,
    pub(crate) density: f64,
}

impl Reading<'_> {
    /// Reads a picture (in the portable grey format) and returns a PDF of its size that holds the text alone.
    ///
    /// # Errors
    ///
    /// `limit_exceeded`; `cancelled`; `timeout`; `io`.
    pub(crate) fn read(&self, step: &Step<'_>, picture: &[u8]) -> Result<Vec<u8>> {
        let program = Program {
            name: "Tesseract",
            path: self.program,
            environment: &[("OMP_THREAD_LIMIT", "1")],
            own_memory: OWN_MEMORY,
            own_files: 0,
            silence: TIME,
            whole: TIME,
        };
        let density = format!("{:.0}", self.density);
        let inputs = ["stdin", "stdout", "--dpi", &density, "-l", self.language];
        let outputs = ["-c", "textonly_pdf=1", "pdf"];
        let outcome = program.run(step, &[&inputs[..], &outputs].concat(), picture, |_| Ok(false))?;
        if outcome.success && outcome.output.starts_with(b"%PDF") {
            return Ok(outcome.output);
        }
        let line: String =
            outcome.messages.lines().next().unwrap_or("no message").chars().take(120).collect();
        Err(Error::new(ErrorKind::Io, format!("Tesseract could not read a page ({line})")))
    }
}
