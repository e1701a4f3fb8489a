//! One job in a queue: its board, what its tasks left, and what is told of it.

use super::board::{Board, NoRetry};
use super::desk::Ticket;
use super::event::{Event, EventKind, Listener, Log};
use super::report::lost;
use super::unit::{Given, Outcome};
use super::{JobReport, TaskReport, TaskState};
use crate::job::{Job, Operation};
use crate::run::Control;
use crate::{Error, ErrorKind, Result};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// One job.
pub(super) struct Entry {
    pub(super) id: u64,
    pub(super) job: Arc<Job>,
    pub(super) ticket: Ticket,
    pub(super) control: Arc<Control>,
    pub(super) board: Board,
    /// Nothing when nobody will ask: 10,000 tasks would be 30,000 events.
    pub(super) log: Option<Log>,
    pub(super) listener: Option<Listener>,
    /// Items of each task that succeeded, until nobody needs them.
    results: Vec<Given>,
    reports: Vec<Option<TaskReport>>,
    /// Controls of the chains that run, by their first task.
    running: HashMap<usize, Arc<Control>>,
    since: Option<Instant>,
    /// Tenths of a percent that were told last.
    told: u32,
    /// Nobody will ask for it any more.
    pub(super) detached: bool,
    /// Events that have not been told yet.
    pub(super) untold: Vec<Event>,
}

/// A chain that was handed out, with all it needs to run.
pub(super) struct Assignment {
    pub(super) job: Arc<Job>,
    pub(super) tasks: Vec<usize>,
    pub(super) given: Vec<Vec<Given>>,
    pub(super) control: Arc<Control>,
    /// Tasks of the whole chain.
    pub(super) chain: usize,
}

impl Entry {
    /// `control` has a lane for each chain, see [`lanes`].
    pub(super) fn new(id: u64, job: Arc<Job>, ticket: Ticket, control: Control) -> Entry {
        let count = job.tasks.len();
        Entry {
            id,
            board: Board::new(&job),
            control: Arc::new(control),
            log: None,
            listener: None,
            results: vec![None; count],
            reports: vec![None; count],
            running: HashMap::new(),
            since: None,
            told: 0,
            detached: false,
            untold: Vec::new(),
            job,
            ticket,
        }
    }

    /// Lets it be heard and asked what happens.
    pub(super) fn with_events(mut self, listener: Option<Listener>) -> Entry {
        self.log = Some(Log::default());
        self.listener = listener;
        self.tell(None, EventKind::Queued);
        self
    }

    /// Notes an event.
    fn tell(&mut self, task: Option<usize>, kind: EventKind) {
        let Some(log) = &mut self.log else { return };
        let name = task.map(|task| self.job.tasks[task].name.as_str());
        let event = log.add(self.id, name, kind);
        if self.listener.is_some() {
            self.untold.push(event);
        }
    }

    pub(super) fn is_over(&self) -> bool {
        self.board.is_over()
    }

    /// Where the job is.
    pub(super) fn state(&self) -> TaskState {
        if !self.is_over() {
            return if self.since.is_none() { TaskState::Waiting } else { TaskState::Processing };
        }
        TaskState::of(self.job_report().error())
    }

    /// Hands out a chain.
    pub(super) fn begin(&mut self) -> Option<Assignment> {
        let tasks = self.board.begin()?;
        let first = *tasks.first()?;
        if self.since.is_none() {
            self.since = Some(crate::clock::now());
            self.tell(None, EventKind::Started);
        }
        self.tell(Some(first), EventKind::Started);
        let control = Arc::new(self.control.lane(self.board.chain_of(first)));
        self.running.insert(first, control.clone());
        let given = tasks.iter().map(|task| self.given(*task)).collect();
        Some(Assignment {
            job: self.job.clone(),
            chain: self.board.chain_length(first),
            tasks,
            given,
            control,
        })
    }

    fn given(&self, task: usize) -> Vec<Given> {
        self.job.graph().inputs[task].iter().map(|input| self.results[*input].clone()).collect()
    }

