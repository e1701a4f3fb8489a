//! The plan of a job is what is done: the same passes, routes and options, without anything being run.

use super::graphs::{GRAPHS, tasks};
use super::{engine, import, run};
use formwork::job::Job;
use formwork::plan::JobPlan;
use formwork::run::{Control, JobReport};
use formwork::{Engine, ErrorKind};
use serde_json::{Value, json};

fn job(tasks: Value) -> Job {
    Job::from_json(&json!({"tasks": tasks})).unwrap()
}

/// A route without what is only predicted. A plan knows better than a later step what is lost already.
fn bare(mut route: Value) -> Value {
    let members = route.as_object_mut().unwrap();
    members.retain(|name, _| !["predicted", "cost", "losses"].contains(&name.as_str()));
    for step in members["steps"].as_array_mut().unwrap() {
        step.as_object_mut().unwrap().remove("losses");
    }
    route
}

/// Tasks and route of each thing a plan works on.
fn planned(plan: &JobPlan<'_>) -> Vec<(Vec<String>, Value)> {
    let works = plan.steps.iter().flat_map(|step| step.pieces.iter().map(move |piece| (step, piece)));
    let mut all: Vec<_> =
        works.map(|(step, piece)| (step.tasks.clone(), bare(piece.route.to_json()))).collect();
    all.sort_by_key(|(tasks, _)| tasks.clone());
    all
}

fn done(report: &JobReport) -> Vec<(Vec<String>, Value)> {
    let told = report.receipts().map(|receipt| {
        let tasks = if receipt.fused.is_empty() { vec![receipt.task.clone()] } else { receipt.fused.clone() };
        (tasks, bare(receipt.route.clone()))
    });
    let mut all: Vec<_> = told.collect();
    all.sort_by_key(|(tasks, _)| tasks.clone());
    all
}

#[test]
fn what_is_planned_is_what_is_done() {
    let engine = engine();
    let mut compared = 0;
    for (name, graph, _) in GRAPHS {
        let job = job(tasks(graph));
        let plan = engine.plan_job(&job);
        let report = engine.run_on(&job, &Control::default(), 1);
        let (planned, done) = (planned(&plan), done(&report));
        // A step that fails when it runs was planned all the same, and so was what lost it.
        for step in &done {
            assert!(planned.contains(step), "{name}: done, but not planned: {step:?}\n{planned:#?}");
        }
        if report.error().is_none() && !graph.contains('!') {
            assert_eq!(planned, done, "{name}");
            compared += done.len();
        }
        let named: Vec<&str> = plan.tasks.iter().map(|task| task.name.as_str()).collect();
        let ran: Vec<&str> = report.tasks.iter().map(|task| task.task.as_str()).collect();
        assert_eq!(named, ran, "{name}");
    }
    assert!(compared > 30, "only {compared} steps were compared");
}

#[test]
fn a_plan_tells_of_passes_twins_and_what_waits_for_what() {
    let tasks = json!({
        "in": import("a.md"),
        "logo": import("logo.tex"),
        "short": {"operation": "trim", "input": "in", "options": {"duration": 5}},
        "again": {"operation": "trim", "input": "in", "options": {"duration": 5}},
        "marked": {"operation": "watermark", "input": ["short", "logo"]},
        "done": {"operation": "convert", "input": "again", "output_format": "csv"},
        "out": {"operation": "export/path", "input": ["marked", "done"], "path": "/nowhere/out/"},
    });
    let engine = engine();
    let job = job(tasks);
    let plan = engine.plan_job(&job);
    let task = |name: &str| plan.tasks.iter().find(|task| task.name == name).unwrap();
    assert_eq!(task("again").same_as.as_deref(), Some("short"));
    assert_eq!(task("again").step, task("short").step);
    let step = |name: &str| &plan.steps[task(name).step.unwrap() - 1];
    assert_eq!(step("short").tasks, ["short"], "two tasks take its result, so it is no part of either");
    assert_eq!(step("marked").after, [step("logo").number, step("short").number]);
    assert_eq!(step("out").after, [step("marked").number, step("done").number]);
    assert_eq!(step("done").pieces[0].format, Some("md"));
    assert!(plan.error().is_none());
    assert!(plan.longest_ms() <= plan.total().elapsed_ms && plan.longest_ms() > 0.0);
    let dot = plan.to_dot();
    assert!(dot.contains("s1 -> s"), "{dot}");
    assert!(!std::path::Path::new("/nowhere").exists());
}

#[test]
fn what_will_fail_is_told_before() {
    let tasks = json!({
        "in": import("a.md"),
        "bad": {"operation": "convert", "input": "in", "output_format": "jpg"},
        "next": {"operation": "trim", "input": "bad"},
        "good": {"operation": "trim", "input": "in"},
        "gone": {"operation": "import/path", "path": "/nowhere/at/all"},
    });
    let engine = engine();
    let job = job(tasks.clone());
    let plan = engine.plan_job(&job);
    let kinds: Vec<_> = ["bad", "next", "good", "gone"]
        .map(|name| plan.tasks.iter().find(|task| task.name == name).unwrap())
        .map(|task| (task.step.is_some(), task.error.as_ref().map(|error| error.kind)))
        .into();
    assert_eq!(
        kinds,
        [
            (false, Some(ErrorKind::UnsupportedConversion)),
            (false, Some(ErrorKind::Cancelled)),
            (true, None),
            (false, Some(ErrorKind::Io)),
        ]
    );
    assert_eq!(plan.error().map(|error| error.kind), run(tasks).error().map(|error| error.kind));
}

/// A history makes the next plan better, for this kind of conversion most.
#[test]
fn a_history_corrects_what_is_foreseen() {
    let folder = formwork_tests::place::Scratch::new("history").unwrap();
    let build = || {
        let builder = Engine::builder().linked_plugin(super::toy::formwork_plugin_entry_v1);
        builder.history(folder.path()).build().unwrap()
    };
    let job = job(json!({"in": import("a.md"), "a": {"operation": "trim", "input": "in"}}));
    let off = |engine: &Engine| {
        let plan = engine.plan_job(&job);
        let foreseen = plan.steps[1].prediction();
        let report = engine.run(&job, &Control::default());
        let receipt = report.receipts().next().unwrap();
        (foreseen.output_bytes / receipt.outputs[0].bytes as f64).ln().abs()
    };
    let before = off(&build());
    for _ in 0..20 {
        off(&build());
    }
    let after = off(&build());
    assert!(after < 0.7 && after < before.max(0.2), "off by {before}, and with a history by {after}");
}
