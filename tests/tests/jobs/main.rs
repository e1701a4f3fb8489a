//! Jobs of several tasks and inputs, seen through a plugin that writes down what it is asked to do: fusing, further
//! inputs, many outputs, gathering.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot be set up should stop")]

mod files;
mod graphs;
mod mender;
mod plans;
mod queues;
mod toy;
mod unasked;

use formwork::job::Job;
use formwork::run::{CancelToken, Control, JobReport, TaskState};
use formwork::{Engine, ErrorKind};
use formwork_tests::place::Scratch;
use serde_json::{Value, json};
use std::time::Duration;

fn engine() -> Engine {
    let builder = Engine::builder().linked_plugin(toy::formwork_plugin_entry_v1);
    builder.linked_plugin(mender::entry).build().unwrap()
}

fn import(name: &str) -> Value {
    let format = name.rsplit('.').next().unwrap();
    json!({"operation": "import/bytes", "filename": name, "text": format!("{format}: {name}")})
}

fn run(tasks: Value) -> JobReport {
    engine().run(&Job::from_json(&json!({"tasks": tasks})).unwrap(), &Control::default())
}

/// What an `export/bytes` task hands over: names and contents.
fn exported(report: &JobReport) -> Vec<(String, String)> {
    assert!(report.error().is_none(), "{:?}", report.error());
    let items = report.exported.iter().flat_map(|(_, items)| items);
    items.map(|item| (item.name.clone(), String::from_utf8(item.bytes(1 << 20).unwrap()).unwrap())).collect()
}

fn only_text(report: &JobReport) -> String {
    let mut all = exported(report);
    assert_eq!(all.len(), 1, "{all:?}");
    all.remove(0).1
}

fn receipts(report: &JobReport, task: &str) -> Vec<Value> {
    let task = report.tasks.iter().find(|report| report.task == task).unwrap();
    task.receipts.iter().map(formwork::deliver::Receipt::to_json).collect()
}

#[test]
fn tasks_that_follow_each_other_are_one_step() {
    let report = run(json!({
        "in": import("a.md"),
        "logo": import("logo.tex"),
        "short": {"operation": "trim", "input": "in", "options": {"duration": "0:05"}},
        "small": {"operation": "crop", "input": "short", "options": {"y": 2}, "output_format": "MD"},
        "marked": {"operation": "watermark", "input": ["small", "logo"], "options": {"position": "top"}},
        "done": {"operation": "convert", "input": "marked", "output_format": "csv", "options": {"quality": 7}},
        "out": {"operation": "export/bytes", "input": "done"},
    }));
    let step = "trim duration=5 + crop x=1 y=2 + watermark position=top + convert quality=7 (tex: logo.tex)";
    assert_eq!(only_text(&report), format!("csv: a.md\n{step}"));
    assert!(report.tasks.iter().all(|task| task.state == TaskState::Finished));
    for task in ["short", "small", "marked"] {
        assert!(receipts(&report, task).is_empty(), "{task}");
    }
    let receipt = &receipts(&report, "done")[0];
    assert_eq!(receipt["fused"], json!(["short", "small", "marked", "done"]));
    assert_eq!(receipt["route"]["formats"], json!(["md", "csv"]));
    let fused = &receipt["route"]["steps"][0]["fused"];
    assert_eq!(fused[0], json!({"operation": "trim", "options": {"duration": 5.0}}));
    assert_eq!(fused[2]["operation"], "watermark");
    let names: Vec<_> = receipt["inputs"].as_array().unwrap().iter().map(|input| &input["name"]).collect();
    assert_eq!(names, ["a.md", "logo.tex"]);
}

