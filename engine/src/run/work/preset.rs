//! What a task asks for by the name of a preset.

use super::order::{keeps_format, takes_many};
use super::{Looked, Work};
use crate::engine::Parts;
use crate::plan::{self, Request};
use crate::{Error, Result};
use std::borrow::Cow;

/// The task with the options its preset gives for its result, as far as the best route knows them.
///
/// # Errors
///
/// `invalid_request` for a preset that is not there, or not for this operation, or that says what is out of range.
pub(super) fn complete<'w>(parts: &Parts, work: &'w Work, looked: &Looked) -> Result<Cow<'w, Work>> {
    let Some(name) = &work.preset else { return Ok(Cow::Borrowed(work)) };
    let preset = parts.presets.for_operation(name, &work.operation)?;
    let named = work.output_format.as_deref().map(|name| parts.registry.require_format(name)).transpose()?;
    let from = looked.format().filter(|_| !takes_many(parts, &work.operation));
    let from = from.ok_or_else(|| Error::invalid(format!("`{}` takes no preset", work.operation)))?;
    let to = named.or_else(|| keeps_format(parts, &work.operation, from));
    let request = Request {
        operation: work.operation.clone(),
        from,
        to,
        options: work.options.clone(),
        bytes: 0,
        features: looked.features.clone(),
        accompanied: false,
        wishes: work.wishes.clone(),
    };
    let known = plan::options(&parts.registry, &request)?;
    let options = preset.complete(&work.options, to.unwrap_or(from).family, &known)?;
    Ok(Cow::Owned(Work { options, preset: None, ..work.clone() }))
}
