//! The plan of a whole job: its tasks as they were asked for, and the steps they become.

use super::predict::duration;
use super::{Prediction, Route};
use crate::Error;
use crate::text::clean;
use serde_json::{Value, json};
use std::fmt::Write;

/// What a job will do.
#[derive(Debug, Default)]
pub struct JobPlan<'e> {
    /// The tasks, inputs before their users.
    pub tasks: Vec<TaskPlan>,
    /// What is done, in an order in which it may be done: tasks that are done in one pass are one step.
    pub steps: Vec<StepPlan<'e>>,
}

/// One task.
#[derive(Clone, Debug)]
pub struct TaskPlan {
    /// Its name.
    pub name: String,
    /// Its operation.
    pub operation: String,
    /// The path of what it brings in or puts in place, or the format it was asked for.
    pub detail: Option<String>,
    /// The tasks whose results it takes.
    pub inputs: Vec<String>,
    /// The number of its step, from 1; nothing when it will not run.
    pub step: Option<usize>,
    /// The task that asks for the same of the same, and is done in its place.
    pub same_as: Option<String>,
    /// Why it will fail, or cannot be planned yet.
    pub error: Option<Error>,
}

/// What is done at one go.
#[derive(Debug)]
pub struct StepPlan<'e> {
    /// Its number, from 1.
    pub number: usize,
    /// The tasks that are done.
    pub tasks: Vec<String>,
    /// The operation of the last of them.
    pub operation: String,
    /// Numbers of the steps whose results it takes.
    pub after: Vec<usize>,
    /// Steps of different lanes may go on side by side.
    pub lane: usize,
    /// What is worked on, each by itself; nothing for what the engine does without plugins.
    pub pieces: Vec<PiecePlan<'e>>,
    /// Sentences for the user.
    pub warnings: Vec<String>,
    /// What it waits for cannot be known before it has run.
    pub open: bool,
}

/// What becomes of one input, or of all inputs of an operation that takes them at one go.
#[derive(Debug)]
pub struct PiecePlan<'e> {
    /// The first input's name.
    pub input: String,
    /// How many inputs it is.
    pub inputs: usize,
    /// The first input's format.
    pub format: Option<&'static str>,
    /// Bytes of all inputs; predicted ones, for results that are not there yet.
    pub bytes: u64,
    /// The route, with its prediction.
    pub route: Route<'e>,
    /// The isolation level it will run at.
    pub isolation: u8,
    /// There may be several results.
    pub several: bool,
}

impl JobPlan<'_> {
    /// The first error, of the first task that will fail.
    pub fn error(&self) -> Option<&Error> {
        self.tasks.iter().find_map(|task| task.error.as_ref().filter(|_| task.step.is_none()))
    }

    /// What all steps take and give: times added up, the greatest memory, and what the last ones write.
    pub fn total(&self) -> Prediction {
        let mut total = Prediction::default();
        let is_used = |number: usize| {
            self.steps.iter().any(|step| !step.pieces.is_empty() && step.after.contains(&number))
        };
        for step in &self.steps {
            let own = step.prediction();
            total.elapsed_ms += own.elapsed_ms;
            total.peak_bytes = total.peak_bytes.max(own.peak_bytes);
            if !is_used(step.number) {
                total.output_bytes += own.output_bytes;
            }
        }
        total
    }

    /// Time of the longest row of steps that wait for each other: what it takes with lanes enough.
    pub fn longest_ms(&self) -> f64 {
        let mut ends: Vec<f64> = Vec::with_capacity(self.steps.len());
        for step in &self.steps {
            let before = step.after.iter().filter_map(|number| ends.get(number.checked_sub(1)?)).copied();
            ends.push(before.fold(0.0, f64::max) + step.prediction().elapsed_ms);
        }
        ends.into_iter().fold(0.0, f64::max)
    }

    /// The plan as JSON.
    pub fn to_json(&self) -> Value {
        json!({
            "tasks": self.tasks.iter().map(TaskPlan::to_json).collect::<Vec<_>>(),
            "steps": self.steps.iter().map(StepPlan::to_json).collect::<Vec<_>>(),
            "predicted": self.total().to_json(),
            "longest_ms": self.longest_ms().round() as u64,
        })
    }

    /// The plan as a picture, in the language of Graphviz.
    pub fn to_dot(&self) -> String {
        let mut dot =
            String::from("digraph job {\n  rankdir=LR;\n  node [shape=box, fontname=\"sans-serif\"];\n");
        for step in &self.steps {
            let mut label = format!("{}. {}", step.number, step.tasks.join(" + "));
            for piece in step.pieces.iter().take(MOST_PIECES) {
                let _ = write!(label, "\n{}", piece.route.formats().join(" → "));
                let _ = write!(label, "\n{}", piece.route.prediction.unwrap_or_default().explain());
                let losses: Vec<&str> = piece.route.losses().iter().map(|feature| feature.word()).collect();
                if !losses.is_empty() {
                    let _ = write!(label, "\nloses {}", losses.join(", "));
                }
            }
            if step.pieces.is_empty() {
                let _ = write!(label, "\n{}", step.operation);
            }
            let style = if step.open { ", style=dashed" } else { "" };
            let _ = writeln!(dot, "  s{} [label={}{style}];", step.number, quoted(&label));
            for before in &step.after {
                let _ = writeln!(dot, "  s{before} -> s{};", step.number);
            }
        }
        for (number, task) in self.tasks.iter().enumerate().filter(|(_, task)| task.step.is_none()) {
            let why = task.error.as_ref().map_or("will not run", |error| error.message.as_str());
            let label = quoted(&format!("{}\n{}", task.name, clean(why)));
            let _ = writeln!(dot, "  t{number} [label={label}, color=red, fontcolor=red];");
            let steps = task
                .inputs
                .iter()
                .filter_map(|input| self.tasks.iter().find(|task| task.name == *input)?.step);
            for before in steps {
                let _ = writeln!(dot, "  s{before} -> t{number} [color=red];");
            }
        }
        dot + "}\n"
    }

    /// The plan in words.
    pub fn explain(&self) -> String {
        let mut text = String::from("tasks\n");
        for task in &self.tasks {
            let _ = write!(text, "  {}: {}", task.name, task.operation);
            if !task.inputs.is_empty() {
                let _ = write!(text, " {}", task.inputs.join(", "));
            }
            if let Some(detail) = &task.detail {
                let _ =
                    write!(text, "{}{}", if task.inputs.is_empty() { " " } else { " to " }, clean(detail));
            }
            match (&task.same_as, task.step) {
                (Some(same), _) => text += &format!(", the same as {same}"),
                (None, Some(step)) => text += &format!(", in step {step}"),
                (None, None) => {}
            }
            if let Some(error) = &task.error {
                let _ = write!(text, ": {}", clean(&error.to_string()));
            }
            text.push('\n');
        }
        text += "steps\n";
        self.steps.iter().for_each(|step| step.explain(&mut text));
        let total = self.total();
        let _ = writeln!(
            text,
            "in all {}; with enough threads about {}",
            total.explain(),
            duration(self.longest_ms())
        );
        text
    }
}

