//! Receipts: canonical, complete, and compared with the files they tell of.
#![allow(clippy::unwrap_used, reason = "tests stop at the first broken premise")]

use std::collections::BTreeMap;
use std::fs;
use std::process::Command;
use std::time::Duration;

use formwork::deliver::{canonical, hash};
use formwork::run::Item;
use formwork_tests::place::{self, Scratch};
use formwork_tests::program::{self, Call};
use formwork_tests::run::Limits;
use formwork_tests::{corpus, made};
use serde_json::{Value, json};

fn call(folder: &Scratch, words: &str) -> Call {
    let mut command = Command::new(place::program().unwrap());
    command.args(words.split(' ')).current_dir(folder.path());
    let limits = Limits { deadline: Duration::from_secs(180), ..Limits::default() };
    program::call_command(&mut command, &[], &limits).unwrap()
}

fn code(call: &Call) -> i32 {
    call.process.status.code().unwrap_or(-1)
}

fn folder() -> Scratch {
    let folder = Scratch::new("receipts").unwrap();
    fs::write(folder.join("a.png"), made::clear_png(40, 30)).unwrap();
    fs::write(folder.join("b.png"), made::png(20, 30)).unwrap();
    folder
}

fn lines(folder: &Scratch, name: &str) -> Vec<Value> {
    let text = fs::read_to_string(folder.join(name)).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// What `verify --json` says of each file.
fn states(folder: &Scratch, receipts: &str) -> (i32, Vec<(String, String)>) {
    let call = call(folder, &format!("verify {receipts} --json"));
    let text = String::from_utf8(call.process.stdout.clone()).unwrap();
    let said = text.lines().flat_map(|line| {
        let line: Value = serde_json::from_str(line).unwrap();
        line["files"].as_array().unwrap().clone()
    });
    let word = |file: &Value, name: &str| file[name].as_str().unwrap().to_owned();
    let said = said.map(|file| (word(&file, "role"), word(&file, "state"))).collect();
    (code(&call), said)
}

#[test]
fn a_receipt_tells_all_in_one_form() {
    let folder = folder();
    let done = call(&folder, "convert a.png out.jpg --set quality=80 --receipt r.json");
    assert_eq!(code(&done), 0, "{}", done.complaint());
    let text = fs::read_to_string(folder.join("r.json")).unwrap();
    let receipt: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(text.trim_end(), canonical(&receipt), "it is canonical as it stands");
    assert_eq!(receipt["schema"], "formwork-receipt/1");
    for (file, name) in [("input", "a.png"), ("output", "out.jpg")] {
        let path = folder.join(name);
        let item = Item::from_path(&path, String::new(), true).unwrap();
        assert_eq!(receipt[file]["blake3"], json!(hash(&item).unwrap()));
        assert_eq!(receipt[file]["path"], json!(path), "an absolute path");
        assert_eq!(receipt[file]["bytes"], json!(path.metadata().unwrap().len()));
    }
    let steps = receipt["route"]["steps"].as_array().unwrap();
    assert_eq!(steps.last().unwrap()["options"]["quality"], 80, "{steps:?}");
    assert!(steps.last().unwrap()["options"].as_object().unwrap().len() > 1, "defaults are told too");
    for step in steps {
        let plugins = receipt["plugins"].as_array().unwrap();
        let plugin = plugins.iter().find(|plugin| plugin["id"] == step["plugin"]).unwrap();
        assert_eq!(plugin["version"], step["plugin_version"]);
        assert!(!plugin["libraries"].as_object().unwrap().is_empty());
    }
    assert!(receipt["losses"].as_array().unwrap().iter().any(|loss| loss["feature"] == "alpha"));
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_millis() as u64;
    let started = receipt["started_unix_ms"].as_u64().unwrap();
    assert!(started <= now && now - started < 600_000, "{started}, {now}");
    for member in ["elapsed_ms", "peak_bytes", "isolation", "engine", "warnings", "task"] {
        assert!(receipt.get(member).is_some(), "{member}");
    }
    // BLAKE3 of nothing, as its reference has it.
    let nothing = "af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262";
    assert_eq!(hash(&Item::from_bytes("", Vec::new())).unwrap(), nothing);
}

#[test]
fn verify_sees_every_change() {
    let folder = folder();
    let done = call(&folder, "convert a.png b.png --to webp -o out/ --receipt r.json");
    assert_eq!(code(&done), 0, "{}", done.complaint());
    let state = |role: &str, word: &str| (role.to_owned(), word.to_owned());
    let same = || ["input", "output", "input", "output"].map(|role| state(role, "same")).to_vec();
    assert_eq!(states(&folder, "r.json"), (0, same()));
    let receipts = lines(&folder, "r.json");
    let second = receipts[1]["output"]["path"].as_str().unwrap().to_owned();
    let whole = fs::read(&second).unwrap();
    let verified = |due: i32, role: &str, word: &str| {
        let mut expected = same();
        let place = 2 + usize::from(role == "output");
        expected[place] = state(role, word);
        assert_eq!(states(&folder, "r.json"), (due, expected));
    };
    let mut flipped = whole.clone();
    flipped[whole.len() / 2] ^= 1;
    fs::write(&second, &flipped).unwrap();
    verified(65, "output", "changed");
    fs::write(&second, &whole[1..]).unwrap();
    verified(65, "output", "changed");
    fs::remove_file(&second).unwrap();
    verified(66, "output", "missing");
    fs::write(&second, &whole).unwrap();
    let input = receipts[1]["input"]["path"].as_str().unwrap();
    fs::write(input, made::png(21, 30)).unwrap();
    verified(65, "input", "changed");
    let text = call(&folder, "verify r.json").process;
    let text = String::from_utf8(text.stdout).unwrap();
    assert!(text.lines().any(|line| line.starts_with("changed ") && line.ends_with(input)), "{text}");
}

#[test]
fn verify_reads_what_json_prints() {
    let folder = folder();
    fs::write(folder.join("job.json"), json!({"tasks": {
        "in": {"operation": "import/path", "path": "a.png"},
        "small": {"operation": "convert", "input": "in", "output_format": "webp", "options": {"width": 9}},
        "out": {"operation": "export/path", "input": "small", "path": "small.webp"},
    }}).to_string())
    .unwrap();
    for (number, words) in
        ["convert a.png a.webp --json", "run job.json --json", "convert a.png x.webp --json"]
            .into_iter()
            .enumerate()
    {
        let done = call(&folder, words);
        assert_eq!(code(&done), 0, "{}", done.complaint());
        let name = format!("{number}.txt");
        fs::write(folder.join(&name), &done.process.stdout).unwrap();
        let (code, said) = states(&folder, &name);
        assert_eq!((code, said.len()), (0, 2), "{words}: {said:?}");
    }
    assert_eq!(states(&folder, "0.txt 1.txt 2.txt").1.len(), 6);
    let done = call(&folder, "run job.json --receipt small.webp");
    assert_eq!(code(&done), 73, "a result is not replaced by a receipt: {}", done.complaint());
    fs::remove_file(folder.join("small.webp")).unwrap();
    let done = call(&folder, "run job.json --receipt job.receipt");
    assert_eq!(code(&done), 0, "{}", done.complaint());
    assert_eq!(states(&folder, "job.receipt").0, 0);
}

#[test]
fn nothing_is_overwritten_by_receipts_and_none_is_made_of_failures() {
    let folder = folder();
    fs::write(folder.join("r.json"), "mine").unwrap();
    let refused = call(&folder, "convert a.png a.jpg --receipt r.json");
    assert_eq!(code(&refused), 73, "{}", refused.complaint());
    assert!(!folder.join("a.jpg").exists(), "it is said before anything is done");
    assert_eq!(fs::read_to_string(folder.join("r.json")).unwrap(), "mine");
    assert_eq!(code(&call(&folder, "convert a.png a.jpg --receipt r.json --force")), 0);
    assert_eq!(states(&folder, "r.json").0, 0);
    fs::write(folder.join("broken.png"), b"\x89PNG\r\n\x1a\nno").unwrap();
    assert_ne!(code(&call(&folder, "convert broken.png b.jpg --receipt no.json")), 0);
    assert!(!folder.join("no.json").exists());
    for (words, due) in [
        ("verify missing.json", 66),
        ("verify a.png", 66),
        ("verify broken.json", 65),
        ("verify other.json", 65),
        ("verify nohash.json", 65),
        ("verify", 64),
    ] {
        fs::write(folder.join("broken.json"), "{").unwrap();
        fs::write(folder.join("other.json"), r#"{"schema": "formwork-receipt/99"}"#).unwrap();
        let bare =
            json!({"schema": "formwork-receipt/1", "output": {"name": "a", "bytes": 1, "path": "one"}});
        fs::write(folder.join("nohash.json"), bare.to_string()).unwrap();
        fs::write(folder.join("one"), "1").unwrap();
        let seen = call(&folder, words);
        assert_eq!(code(&seen), due, "{words}: {}", seen.complaint());
    }
}

/// `FORMWORK_RECEIPTS=all` takes every file.
#[test]
fn every_output_of_the_corpus_verifies() {
    let targets = BTreeMap::from([
        ("image", ["webp", "jpg", "pdf"]),
        ("archive", ["7z", "tgz", "zip"]),
        ("audio", ["flac", "ogg", "mp3"]),
        ("document", ["png", "txt", "pdf"]),
        ("video", ["gif", "mp3", "jpg"]),
    ]);
    let Some(samples) = corpus::samples().unwrap() else {
        eprintln!("skipped: no corpus, so no receipt of real files was verified");
        return;
    };
    let all = std::env::var_os("FORMWORK_RECEIPTS").is_some();
    let folder = Scratch::new("receipts-corpus").unwrap();
    let (mut done, mut verified) = (0, 0);
    for (name, targets) in targets {
        let mut files: Vec<_> = samples.iter().filter(|sample| sample.folder == name).collect();
        files.sort_by_key(|sample| sample.bytes);
        let step = if all { 1 } else { files.len().div_ceil(6).max(1) };
        for (number, sample) in files.into_iter().step_by(step).enumerate() {
            let to = targets[number % targets.len()];
            let receipt = folder.join(format!("{name}-{number}.json"));
            let out = folder.join(format!("{name}-{number}/"));
            let words = ["convert".as_ref(), sample.path.as_os_str(), "--to".as_ref(), to.as_ref()];
            let place = ["-o".as_ref(), out.as_os_str(), "--receipt".as_ref(), receipt.as_os_str()];
            let limits = Limits { deadline: Duration::from_secs(120), ..Limits::default() };
            let call = program::call(words.iter().chain(&place), &limits).unwrap();
            if !call.process.succeeded() {
                continue;
            }
            done += 1;
            let check = program::call(["verify".as_ref(), receipt.as_os_str()], &limits).unwrap();
            assert_eq!(code(&check), 0, "{}: {}", sample.path.display(), check.process.stderr_text());
            verified += 1;
            fs::remove_dir_all(&out).unwrap();
        }
    }
    println!("{verified} of {done} receipts of the corpus verify");
    assert!(done > 15, "only {done} files were converted");
}
