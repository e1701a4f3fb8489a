//! Uniform-cost search for the best few routes.

use super::{Estimate, Goals, Hop, MAX_HOPS, Request, Route, cost};
use crate::matrix::{self, Cell, Matrix};
use crate::registry::Registry;
use formwork_formats::{Family, Feature, Format};
use std::cmp::Ordering;
use std::collections::{BinaryHeap, HashMap};

/// A route under construction.
#[derive(Clone)]
struct Path<'e> {
    at: &'static Format,
    /// The operation itself has been done; what follows are conversions of its result.
    done: bool,
    finished: bool,
    hops: Vec<Hop<'e>>,
    /// Features that are still there.
    present: Vec<Feature>,
    estimate: Estimate,
    /// Ids of the plugins and formats passed: breaks ties, so that plans are stable.
    trail: String,
}

impl PartialEq for Path<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}
impl Eq for Path<'_> {}
impl PartialOrd for Path<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Path<'_> {
    /// The heap gives the greatest first, so the lighter path is the greater.
    fn cmp(&self, other: &Self) -> Ordering {
        let weight = other.estimate.weight.total_cmp(&self.estimate.weight);
        weight.then_with(|| other.trail.cmp(&self.trail))
    }
}

/// Finds up to `count` routes, the lightest first.
pub(super) fn routes<'e>(
    registry: &'e Registry,
    request: &Request,
    count: usize,
    available_only: bool,
) -> Vec<Route<'e>> {
    let search = Search { registry, matrix: Matrix::new(registry), request, available_only };
    let mut heap = BinaryHeap::from([search.start()]);
    // A pinned plugin may lie on a heavier path to the same place, so more paths are followed then.
    let most_visits = if request.wishes.pinned_plugins.is_empty() { count } else { count + 24 };
    let mut visits: HashMap<(&str, bool, bool), usize> = HashMap::new();
    let mut found: Vec<Route<'e>> = Vec::new();
    while let Some(path) = heap.pop() {
        if path.finished {
            if search.is_wanted(&path) {
                found.push(Route {
                    hops: path.hops,
                    estimate: path.estimate,
                    prediction: None,
                    goals: Goals::default(),
                });
                if found.len() == count {
                    break;
                }
            }
            continue;
        }
        // Whether pages are all in one file decides which way is better from here on.
        let together = path.present.contains(&Feature::Pages);
        let visited = visits.entry((path.at.id, path.done, together)).or_default();
        *visited += 1;
        if *visited <= most_visits && path.hops.len() < MAX_HOPS {
            search.expand(&path, &mut heap);
        }
    }
    found
}

struct Search<'e, 'q> {
    registry: &'e Registry,
    matrix: Matrix<'e>,
    request: &'q Request,
    available_only: bool,
}

impl Path<'_> {
    /// Whether a format was passed in the run of conversions this path is in.
    fn passed_since_operation(&self, format: &Format) -> bool {
        let conversions = self.hops.iter().rev().take_while(|hop| hop.cell.capability.operation == "convert");
        self.at.id == format.id || conversions.into_iter().any(|hop| hop.from.id == format.id)
    }
}

