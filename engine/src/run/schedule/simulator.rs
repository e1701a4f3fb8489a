//! Random jobs whose tasks end in random order, fail, are cancelled and tried again, without a thread or a plugin: what
//! must hold of every job is looked at after every step.

#![allow(clippy::unwrap_used, reason = "a test that cannot be set up should stop")]

use super::TaskState;
use super::desk::Ticket;
use super::entry::{Assignment, Entry, lanes};
use super::unit::Outcome;
use crate::job::{Job, Operation, Task};
use crate::run::{Control, Item, Work};
use crate::{Error, ErrorKind};
use std::sync::Arc;

const GRAPHS: u64 = 10_000;
/// Chains that run side by side.
const LANES: usize = 4;
/// Steps after which a job that has not ended never will.
const PATIENCE: usize = 10_000;

/// xorshift64*: the same numbers for the same seed everywhere.
struct Random(u64);

impl Random {
    fn below(&mut self, most: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) as usize % most.max(1)
    }

    fn one_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }
}

fn random_job(random: &mut Random) -> Job {
    let count = 1 + random.below(30);
    let mut tasks: Vec<Task> = Vec::new();
    for number in 0..count {
        let root = number == 0 || random.one_in(4);
        let most = if random.one_in(3) { 6 } else { 1 };
        let several = 1 + random.below(most);
        let inputs = (0..several).map(|_| format!("t{}", random.below(number)));
        let mut inputs: Vec<String> = if root { Vec::new() } else { inputs.collect() };
        // Long chains are what is fused.
        if !root && random.one_in(2) {
            inputs[0] = format!("t{}", number - 1);
        }
        let operation = match random.below(8) {
            _ if root => Operation::ImportBytes { name: "a".into(), bytes: Arc::default() },
            0 => Operation::ExportBytes,
            // Few operations, so that some ask for the same.
            kind => Operation::Work(Work { operation: format!("o{}", kind % 3), ..Work::default() }),
        };
        let mut task = Task::new(format!("t{number}"), operation, inputs);
        task.ignore_error = random.one_in(5);
        tasks.push(task);
    }
    Job::new(tasks, None).unwrap()
}

struct Simulation {
    entry: Entry,
    running: Vec<Assignment>,
    random: Random,
    /// Whether anything was tried again, which takes progress back.
    retried: bool,
    progress: f64,
}

impl Simulation {
    fn new(seed: u64) -> Simulation {
        let mut random = Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
        let job = Arc::new(random_job(&mut random));
        let control = lanes(&job, &Control::default());
        let entry = Entry::new(seed, job, Ticket::default(), control).with_events(None);
        Simulation { entry, running: Vec::new(), random, retried: false, progress: 0.0 }
    }

    fn step(&mut self) {
        let count = self.entry.job.tasks.len();
        match self.random.below(20) {
            0 => drop(self.entry.cancel(self.random.below(count))),
            1 => self.retry(),
            2 if self.random.one_in(20) => self.entry.cancel_all(),
            3..=10 if self.running.len() < LANES => self.begin(),
            _ if self.running.is_empty() => self.begin(),
            _ => self.end(),
        }
        self.look();
    }

    fn retry(&mut self) {
        let task = self.random.below(self.entry.job.tasks.len());
        let was = self.entry.board.state(task);
        let tried = self.entry.retry(task).is_ok();
        assert!(!tried || matches!(was, TaskState::Error | TaskState::Cancelled));
        self.retried |= tried;
    }

    fn begin(&mut self) {
        let Some(assignment) = self.entry.begin() else {
            assert!(self.entry.is_over() || !self.running.is_empty(), "nothing may run, and it is not over");
            return;
        };
        let job = &self.entry.job;
        for (task, given) in assignment.tasks.iter().zip(&assignment.given) {
            for (input, given) in job.graph().inputs[*task].iter().zip(given) {
                let state = self.entry.board.state(*input);
                let before = assignment.tasks.contains(input);
                let failed = state == TaskState::Error && job.tasks[*input].ignore_error;
                assert!(before || failed || state == TaskState::Finished, "an input of {task} is {state:?}");
                assert_eq!(given.is_some(), !before && !failed, "what {input} left for {task}");
            }
        }
        let used = self.running.iter().flat_map(|running| &running.tasks);
        assert!(used.clone().all(|task| !assignment.tasks.contains(task)), "a task runs twice");
        self.running.push(assignment);
    }

    fn end(&mut self) {
        let number = self.random.below(self.running.len());
        let running = self.running.swap_remove(number);
        let count = 1 + self.random.below(running.tasks.len());
        if count > 1 {
            self.entry.join(&running.tasks[1..count]);
        }
        let failure = |kind| Err(Error::new(kind, "as it happens"));
        let outcome = match self.random.below(6) {
            _ if running.control.check().is_err() => failure(ErrorKind::Cancelled),
            0 => failure(ErrorKind::CorruptInput),
            _ => Ok(Outcome { items: vec![Item::from_bytes("a", Vec::new())], ..Outcome::default() }),
        };
        running.control.advance(1.0);
        self.entry.end(&running.tasks[..count], outcome);
    }

    /// What must hold at any time.
    fn look(&mut self) {
        let progress = self.entry.control.progress();
        assert!(self.retried || progress >= self.progress, "progress shrinks");
        self.progress = progress;
        let job = &self.entry.job;
        for (task, inputs) in job.graph().inputs.iter().enumerate() {
            let state = |task: usize| self.entry.board.state(task);
            let lost = |input: &usize| {
                let ignored = state(*input) == TaskState::Error && job.tasks[*input].ignore_error;
                state(*input).is_over() && state(*input) != TaskState::Finished && !ignored
            };
            if inputs.iter().any(lost) {
                assert!(state(task).is_over(), "{task} waits for what will not come");
            }
            if state(task) == TaskState::Finished && !self.retried {
                assert!(!inputs.iter().any(lost), "{task} was done without its input");
            }
        }
    }

    /// What must hold in the end.
    fn look_at_the_end(&self) {
        let report = self.entry.job_report();
        assert_eq!(report.tasks.len(), self.entry.job.tasks.len());
        for task in &report.tasks {
            let place = self.entry.job.tasks.iter().position(|other| other.name == task.task).unwrap();
            assert_eq!(task.state, self.entry.board.state(place), "{}", task.task);
            assert_eq!(task.error.is_none(), task.state == TaskState::Finished);
        }
        if report.error().is_none() {
            assert!(self.entry.control.progress() >= 1.0);
        }
        self.entry.assert_nothing_is_left();
    }
}

#[test]
fn random_jobs_end_consistently() {
    for seed in 1..=GRAPHS {
        let mut simulation = Simulation::new(seed);
        let mut steps = 0;
        while !(simulation.entry.is_over() && simulation.running.is_empty()) {
            simulation.step();
            steps += 1;
            assert!(steps < PATIENCE, "seed {seed}: no end");
        }
        simulation.look_at_the_end();
    }
}
