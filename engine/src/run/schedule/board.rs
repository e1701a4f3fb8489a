//! Where each task of a job is, and which may run: pure, nothing is done here.
//!
//! What is handed out is a *chain* of tasks that follow each other, because they may be done in one pass. It is ready
//! when all that its tasks take from outside has come or will not come, so that what is fused does not depend on
//! which of two threads was faster.

use super::TaskState;
use crate::job::{Graph, Job};
use std::collections::BTreeSet;

/// The tasks of one job, by their places in it.
#[derive(Debug)]
pub(super) struct Board {
    graph: Graph,
    /// Whose failure fails nothing else.
    ignored: Vec<bool>,
    states: Vec<TaskState>,
    /// How many inputs have not settled yet; the one before it in its chain does not count.
    pending: Vec<usize>,
    /// Each task's chain, and its place in there.
    place_in_chain: Vec<(usize, usize)>,
    /// How far each chain is done.
    done: Vec<usize>,
    running: Vec<bool>,
    /// Chains that may run, by the order of their first tasks.
    ready: BTreeSet<usize>,
    unsettled: usize,
}

/// Why a task cannot be tried again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NoRetry {
    /// It did not fail.
    NotFailed,
    /// What it takes is not there.
    InputFailed(usize),
    /// A task that does without it runs.
    UserRuns(usize),
}

impl Board {
    pub(super) fn new(job: &Job) -> Board {
        let graph = job.graph().clone();
        let count = job.tasks.len();
        let mut place_in_chain = vec![(0, 0); count];
        for (number, chain) in graph.chains.iter().enumerate() {
            chain.iter().enumerate().for_each(|(place, task)| place_in_chain[*task] = (number, place));
        }
        let chains = graph.chains.len();
        let mut board = Board {
            ignored: job.tasks.iter().map(|task| task.ignore_error).collect(),
            states: vec![TaskState::Waiting; count],
            pending: Vec::new(),
            place_in_chain,
            done: vec![0; chains],
            running: vec![false; chains],
            ready: BTreeSet::new(),
            unsettled: count,
            graph,
        };
        board.pending = (0..count).map(|task| board.count_pending(task)).collect();
        (0..chains).for_each(|chain| board.update(chain));
        board
    }

    pub(super) fn state(&self, task: usize) -> TaskState {
        self.states[task]
    }

    /// Whether every task has ended.
    pub(super) fn is_over(&self) -> bool {
        self.unsettled == 0
    }

    /// How many chains may run now.
    pub(super) fn ready(&self) -> usize {
        self.ready.len()
    }

    /// Hands out a chain: its tasks that have not ended, at least one. The first of them runs now.
    pub(super) fn begin(&mut self) -> Option<Vec<usize>> {
        let chain = self.ready.pop_first()?;
        let tasks = self.live(chain);
        self.running[chain] = true;
        if let Some(first) = tasks.first() {
            self.states[*first] = TaskState::Processing;
        }
        Some(tasks)
    }

    /// A further task of a chain that was handed out runs in the same pass.
    pub(super) fn join(&mut self, task: usize) {
        self.states[task] = TaskState::Processing;
    }

    pub(super) fn chain_of(&self, task: usize) -> usize {
        self.place_in_chain[task].0
    }

    pub(super) fn chain_length(&self, task: usize) -> usize {
        self.graph.chains[self.chain_of(task)].len()
    }

    /// The first task of the pass that may include a task, when its chain runs.
    pub(super) fn running_with(&self, task: usize) -> Option<usize> {
        let (chain, _) = self.place_in_chain[task];
        self.graph.chains[chain].get(self.done[chain]).copied().filter(|_| self.running[chain])
    }

    /// Notes how tasks at the front of a chain that was handed out ended. Returns every task that settled with that:
    /// these, and those that cannot run any more.
    pub(super) fn ended(&mut self, tasks: &[usize], state: TaskState) -> Vec<usize> {
        let Some(first) = tasks.first() else { return Vec::new() };
        let (chain, place) = self.place_in_chain[*first];
        self.running[chain] = false;
        self.done[chain] = place + tasks.len();
        let mut settled = Vec::new();
        tasks.iter().for_each(|task| self.settle(*task, state, &mut settled));
        self.update(chain);
        settled
    }

    /// Cancels a task that waits. Returns every task that settled with that; nothing when it runs or has ended.
    pub(super) fn cancel(&mut self, task: usize) -> Vec<usize> {
        let mut settled = Vec::new();
        if self.states[task] == TaskState::Waiting && !self.is_held(task) {
            self.settle(task, TaskState::Cancelled, &mut settled);
        }
        settled
    }

    /// Whether a task runs, or may be part of the pass that runs.
    pub(super) fn is_held(&self, task: usize) -> bool {
        let (chain, place) = self.place_in_chain[task];
        self.running[chain] && place >= self.done[chain] && !self.states[task].is_over()
    }