#[test]
fn tasks_that_cannot_be_fused_run_one_after_the_other() {
    let chain = |first: Value, second: Value, further: Value| {
        let mut tasks = json!({
            "in": import("a.md"),
            "first": first,
            "second": second,
            "out": {"operation": "export/bytes", "input": "second"},
        });
        tasks.as_object_mut().unwrap().extend(further.as_object().unwrap().clone());
        let report = run(tasks);
        let outs: Vec<_> = exported(&report).into_iter().map(|(_, text)| text).collect();
        (outs, receipts(&report, "second")[0]["fused"].clone())
    };
    let crop = || json!({"operation": "crop", "input": "in"});
    let trim = |of: &str| json!({"operation": "trim", "input": of});
    let convert = |options: Value| {
        let convert = json!({"operation": "convert", "input": "first", "output_format": "csv"});
        let mut convert = convert.as_object().unwrap().clone();
        convert.extend(options.as_object().unwrap().clone());
        Value::from(convert)
    };
    let apart = "csv: a.md\ncrop x=1\nconvert".to_owned();
    let (outs, fused) = chain(crop(), convert(json!({})), json!({}));
    assert_eq!((outs, fused), (vec!["csv: a.md\ncrop x=1 + convert".into()], json!(["first", "second"])));
    // `trim` fuses nothing.
    let (outs, fused) = chain(crop(), trim("first"), json!({}));
    assert_eq!((outs, fused), (vec!["md: a.md\ncrop x=1\ntrim".into()], Value::Null));
    // The result in between is wanted too.
    let more = json!({"also": {"operation": "export/bytes", "input": "first"}});
    let (mut outs, fused) = chain(crop(), convert(json!({})), more);
    outs.sort();
    assert_eq!((outs, fused), (vec![apart.clone(), "md: a.md\ncrop x=1".into()], Value::Null));
    // Another format in between.
    let other = json!({"operation": "convert", "input": "in", "output_format": "csv"});
    let (outs, fused) = chain(other, trim("first"), json!({}));
    assert_eq!((outs, fused), (vec!["csv: a.md\nconvert\ntrim".into()], Value::Null));
    // What is forced upon the second task's input is not known of the first one's.
    let (outs, fused) = chain(crop(), convert(json!({"options": {"input_format": "md"}})), json!({}));
    assert_eq!((outs, fused), (vec![apart.clone()], Value::Null));
    // A wish about the first task's route.
    let mut wishful = crop();
    wishful["wishes"] = json!({"keep": ["alpha"]});
    let (outs, fused) = chain(wishful, convert(json!({})), json!({}));
    assert_eq!((outs, fused), (vec![apart], Value::Null));
}

#[test]
fn as_many_tasks_are_fused_as_can_be() {
    let report = run(json!({
        "in": import("a.md"),
        "b": {"operation": "convert", "input": "in", "output_format": "csv"},
        "c": {"operation": "trim", "input": "b"},
        "d": {"operation": "convert", "input": "c", "output_format": "md"},
        "e": {"operation": "crop", "input": "d"},
        "f": {"operation": "trim", "input": "e"},
        "g": {"operation": "convert", "input": "f", "output_format": "rst"},
        "out": {"operation": "export/bytes", "input": "g"},
    }));
    assert_eq!(only_text(&report), "rst: a.md\nconvert\ntrim + convert\ncrop x=1 + trim + convert");
    assert_eq!(receipts(&report, "d")[0]["fused"], json!(["c", "d"]));
    assert_eq!(receipts(&report, "g")[0]["fused"], json!(["e", "f", "g"]));
}

#[test]
fn what_is_wrong_with_a_task_is_told_of_that_task() {
    let tasks = |options: Value, to: &str| {
        json!({
            "in": import("a.md"),
            "first": {"operation": "crop", "input": "in", "options": options},
            "second": {"operation": "convert", "input": "first", "output_format": to},
        })
    };
    let report = run(tasks(json!({"x": -1}), "csv"));
    let states: Vec<_> = report.tasks.iter().map(|task| (task.task.as_str(), task.state)).collect();
    use TaskState::{Cancelled, Error, Finished};
    assert_eq!(states, [("in", Finished), ("first", Error), ("second", Cancelled)]);
    assert!(report.error().unwrap().message.contains("`x`"), "{:?}", report.error());
    let report = run(tasks(json!({"y": 13}), "csv"));
    let states: Vec<_> = report.tasks.iter().map(|task| task.state).collect();
    assert_eq!(states, [Finished, Error, Error], "what was done in one pass failed as one");
    let report = run(tasks(json!({}), "png"));
    let states: Vec<_> = report.tasks.iter().map(|task| task.state).collect();
    assert_eq!(states, [Finished, Finished, Error]);
    assert_eq!(report.error().unwrap().kind, ErrorKind::UnsupportedConversion);
}

