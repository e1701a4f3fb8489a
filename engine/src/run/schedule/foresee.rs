//! Plans a whole job without running it: the board hands out what the scheduler would do, and instead of results there
//! are expected ones.

use super::TaskState;
use super::board::Board;
use super::report::lost;
use super::unit::{Chosen, Given, Unit};
use crate::deliver::names;
use crate::engine::Parts;
use crate::job::{Job, Operation, Task};
use crate::plan::{JobPlan, PiecePlan, StepPlan, TaskPlan};
use crate::run::item::Expected;
use crate::run::work::{self, Looked, Piece, Planned, Work};
use crate::run::{Control, Item};
use crate::{Error, Result};
use std::collections::BTreeSet;

/// Plans a job.
pub(crate) fn plan_job<'e>(parts: &'e Parts, job: &Job, threads: u32, control: &Control) -> JobPlan<'e> {
    let mut board = Board::new(job);
    let count = job.tasks.len();
    let mut foresight = Foresight {
        parts,
        job,
        threads,
        control,
        results: vec![None; count],
        steps: Vec::new(),
        step_of: vec![None; count],
        errors: vec![None; count],
    };
    while let Some(tasks) = board.begin() {
        let given: Vec<Vec<Given>> = tasks.iter().map(|task| foresight.given(*task)).collect();
        let (count, outcome) = foresight.pass(&tasks, &given, board.chain_of(tasks[0]));
        let passed = &tasks[..count.clamp(1, tasks.len())];
        passed.iter().skip(1).for_each(|task| board.join(*task));
        board.ended(passed, TaskState::of(outcome.as_ref().err()));
        foresight.end(passed, outcome);
    }
    foresight.into_plan()
}

struct Foresight<'f, 'e> {
    parts: &'e Parts,
    job: &'f Job,
    threads: u32,
    control: &'f Control,
    /// What each task is expected to leave.
    results: Vec<Given>,
    steps: Vec<StepPlan<'e>>,
    step_of: Vec<Option<usize>>,
    errors: Vec<Option<Error>>,
}

