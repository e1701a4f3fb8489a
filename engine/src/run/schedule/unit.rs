//! Does what is handed out: one task, or as many that follow each other as can be done in one pass.

use super::report::lost;
use crate::deliver::{self, Ledger, Placement, Receipt, Staging};
use crate::engine::Parts;
use crate::job::{Job, Operation, Task};
use crate::matrix::Matrix;
use crate::run::side_by_side::{share_out, side_by_side};
use crate::run::work::{self, Order, Piece, Work};
use crate::run::{Content, Control, Item, options};
use crate::{Error, ErrorKind, Result};
use std::path::PathBuf;
use std::slice::SliceIndex;
use std::sync::Arc;

/// Tasks that follow each other, and all they need to run.
pub(super) struct Unit<'u, 'e> {
    pub(super) parts: &'e Parts,
    pub(super) job: &'u Job,
    /// Places of the tasks that are left of their chain.
    pub(super) tasks: &'u [usize],
    /// Tasks of the whole chain.
    pub(super) chain: usize,
    /// What comes from each input of each task.
    pub(super) given: &'u [Vec<Given>],
    pub(super) threads: u32,
    /// Moves the chain's lane of the progress.
    pub(super) control: &'u Control,
    /// Tells which tasks run in the pass, once that is known.
    pub(super) begun: &'u dyn Fn(usize),
}

/// The items of one input; nothing of the task before, and of one whose failure is ignored.
pub(super) type Given = Option<Vec<Item>>;

/// What tasks that succeeded leave behind.
#[derive(Default)]
pub(super) struct Outcome {
    pub(super) items: Vec<Item>,
    pub(super) receipts: Vec<Receipt>,
    pub(super) paths: Vec<PathBuf>,
}

/// Inputs of a task, or of the first and further ones of tasks that are fused.
struct Inputs {
    /// What is worked on: each by itself, or all of a group at one go.
    groups: Vec<Vec<Item>>,
    /// Further inputs of each task.
    companions: Vec<Vec<Item>>,
}

/// Tasks that are done in one pass.
pub(super) struct Chosen<'w> {
    works: &'w [&'w Work],
    companions: Vec<Vec<Item>>,
}

impl Chosen<'_> {
    /// How many tasks that is.
    pub(super) fn count(&self) -> usize {
        self.works.len()
    }

    pub(super) fn as_order(&self) -> Order<'_> {
        Order { works: self.works, companions: &self.companions }
    }
}

