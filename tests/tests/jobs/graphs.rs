//! Thirty graphs, each on none, one, two and eight threads: how every task ends, and that it is the same each time.

use super::{engine, import};
use formwork::job::Job;
use formwork::run::{Control, JobReport, Submission, TaskState};
use serde_json::{Map, Value, json};

/// Name, tasks and how they end. Tasks are `NAME = OPERATION INPUT…`, or `NAME` alone for an import; `!` after the
/// operation makes it fail, `?` makes its failure no failure of the job. They end finished (+), failed (!) or
/// cancelled (-).
pub(crate) const GRAPHS: &[(&str, &str, &str)] = &[
    ("one import", "in", "in+"),
    ("one task", "in; a = trim in; out = export a", "in+ a+ out+"),
    (
        "a chain in one pass",
        "in; a = trim in; b = crop a; c = watermark b; out = export c",
        "in+ a+ b+ c+ out+",
    ),
    (
        "a chain that is not fused",
        "in; a = crop in; b = crop a; c = crop b; out = export c",
        "in+ a+ b+ c+ out+",
    ),
    ("a diamond", "in; l = trim in; r = crop in; m = merge l r; out = export m", "in+ l+ r+ m+ out+"),
    (
        "two diamonds",
        "in; l = trim in; r = crop in; m = merge l r; x = trim m; y = crop m; n = merge x y; out = export n",
        "in+ l+ r+ m+ x+ y+ n+ out+",
    ),
    ("fan-out", "in; a = trim in; b = crop in; c = watermark in; out = export a b c", "in+ a+ b+ c+ out+"),
    ("fan-in", "a; b; c; m = merge a b c; out = export m", "a+ b+ c+ m+ out+"),
    ("fan-in in order", "a; b; x = trim b; m = merge x a b; out = export m", "a+ b+ x+ m+ out+"),
    ("apart", "a; b; x = trim a; y = crop b; one = export x; two = export y", "a+ b+ x+ y+ one+ two+"),
    ("mixed formats", "in; a = tocsv in; b = torst in; out = export a b", "in+ a+ b+ out+"),
    ("mixed and merged", "in; a = tocsv in; b = trim in; m = merge a b; out = export m", "in+ a+ b+ m+ out+"),
    ("the same asked twice", "in; a = trim in; b = trim in; out = export a b", "in+ a+ b+ out+"),
    (
        "the same asked twice, and more of it",
        "in; a = trim in; b = trim in; x = crop a; y = crop b; m = merge x y; out = export m",
        "in+ a+ b+ x+ y+ m+ out+",
    ),
    ("one result twice", "in; a = trim in; m = merge a a; out = export m", "in+ a+ m+ out+"),
    ("two exports", "in; a = trim in; one = export a; two = export a", "in+ a+ one+ two+"),
    ("unused results", "in; a = trim in; b = crop in", "in+ a+ b+"),
    ("the first fails", "in; a = trim! in; b = crop a; out = export b", "in+ a! b- out-"),
    ("the middle fails", "in; a = crop in; b = crop! a; c = crop b; out = export c", "in+ a+ b! c- out-"),
    ("the last fails", "in; a = crop in; b = crop! a; out = export b", "in+ a+ b! out-"),
    ("a pass fails", "in; a = crop! in; b = tocsv a; out = export b", "in+ a! b! out-"),
    (
        "a branch fails",
        "in; a = trim! in; b = crop in; one = export a; two = export b",
        "in+ a! b+ one- two+",
    ),
    (
        "fan-in without one",
        "in; a = trim! in; b = crop in; m = merge a b; out = export m",
        "in+ a! b+ m- out-",
    ),
    ("an ignored failure", "in; a = trim!? in; b = crop in; out = export b", "in+ a! b+ out+"),
    (
        "fan-in without one that is ignored",
        "in; a = trim!? in; b = crop in; m = merge a b; out = export m",
        "in+ a! b+ m+ out+",
    ),
    (
        "fan-in where all are ignored",
        "in; a = trim!? in; b = crop!? in; m = merge a b; out = export m",
        "in+ a! b! m- out-",
    ),
    ("an ignored failure alone", "in; a = trim!? in; b = crop a; out = export b", "in+ a! b- out-"),
    ("a failure of twins", "in; a = trim! in; b = trim! in; out = export b", "in+ a! b! out-"),
    ("a companion", "in; logo; a = trim in; b = watermark a logo; out = export b", "in+ logo+ a+ b+ out+"),
    (
        "a companion that fails",
        "in; logo; l = trim! logo; a = trim in; b = watermark a l; one = export a; out = export b",
        "in+ logo+ l! a+ b- one+ out-",
    ),
];

pub(crate) fn tasks(graph: &str) -> Value {
    let mut tasks = Map::new();
    for text in graph.split(';') {
        let (name, words) = text.split_once('=').unwrap_or((text, ""));
        let name = name.trim();
        let mut words = words.split_whitespace();
        let task = match words.next() {
            None => import(&format!("{name}.md")),
            Some(operation) => task(operation, words.collect()),
        };
        tasks.insert(name.to_owned(), task);
    }
    Value::Object(tasks)
}