impl<'e> Foresight<'_, 'e> {
    fn given(&self, task: usize) -> Vec<Given> {
        self.job.graph().inputs[task].iter().map(|input| self.results[*input].clone()).collect()
    }

    /// Plans the first of some tasks, with as many of the next as will be done in the same pass.
    fn pass(&mut self, places: &[usize], given: &[Vec<Given>], lane: usize) -> (usize, Result<Vec<Item>>) {
        let unit = Unit {
            parts: self.parts,
            job: self.job,
            tasks: places,
            chain: places.len(),
            given,
            threads: self.threads,
            control: self.control,
            begun: &|_| {},
        };
        let tasks: Vec<&Task> = places.iter().map(|place| &self.job.tasks[*place]).collect();
        let Some((first, place)) = tasks.first().zip(places.first()) else { return (0, Ok(Vec::new())) };
        if let Some(twin) = self.job.graph().twin[*place] {
            self.step_of[*place] = self.step_of[twin];
            return (1, unit.given(0, 0..1));
        }
        let works: Vec<&Work> = tasks.iter().filter_map(|task| task.operation.work()).collect();
        let mut step = StepPlan {
            number: self.steps.len() + 1,
            tasks: vec![first.name.clone()],
            operation: word(&first.operation),
            after: Vec::new(),
            lane,
            pieces: Vec::new(),
            warnings: unit.left_out(),
            open: false,
        };
        let (count, outcome) = match &first.operation {
            Operation::Work(_) => match unit.choose(&tasks, &works) {
                Ok((chosen, pieces)) => (chosen.count(), self.pieces(&chosen, pieces, &mut step)),
                Err(error) => (1, Err(error)),
            },
            Operation::ExportPath(placement) => {
                let taken = super::unit::refuse_taken(placement, &()).err();
                step.warnings.extend(taken.map(|error| error.message));
                (1, unit.given(0, ..))
            }
            Operation::ExportBytes => (1, unit.given(0, ..)),
            operation => (1, unit.run_other(operation).map(|outcome| outcome.items)),
        };
        if outcome.is_ok() {
            step.tasks = tasks.iter().take(count).map(|task| task.name.clone()).collect();
            step.operation = tasks[..count].last().map_or_else(String::new, |task| word(&task.operation));
            step.after = self.steps_before(&places[..count]);
            places.iter().take(count).for_each(|place| self.step_of[*place] = Some(step.number));
            self.steps.push(step);
        }
        (count, outcome)
    }

    fn steps_before(&self, places: &[usize]) -> Vec<usize> {
        let inputs = places.iter().flat_map(|place| &self.job.graph().inputs[*place]);
        let steps: BTreeSet<usize> = inputs.filter_map(|input| self.step_of[*input]).collect();
        steps.into_iter().collect()
    }

    /// Plans what is worked on, and says what is expected of it.
    fn pieces(
        &self,
        chosen: &Chosen<'_>,
        pieces: Vec<Piece<'e>>,
        step: &mut StepPlan<'e>,
    ) -> Result<Vec<Item>> {
        let order = chosen.as_order();
        let mut expected = Vec::new();
        for piece in pieces {
            let name = piece.name();
            let open = piece.is_open();
            let (looked, planned) = match piece.planned(self.parts, &order, self.control) {
                Ok(planned) => planned,
                Err(_) if open => {
                    step.open = true;
                    expected.push(Item::to_come(name, self.asked_format(&order), Expected::default()));
                    continue;
                }
                Err(error) => return Err(error.with_context("input", name)),
            };
            step.warnings.extend(looked.warnings.iter().cloned());
            step.warnings.extend(looked.problem.as_ref().map(|problem| problem.message.clone()));
            let (item, piece) = self.piece(looked, planned)?;
            expected.push(item);
            step.pieces.push(piece);
        }
        Ok(expected)
    }

    fn asked_format(&self, order: &work::Order<'_>) -> Option<&'static formwork_formats::Format> {
        let name = order.works.last()?.output_format.as_deref()?;
        self.parts.registry.format(name)
    }

    fn piece(&self, looked: Looked, mut planned: Planned<'e>) -> Result<(Item, PiecePlan<'e>)> {
        let lacking = || Error::new(crate::ErrorKind::Internal, "a plan without a route");
        let mut route =
            if planned.routes.is_empty() { return Err(lacking()) } else { planned.routes.swap_remove(0) };
        let amounts = looked.close_amounts();
        let prediction = self.parts.foresee(&route, &amounts);
        route.prediction = Some(prediction);
        let losses = route.losses();
        // What is put together holds what its format can.
        let first = looked.format().filter(|_| looked.items.len() == 1);
        let features = looked.features.clone().or_else(|| first.map(|format| format.holds.to_vec()));
        let left = features.map(|all| all.into_iter().filter(|feature| !losses.contains(feature)).collect());
        let first = looked.items.first();
        let name = first.map_or("", |item| item.name.as_str());
        let expected = Expected {
            bytes: prediction.output_bytes as u64,
            features: left,
            facts: amounts.after(&route, &prediction).facts(),
        };
        let base = name.rsplit('/').next().unwrap_or(name);
        let named = planned
            .target
            .map_or_else(|| base.to_owned(), |to| names::with_extension(base, looked.format(), to));
        let plan = PiecePlan {
            input: name.to_owned(),
            inputs: looked.items.len(),
            format: looked.format().map(|format| format.id),
            bytes: amounts.bytes as u64,
            isolation: work::lowest_level(self.parts, &route),
            several: route.hops.iter().any(|hop| hop.cell.capability.many_outputs),
            route,
        };
        Ok((Item::to_come(named, planned.target, expected), plan))
    }

    fn end(&mut self, tasks: &[usize], outcome: Result<Vec<Item>>) {
        match outcome {
            Ok(items) => {
                if let Some(last) = tasks.last() {
                    self.results[*last] = Some(items);
                }
            }
            Err(error) => tasks.iter().for_each(|task| self.errors[*task] = Some(error.clone())),
        }
    }

    fn into_plan(self) -> JobPlan<'e> {
        let Foresight { job, steps, step_of, errors, .. } = self;
        let graph = job.graph();
        let name = |place: usize| job.tasks[place].name.clone();
        let why = |place: usize| {
            let missing = graph.inputs[place].iter().find(|input| step_of[**input].is_none());
            missing.map(|input| lost(&job.tasks[*input].name))
        };
        let tasks = graph.order.iter().map(|place| TaskPlan {
            name: name(*place),
            operation: word(&job.tasks[*place].operation),
            detail: detail(&job.tasks[*place].operation),
            inputs: job.tasks[*place].inputs.clone(),
            step: step_of[*place],
            same_as: graph.twin[*place].map(name),
            error: errors[*place].clone().or_else(|| why(*place).filter(|_| step_of[*place].is_none())),
        });
        JobPlan { tasks: tasks.collect(), steps }
    }
}

/// What an operation is about, beside its inputs.
fn detail(operation: &Operation) -> Option<String> {
    match operation {
        Operation::ImportPath { path } => Some(path.display().to_string()),
        Operation::ImportBytes { name, .. } | Operation::ImportItem(Item { name, .. }) => Some(name.clone()),
        Operation::ExportPath(placement) => Some(placement.path.display().to_string()),
        Operation::Work(work) => work.output_format.clone(),
        Operation::ExportBytes => None,
    }
}

/// The word of an operation, as jobs have it.
fn word(operation: &Operation) -> String {
    match operation {
        Operation::ImportPath { .. } => "import/path".into(),
        Operation::ImportBytes { .. } | Operation::ImportItem(_) => "import/bytes".into(),
        Operation::ExportPath(_) => "export/path".into(),
        Operation::ExportBytes => "export/bytes".into(),
        Operation::Work(work) => work.operation.clone(),
    }
}
