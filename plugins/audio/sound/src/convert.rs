//! From any file with sound to a file of sound: `convert`, `trim` and `metadata`.

use crate::optimize;
use crate::work::{Work, report};
use formwork_media::TAGS;
use formwork_sdk::{Error, Result, Step};

/// Converts the step's input.
pub(crate) fn run(step: &Step<'_>) -> Result<()> {
    let (mut work, mut demuxer) = Work::of(step)?;
    let options = step.options();
    if step.operation() == "metadata" {
        let asked = TAGS.iter().find(|name| options.text(name).is_some());
        if let Some(name) = asked.filter(|_| !work.container.tags) {
            return Err(Error::invalid(format!(
                "{} has no place for tags such as {name}",
                work.container.id
            )));
        }
        work.wish.copy = Some("always".into());
    }
    let span = work.span(&demuxer)?;
    if let Some(most) = options.get::<u64>("max_bytes") {
        return optimize::to_size(&mut work, demuxer, span, most);
    }
    let (counts, _) = work.make(&mut demuxer, span, false)?;
    report(step, &counts);
    Ok(())
}
