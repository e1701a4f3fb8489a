//! How the tasks of a job hang together, by their places in it.

use super::{Operation, Task};
use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};

/// Who takes whose result. Every list of one task is at its place.
#[derive(Clone, Debug, Default)]
pub(crate) struct Graph {
    /// Places of the tasks it takes, as often as it names them.
    pub(crate) inputs: Vec<Vec<usize>>,
    /// Places of the tasks that take it, as often as they name it.
    pub(crate) users: Vec<Vec<usize>>,
    /// An earlier task that asks for the same of the same, whose result it takes as its own.
    pub(crate) twin: Vec<Option<usize>>,
    /// The task it names as its input, when it takes what that is made of instead.
    pub(crate) early: Vec<Option<usize>>,
    /// Places so that inputs come before their users; ties go by the order given.
    pub(crate) order: Vec<usize>,
    /// Tasks that follow each other, each the only user of the one before it: they may be done in one pass. Every
    /// task is in one chain, mostly alone.
    pub(crate) chains: Vec<Vec<usize>>,
}

impl Graph {
    /// Links tasks whose inputs are all there. Tasks in a circle are not in its order, nor in chains.
    pub(super) fn of(tasks: &[Task], places: &HashMap<&str, usize>) -> Graph {
        let place = |name: &String| places.get(name.as_str()).copied();
        let mut graph = Graph {
            inputs: tasks.iter().map(|task| task.inputs.iter().filter_map(place).collect()).collect(),
            twin: vec![None; tasks.len()],
            early: vec![None; tasks.len()],
            ..Graph::default()
        };
        graph.link();
        graph.order = graph.sorted();
        graph.find_twins(tasks);
        graph.link();
        graph.chains = graph.chained(tasks);
        graph
    }

    fn link(&mut self) {
        self.users = vec![Vec::new(); self.inputs.len()];
        for (user, inputs) in self.inputs.iter().enumerate() {
            for input in inputs {
                self.users[*input].push(user);
            }
        }
    }

    /// Kahn's algorithm.
    fn sorted(&self) -> Vec<usize> {
        let mut missing: Vec<usize> = self.inputs.iter().map(Vec::len).collect();
        let free = (0..missing.len()).filter(|place| missing[*place] == 0).map(Reverse);
        let mut ready: BinaryHeap<Reverse<usize>> = free.collect();
        let mut order = Vec::with_capacity(missing.len());
        while let Some(Reverse(next)) = ready.pop() {
            order.push(next);
            for user in &self.users[next] {
                missing[*user] -= 1;
                if missing[*user] == 0 {
                    ready.push(Reverse(*user));
                }
            }
        }
        order
    }

    /// Finds tasks that ask for the same of the same. A twin takes the earlier one's result as its only input.
    fn find_twins(&mut self, tasks: &[Task]) {
        let mut known: HashMap<String, usize> = HashMap::new();
        for place in self.order.clone() {
            for input in &mut self.inputs[place] {
                *input = self.twin[*input].unwrap_or(*input);
            }
            let Some(wanted) = wanted(&tasks[place], &self.inputs[place]) else { continue };
            let first = *known.entry(wanted).or_insert(place);
            if first != place {
                self.twin[place] = Some(first);
                self.inputs[place] = vec![first];
            }
        }
    }

    /// Lets a task whose only input is `before` take the result of `source` instead, which `before` takes too.
    pub(super) fn take_early(&mut self, tasks: &[Task], task: usize, before: usize, source: usize) {
        self.inputs[task] = vec![source];
        self.early[task] = Some(before);
        self.link();
        self.chains = self.chained(tasks);
    }

    fn chained(&self, tasks: &[Task]) -> Vec<Vec<usize>> {
        let next: Vec<Option<usize>> = (0..tasks.len()).map(|place| self.only_user(tasks, place)).collect();
        let mut follows = vec![false; tasks.len()];
        next.iter().flatten().for_each(|user| follows[*user] = true);
        let heads = self.order.iter().filter(|place| !follows[**place]);
        let chain = |head: &usize| std::iter::successors(Some(*head), |place| next[*place]).collect();
        heads.map(chain).collect()
    }

    /// The working task that takes a working task's result as its first input, when nothing else takes it.
    fn only_user(&self, tasks: &[Task], place: usize) -> Option<usize> {
        let [user] = self.users[place].as_slice() else { return None };
        let both_work = [place, *user]
            .iter()
            .all(|place| tasks[*place].operation.work().is_some() && self.twin[*place].is_none());
        (both_work && self.inputs[*user].first() == Some(&place)).then_some(*user)
    }
}

/// What a task is done for, in words that are the same for the same; nothing for tasks that are done each time.
fn wanted(task: &Task, inputs: &[usize]) -> Option<String> {
    match &task.operation {
        Operation::ImportPath { path } => Some(format!("{path:?}")),
        Operation::Work(work) => Some(format!("{work:?} {inputs:?} {}", task.ignore_error)),
        Operation::ImportBytes { .. }
        | Operation::ImportItem(_)
        | Operation::ExportPath(_)
        | Operation::ExportBytes => None,
    }
}
