//! Every operation on real files, judged by qpdf and poppler.
//!
//! `FORMWORK_CORPUS` names the folder of files; without it, or without the judges, the test says so and does nothing.
//! `FORMWORK_PDF_STEP=7` takes each seventh file only. Bombs, on which the judges themselves take minutes, are only tried
//! when it is set: `FORMWORK_PDF_STEP=1` tries everything.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops where it fails")]

use formwork_pdf::formwork_plugin_entry_v1 as entry;
use formwork_plugin_pdf as formwork_pdf;
use formwork_sdk::Value;
use formwork_sdk::testing::{Job, Outcome};
use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::process::Command;

/// An operation, its options, and what is expected of its results.
struct Case {
    name: &'static str,
    operation: &'static str,
    options: Vec<(&'static str, Value)>,
    /// Copies of the file that go in.
    inputs: usize,
    /// Pages of all results together, by the pages of the input.
    pages: fn(usize) -> usize,
    /// Pages of the input whose text is expected: first and last.
    text: fn(usize) -> Option<(usize, usize)>,
    /// Files may be refused as unsupported, as to-pdfa does.
    may_refuse: bool,
    /// Password of the result.
    password: &'static str,
}

impl Case {
    fn new(name: &'static str, operation: &'static str, options: &[(&'static str, Value)]) -> Case {
        Case {
            name,
            operation,
            options: options.to_vec(),
            inputs: 1,
            pages: |pages| pages,
            text: |pages| Some((1, pages)),
            may_refuse: false,
            password: "",
        }
    }
}

fn cases() -> Vec<Case> {
    vec![
        Case::new("split", "pdf/split", &[("every", 3.into())]),
        Case {
            pages: |_| 1,
            text: |_| Some((1, 1)),
            ..Case::new("extract", "pdf/extract-pages", &[("pages", "1".into())])
        },
        Case {
            pages: |pages| pages + 1,
            text: |_| None,
            ..Case::new("extract again", "pdf/extract-pages", &[("pages", "1-,1".into())])
        },
        Case::new("rotate", "pdf/rotate", &[("angle", 90.into())]),
        Case { inputs: 2, pages: |pages| 2 * pages, text: |_| None, ..Case::new("merge", "pdf/merge", &[]) },
        Case {
            password: "geheim",
            ..Case::new(
                "encrypt",
                "pdf/encrypt",
                &[("password", "geheim".into()), ("permissions", "printing".into())],
            )
        },
        Case::new("decrypt", "pdf/decrypt", &[]),
        Case::new("compress", "pdf/compress", &[]),
        Case::new("metadata", "metadata", &[("title", "Prüfung".into()), ("strip_metadata", true.into())]),
        Case { text: |_| None, ..Case::new("flatten", "pdf/flatten", &[]) },
        Case::new("repair", "pdf/repair", &[]),
        Case { may_refuse: true, ..Case::new("to-pdfa", "pdf/to-pdfa", &[]) },
        Case::new(
            "watermark",
            "pdf/watermark",
            &[("text", "Entwurf {page}".into()), ("position", "bottom".into())],
        ),
    ]
}

/// What the judges say of a file.
#[derive(Debug, Default)]
struct Verdict {
    /// Exit code of `qpdf --check`: 0 good, 3 warnings, 2 errors.
    qpdf: i32,
    pages: Option<usize>,
}

/// Seconds a judge may take.
const PATIENCE: &str = "8";

fn judge(path: &Path, password: &str) -> Verdict {
    let run = |program: &str, arguments: &[&str]| {
        Command::new("timeout").args([PATIENCE, program]).args(arguments).arg(path).output().unwrap()
    };
    let qpdf = run("qpdf", &["--check", &format!("--password={password}")]).status.code().unwrap_or(99);
    let info = run("pdfinfo", &["-upw", password]);
    let text = String::from_utf8_lossy(&info.stdout).into_owned();
    let pages = text.lines().find_map(|line| line.strip_prefix("Pages:")?.trim().parse().ok());
    Verdict { qpdf, pages: pages.filter(|_| info.status.success()) }
}

/// The words of some pages, and how often each is there.
fn words(path: &Path, password: &str, pages: Option<(usize, usize)>) -> HashMap<String, i64> {
    // A page may unpack to more text than there is memory.
    let mut command = Command::new("sh");
    command.args(["-c", "timeout \"$0\" pdftotext \"$@\" - | head -c 20000000", PATIENCE, "-upw", password]);
    if let Some((first, last)) = pages {
        command.args(["-f", &first.to_string(), "-l", &last.to_string()]);
    }
    let output = command.arg(path).output().unwrap();
    let mut words = HashMap::new();
    for word in String::from_utf8_lossy(&output.stdout).split_whitespace() {
        *words.entry(word.to_owned()).or_default() += 1;
    }
    words
}

/// How many of the words expected are there, from 0 to 1.
fn recall(expected: &HashMap<String, i64>, found: &HashMap<String, i64>) -> f64 {
    let total: i64 = expected.values().sum();
    let hit: i64 = expected.iter().map(|(word, count)| count.min(found.get(word).unwrap_or(&0))).sum();
    if total == 0 { 1.0 } else { hit as f64 / total as f64 }
}

fn run(case: &Case, bytes: &[u8]) -> Outcome {
    let mut job = Job::new(case.operation).target("pdf");
    for number in 0..case.inputs {
        job = job.input(&format!("{number}.pdf"), "pdf", bytes);
    }
    for (name, value) in &case.options {
        job = job.option(name, value.clone());
    }
    job.run(entry)
}

/// Why a result is not what it should be.
fn fault(case: &Case, before: &Verdict, file: &Path, outcome: &Outcome, folder: &Path) -> Option<String> {
    if let Some(error) = &outcome.error {
        return Some(format!("{}: {}", error.kind.word(), error.message));
    }
    let (mut pages, mut found) = (0, HashMap::new());
    for output in &outcome.outputs {
        let path = folder.join("out.pdf");
        std::fs::write(&path, &output.bytes).unwrap();
        let after = judge(&path, case.password);
        if after.qpdf == 2 && before.qpdf != 2 || after.qpdf == 3 && before.qpdf == 0 {
            return Some(format!("qpdf: {} after {}", after.qpdf, before.qpdf));
        }
        pages += after.pages.unwrap_or(0);
        for (word, count) in words(&path, case.password, None) {
            *found.entry(word).or_default() += count;
        }
    }
    // What no reader opens and was mended need only be good now.
    let expected = before.pages?;
    if pages != (case.pages)(expected) {
        return Some(format!("{pages} pages, not {}", (case.pages)(expected)));
    }
    let range = (case.text)(expected)?;
    let recalled = recall(&words(file, "", Some(range)), &found);
    (recalled < 0.98).then(|| format!("only {recalled:.3} of the words"))
}

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "pdf") {
            found.push(path);
        }
    }
}

