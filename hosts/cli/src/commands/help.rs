//! Completions and the manual page, made from the same description as `--help`.

use crate::args::Args;
use crate::exit;
use clap::CommandFactory;
use formwork::{Error, Result};

/// Prints completions for a shell.
pub(crate) fn completions(shell: clap_complete::Shell) -> Result<u8> {
    clap_complete::generate(shell, &mut Args::command(), "formwork", &mut std::io::stdout());
    Ok(exit::OK)
}

/// Prints the manual page.
pub(crate) fn man() -> Result<u8> {
    let page = clap_mangen::Man::new(Args::command());
    page.render(&mut std::io::stdout()).map_err(|error| Error::io("standard output", &error))?;
    Ok(exit::OK)
}
