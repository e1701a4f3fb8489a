//! Learns the factors of `engine/src/plan/predict.rs` from receipts, and says how well that foresees others.
//!
//! Ridge regression on logarithms: a factor that few conversions speak for stays near nothing, so that rare pairs are
//! foreseen as their families are. Conversions far off weigh less. It is solved by conversions, not by factors, of which
//! there are more.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write;
use std::fs;
use std::path::PathBuf;

use formwork::formats::{self, Format};
use formwork::plan::predict::{self, Amounts, FEATURES, Logs, Prediction, WIDE_GROUPS};
use formwork_tests::random::Random;
use formwork_tests::{Result, place};
use serde_json::Value;

/// How much is doubted: the constant factor, and the powers, of each of the groups.
const DOUBT: [(f64, f64); 5] = [(1e-3, 1e-2), (0.1, 3.0), (0.3, 30.0), (0.3, 0.0), (3.0, 0.0)];
const ROUNDS: usize = 5;
/// From this error on, as a logarithm, a conversion weighs less.
const FAR: f64 = 0.2;
const MEASURES: [&str; 3] = ["time", "memory", "size"];
/// Where in [`MEASURES`] that is which other programs do not change.
const SIZE: usize = 2;

/// One conversion.
struct Run {
    folder: String,
    path: String,
    formats: (&'static Format, &'static Format),
    features: [f64; FEATURES],
    logs: Logs,
    /// Only its size is believed.
    only_size: bool,
}

impl Run {
    fn has(&self, measure: usize) -> bool {
        measure == SIZE || !self.only_size
    }
}

/// A factor: its group, and which of the group's.
type Factor = (String, usize);
type Model = [HashMap<Factor, f64>; 3];

/// Compares on the half of the files that was held out, then learns from all and writes the table.
pub(super) fn run(files: &[PathBuf], sizes: &[PathBuf], seed: u64) -> Result<bool> {
    let mut runs = Vec::new();
    for (file, only_size) in
        files.iter().map(|file| (file, false)).chain(sizes.iter().map(|file| (file, true)))
    {
        runs.extend(fs::read_to_string(file)?.lines().filter_map(|line| parse(line, only_size)));
    }
    let mut paths: Vec<&str> = runs.iter().map(|run| run.path.as_str()).collect();
    paths.sort_unstable();
    paths.dedup();
    Random::new(seed).shuffle(&mut paths);
    let known: Vec<&str> = paths.iter().take(paths.len() / 2).copied().collect();
    let (learned, held): (Vec<&Run>, Vec<&Run>) =
        runs.iter().partition(|run| known.contains(&run.path.as_str()));
    println!("{} conversions to learn from, {} of other files to compare with", learned.len(), held.len());
    println!("{}", compare(&learn(&learned)?, &held));
    let all: Vec<&Run> = runs.iter().collect();
    fs::write(place::root().join("engine/src/plan/predict.tsv"), table(&learn(&all)?))?;
    Ok(true)
}

fn parse(line: &str, only_size: bool) -> Option<Run> {
    let json: Value = serde_json::from_str(line).ok()?;
    let receipt = &json["receipt"];
    let route = receipt["route"]["formats"].as_array()?;
    let formats = (formats::by_id(route.first()?.as_str()?)?, formats::by_id(route.last()?.as_str()?)?);
    let facts = json["facts"].as_object().cloned().unwrap_or_default();
    let outputs = receipt["outputs"].as_array().cloned().unwrap_or_else(|| vec![receipt["output"].clone()]);
    let measured = Prediction {
        elapsed_ms: receipt["elapsed_ms"].as_f64()?,
        peak_bytes: receipt["peak_bytes"].as_f64()?,
        output_bytes: outputs.iter().filter_map(|output| output["bytes"].as_f64()).sum(),
    };
    Some(Run {
        folder: json["folder"].as_str()?.to_owned(),
        path: receipt["input"]["path"].as_str()?.to_owned(),
        formats,
        features: Amounts::of(receipt["input"]["bytes"].as_u64()?, &facts).features(formats.1),
        logs: measured.logs(),
        only_size,
    })
}

/// The factors that a conversion has part in, how much each is doubted, and what it is multiplied with.
fn parts(run: &Run) -> impl Iterator<Item = (Factor, f64, f64)> + '_ {
    let groups = predict::groups(run.formats.0, run.formats.1).into_iter().zip(DOUBT).enumerate();
    groups.flat_map(|(number, (group, (first, further)))| {
        let width = if number < WIDE_GROUPS { FEATURES } else { 1 };
        let features = run.features.iter().take(width).enumerate();
        features.map(move |(place, feature)| {
            ((group.clone(), place), if place == 0 { first } else { further }, *feature)
        })
    })
}

fn learn(runs: &[&Run]) -> Result<Model> {
    let mut model = Model::default();
    for (measure, factors) in model.iter_mut().enumerate() {
        let runs: Vec<&Run> = runs.iter().copied().filter(|run| run.has(measure)).collect();
        *factors = learn_one(&runs, measure)?;
    }
    Ok(model)
}