    /// Lets a failed or cancelled task run again, and with it what was cancelled because of it, and the tasks that
    /// were done in the same pass. Returns what waits again.
    pub(super) fn retry(&mut self, task: usize) -> Result<Vec<usize>, NoRetry> {
        let task = self.graph.twin[task].unwrap_or(task);
        if !matches!(self.states[task], TaskState::Error | TaskState::Cancelled) {
            return Err(NoRetry::NotFailed);
        }
        let first = self.failed_with(task);
        if let Some(input) = self.graph.inputs[first].iter().find(|input| self.is_lost(**input)) {
            return Err(NoRetry::InputFailed(*input));
        }
        let mut again = self.lost_with(first);
        // What has lost something else too stays as it is, and so does what needs that.
        let still_lost = |task: &usize, again: &BTreeSet<usize>| {
            self.graph.inputs[*task].iter().any(|input| self.is_lost(*input) && !again.contains(input))
        };
        while let Some(task) = again.iter().copied().find(|task| still_lost(task, &again)) {
            again.remove(&task);
        }
        let users: BTreeSet<usize> =
            again.iter().flat_map(|task| &self.graph.users[*task]).copied().collect();
        if let Some(user) = users.iter().find(|user| self.is_held(**user)) {
            return Err(NoRetry::UserRuns(*user));
        }
        for task in &again {
            let (chain, place) = self.place_in_chain[*task];
            self.done[chain] = self.done[chain].min(place);
            self.states[*task] = TaskState::Waiting;
        }
        self.unsettled += again.len();
        for task in again.iter().chain(&users) {
            self.pending[*task] = self.count_pending(*task);
        }
        for task in again.iter().chain(&users) {
            self.update(self.place_in_chain[*task].0);
        }
        Ok(again.into_iter().collect())
    }

    /// The first of the tasks that failed with a task in one pass.
    fn failed_with(&self, task: usize) -> usize {
        let (chain, place) = self.place_in_chain[task];
        let failed = |task: &&usize| self.states[**task] == TaskState::Error;
        let before = self.graph.chains[chain][..=place].iter().rev();
        before.take_while(failed).last().copied().unwrap_or(task)
    }

    /// A failed task, what follows it in its failed pass, and what was cancelled for want of it.
    fn lost_with(&self, first: usize) -> BTreeSet<usize> {
        let mut lost = BTreeSet::new();
        let mut rest = vec![first];
        while let Some(task) = rest.pop() {
            if !lost.insert(task) {
                continue;
            }
            rest.extend(self.graph.users[task].iter().copied().filter(|user| {
                let with_it = self.follows(task, *user) || self.graph.twin[*user] == Some(task);
                with_it && self.states[*user] == TaskState::Error
                    || self.states[*user] == TaskState::Cancelled
            }));
        }
        lost
    }

    /// Whether a result will not come.
    fn is_lost(&self, task: usize) -> bool {
        self.states[task].is_over() && self.states[task] != TaskState::Finished && !self.is_ignored(task)
    }

    fn is_ignored(&self, task: usize) -> bool {
        self.states[task] == TaskState::Error && self.ignored[task]
    }

    /// Whether a user is the next task of the same chain.
    fn follows(&self, task: usize, user: usize) -> bool {
        let (chain, place) = self.place_in_chain[task];
        self.place_in_chain[user] == (chain, place + 1)
    }

    fn count_pending(&self, task: usize) -> usize {
        let inputs = self.graph.inputs[task].iter();
        inputs.filter(|input| !self.follows(**input, task) && !self.states[**input].is_over()).count()
    }

    /// Tasks of a chain that have not ended, up to the first that has.
    fn live(&self, chain: usize) -> Vec<usize> {
        let rest = &self.graph.chains[chain][self.done[chain]..];
        rest.iter().copied().take_while(|task| self.states[*task] == TaskState::Waiting).collect()
    }

    /// Notes whether a chain may run.
    fn update(&mut self, chain: usize) {
        let live = self.live(chain);
        let fits =
            !live.is_empty() && !self.running[chain] && live.iter().all(|task| self.pending[*task] == 0);
        if fits {
            self.ready.insert(chain)
        } else {
            self.ready.remove(&chain)
        };
    }

    /// Ends a task, and cancels what cannot do without its result.
    fn settle(&mut self, task: usize, state: TaskState, settled: &mut Vec<usize>) {
        let mut rest = vec![(task, state)];
        while let Some((task, state)) = rest.pop() {
            if self.states[task].is_over() {
                continue;
            }
            self.states[task] = state;
            self.unsettled -= 1;
            settled.push(task);
            let lost = state != TaskState::Finished && !self.is_ignored(task);
            for user in self.graph.users[task].clone() {
                if !self.follows(task, user) {
                    self.pending[user] = self.pending[user].saturating_sub(1);
                }
                let waits = self.states[user] == TaskState::Waiting;
                if waits && state != TaskState::Finished && self.graph.twin[user] == Some(task) {
                    rest.push((user, state));
                } else if waits && lost {
                    rest.push((user, TaskState::Cancelled));
                }
                self.update(self.place_in_chain[user].0);
            }
            self.update(self.place_in_chain[task].0);
        }
    }
}
