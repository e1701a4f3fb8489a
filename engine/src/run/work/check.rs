//! Reads finished outputs back.

use super::super::control::Control;
use super::super::item::Item;
use super::super::probe;
use crate::engine::Parts;
use crate::{Error, ErrorKind, Result, deliver};
use formwork_abi::Limits;
use formwork_formats::Format;
use serde_json::{Map, Value};

/// Checks every output against its format and, when it is the only one, against what its writer told.
pub(super) fn outputs(
    parts: &Parts,
    items: &[Item],
    target: &'static Format,
    told: &Map<String, Value>,
    control: &Control,
) -> Result<()> {
    let single = items.len() == 1;
    // What was just made may be packed as tightly as it can be; only strangers' files may not.
    let limits = Limits { ratio: u64::MAX, ..parts.limits };
    for item in items.iter().filter(|item| item.is_file()) {
        let target = item.format.unwrap_or(target);
        let probed = match probe::facts(parts, item, limits, control) {
            Some(Ok(found)) => Some(found.facts),
            Some(Err(error)) if matches!(error.kind, ErrorKind::Cancelled | ErrorKind::Timeout) => {
                return Err(error);
            }
            Some(Err(error)) => {
                let message = format!("the finished {} cannot be read back: {}", target.id, error.message);
                // What needs more memory than is allowed is well written all the same.
                return Err(match error.kind {
                    ErrorKind::LimitExceeded => Error { message, ..error },
                    _ => Error::new(ErrorKind::PluginFault, message),
                });
            }
            None => None,
        };
        let told = if single { told } else { &Map::new() };
        deliver::check(item, target, told, probed.as_ref())?;
        // A thousand outputs are not kept open.
        item.release();
    }
    Ok(())
}