    /// Further tasks of a chain run in the same pass as its first.
    pub(super) fn join(&mut self, tasks: &[usize]) {
        for task in tasks {
            self.board.join(*task);
            self.tell(Some(*task), EventKind::Started);
        }
    }

    /// Notes how the first tasks of a chain that was handed out ended.
    pub(super) fn end(&mut self, tasks: &[usize], outcome: Result<Outcome>) {
        let (Some(first), Some(last)) = (tasks.first(), tasks.last()) else { return };
        self.running.remove(first);
        let error = outcome.as_ref().err();
        let settled = self.board.ended(tasks, TaskState::of(error));
        for task in tasks {
            self.reports[*task] = Some(self.report(*task, error.cloned()));
        }
        if let Ok(outcome) = outcome {
            self.record_paths(*last, &outcome);
            self.results[*last] = Some(outcome.items);
            if let Some(report) = &mut self.reports[*last] {
                (report.receipts, report.paths) = (outcome.receipts, outcome.paths);
            }
        }
        self.settle(&settled);
        self.release(tasks);
    }

    /// Notes why tasks settled, tells of it, and of the job when it is over.
    fn settle(&mut self, settled: &[usize]) {
        for task in settled {
            if self.reports[*task].is_none() {
                let error = self.why(*task);
                self.reports[*task] = Some(self.report(*task, Some(error)));
            }
            let error = self.reports[*task].as_ref().and_then(|report| report.error.clone());
            self.tell(Some(*task), EventKind::ended(error.as_ref()));
        }
        if self.is_over() && !settled.is_empty() {
            let report = self.job_report();
            if report.error().is_none() {
                self.control.complete();
            }
            self.tell(None, EventKind::ended(report.error()));
        }
    }

    /// Why a task that was never run ended: what happened to its twin, an input that did not succeed, or the caller.
    fn why(&self, task: usize) -> Error {
        let twin = self.job.graph().twin[task].and_then(|twin| self.reports[twin].as_ref());
        if let Some(error) = twin.and_then(|twin| twin.error.clone()) {
            return error;
        }
        let inputs = self.job.graph().inputs[task].iter();
        let is_lost = |input: &&usize| {
            let state = self.board.state(**input);
            state.is_over() && state != TaskState::Finished
        };
        let input = inputs.clone().find(is_lost).map(|input| self.job.tasks[*input].name.as_str());
        input.map_or_else(|| Error::new(ErrorKind::Cancelled, "the task was cancelled"), lost)
    }

    fn report(&self, task: usize, error: Option<Error>) -> TaskReport {
        let about = &self.job.tasks[task];
        TaskReport {
            task: about.name.clone(),
            state: TaskState::of(error.as_ref()),
            receipts: Vec::new(),
            paths: Vec::new(),
            ignored: about.ignore_error,
            error,
        }
    }

    /// Writes where an export put its files into the receipts of the tasks that made them.
    fn record_paths(&mut self, task: usize, outcome: &Outcome) {
        if outcome.paths.is_empty() {
            return;
        }
        let mut paths = outcome.paths.iter();
        for maker in &self.job.graph().inputs[task] {
            let Some(report) = self.reports[*maker].as_mut() else { continue };
            let records = report.receipts.iter_mut().flat_map(|receipt| &mut receipt.outputs);
            for (record, path) in records.zip(&mut paths) {
                record.path = Some(path.clone());
            }
        }
    }

    /// Lets go of results that nobody needs any more.
    fn release(&mut self, ended: &[usize]) {
        let graph = self.job.graph();
        // A task that was tried again may come when its users have gone on without it.
        for task in ended.iter().flat_map(|task| &graph.inputs[*task]).chain(ended) {
            let users = &graph.users[*task];
            if !users.is_empty() && users.iter().all(|user| self.board.state(*user) == TaskState::Finished) {
                self.results[*task] = None;
            }
        }
    }