#[test]
fn every_input_goes_through_fused_tasks_by_itself() {
    let report = run(json!({
        "one": import("a.md"),
        "two": import("b.csv"),
        "crop": {"operation": "crop", "input": ["one", "two"]},
        "mark": {"operation": "watermark", "input": "crop"},
        "out": {"operation": "export/bytes", "input": "mark"},
    }));
    let texts: Vec<_> = exported(&report).into_iter().map(|(_, text)| text).collect();
    assert_eq!(texts, ["md: a.md\ncrop x=1 + watermark", "csv: b.csv\ncrop x=1 + watermark"]);
    assert_eq!(receipts(&report, "mark").len(), 2);
}

#[test]
fn several_inputs_of_a_conversion_are_several_conversions() {
    let report = run(json!({
        "one": import("a.md"),
        "two": import("b.md"),
        "both": {"operation": "convert", "input": ["one", "two"], "output_format": "csv"},
        "out": {"operation": "export/bytes", "input": "both"},
    }));
    let texts: Vec<_> = exported(&report).into_iter().map(|(_, text)| text).collect();
    assert_eq!(texts, ["csv: a.md\nconvert", "csv: b.md\nconvert"]);
}

#[test]
fn a_failure_ends_the_inputs_behind_it() {
    let engine = Engine::builder().linked_plugin(toy::formwork_plugin_entry_v1).threads(2).build().unwrap();
    let tasks = json!({
        "one": import("torn.md"),
        "two": import("endless.md"),
        "both": {"operation": "convert", "input": ["one", "two"], "output_format": "csv"},
        "out": {"operation": "export/bytes", "input": "both"},
    });
    let job = Job::from_json(&json!({"tasks": tasks})).unwrap();
    let control = Control::new(CancelToken::default(), Some(Duration::from_secs(20)));
    assert_eq!(engine.run(&job, &control).error().unwrap().kind, ErrorKind::CorruptInput);
    assert!(!control.is_late(), "the second went on");
}

fn watermark(further: &[&str], to: &str) -> JobReport {
    let mut tasks = json!({
        "in": import("a.md"),
        "mark": {"operation": "watermark", "input": ["in"], "output_format": to},
        "out": {"operation": "export/bytes", "input": "mark"},
    });
    for name in further {
        tasks[*name] = import(name);
        tasks["mark"]["input"].as_array_mut().unwrap().push(json!(name));
    }
    run(tasks)
}

#[test]
fn further_inputs_are_converted_to_what_the_step_takes() {
    let report = watermark(&["one.tex", "two.rst"], "md");
    let converted = "tex: two.rst; convert";
    assert_eq!(only_text(&report), format!("md: a.md\nwatermark (tex: one.tex) ({converted})"));
    let receipt = &receipts(&report, "mark")[0];
    assert_eq!(receipt["losses"], json!([]), "what a companion loses is no loss of the result");
    assert_eq!(
        receipt["warnings"],
        json!(["two.rst: it was bent a little", "two.rst loses alpha: tex is opaque"])
    );
    let inputs = receipt["inputs"].as_array().unwrap();
    let formats: Vec<_> = inputs.iter().map(|input| &input["format"]).collect();
    assert_eq!(formats, ["md", "tex", "rst"]);
    // Further inputs go into the step that takes some, not into the conversion after it.
    assert_eq!(only_text(&watermark(&["one.tex"], "rst")), "rst: a.md\nwatermark (tex: one.tex)\nconvert");
    let from_csv = run(json!({
        "in": import("a.tsx.csv"),
        "logo": import("logo.tex"),
        "mark": {"operation": "watermark", "input": ["in", "logo"], "output_format": "md"},
        "out": {"operation": "export/bytes", "input": "mark"},
    }));
    let text = only_text(&from_csv);
    assert!(text.contains("watermark (tex: logo.tex)") && text.contains("\nconvert"), "{text}");
    assert_eq!(only_text(&watermark(&[], "md")), "md: a.md\nwatermark");
}