impl<'e> Unit<'_, 'e> {
    /// Runs the first task, with as many of the next as can be done in the same pass. Returns how many that were.
    pub(super) fn run(&self) -> (usize, Result<Outcome>) {
        let tasks: Vec<&Task> = self.tasks.iter().map(|place| &self.job.tasks[*place]).collect();
        match tasks.first().map(|task| &task.operation) {
            Some(_) if self.twin().is_some() => (1, self.given(0, 0..1).map(Outcome::of)),
            Some(Operation::Work(_)) => self.run_work(&tasks),
            Some(operation) => (1, self.run_other(operation)),
            None => (0, Ok(Outcome::default())),
        }
    }

    fn twin(&self) -> Option<usize> {
        self.tasks.first().and_then(|place| self.job.graph().twin[*place])
    }

    pub(super) fn run_other(&self, operation: &Operation) -> Result<Outcome> {
        self.control.check()?;
        match operation {
            Operation::ImportPath { path } => self.parts.files.import(path).map(Outcome::of),
            Operation::ImportBytes { name, bytes } => {
                Ok(Outcome::of(vec![Item::new(name.clone(), Content::Memory(bytes.clone()))]))
            }
            Operation::ImportItem(item) => Ok(Outcome::of(vec![item.clone()])),
            Operation::ExportPath(placement) => {
                let ledger = self.ledger();
                let paths = deliver::place_noted(&self.given(0, ..)?, placement, &self.parts.areas, ledger)?;
                Ok(Outcome { paths, ..Outcome::default() })
            }
            Operation::ExportBytes => self.given(0, ..).map(Outcome::of),
            Operation::Work(_) => Err(Error::new(ErrorKind::Internal, "a working task was not planned")),
        }
    }

    /// The items of some inputs of a task of this unit.
    pub(super) fn given(
        &self,
        number: usize,
        inputs: impl SliceIndex<[Given], Output = [Given]>,
    ) -> Result<Vec<Item>> {
        let given = self.given.get(number).and_then(|given| given.get(inputs)).unwrap_or_default();
        if !given.is_empty() && given.iter().all(Option::is_none) {
            let task = self.tasks.get(number).and_then(|place| self.job.tasks.get(*place));
            let input = task.and_then(|task| task.inputs.first());
            return Err(lost(input.map_or("", String::as_str)));
        }
        Ok(given.iter().flatten().flatten().cloned().collect())
    }

    /// Sentences about inputs that failed, which the task goes on without.
    pub(super) fn left_out(&self) -> Vec<String> {
        let (Some(place), Some(given)) = (self.tasks.first(), self.given.first()) else { return Vec::new() };
        let inputs = self.job.tasks[*place].inputs.iter().zip(given);
        let missing = inputs.filter(|(_, given)| given.is_none());
        missing.map(|(name, _)| format!("the input `{name}` failed and was left out")).collect()
    }

    /// A sentence about an input that was not waited for.
    fn taken_early(&self) -> Option<String> {
        let before = self.job.graph().early[*self.tasks.first()?]?;
        let name = &self.job.tasks[before].name;
        Some(format!("it was taken from the source of `{name}`, which shows the same"))
    }

    /// Runs the first of these working tasks, with as many of the next as can be done in the same pass. Returns how
    /// many that were.
    fn run_work(&self, tasks: &[&Task]) -> (usize, Result<Outcome>) {
        let works: Vec<&Work> = tasks.iter().filter_map(|task| task.operation.work()).collect();
        match self.choose(tasks, &works) {
            Ok((chosen, pieces)) => {
                let count = chosen.count();
                (count, self.run_order(&tasks[..count], &chosen.as_order(), pieces))
            }
            Err(error) => (1, Err(error)),
        }
    }

    /// Chooses how many of these working tasks are done in one pass, and on what.
    pub(super) fn choose<'w>(
        &self,
        tasks: &[&Task],
        works: &'w [&'w Work],
    ) -> Result<(Chosen<'w>, Vec<Piece<'e>>)> {
        let nothing = || Error::new(ErrorKind::Internal, "no task to run");
        let first = works.first().ok_or_else(nothing)?;
        self.control.check()?;
        let mut inputs = self.inputs(tasks, works)?;
        let mut pieces: Vec<Piece<'e>> = inputs.groups.into_iter().map(Piece::Raw).collect();
        for count in (2..=inputs.companions.len()).rev() {
            let order = Order { works: &works[..count], companions: &inputs.companions[..count] };
            if !self.may_fuse(order.works) {
                continue;
            }
            for piece in &mut pieces {
                // What fails here fails again, and is told, when the task runs alone.
                let _ = piece.look(self.parts, first, self.control);
            }
            let plans: Option<Vec<_>> = pieces.iter().map(|piece| piece.plan(self.parts, &order)).collect();
            if let Some(plans) = plans {
                inputs.companions.truncate(count);
                return Ok((Chosen { works: &works[..count], companions: inputs.companions }, plans));
            }
        }
        inputs.companions.truncate(1);
        Ok((Chosen { works: &works[..1], companions: inputs.companions }, pieces))
    }

    /// What goes into the first of these tasks, and into the next as far as they may be fused with it.
    fn inputs(&self, tasks: &[&Task], works: &[&Work]) -> Result<Inputs> {
        let (Some(task), Some(work)) = (tasks.first(), works.first()) else {
            return Err(Error::new(ErrorKind::Internal, "no task to run"));
        };
        let matrix = Matrix::new(&self.parts.registry);
        let accompanied = |work: &Work| matrix.takes_companions(&work.operation);
        let subjects = if accompanied(work) { 1 } else { task.inputs.len() };
        let items = self.given(0, ..subjects)?;
        if items.is_empty() {
            return Err(Error::invalid(format!("the task `{}` has no input", task.name)));
        }
        let mut companions = vec![self.given(0, subjects..)?];
        for (number, work) in works.iter().enumerate().skip(1) {
            let alone = tasks.get(number).is_some_and(|task| task.inputs.len() == 1);
            match self.given(number, 1..) {
                Ok(items) if alone || accompanied(work) => companions.push(items),
                _ => break,
            }
        }
        // An operation that takes one input at a time is done once for each.
        let groups = if work::takes_many(self.parts, &work.operation) {
            vec![items]
        } else {
            items.into_iter().map(|item| vec![item]).collect()
        };
        Ok(Inputs { groups, companions })
    }

    /// Whether some plugin does the last of these operations and all before it in one pass.
    fn may_fuse(&self, works: &[&Work]) -> bool {
        let Some((last, earlier)) = works.split_last() else { return false };
        earlier.iter().all(|work| work::may_fuse(self.parts, &last.operation, &work.operation))
    }

    /// Runs tasks at one go, on each piece by itself.
    fn run_order(&self, tasks: &[&Task], order: &Order<'_>, pieces: Vec<Piece<'e>>) -> Result<Outcome> {
        let Some(last) = tasks.last() else { return Ok(Outcome::default()) };
        let staging = self.staging_for(last)?;
        let threads = options::threads(order.works, self.threads)?;
        (self.begun)(tasks.len());
        let (start, share) = self.span(tasks.len());
        let share = share / pieces.len().max(1) as f64;
        let single = pieces.len() == 1;
        // Pieces side by side use a machine better than threads inside each.
        let (lanes, inner) = share_out(threads, pieces.len());
        let Unit { parts, control, .. } = *self;
        let controls: Vec<Control> = pieces.iter().map(|_| control.part(None, (0.0, 1.0))).collect();
        let run = |number: usize, piece: Piece<'_>| {
            let done = start + share * number as f64;
            let control = controls.get(number).unwrap_or(control);
            if let Some(kept) = piece.recall(parts, order, control) {
                return Ok(kept);
            }
            let (looked, planned) = piece.planned(parts, order, control)?;
            let timeout = options::timeout(order.works, looked.format(), planned.target)?;
            let control = control.part_since(looked.started, Some(timeout), (done, share));
            let staging = staging.clone().filter(|_| single);
            work::run(parts, order, looked, &planned, staging, inner, &control)
        };
        let results = side_by_side(lanes, pieces, |number, piece| {
            let name = piece.name();
            let result = run(number, piece).map_err(|error| error.with_context("input", name));
            match &result {
                Ok(_) => control.advance(start + share * (number + 1) as f64),
                // Those before it go on, so that which failure is told does not depend on threads.
                Err(_) => controls.iter().skip(number + 1).for_each(|later| later.cancel_token().cancel()),
            }
            result
        })?;
        Ok(self.told(tasks, last, results))
    }

    /// What came of each piece, with receipts that say which tasks that was.
    fn told(&self, tasks: &[&Task], last: &Task, results: Vec<(Vec<Item>, Receipt)>) -> Outcome {
        let mut outcome = Outcome::default();
        for (items, mut receipt) in results {
            receipt.task.clone_from(&last.name);
            receipt.warnings.extend(self.left_out());
            receipt.warnings.extend(self.taken_early());
            if tasks.len() > 1 {
                receipt.fused = tasks.iter().map(|task| task.name.clone()).collect();
            }
            outcome.items.extend(items);
            outcome.receipts.push(receipt);
        }
        outcome
    }

    /// The part of the chain's progress that its next tasks are: start and span.
    fn span(&self, count: usize) -> (f64, f64) {
        let chain = self.chain.max(1) as f64;
        ((chain - self.tasks.len() as f64) / chain, count as f64 / chain)
    }

    /// Knows what the job put in place before its process was killed.
    fn ledger(&self) -> &dyn Ledger {
        self.control.journal().map_or(&(), |journal| journal)
    }

    /// When the only use of a task's outputs is to be put on disk, they grow right beside their place.
    fn staging_for(&self, task: &Task) -> Result<Option<Arc<Staging>>> {
        let place = self.tasks.iter().find(|place| std::ptr::eq(&self.job.tasks[**place], task));
        let users = place.map_or(&[][..], |place| &self.job.graph().users[*place]);
        match users.first().map(|user| &self.job.tasks[*user].operation) {
            Some(Operation::ExportPath(placement)) if users.len() == 1 => {
                refuse_taken(placement, self.ledger())?;
                self.parts.areas.create(&placement.staging_parent()).map(Some)
            }
            _ => Ok(None),
        }
    }
}

impl Outcome {
    fn of(items: Vec<Item>) -> Outcome {
        Outcome { items, ..Outcome::default() }
    }
}

/// Says early that a result could not be placed, before any work is done for it.
pub(super) fn refuse_taken(placement: &Placement, ledger: &dyn Ledger) -> Result<()> {
    let path = &placement.path;
    if placement.overwrite || placement.is_folder() || path.symlink_metadata().is_err() || ledger.knows(path)
    {
        return Ok(());
    }
    Err(Error::new(ErrorKind::Io, format!("{} exists already", placement.path.display()))
        .with_hint("allow it to be overwritten (--force), or use another name")
        .with_context("output", placement.path.display().to_string()))
}