fn have_judges() -> bool {
    let has = |program| Command::new(program).arg("-v").output().is_ok();
    ["qpdf", "pdfinfo", "pdftotext"].into_iter().all(has)
}

#[test]
fn operations_on_real_files() {
    let Some(corpus) = std::env::var_os("FORMWORK_CORPUS").filter(|_| have_judges()) else {
        eprintln!("skipped: FORMWORK_CORPUS is not set, or qpdf and poppler are not here");
        return;
    };
    let step: Option<usize> = std::env::var("FORMWORK_PDF_STEP").ok().and_then(|step| step.parse().ok());
    let only = std::env::var("FORMWORK_PDF_CASE").unwrap_or_default();
    let mut all = Vec::new();
    files(Path::new(&corpus), &mut all);
    all.retain(|file| step.is_some() || !file.to_string_lossy().contains("bomb"));
    all.sort();
    let folder = std::env::temp_dir().join(format!("formwork-pdf-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let mut tally: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    let mut refused = BTreeMap::new();
    let cases: Vec<Case> = cases().into_iter().filter(|case| case.name.starts_with(&only)).collect();
    for file in all.iter().step_by(step.unwrap_or(1).max(1)) {
        let bytes = std::fs::read(file).unwrap();
        let before = judge(file, "");
        for case in &cases {
            let outcome = run(case, &bytes);
            let broken = before.pages.is_none() || before.qpdf == 2;
            let kind = outcome.error.as_ref().map(|error| error.kind.word());
            let refuses = case.may_refuse && kind == Some("unsupported_conversion");
            if refuses || broken && kind.is_some_and(|kind| kind != "plugin_fault") {
                *refused.entry(case.name).or_insert(0) += 1;
                continue;
            }
            let count = tally.entry(case.name).or_default();
            count.1 += 1;
            match fault(case, &before, file, &outcome, &folder) {
                None => count.0 += 1,
                Some(fault) => eprintln!("{}: {}: {fault}", case.name, file.display()),
            }
        }
    }
    let _ = std::fs::remove_dir_all(&folder);
    for (name, (passed, tried)) in &tally {
        let refused = refused.get(name).unwrap_or(&0);
        eprintln!(
            "{name:16} {passed:4} of {tried:4} good; {refused} refused, as no reader opens them or as they cannot be that"
        );
    }
    for (name, (passed, tried)) in tally {
        assert!(passed * 100 >= tried * 97, "{name}: only {passed} of {tried}");
    }
}