fn task(operation: &str, inputs: Vec<&str>) -> Value {
    let plain = operation.trim_end_matches(['!', '?']);
    let mut task = match plain {
        "export" => json!({"operation": "export/bytes"}),
        "tocsv" | "torst" => json!({"operation": "convert", "output_format": &plain[2..]}),
        // Only crop has an option that fails, so what fails is a crop; in its place in the graph nothing else changes.
        _ if operation.contains('!') => json!({"operation": "crop", "options": {"y": 13}}),
        _ => json!({"operation": plain}),
    };
    task["input"] = json!(inputs);
    if operation.contains('?') {
        task["ignore_error"] = json!(true);
    }
    task
}

pub(crate) fn states(report: &JobReport) -> String {
    let sign = |state| match state {
        TaskState::Finished => "+",
        TaskState::Error => "!",
        TaskState::Cancelled => "-",
        TaskState::Waiting | TaskState::Processing => "…",
    };
    let states = report.tasks.iter().map(|task| format!("{}{}", task.task, sign(task.state)));
    let mut states: Vec<String> = states.collect();
    states.sort();
    states.join(" ")
}

/// All that a job did, but for times and memory.
fn told(report: &JobReport) -> String {
    let mut told = states(report);
    for (task, items) in &report.exported {
        for item in items {
            told += &format!(
                "\n{task} {}: {}",
                item.name,
                String::from_utf8(item.bytes(1 << 20).unwrap()).unwrap()
            );
        }
    }
    for receipt in report.receipts() {
        let mut receipt = receipt.to_json();
        for member in ["elapsed_ms", "peak_bytes", "started_unix_ms"] {
            receipt.as_object_mut().unwrap().remove(member);
        }
        told += &format!("\n{receipt}");
    }
    told
}

#[test]
fn graphs_end_the_same_on_any_number_of_threads() {
    let engine = engine();
    for (name, graph, expected) in GRAPHS {
        let job = Job::from_json(&json!({"tasks": tasks(graph)})).unwrap();
        let one = engine.run_on(&job, &Control::default(), 1);
        let mut expected: Vec<&str> = expected.split(' ').collect();
        expected.sort_unstable();
        assert_eq!(states(&one), expected.join(" "), "{name}");
        let failed = expected.iter().any(|task| task.ends_with('!')) && !graph.contains("!?");
        assert_eq!(one.error().is_some(), failed, "{name}: {:?}", one.error());
        for threads in [2, 8] {
            let report = engine.run_on(&job, &Control::default(), threads);
            assert_eq!(told(&report), told(&one), "{name} on {threads} threads");
        }
        let queue = engine.queue(0).unwrap();
        let handle = queue.submit(job, Submission::default());
        let mut steps = 0;
        while queue.step() {
            steps += 1;
            assert!(steps <= 100, "{name}: no end");
        }
        let report = handle.wait(Some(std::time::Duration::ZERO)).expect(name);
        assert_eq!(told(&report), told(&one), "{name} step by step");
    }
    assert_eq!(GRAPHS.len(), 30);
}

/// As many tasks side by side as a job may well have.
#[test]
fn wide_graphs_keep_their_order() {
    let mut graph = "in".to_owned();
    let mut names = String::new();
    for number in 0..50 {
        graph += &format!("; a{number} = crop in");
        names += &format!(" a{number}");
    }
    let mut tasks = tasks(&format!("{graph}; m = merge{names}; out = export m; all = export{names}"));
    for number in 0..50 {
        tasks[format!("a{number}")]["options"] = json!({"x": 100 + number});
    }
    let job = Job::from_json(&json!({"tasks": tasks})).unwrap();
    let engine = engine();
    let one = engine.run_on(&job, &Control::default(), 1);
    assert!(one.error().is_none(), "{:?}", one.error());
    let all = one.exported.iter().find(|(task, _)| task == "all").unwrap();
    assert_eq!(all.1.len(), 50);
    for (number, item) in all.1.iter().enumerate() {
        let text = String::from_utf8(item.bytes(1 << 20).unwrap()).unwrap();
        assert_eq!(text, format!("md: in.md\ncrop x={}", 100 + number));
    }
    for threads in [2, 8] {
        assert_eq!(told(&engine.run_on(&job, &Control::default(), threads)), told(&one), "{threads} threads");
    }
}

/// The same step asked for twice is done once, and what did it says so by there being one receipt.
#[test]
fn what_is_asked_twice_is_done_once() {
    let job =
        json!({"tasks": tasks("in; a = trim in; b = trim in; x = crop a; y = crop b; out = export x y")});
    let report = engine().run(&Job::from_json(&job).unwrap(), &Control::default());
    assert_eq!(report.receipts().count(), 2, "one trim and one crop");
    assert_eq!(super::exported(&report).len(), 2);
    let receipt = report.receipts().next().unwrap();
    assert_eq!(receipt.task, "a");
}
