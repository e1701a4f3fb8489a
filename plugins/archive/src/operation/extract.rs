//! `extract`: an archive becomes files.

use super::{read_content, stopping, with_archive};
use crate::context::Context;
use crate::gate::Gate;
use crate::pool::with_pool;
use crate::write::files::FilesSink;
use formwork_sdk::{Result, Step, json};

/// Writes every entry of the first input as an output of its own, named as in the archive.
///
/// # Errors
///
/// Any; nothing is kept then.
pub(crate) fn run(step: &Step<'_>) -> Result<()> {
    with_archive(step, |archive| {
        let context = Context::new(step, true);
        with_pool(step.threads(), |pool| {
            let mut gate = Gate::new(&context, FilesSink::new(&context, pool), true);
            let work = read_content(&context, &archive, &mut gate);
            let entries = gate.passed();
            stopping(&context, work.and_then(|()| gate.close().finish()))?;
            step.report(&json!({ "entries": entries }));
            Ok(())
        })
    })
}
