//! Several documents one after the other.

use crate::assembly::{Assembly, Source};
use crate::open::open;
use crate::save::{Manner, save};
use formwork_sdk::{Error, Result, Step, json};

/// Writes the pages of all inputs. What a document has once, as its title, is the first one's.
pub(crate) fn run(step: &Step<'_>) -> Result<()> {
    let mut assembly = Assembly::new(step);
    let total = step.input_count() as u64;
    if total == 0 {
        return Err(Error::invalid("there is nothing to merge"));
    }
    for (number, input) in step.inputs().enumerate() {
        step.tick(number as u64, total + 1)?;
        let pdf = open(step, input)?;
        pdf.tell(step);
        crate::tell_what_copies_lose(step, &pdf.doc);
        let all: Vec<usize> = (0..pdf.pages.len()).collect();
        assembly.add(&Source::new(&pdf), &all, true)?;
        input.release();
    }
    let (doc, count) = assembly.finish()?;
    save(step, doc, &Manner::default(), step.create_output()?)?;
    step.report(&json!({ "pages": count }));
    Ok(())
}
