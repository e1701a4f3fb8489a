//! `formwork run` and `--preset` as scripts rely on them: batches, journals, names for many options.
#![allow(clippy::unwrap_used, reason = "tests stop at the first broken premise")]

use std::fs;
use std::path::Path;

use formwork_tests::made;
use formwork_tests::place::Scratch;
use formwork_tests::program::{self, Call};
use formwork_tests::run::Limits;
use serde_json::Value;

fn call(folder: &Scratch, words: &str) -> Call {
    program::call_in(folder, words).unwrap()
}

fn call_with(folder: &Scratch, words: &str, input: &[u8], limits: &Limits) -> Call {
    program::call_in_with(folder, words, input, limits).unwrap()
}

/// A folder with two pictures.
fn folder() -> Scratch {
    let folder = Scratch::new("run").unwrap();
    fs::write(folder.join("a.png"), made::png(40, 30)).unwrap();
    fs::write(folder.join("clear.png"), made::clear_png(40, 30)).unwrap();
    folder
}

fn names(path: &Path) -> Vec<String> {
    let entries = fs::read_dir(path).unwrap();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

/// A job that converts one picture to another, or nothing that is there.
fn small_job(from: &str, to: &str, tag: &str, more: Value) -> Value {
    let mut convert = serde_json::json!({"operation": "convert", "input": "in", "output_format": "webp"});
    convert.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    serde_json::json!({"tag": tag, "tasks": {
        "in": {"operation": "import/path", "path": from},
        "done": convert,
        "out": {"operation": "export/path", "input": "done", "path": to},
    }})
}

fn lines(call: &Call) -> Vec<Value> {
    let text = String::from_utf8_lossy(&call.process.stdout).into_owned();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn a_batch_of_jobs_is_one_run() {
    let folder = folder();
    let none = serde_json::json!({});
    let jobs = [
        small_job("a.png", "1.webp", "one", none.clone()),
        small_job("missing.png", "2.webp", "two", none.clone()),
        small_job("clear.png", "3.webp", "three", none.clone()),
    ];
    fs::write(folder.join("list.json"), Value::from(jobs.to_vec()).to_string()).unwrap();
    fs::write(folder.join("more.json"), small_job("a.png", "4.webp", "four", none).to_string()).unwrap();
    let done = call(&folder, "run list.json more.json --json");
    assert_eq!(done.code(), 1);
    let lines = lines(&done);
    let ends: Vec<String> =
        lines.iter().filter(|line| line.get("status").is_some()).map(Value::to_string).collect();
    let expect = [("1", "one", "ok"), ("2", "two", "error"), ("3", "three", "ok"), ("4", "four", "ok")];
    assert_eq!(ends.len(), 4);
    for (line, (number, tag, status)) in ends.iter().zip(expect) {
        for part in
            [format!("\"job\":{number}"), format!("\"tag\":\"{tag}\""), format!("\"status\":\"{status}\"")]
        {
            assert!(line.contains(&part), "{part}: {line}");
        }
    }
    assert!(lines.iter().all(|line| line["job"].is_u64() && line["tag"].is_string()), "{lines:?}");
    let made: Vec<String> = names(folder.path()).into_iter().filter(|name| name.ends_with(".webp")).collect();
    assert_eq!(made, ["1.webp", "3.webp", "4.webp"]);

    let text: String = ["5", "6"]
        .map(|name| {
            small_job("a.png", &format!("{name}.webp"), name, Value::from(serde_json::Map::new())).to_string()
                + "\n"
        })
        .concat();
    let done = call_with(&folder, "run - --json", text.as_bytes(), &Limits::default());
    assert_eq!(done.code(), 0, "{}", done.complaint());
    // All are checked before any runs.
    let text = text
        .replace("\"in\":", "\"other\":")
        .replacen("\"other\":", "\"in\":", 1)
        .replace("5.webp", "7.webp");
    let done = call_with(&folder, "run - --json", text.as_bytes(), &Limits::default());
    assert_eq!(done.code(), 64);
    assert!(done.complaint().contains("job 2: "), "{}", done.complaint());
    assert!(!folder.join("7.webp").exists());
}

#[test]
fn presets_set_what_is_not_said() {
    let folder = folder();
    let options = |call: &Call| {
        assert!(call.succeeded(), "{}", call.complaint());
        lines(call).pop().unwrap()["route"]["steps"][0]["options"].clone()
    };
    let web = options(&call(&folder, "convert a.png a.webp --preset web --json"));
    assert_eq!(
        (&web["quality"], &web["width"], &web["strip_metadata"]),
        (&80.into(), &1920.into(), &true.into())
    );
    let own =
        options(&call(&folder, "convert a.png b.webp --preset web --set quality=5 --set height=9 --json"));
    assert_eq!((&own["quality"], &own["height"], own.get("width")), (&5.into(), &9.into(), None));
    fs::write(
        folder.join("mine.json"),
        r#"{"tiny": {"summary": "as small as can be", "image": {"quality": 3}}}"#,
    )
    .unwrap();
    let tiny = options(&call(&folder, "convert a.png c.webp --preset tiny --presets mine.json --json"));
    assert_eq!(tiny["quality"], 3);
    let job =
        small_job("a.png", "d.webp", "d", serde_json::json!({"preset": "tiny", "options": {"effort": 0}}));
    fs::write(folder.join("job.json"), job.to_string()).unwrap();
    let done = call(&folder, "run job.json --presets mine.json --json");
    assert!(done.process.succeeded(), "{}", done.complaint());
    let task = lines(&done).into_iter().find(|line| line["task"] == "done").unwrap();
    let set = &task["receipts"][0]["route"]["steps"][0]["options"];
    assert_eq!((&set["quality"], &set["effort"]), (&3.into(), &0.into()));
    for (words, what) in [
        ("convert a.png e.webp --preset nope", "there are archive, email"),
        ("crop a.png e.png --preset web --set width=3 --set height=3", "presets are for convert"),
        ("run job.json", "there is no preset `tiny`"),
    ] {
        let refused = call(&folder, words);
        assert_eq!(refused.code(), 64, "{words}");
        assert!(refused.process.stderr_text().contains(what), "{words}: {}", refused.process.stderr_text());
    }
    assert!(!folder.join("e.webp").exists());
    let listed = call(&folder, "options --presets mine.json --json");
    let listed = lines(&listed).pop().unwrap();
    assert!(listed["web"]["video"].is_object() && listed["tiny"]["image"]["quality"] == 3, "{listed}");
}

#[test]
fn a_batch_goes_on_from_its_journal() {
    let folder = folder();
    let none = serde_json::json!({});
    let jobs = [("a.png", "1.webp"), ("late.png", "2.webp")];
    let text: String =
        jobs.map(|(from, to)| small_job(from, to, to, none.clone()).to_string() + "\n").concat();
    fs::write(folder.join("jobs.jsonl"), text).unwrap();
    let first = call(&folder, "run jobs.jsonl --json --journal j");
    assert_eq!(first.code(), 1);
    assert!(folder.join("1.webp").exists() && folder.join("j/job").exists());
    let other = call(&folder, "run jobs.jsonl jobs.jsonl --journal j");
    assert_eq!(other.code(), 64);
    assert!(other.process.stderr_text().contains("of another job"), "{}", other.process.stderr_text());
    fs::copy(folder.join("clear.png"), folder.join("late.png")).unwrap();
    let again = call(&folder, "run jobs.jsonl --json --journal j");
    assert_eq!(again.code(), 0, "{}", again.complaint());
    let done: Vec<Value> = lines(&again).into_iter().filter(|line| line["task"] == "done").collect();
    let resumed: Vec<&Value> = done.iter().map(|line| &line["receipts"][0]["resumed"]).collect();
    assert_eq!(resumed, [&Value::Bool(true), &Value::Null]);
    assert_eq!(names(folder.path()), ["1.webp", "2.webp", "a.png", "clear.png", "jobs.jsonl", "late.png"]);
}
