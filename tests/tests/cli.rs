//! The command line as scripts rely on it: exit codes, clean stdout, receipts, nothing overwritten, nothing left.
#![allow(clippy::unwrap_used, reason = "tests stop at the first broken premise")]

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use formwork_tests::judge::Judge;
use formwork_tests::place::{self, Scratch};
use formwork_tests::program::{self, Call};
use formwork_tests::run::Limits;
use formwork_tests::{made, tree::Tree};
use serde_json::Value;

/// Fields that the last line of `convert --json` always has.
const RECEIPT: &[&str] = &[
    "status",
    "input.format",
    "output.path",
    "output.format",
    "output.bytes",
    "route",
    "losses",
    "warnings",
    "elapsed_ms",
    "peak_bytes",
    "isolation",
];

fn call(folder: &Scratch, words: &str) -> Call {
    program::call_in(folder, words).unwrap()
}

fn call_with(folder: &Scratch, words: &str, input: &[u8], limits: &Limits) -> Call {
    program::call_in_with(folder, words, input, limits).unwrap()
}

/// A folder with a picture, a picture that is partly clear, and an archive.
fn folder() -> Scratch {
    let folder = Scratch::new("cli").unwrap();
    fs::write(folder.join("a.png"), made::png(40, 30)).unwrap();
    fs::write(folder.join("clear.png"), made::clear_png(40, 30)).unwrap();
    fs::write(folder.join("a.zip"), made::zip(&[("x.txt", b"hello"), ("d/y.txt", b"world")])).unwrap();
    folder
}