fn learn_one(runs: &[&Run], measure: usize) -> Result<HashMap<Factor, f64>> {
    let parts: Vec<HashMap<Factor, (f64, f64)>> = runs
        .iter()
        .map(|run| parts(run).map(|(factor, doubt, feature)| (factor, (doubt, feature))).collect())
        .collect();
    let alike = |one: &HashMap<Factor, (f64, f64)>, two: &HashMap<Factor, (f64, f64)>| {
        let both = one.iter().filter_map(|(factor, (doubt, a))| Some(a * two.get(factor)?.1 / doubt));
        both.sum::<f64>()
    };
    let kernel: Vec<Vec<f64>> =
        parts.iter().map(|one| parts.iter().map(|two| alike(one, two)).collect()).collect();
    let wanted: Vec<f64> = runs.iter().filter_map(|run| run.logs.get(measure).copied()).collect();
    let mut doubts = vec![1.0; runs.len()];
    let mut weights = Vec::new();
    for _ in 0..ROUNDS {
        weights = solve(&kernel, &doubts, &wanted).ok_or("the runs cannot be told apart")?;
        // What is left over is the doubt in a conversion times its weight.
        let errors = weights.iter().zip(&doubts).map(|(weight, doubt)| (weight * doubt).abs());
        doubts = errors.map(|error| (error / FAR).max(1.0)).collect();
    }
    let mut factors: HashMap<Factor, f64> = HashMap::new();
    for (parts, weight) in parts.iter().zip(&weights) {
        for (factor, (doubt, feature)) in parts {
            *factors.entry(factor.clone()).or_default() += weight * feature / doubt;
        }
    }
    Ok(factors)
}

/// Solves (kernel + doubts) x = wanted by Cholesky's method.
fn solve(kernel: &[Vec<f64>], doubts: &[f64], wanted: &[f64]) -> Option<Vec<f64>> {
    let count = wanted.len();
    let mut lower: Vec<Vec<f64>> = Vec::with_capacity(count);
    let mut x = Vec::with_capacity(count);
    for row in 0..count {
        let mut line: Vec<f64> = Vec::with_capacity(row + 1);
        for column in 0..row {
            let above: &Vec<f64> = lower.get(column)?;
            let dot: f64 = line.iter().zip(above).map(|(a, b)| a * b).sum();
            line.push((kernel.get(row)?.get(column)? - dot) / above.get(column)?);
        }
        let square: f64 = line.iter().map(|value| value * value).sum();
        let left = kernel.get(row)?.get(row)? + doubts.get(row)? - square;
        let dot: f64 = line.iter().zip(&x).map(|(a, b)| a * b).sum();
        let root = Some(left).filter(|left| *left > 0.0)?.sqrt();
        x.push((wanted.get(row)? - dot) / root);
        line.push(root);
        lower.push(line);
    }
    for row in (0..count).rev() {
        let value = x.get(row)? / lower.get(row)?.get(row)?;
        *x.get_mut(row)? = value;
        for (x, factor) in x.iter_mut().take(row).zip(lower.get(row)?) {
            *x -= value * factor;
        }
    }
    Some(x)
}

fn foresee(model: &Model, run: &Run) -> Logs {
    let mut logs = [0.0; 3];
    for (factor, _, feature) in parts(run) {
        for (log, factors) in logs.iter_mut().zip(model) {
            *log += factors.get(&factor).copied().unwrap_or(0.0) * feature;
        }
    }
    logs
}

/// The share of conversions within a factor of 2, by folder of the corpus.
fn compare(model: &Model, runs: &[&Run]) -> String {
    // By folder and measure: how many were compared, and how many of them are within.
    let mut hits: BTreeMap<&str, [(usize, usize); 3]> = BTreeMap::new();
    for run in runs {
        let foreseen = foresee(model, run);
        for name in [run.folder.as_str(), "all"] {
            let counts = hits.entry(name).or_default().iter_mut().zip(foreseen).zip(run.logs).enumerate();
            for (_, ((count, foreseen), real)) in counts.filter(|(measure, _)| run.has(*measure)) {
                count.0 += 1;
                count.1 += usize::from((foreseen - real).abs() <= 2.0_f64.ln());
            }
        }
    }
    let mut text = "within a factor of 2\n".to_owned();
    for (name, counts) in hits {
        let _ = write!(text, "  {name:<10}");
        for (measure, (count, hits)) in MEASURES.iter().zip(counts) {
            let _ =
                write!(text, "  {measure} {:>3.0} % of {count}", 100.0 * hits as f64 / count.max(1) as f64);
        }
        text.push('\n');
    }
    text
}

fn table(model: &Model) -> String {
    let mut rows: BTreeMap<&str, usize> = BTreeMap::new();
    for (group, place) in model.iter().flat_map(HashMap::keys) {
        let width = rows.entry(group).or_default();
        *width = (*width).max(place + 1);
    }
    let mut text = String::new();
    for (group, width) in rows {
        let factor = |factors: &HashMap<Factor, f64>, place: usize| {
            factors.get(&(group.to_owned(), place)).copied().unwrap_or(0.0)
        };
        let numbers: Vec<f64> =
            model.iter().flat_map(|factors| (0..width).map(move |place| factor(factors, place))).collect();
        // What changes nothing to speak of is not worth a row.
        let least = if width > 1 { 0.02 } else { 0.06 };
        if numbers.iter().any(|number| number.abs() >= least) {
            let numbers: Vec<String> = numbers.iter().map(|number| format!("{number:.3}")).collect();
            let _ = writeln!(text, "{group}\t{}", numbers.join("\t"));
        }
    }
    text
}
