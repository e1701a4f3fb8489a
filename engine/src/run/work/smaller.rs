//! What is to become smaller never becomes larger.

use super::walk::Arrived;
use super::{Order, Work};
use crate::run::Item;
use formwork_formats::Format;

/// Operations that are asked for fewer bytes.
const SHRINKING: &[&str] = &["optimize", "pdf/compress"];
/// Options that say how hard to try. Any other changes what is in the file, and then the result is wanted whatever its size.
const EFFORTS: &[&str] = &["quality", "effort", "preset", "two_pass", "threads", "timeout"];

/// Hands an input over as it is where the result that was to be smaller is not.
pub(super) fn keep(
    order: &Order<'_>,
    input: Option<&Item>,
    target: Option<&'static Format>,
    arrived: &mut Arrived,
) {
    let ([work], Some(input), [made]) = (order.works, input, arrived.items.as_slice()) else { return };
    let is_other = input.format.map(|format| format.id) != target.map(|format| format.id);
    if !only_shrinks(work) || is_other || made.length() < input.length() || has_mended(arrived) {
        return;
    }
    arrived.items = vec![Item { name: String::new(), ..input.clone() }];
    arrived.facts.clear();
    arrived.losses.clear();
    arrived.warnings = vec!["no smaller result was found: handed over as it is".to_owned()];
}

/// Whether something had to be said of the input: one that is damaged is not given back.
fn has_mended(arrived: &Arrived) -> bool {
    !arrived.warnings.is_empty() || !arrived.rescues.is_empty()
}

fn only_shrinks(work: &Work) -> bool {
    SHRINKING.contains(&work.operation.as_str())
        && work.preset.is_none()
        && work.options.keys().all(|name| EFFORTS.contains(&name.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn work(operation: &str, options: &serde_json::Value) -> Work {
        let options = options.as_object().cloned().unwrap_or_default();
        Work { operation: operation.into(), options, ..Work::default() }
    }

    fn kept(operation: &str, options: &serde_json::Value, length: usize) -> bool {
        let work = work(operation, options);
        let order = Order { works: &[&work], companions: &[] };
        let input = Item::from_bytes("a.png", vec![1; 10]);
        let mut arrived =
            Arrived { items: vec![Item::from_bytes("", vec![2; length])], ..Arrived::default() };
        keep(&order, Some(&input), None, &mut arrived);
        arrived.items.first().map(Item::length) == Some(10) && !arrived.warnings.is_empty()
    }

    #[test]
    fn a_result_that_grew_is_the_input() {
        assert!(kept("optimize", &json!({"quality": 40}), 11));
        assert!(!kept("optimize", &json!({}), 9));
    }

    #[test]
    fn what_was_asked_to_change_is_not_given_back() {
        assert!(!kept("optimize", &json!({"strip_metadata": true}), 11));
        assert!(!kept("convert", &json!({}), 11));
        assert!(
            !only_shrinks(&Work { preset: Some("web".into()), ..work("optimize", &json!({})) }),
            "it sets a width"
        );
    }
}