fn names(path: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(path)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

#[test]
fn listings_print_on_stdout_and_end_with_0() {
    let folder = folder();
    for words in [
        "--version",
        "--help",
        "formats",
        "formats --json",
        "formats --from png --json",
        "formats --to zip",
        "formats --operation extract",
        "matrix --json",
        "options png jpg --json",
        "doctor --json",
        "completions bash",
        "man",
        "probe a.png --json",
        "metadata a.png --json",
        "plan a.zip --to 7z",
        "plan a.png --to webp --json --top 3",
    ] {
        let call = call(&folder, words);
        assert_eq!(call.code(), 0, "{words}: {}", call.complaint());
        assert!(!call.process.stdout.is_empty(), "{words} prints nothing");
        assert!(call.process.stderr.is_empty(), "{words}: {}", call.process.stderr_text());
    }
    assert_eq!(names(folder.path()), ["a.png", "a.zip", "clear.png"], "listings write nothing");
}

#[test]
fn json_listings_parse() {
    let folder = folder();
    for words in
        ["formats --json", "matrix --json", "options png jpg --json", "doctor --json", "probe a.png --json"]
    {
        let call = call(&folder, words);
        let text = String::from_utf8(call.process.stdout).unwrap();
        let whole = serde_json::from_str::<Value>(&text).is_ok();
        let lines = text.lines().all(|line| serde_json::from_str::<Value>(line).is_ok());
        assert!(whole || lines, "{words} prints no JSON: {text:.200}");
    }
}

#[test]
fn exit_codes_say_whose_fault_it_is() {
    let folder = folder();
    fs::write(folder.join("broken.png"), &made::png(40, 30)[..60]).unwrap();
    fs::write(folder.join("empty.png"), b"").unwrap();
    for (words, due, kind) in [
        ("convert a.png", 64, None),
        ("convert --no-such-option a.png b.jpg", 64, None),
        ("convert a.png b.jpg --set no_such_option=1 --json", 64, Some("invalid_request")),
        ("convert a.png b.jpg --set quality=1000 --json", 64, Some("invalid_request")),
        ("convert a.png --to no-such-format -o out --json", 65, Some("unsupported_format")),
        ("convert missing.png b.jpg --json", 66, Some("io")),
        ("convert broken.png b.jpg --json", 65, Some("corrupt_input")),
        ("convert empty.png b.jpg --json", 65, None),
        ("convert a.png b.mp3 --json", 65, Some("unsupported_conversion")),
        ("convert a.png no/such/folder/b.jpg --json", 73, Some("io")),
        ("run missing.json", 66, None),
    ] {
        let call = call(&folder, words);
        assert_eq!(call.code(), due, "{words}: {}", call.complaint());
        assert!(kind.is_none() || call.error_kind() == kind, "{words}: {}", call.complaint());
        assert!(call.error_kind().is_some() || !call.process.stderr.is_empty(), "{words} says nothing");
        assert!(!folder.join("b.jpg").exists(), "{words} left an output");
    }
}

#[test]
fn refusals_say_what_would_be_valid() {
    let folder = folder();
    let format = call(&folder, "convert a.png --to no-such-format -o out").process.stderr_text();
    assert!(format.contains("jpg") || format.contains("formats"), "{format}");
    let option = call(&folder, "convert a.png b.jpg --set no_such_option=1").process.stderr_text();
    assert!(option.contains("quality"), "{option}");
}

#[test]
fn a_receipt_has_every_field() {
    let folder = folder();
    let call = call(&folder, "convert a.png b.jpg --json");
    assert!(call.succeeded(), "{}", call.complaint());
    for field in RECEIPT {
        assert!(call.value(field).is_some(), "no {field} in {:?}", call.receipt);
    }
    assert_eq!(call.text("input.format"), Some("png"));
    assert_eq!(call.text("output.format"), Some("jpg"));
    let bytes = fs::metadata(folder.join("b.jpg")).unwrap().len();
    assert_eq!(call.value("output.bytes").and_then(Value::as_u64), Some(bytes));
    let stdout = String::from_utf8(call.process.stdout.clone()).unwrap();
    assert!(stdout.lines().all(|line| serde_json::from_str::<Value>(line).is_ok()), "{stdout}");
}

#[test]
fn a_target_that_is_there_already_is_no_input() {
    let folder = folder();
    assert_eq!(call(&folder, "convert a.png out.jpg --to jpg").code(), 0);
    let first = fs::read(folder.join("out.jpg")).unwrap();
    assert_eq!(call(&folder, "convert clear.png out.jpg --to jpg --force").code(), 0);
    assert_ne!(first, fs::read(folder.join("out.jpg")).unwrap());
    assert_eq!(names(folder.path()), ["a.png", "a.zip", "clear.png", "out.jpg"]);
}

#[test]
fn nothing_is_overwritten_unasked() {
    let folder = folder();
    fs::write(folder.join("b.jpg"), "mine").unwrap();
    let refused = call(&folder, "convert a.png b.jpg --json");
    assert_eq!((refused.code(), fs::read(folder.join("b.jpg")).unwrap()), (73, b"mine".to_vec()));
    let forced = call(&folder, "convert a.png b.jpg --force");
    assert_eq!(forced.code(), 0, "{}", forced.complaint());
    assert!(fs::read(folder.join("b.jpg")).unwrap().starts_with(b"\xff\xd8"));
}

#[test]
fn standard_input_and_output_carry_files_only() {
    let folder = folder();
    let png = made::png(40, 30);
    let call_piped = call_with(&folder, "convert - - --to bmp", &png, &Limits::default());
    assert_eq!(call_piped.code(), 0, "{}", call_piped.complaint());
    assert!(call_piped.process.stdout.starts_with(b"BM"), "stdout starts with something else than the file");
    let from_stdin = call_with(&folder, "convert - c.jpg", &png, &Limits::default());
    assert_eq!(from_stdin.code(), 0, "{}", from_stdin.complaint());
    assert!(folder.join("c.jpg").is_file());
    let to_stdout = call(&folder, "convert a.png - --to bmp");
    assert!(to_stdout.process.stdout.starts_with(b"BM"), "{}", to_stdout.complaint());
}

#[test]
fn several_inputs_and_folders() {
    let folder = folder();
    fs::create_dir_all(folder.join("in/deep")).unwrap();
    fs::copy(folder.join("a.png"), folder.join("in/one.png")).unwrap();
    fs::copy(folder.join("a.png"), folder.join("in/deep/two.png")).unwrap();
    let both = call(&folder, "convert a.png clear.png --to jpg -o both");
    assert_eq!(both.code(), 0, "{}", both.complaint());
    assert_eq!(names(&folder.join("both")), ["a.jpg", "clear.jpg"]);
    let tree = call(&folder, "convert in --to jpg -o tree -j 2");
    assert_eq!(tree.code(), 0, "{}", tree.complaint());
    let written = Tree::of(&folder.join("tree")).unwrap();
    let pictures =
        written.paths().filter(|path| path.extension().is_some_and(|extension| extension == "jpg"));
    assert_eq!(pictures.count(), 2);
}

#[test]
fn a_batch_with_one_bad_file_does_the_rest_and_ends_with_1() {
    let folder = folder();
    fs::write(folder.join("bad.png"), "no picture at all").unwrap();
    let call = call(&folder, "convert a.png bad.png clear.png --to jpg -o out");
    assert_eq!(call.code(), 1, "{}", call.complaint());
    assert_eq!(names(&folder.join("out")), ["a.jpg", "clear.jpg"]);
    assert!(call.process.stderr_text().contains("bad.png"), "{}", call.process.stderr_text());
}

#[test]
fn a_lying_name_is_noticed_and_said() {
    let folder = folder();
    fs::copy(folder.join("a.png"), folder.join("lie.jpg")).unwrap();
    let call = call(&folder, "convert lie.jpg b.bmp --json");
    assert_eq!(call.text("input.format"), Some("png"), "{}", call.complaint());
    let warnings = call.value("warnings").map(Value::to_string).unwrap_or_default();
    assert!(warnings.contains("jpg") || warnings.contains("extension"), "warnings: {warnings}");
}

#[test]
fn losses_are_predicted_and_then_said() {
    let folder = folder();
    let plan = call(&folder, "plan clear.png --to jpg --json");
    assert!(String::from_utf8_lossy(&plan.process.stdout).contains("alpha"), "the plan does not name alpha");
    let done = call(&folder, "convert clear.png b.jpg --json");
    let losses = done.value("losses").map(Value::to_string).unwrap_or_default();
    assert!(losses.contains("alpha"), "losses: {losses}");
    let kept = call(&folder, "convert clear.png b.webp --set lossless=true --json");
    let losses = kept.value("losses").map(Value::to_string).unwrap_or_default();
    assert!(!losses.contains("alpha"), "losses: {losses}");
}

#[test]
fn options_do_what_they_say() {
    let folder = folder();
    let Some(mut judge) = Judge::start().unwrap() else { return };
    for (options, width, height) in [
        ("--set width=20", 20, 15),
        ("--set height=15", 20, 15),
        // Like `max`, the default never enlarges.
        ("--set height=60", 40, 30),
        ("--set width=20 --set height=20 --set fit=max", 20, 15),
        ("--set width=20 --set height=20 --set fit=crop", 20, 20),
        ("--set width=20 --set height=20 --set fit=pad", 20, 20),
        ("--set width=20 --set height=20 --set fit=scale", 20, 20),
    ] {
        let call = call(&folder, &format!("convert a.png b.png --force {options}"));
        assert_eq!(call.code(), 0, "{options}: {}", call.complaint());
        let picture = judge.picture(&folder.join("b.png"), "png").unwrap();
        assert_eq!((picture.width, picture.height), (width, height), "{options}");
    }
}

#[test]
fn archives_are_packed_and_unpacked() {
    let folder = folder();
    let packed = call(&folder, "archive a.png a.zip all.7z --json");
    assert_eq!(packed.code(), 0, "{}", packed.complaint());
    let unpacked = call(&folder, "extract all.7z out");
    assert_eq!(unpacked.code(), 0, "{}", unpacked.complaint());
    assert_eq!(fs::read(folder.join("out/a.png")).unwrap(), fs::read(folder.join("a.png")).unwrap());
    let listed = call(&folder, "probe a.zip --json");
    let text = String::from_utf8_lossy(&listed.process.stdout).into_owned();
    assert!(text.contains("d/y.txt"), "{text}");
}

/// `--to` says what results become, the output's name what they are packed into.
#[test]
fn results_are_packed_when_the_output_is_an_archive() {
    let folder = folder();
    let packed = call(&folder, "convert a.png clear.png pictures.zip --to jpg --json");
    assert_eq!(packed.code(), 0, "{}", packed.complaint());
    let receipt = packed.receipt.unwrap();
    assert_eq!(receipt["inputs"].as_array().unwrap().len(), 2);
    assert_eq!(receipt["output"]["format"], "zip");
    assert_eq!(receipt["route"]["formats"].as_array().unwrap().last().unwrap(), "zip");
    assert!(receipt["losses"].as_array().unwrap().iter().any(|loss| loss["feature"] == "alpha"));
    let unpacked = call(&folder, "extract pictures.zip out");
    assert_eq!(unpacked.code(), 0, "{}", unpacked.complaint());
    assert_eq!(names(&folder.join("out")), ["a.jpg", "clear.jpg"]);
}

/// Each as a page of the size that is asked for; what is a PDF already goes in as it is.
#[test]
fn many_pictures_become_one_pdf() {
    let folder = folder();
    let pages = |file: &str| {
        call(&folder, &format!("probe {file} --json")).receipt.unwrap()["facts"]["pages"].clone()
    };
    let made = call(&folder, "convert a.png clear.png all.pdf --set page_size=a5 --set margin=10 --json");
    assert_eq!(made.code(), 0, "{}", made.complaint());
    assert_eq!(made.receipt.unwrap()["route"]["formats"], serde_json::json!(["png", "pdf", "pdf"]));
    assert_eq!(pages("all.pdf"), 2);
    let longer = call(&folder, "convert all.pdf clear.png more.pdf --json");
    assert_eq!(longer.code(), 0, "{}", longer.complaint());
    assert_eq!(longer.receipt.unwrap()["losses"], serde_json::json!([]));
    assert_eq!(pages("more.pdf"), 3);
    let refused = call(&folder, "convert all.pdf clear.png sized.pdf --set page_size=a5");
    assert_eq!(refused.code(), 64, "{}", refused.complaint());
    // Into a folder they go one by one.
    let apart = call(&folder, "convert a.png clear.png apart.pdf/ --to pdf");
    assert_eq!(apart.code(), 0, "{}", apart.complaint());
    assert_eq!(names(&folder.join("apart.pdf")), ["a.pdf", "clear.pdf"]);
}

#[test]
fn pdf_operations_are_two_words_and_take_pictures() {
    let folder = folder();
    let merged = call(&folder, "pdf merge a.png clear.png all.pdf --json");
    assert_eq!(merged.code(), 0, "{}", merged.complaint());
    let parts = call(&folder, "pdf split all.pdf parts/ --set every=1");
    assert_eq!(parts.code(), 0, "{}", parts.complaint());
    assert_eq!(names(&folder.join("parts")), ["all-001.pdf", "all-002.pdf"]);
    let marked = call(&folder, "watermark all.pdf a.png marked.pdf");
    assert_eq!(marked.code(), 0, "{}", marked.complaint());
    let refused = call(&folder, "pdf merge a.png a.zip more.pdf");
    assert_eq!(refused.code(), 65, "{}", refused.complaint());
    let said = refused.process.stderr_text();
    assert!(said.contains("a.zip"), "{said}");
    let unknown = call(&folder, "pdf fold all.pdf out.pdf");
    assert_eq!(unknown.code(), 64, "{}", unknown.complaint());
}

#[test]
fn passwords_are_needed_and_work() {
    let folder = folder();
    for (name, out) in [("secret.zip", "from-zip"), ("secret.7z", "from-7z")] {
        let packed = call(&folder, &format!("archive a.png {name} --set password=open-sesame"));
        assert_eq!(packed.code(), 0, "{name}: {}", packed.complaint());
        let without = call(&folder, &format!("extract {name} {out} --json"));
        assert_eq!(without.error_kind(), Some("password_required"), "{name}: {}", without.complaint());
        let with = call(&folder, &format!("extract {name} {out} --set password=open-sesame"));
        assert_eq!(with.code(), 0, "{name}: {}", with.complaint());
        assert_eq!(fs::read(folder.join(out).join("a.png")).unwrap(), made::png(40, 30));
        if place::has_tool("7zz") {
            let other =
                Command::new("7zz").args(["t", "-popen-sesame"]).arg(folder.join(name)).output().unwrap();
            assert!(other.status.success(), "7zz refuses {name}");
        }
    }
}

#[test]
fn the_same_input_gives_the_same_bytes() {
    let folder = folder();
    for (input, output) in
        [("a.png", "webp"), ("a.png", "jpg"), ("clear.png", "avif"), ("a.zip", "7z"), ("a.zip", "tgz")]
    {
        for name in ["first", "second"] {
            let done = call(&folder, &format!("convert {input} {name}.{output}"));
            assert_eq!(done.code(), 0, "{output}: {}", done.complaint());
        }
        let read = |name: &str| fs::read(folder.join(format!("{name}.{output}"))).unwrap();
        assert!(read("first") == read("second"), "two runs wrote different {output} files");
    }
}

#[test]
fn interrupting_leaves_nothing() {
    let folder = Scratch::new("interrupt").unwrap();
    // Big enough to take seconds at the highest effort.
    fs::write(folder.join("big.ppm"), made::noise_ppm(5000, 4000)).unwrap();
    let limits = Limits { interrupt: Some(Duration::from_millis(700)), ..Limits::default() };
    let call = call_with(&folder, "convert big.ppm big.webp --set quality=90 --set effort=6", &[], &limits);
    assert_eq!(call.code(), 130, "{}", call.complaint());
    assert!(call.process.wall < Duration::from_millis(2500), "took {:?} to stop", call.process.wall);
    assert_eq!(names(folder.path()), ["big.ppm"]);
}

#[test]
fn a_job_runs_its_tasks() {
    let folder = folder();
    let job = r#"{"tasks": {
        "in": {"operation": "import/path", "path": "a.png"},
        "small": {"operation": "convert", "input": "in", "output_format": "jpg", "options": {"width": 20}},
        "out": {"operation": "export/path", "input": "small", "path": "small.jpg"}
    }}"#;
    fs::write(folder.join("job.json"), job).unwrap();
    let done = call(&folder, "run job.json --json");
    assert_eq!(done.code(), 0, "{}", done.complaint());
    assert!(folder.join("small.jpg").is_file());
    fs::write(folder.join("cycle.json"), job.replace(r#""input": "in""#, r#""input": "small""#)).unwrap();
    assert_eq!(call(&folder, "run cycle.json").code(), 64);
}

#[test]
fn tasks_on_one_picture_are_one_step() {
    let folder = folder();
    let steps = r#""cut": {"operation": "crop", "input": "in", "options": {"x": 3, "y": 2, "width": 30, "height": 20}},
        "small": {"operation": "thumbnail", "input": "cut", "options": {"width": 15}},
        "done": {"operation": "convert", "input": "small", "output_format": "png", "options": {"effort": 2}},"#;
    for (name, more) in [
        ("together", ""),
        (
            "apart",
            r#", "keep": {"operation": "export/path", "input": "cut", "path": "cut.png"},
            "also": {"operation": "export/path", "input": "small", "path": "small.png"}"#,
        ),
    ] {
        let job = format!(
            r#"{{"tasks": {{"in": {{"operation": "import/path", "path": "clear.png"}}, {steps}
                "out": {{"operation": "export/path", "input": "done", "path": "{name}.png"}}{more}}}}}"#
        );
        fs::write(folder.join(format!("{name}.json")), job).unwrap();
        let call = call(&folder, &format!("run {name}.json --json"));
        assert_eq!(call.code(), 0, "{name}: {}", call.complaint());
        let stdout = String::from_utf8_lossy(&call.process.stdout).into_owned();
        let lines = stdout.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        let receipts: Vec<Value> =
            lines.flat_map(|line| line["receipts"].as_array().cloned().unwrap_or_default()).collect();
        if name == "together" {
            assert_eq!(receipts.len(), 1, "{stdout}");
            assert_eq!(receipts[0]["fused"], serde_json::json!(["cut", "small", "done"]));
            assert_eq!(receipts[0]["route"]["steps"].as_array().unwrap().len(), 1);
        } else {
            assert_eq!(receipts.len(), 3, "{stdout}");
            assert!(receipts.iter().all(|receipt| receipt["fused"].is_null()));
        }
    }
    let read = |name: &str| fs::read(folder.join(name)).unwrap();
    assert!(read("together.png") == read("apart.png"), "fused tasks give another picture");
}

