//! Routes with a step that makes many outputs that do not need each other, as the pages of a document: parts of them
//! are taken to the end of the route side by side, each in a worker of its own, and memory holds a few parts at most.

use super::super::item::Item;
use super::super::side_by_side::{share_out, side_by_side};
use super::rescue::Rescue;
use super::walk::{Along, Arrived, Walk};
use crate::Result;
use crate::cache::Chain;
use crate::lock::lock;
use crate::matrix::{Setting, SettingValue};
use crate::plan::Route;
use formwork_abi::Limits;
use serde_json::Value;
use std::collections::HashSet;
use std::sync::{Arc, Mutex};
use std::time::Instant;

/// Outputs of the step that are held at one time, for each thread.
const MOST_IN_PART: usize = 8;
/// Parts for each thread, so that all end at about the same time.
const PARTS_A_THREAD: usize = 4;

/// A range of the outputs: the first, and how many.
type Part = (usize, usize);

impl Walk<'_> {
    /// Takes what has arrived, one item, on from a step that can be asked for parts. The first part is one output,
    /// which tells how many there are.
    pub(super) fn spread(
        &self,
        route: &Route<'_>,
        parted: usize,
        item: &Item,
        mut arrived: Arrived,
        along: Along<'_>,
    ) -> Result<Arrived> {
        // What is done in parts is never there as a whole.
        let chain = along.chain;
        let along = Along { chain: None, ..along };
        let (first, next, steps) = (setting((0, 1)), parted + 1, route.hops.len());
        self.steps(route, parted..next, &mut arrived, Along { part: Some((parted, &first)), ..along })?;
        let all =
            arrived.facts.get("parts").and_then(Value::as_u64).and_then(|all| usize::try_from(all).ok());
        let Some(all) = all.filter(|all| *all > 1) else {
            self.steps(route, next..steps, &mut arrived, along)?;
            return Ok(arrived);
        };
        let names: Arc<Mutex<HashSet<String>>> = Arc::default();
        let along = Along { names: Some(&names), ..along };
        let parts = parts(1, all, self.limits.threads as usize);
        let (lanes, threads) = share_out(self.limits.threads, parts.len());
        let inner = Limits { threads, ..self.limits };
        let walk = |(from, count): Part| Walk {
            limits: inner,
            span: self.share(from as f64 / all as f64, count as f64 / all as f64),
            ..*self
        };
        walk((0, 1)).steps(route, next..steps, &mut arrived, along)?;
        let rest = side_by_side(lanes, parts, |_, part| {
            let (setting, walk, began) = (setting(part), walk(part), Instant::now());
            if let Some(found) = chain.and_then(|chain| Arrived::part(chain, part)) {
                lock(&names).extend(found.items.iter().map(|item| item.name.clone()));
                self.control.advance(walk.span.0 + walk.span.1);
                return Ok(found);
            }
            let mut arrived = Arrived { items: vec![item.clone()], ..Arrived::default() };
            let along = Along { part: Some((parted, &setting)), ..along };
            walk.steps(route, parted..steps, &mut arrived, along)?;
            if let Some(chain) = chain {
                chain.keep_part(part, &arrived.items, arrived.said(), began.elapsed());
            }
            Ok(arrived)
        })?;
        rest.into_iter().for_each(|part| arrived.join(part));
        // As many workers as lanes were there at a time.
        arrived.worker_bytes = arrived.worker_bytes.saturating_mul(lanes as u64);
        Ok(arrived)
    }

    /// A part of this walk's progress.
    fn share(&self, start: f64, span: f64) -> (f64, f64) {
        (self.span.0 + self.span.1 * start, self.span.1 * span)
    }
}

impl Arrived {
    /// A part that an earlier run of the job came to.
    fn part(chain: &Chain<'_>, part: Part) -> Option<Arrived> {
        let (items, said) = chain.part(part)?;
        Some(Arrived { found_parts: 1, ..Arrived::kept(items, said) })
    }

    /// Adds what came out of a later part.
    fn join(&mut self, part: Arrived) {
        self.found_parts += part.found_parts;
        self.items.extend(part.items);
        self.worker_bytes = self.worker_bytes.max(part.worker_bytes);
        Rescue::note(&mut self.rescues, part.rescues);
        for warning in part.warnings {
            if !self.warnings.contains(&warning) {
                self.warnings.push(warning);
            }
        }
        for loss in part.losses {
            if !self.losses.contains(&loss) {
                self.losses.push(loss);
            }
        }
    }
}

fn setting((first, count): Part) -> Setting {
    Setting { name: "part".into(), value: SettingValue::Text(format!("{first}+{count}")), secret: false }
}

/// Cuts the outputs from `first` to `all` into parts for a number of threads.
fn parts(first: usize, all: usize, threads: usize) -> Vec<Part> {
    let size = (all - first).div_ceil(threads.max(1) * PARTS_A_THREAD).clamp(1, MOST_IN_PART);
    (first..all).step_by(size).map(|from| (from, size.min(all - from))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_cover_all_once() {
        for (all, threads) in [(2, 1), (9, 2), (117, 2), (1000, 8), (3, 64)] {
            let parts = parts(1, all, threads);
            let covered: Vec<usize> = parts.iter().flat_map(|(from, count)| *from..from + count).collect();
            assert_eq!(covered, (1..all).collect::<Vec<_>>());
            assert!(parts.iter().all(|(_, count)| (1..=MOST_IN_PART).contains(count)));
        }
    }
}