    /// Cancels one task. Returns false when it has ended.
    pub(super) fn cancel(&mut self, task: usize) -> bool {
        if self.board.state(task).is_over() {
            return false;
        }
        if self.board.is_held(task) {
            let first = self.board.running_with(task);
            if let Some(control) = first.and_then(|first| self.running.get(&first)) {
                control.cancel_token().cancel();
            }
            return true;
        }
        let settled = self.board.cancel(task);
        self.settle(&settled);
        true
    }

    /// Cancels everything.
    pub(super) fn cancel_all(&mut self) {
        self.control.cancel_token().cancel();
        for task in 0..self.job.tasks.len() {
            let settled = self.board.cancel(task);
            self.settle(&settled);
        }
    }

    /// Lets a task that failed or was cancelled run again.
    pub(super) fn retry(&mut self, task: usize) -> Result<()> {
        let name = |task: usize| &self.job.tasks[task].name;
        let again = self.board.retry(task).map_err(|problem| match problem {
            NoRetry::NotFailed => Error::invalid(format!("the task `{}` has not failed", name(task))),
            NoRetry::InputFailed(input) => {
                Error::invalid(format!("the task `{}` has lost its input", name(task)))
                    .with_hint(format!("retry `{}`", name(input)))
            }
            NoRetry::UserRuns(user) => Error::invalid(format!(
                "the task `{}`, which does without `{}`, runs",
                name(user),
                name(task)
            ))
            .with_hint("try again when it has ended"),
        })?;
        self.told = 0;
        for task in again {
            self.reports[task] = None;
            self.tell(Some(task), EventKind::Queued);
        }
        Ok(())
    }

    /// Notes how far the job is.
    pub(super) fn progress(&mut self) {
        if self.is_over() {
            return;
        }
        let done = self.control.progress();
        let tenths = (done * 1_000.0) as u32;
        if tenths <= self.told {
            return;
        }
        self.told = tenths;
        let names = self.running.keys().map(|task| self.job.tasks[*task].name.as_str());
        let mut names: Vec<&str> = names.collect();
        names.sort_unstable();
        let kind =
            EventKind::Progress { percent: done * 100.0, left: self.left(), message: names.join(", ") };
        self.tell(None, kind);
    }

    /// How long it will take.
    pub(super) fn left(&self) -> Option<Duration> {
        let since = self.since.filter(|_| !self.is_over())?;
        self.control.left(crate::clock::since(since))
    }

    /// Nothing runs, and results that all users have used are gone.
    #[cfg(test)]
    pub(super) fn assert_nothing_is_left(&self) {
        assert!(self.running.is_empty());
        let graph = self.job.graph();
        for (task, users) in graph.users.iter().enumerate().filter(|(_, users)| !users.is_empty()) {
            let used = users.iter().all(|user| self.board.state(*user) == TaskState::Finished);
            assert!(!used || self.results[task].is_none(), "the result of {task} is kept for nobody");
        }
    }

    pub(super) fn job_report(&self) -> JobReport {
        let order = || self.job.graph().order.iter().copied();
        let is_export = |task: &usize| matches!(self.job.tasks[*task].operation, Operation::ExportBytes);
        let exported = order()
            .filter(is_export)
            .filter_map(|task| Some((self.job.tasks[task].name.clone(), self.results[task].clone()?)));
        JobReport {
            exported: exported.collect(),
            tasks: order().filter_map(|task| self.reports[task].clone()).collect(),
        }
    }
}

/// The control of a job with a lane for each chain, which is as much of the progress as it has working tasks.
pub(super) fn lanes(job: &Job, control: &Control) -> Control {
    let is_work = |task: &&usize| job.tasks[**task].operation.work().is_some();
    let chains = job.graph().chains.iter();
    let works: Vec<usize> = chains.map(|chain| chain.iter().filter(is_work).count()).collect();
    let all: usize = works.iter().sum();
    control.in_lanes(works.into_iter().map(|count| count as f64 / all.max(1) as f64))
}