#[test]
fn a_job_is_planned_in_words_json_and_as_a_picture() {
    let folder = folder();
    let job = r#"{"tag": "t", "tasks": {
        "in": {"operation": "import/path", "path": "a.png"},
        "small": {"operation": "crop", "input": "in", "options": {"width": 9, "height": 9}},
        "web": {"operation": "convert", "input": "small", "output_format": "webp"},
        "out": {"operation": "export/path", "input": "web", "path": "b.webp"}}}"#;
    fs::write(folder.join("job.json"), job).unwrap();
    let plan = call(&folder, "plan job.json --json");
    assert_eq!(plan.text("status"), Some("ok"), "{}", plan.complaint());
    assert_eq!(plan.text("tag"), Some("t"));
    let steps = plan.value("steps").unwrap().as_array().unwrap();
    let work: Vec<&Value> = steps.iter().filter(|step| step["pieces"] != serde_json::json!([])).collect();
    assert_eq!(work.len(), 1, "crop and convert are one pass: {steps:?}");
    assert_eq!(work[0]["tasks"], serde_json::json!(["small", "web"]));
    let piece = &work[0]["pieces"][0];
    assert_eq!(piece["isolation"], 2);
    for figure in ["elapsed_ms", "peak_bytes", "output_bytes"] {
        assert!(piece["route"]["predicted"][figure].as_u64() > Some(0), "{piece}");
    }
    let words = call(&folder, "plan job.json");
    assert!(String::from_utf8_lossy(&words.process.stdout).contains("crop + convert png -> webp"));
    let dot = call(&folder, "plan job.json --dot");
    assert!(String::from_utf8_lossy(&dot.process.stdout).starts_with("digraph job {"));
    assert_eq!(call(&folder, "plan a.png --dot --to jpg").code(), 64);
    fs::write(folder.join("bad.json"), job.replace("webp", "mp3")).unwrap();
    assert_ne!(call(&folder, "plan bad.json").code(), 0);
    assert_eq!(names(folder.path()), ["a.png", "a.zip", "bad.json", "clear.png", "job.json"]);
}

#[test]
fn a_result_that_needs_more_memory_to_be_read_than_is_allowed_names_the_limit() {
    let folder = folder();
    let words = "convert a.zip b.txz --set effort=9 --limit memory=60000000 --json";
    let refused = call(&folder, words);
    assert_eq!(refused.error_kind(), Some("limit_exceeded"), "{}", refused.complaint());
    assert_eq!(refused.text("error.limit"), Some("memory"));
    assert_eq!(names(folder.path()), ["a.png", "a.zip", "clear.png"]);
}