impl<'e> Search<'e, '_> {
    fn start(&self) -> Path<'e> {
        let from = self.request.from;
        let mut present = self.request.features.clone().unwrap_or_else(|| from.holds.to_vec());
        if !present.contains(&Feature::Quality) {
            present.push(Feature::Quality);
        }
        Path {
            at: from,
            done: self.request.operation == "convert",
            finished: false,
            hops: Vec::new(),
            present,
            estimate: Estimate::default(),
            trail: String::new(),
        }
    }

    fn expand(&self, path: &Path<'e>, heap: &mut BinaryHeap<Path<'e>>) {
        for cell in self.matrix.reading("convert", path.at.id).filter(|cell| self.is_allowed(*cell)) {
            for to in cell.capability.to.iter().filter_map(|id| self.registry.format(id)) {
                self.step(path, cell, Some(to), path.done, heap);
            }
        }
        if path.done {
            return;
        }
        let fits = |cell: &Cell<'_>| {
            self.is_allowed(*cell) && (!self.request.accompanied || !cell.capability.companions.is_empty())
        };
        for cell in self.matrix.reading(&self.request.operation, path.at.id).filter(fits) {
            if cell.capability.to.is_empty() {
                self.step(path, cell, None, true, heap);
            }
            for to in cell.capability.to.iter().filter_map(|id| self.registry.format(id)) {
                self.step(path, cell, Some(to), true, heap);
            }
        }
    }

    fn step(
        &self,
        path: &Path<'e>,
        cell: Cell<'e>,
        to: Option<&'static Format>,
        done: bool,
        heap: &mut BinaryHeap<Path<'e>>,
    ) {
        let finished = done && to.map(|format| format.id) == self.request.to.map(|format| format.id);
        // The operation itself may write what it read; conversions never go in a circle.
        let operates = done && !path.done;
        let leads_back = |to: &Format| !operates && path.passed_since_operation(to);
        if !finished && to.is_none_or(|to| leads_back(to) || self.is_banned(to)) {
            return;
        }
        // Pictures come back to their format after an operation, as samples; a document would be another one.
        let from = self.request.from;
        let stays = self.request.operation == "convert" || from.family == Family::Document && !operates;
        let remade = |to: &Format| stays && matrix::is_remade(from, path.at, to);
        if to.is_some_and(|to| !matrix::leads_on(from, path.at, to) || remade(to)) {
            return;
        }
        let lossless =
            self.request.options.get("lossless").is_some_and(|value| value == true || value == "true");
        // Pages of a document that become files of their own are not lost; from then on there is one in each. Pictures
        // do not become a document for that.
        let parts = cell.capability.many_outputs && self.request.from.family == Family::Document;
        let present = path
            .present
            .iter()
            .filter(|feature| **feature != Feature::Pages || !parts || cell.keeps(**feature, false));
        let (mut kept, lost): (Vec<_>, Vec<_>) =
            present.partition(|feature| cell.keeps(**feature, lossless && finished));
        if to.is_some_and(|to| is_set_on_pages(path.at, to)) {
            kept.push(Feature::Pages);
        }
        if lost.iter().any(|feature| self.request.wishes.keep.contains(feature)) {
            return;
        }
        let bytes =
            if path.hops.is_empty() { self.request.bytes } else { self.request.bytes.saturating_mul(4) };
        let estimate = cost::add(path.estimate, cell, to, &lost, bytes, finished);
        let mut hops = path.hops.clone();
        let losses = lost;
        hops.push(Hop { cell, from: path.at, to, settings: Vec::new(), losses, fused: Vec::new() });
        let target = to.map_or("", |format| format.id);
        let trail = format!("{}/{}>{target}", path.trail, cell.plugin.id());
        heap.push(Path { at: to.unwrap_or(path.at), done, finished, hops, present: kept, estimate, trail });
    }

    fn is_allowed(&self, cell: Cell<'_>) -> bool {
        let banned = self.request.wishes.banned_plugins.iter().any(|id| id == cell.plugin.id());
        !banned && (!self.available_only || cell.is_available())
    }

    fn is_banned(&self, format: &Format) -> bool {
        self.request.wishes.banned_formats.iter().any(|id| id == format.id)
    }

    fn is_wanted(&self, path: &Path<'_>) -> bool {
        let used = |id: &String| path.hops.iter().any(|hop| hop.cell.plugin.id() == id);
        self.request.wishes.pinned_plugins.iter().all(used)
    }
}

/// Whether a text that flows is set on pages: nobody knows before how many there will be.
fn is_set_on_pages(at: &Format, to: &Format) -> bool {
    let has_pages = |format: &Format| format.holds.contains(&Feature::Pages);
    at.family == Family::Document && to.family == Family::Document && !has_pages(at) && has_pages(to)
}