/// Inputs of one step that are shown each by itself.
const MOST_PIECES: usize = 4;

impl StepPlan<'_> {
    /// What all its pieces take and give.
    pub fn prediction(&self) -> Prediction {
        let mut all = Prediction::default();
        for one in self.pieces.iter().filter_map(|piece| piece.route.prediction) {
            all.elapsed_ms += one.elapsed_ms;
            all.peak_bytes = all.peak_bytes.max(one.peak_bytes);
            all.output_bytes += one.output_bytes;
        }
        all
    }

    fn to_json(&self) -> Value {
        json!({
            "step": self.number,
            "tasks": self.tasks,
            "operation": self.operation,
            "after": self.after,
            "lane": self.lane,
            "open": self.open,
            "pieces": self.pieces.iter().map(PiecePlan::to_json).collect::<Vec<_>>(),
            "warnings": self.warnings,
        })
    }

    fn explain(&self, text: &mut String) {
        let _ = write!(text, "  {}. {} (lane {}", self.number, self.tasks.join(" + "), self.lane);
        let after: Vec<String> = self.after.iter().map(usize::to_string).collect();
        if !after.is_empty() {
            let _ = write!(text, ", after {}", after.join(", "));
        }
        text.push_str(")\n");
        for piece in self.pieces.iter().take(MOST_PIECES) {
            piece.explain(text);
        }
        if self.pieces.len() > MOST_PIECES {
            let all = self.prediction().explain();
            let _ = writeln!(text, "     and {} more; in all {all}", self.pieces.len() - MOST_PIECES);
        }
        if self.open {
            text.push_str("     planned when it runs: what it takes is known only then\n");
        }
        for warning in &self.warnings {
            let _ = writeln!(text, "     note: {}", clean(warning));
        }
    }
}

impl PiecePlan<'_> {
    fn to_json(&self) -> Value {
        json!({
            "input": self.input,
            "inputs": self.inputs,
            "format": self.format,
            "bytes": self.bytes,
            "isolation": self.isolation,
            "several": self.several,
            "route": self.route.to_json(),
        })
    }

    fn explain(&self, text: &mut String) {
        let more = if self.inputs > 1 { format!(" and {} more", self.inputs - 1) } else { String::new() };
        let several = if self.several { ", maybe several files" } else { "" };
        let _ = writeln!(
            text,
            "     {}{more}: {}, isolation {}{several}",
            clean(&self.input),
            self.route.prediction.unwrap_or_default().explain(),
            self.isolation
        );
        for line in self.route.explain().lines() {
            let _ = writeln!(text, "       {line}");
        }
    }
}

impl TaskPlan {
    fn to_json(&self) -> Value {
        let error = self.error.as_ref();
        json!({
            "task": self.name,
            "operation": self.operation,
            "detail": self.detail,
            "input": self.inputs,
            "step": self.step,
            "same_as": self.same_as,
            "error": error.map(|error| json!({"kind": error.kind.word(), "message": error.message, "hint": error.hint})),
        })
    }
}

/// A string of Graphviz; no name of a file can end it.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            '\n' => quoted.push_str("\\n"),
            c if c.is_control() => quoted.push(' '),
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stay_inside_their_quotes() {
        assert_eq!(quoted("a\"];x\\\nb\u{7}"), "\"a\\\"];x\\\\\\nb \"");
    }
}