#[test]
fn further_inputs_that_do_not_go_along_are_told() {
    let report = run(json!({
        "in": import("a.rst"),
        "logo": import("logo.tex"),
        "mark": {"operation": "watermark", "input": ["in", "logo"]},
    }));
    let error = report.error().unwrap();
    assert_eq!(error.kind, ErrorKind::InvalidRequest);
    assert!(error.message.contains("takes one input"), "{error}");
    let report = run(json!({
        "in": import("a.md"),
        "logo": {"operation": "import/bytes", "filename": "logo", "text": "no format at all \u{1}"},
        "mark": {"operation": "watermark", "input": ["in", "logo"]},
    }));
    let error = report.error().unwrap();
    assert!(error.context.contains(&("input", "logo".into())), "{:?}", error.context);
}

fn thumbnails(count: u32, to: &str, path: &str) -> (Scratch, JobReport) {
    let folder = Scratch::new("jobs-thumbnails").unwrap();
    let report = run(json!({
        "in": import("clip.md"),
        "small": {"operation": "thumbnail", "input": "in", "output_format": to, "options": {"count": count}},
        "out": {"operation": "export/path", "input": "small", "path": folder.join(path)},
    }));
    (folder, report)
}

fn names(folder: &std::path::Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    let mut names: Vec<_> =
        entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

#[test]
fn every_output_of_a_step_goes_on_by_itself() {
    let (folder, report) = thumbnails(3, "csv", "out/");
    assert!(report.error().is_none(), "{:?}", report.error());
    assert_eq!(names(folder.path()), ["out"], "nothing is left beside it");
    assert_eq!(names(&folder.join("out")), ["clip-001.csv", "clip-002.csv", "clip-003.csv"]);
    let second = std::fs::read_to_string(folder.join("out/clip-002.csv")).unwrap();
    assert_eq!(second, "csv: clip-002\nconvert");
    let receipt = &receipts(&report, "small")[0];
    assert_eq!(receipt["route"]["formats"], json!(["md", "raster", "csv"]));
    let places: Vec<_> =
        receipt["outputs"].as_array().unwrap().iter().map(|output| &output["path"]).collect();
    assert_eq!(places[2], &json!(folder.join("out/clip-003.csv")));
    let (folder, _) = thumbnails(2, "csv", "film.csv");
    assert_eq!(names(folder.path()), ["film-001.csv", "film-002.csv"]);
    let (folder, _) = thumbnails(1, "csv", "film.csv");
    assert_eq!(names(folder.path()), ["film.csv"]);
    let (folder, _) = thumbnails(2, "rst", "film.rst");
    assert_eq!(names(folder.path()), ["film-001.rst", "film-002.rst"], "without a step in between");
}

#[test]
fn outputs_are_the_same_on_any_number_of_threads() {
    let job = Job::from_json(&json!({"tasks": {
        "in": import("clip.md"),
        "small": {"operation": "thumbnail", "input": "in", "output_format": "csv", "options": {"count": 50}},
        "out": {"operation": "export/bytes", "input": "small"},
    }}));
    let job = job.unwrap();
    let run = |threads| exported(&engine().run_on(&job, &Control::default(), threads));
    let one = run(1);
    let expected = |number| (format!("clip-{number:03}.csv"), format!("csv: clip-{number:03}\nconvert"));
    assert_eq!(one, (1..=50).map(expected).collect::<Vec<_>>());
    for threads in [2, 8] {
        assert_eq!(run(threads), one, "{threads} threads");
    }
}

fn merge(operation: &str, names: &[&str], to: Option<&str>) -> JobReport {
    let mut tasks = json!({
        "all": {"operation": operation, "input": names},
        "out": {"operation": "export/bytes", "input": "all"},
    });
    for name in names {
        tasks[*name] = import(name);
    }
    if let Some(to) = to {
        tasks["all"]["output_format"] = json!(to);
    }
    run(tasks)
}

#[test]
fn what_is_damaged_is_written_anew_and_tried_again() {
    let report = merge("merge", &["a.md", "torn.md"], None);
    assert_eq!(only_text(&report), "md: a.md\nmerge (md: mended.md)");
    let warnings = receipts(&report, "all")[0]["warnings"].to_string();
    assert!(warnings.contains("test.mender") && warnings.contains("has a hole"), "{warnings}");

    let error = |name: &str| merge("merge", &[name], None).error().unwrap().clone();
    let hopeless = error("torn-hopeless.md");
    assert_eq!((hopeless.kind, hopeless.hint), (ErrorKind::CorruptInput, None));
    assert!(hopeless.message.contains("has a hole"), "{}", hopeless.message);
    assert!(error("torn.rst").hint.unwrap().contains("apt install mender"));
}

#[test]
fn an_option_may_ask_for_one_more_step() {
    let crop = |name: &str, to: &str, value: Value| {
        run(json!({
            "in": import(name),
            "done": {"operation": "convert", "input": "in", "output_format": to, "options": {"lossless": value}},
            "out": {"operation": "export/bytes", "input": "done"},
        }))
    };
    let report = crop("a.md", "csv", json!(true));
    assert_eq!(only_text(&report), "csv: a.md\nconvert\nfinished");
    assert_eq!(receipts(&report, "done")[0]["route"]["formats"], json!(["md", "csv", "csv"]));
    assert_eq!(only_text(&crop("a.md", "csv", json!(false))), "csv: a.md\nconvert");
    let error = crop("a.md", "rst", json!(true)).error().unwrap().clone();
    assert_eq!(error.kind, ErrorKind::BackendMissing);
    assert!(error.message.contains("`lossless`") && error.message.contains("apt install mender"), "{error}");
    // Nothing finishes a tex.
    assert_eq!(crop("a.rst", "tex", json!(true)).error().unwrap().kind, ErrorKind::InvalidRequest);
}

#[test]
fn what_is_gathered_must_go_together() {
    let report = merge("merge", &["a.md", "b.csv"], None);
    assert_eq!(only_text(&report), "md: a.md\nmerge (csv: b.csv)", "the first input's format");
    assert_eq!(only_text(&merge("merge", &["a.rst", "b.rst"], None)), "rst: a.rst\nmerge (rst: b.rst)");
    assert_eq!(exported(&merge("merge", &["a.md", "b.md"], Some("csv")))[0].0, "a.csv");
    let error = merge("merge", &["a.md", "b.rst"], None).error().unwrap().clone();
    assert_eq!(error.kind, ErrorKind::UnsupportedConversion);
    assert!(error.message.contains("b.rst"), "{error}");
    assert!(error.hint.as_ref().unwrap().contains("md, csv"), "{error:?}");
    let error = merge("merge", &["a.md", "b.md"], Some("tex")).error().unwrap().clone();
    assert!(error.message.contains("cannot write tex"), "{error}");
    // An operation that takes anything does not look.
    assert_eq!(
        only_text(&merge("archive", &["a.md", "b.rst"], Some("tex"))),
        "tex: a.md\narchive (rst: b.rst)"
    );
    let error = merge("archive", &["a.md", "b.rst"], None).error().unwrap().clone();
    assert!(error.message.contains("needs a target format"), "{error}");
}

#[test]
fn what_is_gathered_is_not_fused() {
    let report = run(json!({
        "a": import("a.md"),
        "b": import("b.md"),
        "short": {"operation": "trim", "input": "a"},
        "all": {"operation": "merge", "input": ["short", "b"]},
        "small": {"operation": "crop", "input": "all"},
        "out": {"operation": "export/bytes", "input": "small"},
    }));
    assert_eq!(only_text(&report), "md: a.md\ntrim\nmerge (md: b.md)\ncrop x=1");
}

#[test]
fn progress_is_shared_out_among_the_tasks() {
    let control = Control::default();
    let tasks = json!({
        "in": import("a.md"),
        "crop": {"operation": "crop", "input": "in"},
        "bad": {"operation": "convert", "input": "crop", "output_format": "png"},
    });
    engine().run(&Job::from_json(&json!({"tasks": tasks})).unwrap(), &control);
    assert!((0.4..=0.5).contains(&control.progress()), "{}", control.progress());
}
