//! Learns the factors of `engine/src/plan/predict` from receipts, and says how well that foresees others.
//!
//! Ridge regression on logarithms: a factor that few conversions speak for stays near nothing, so that rare pairs are
//! foreseen as their families are. Conversions far off weigh less. It is solved by conversions, not by factors, of which
//! there are more.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use formwork::formats::{self, Format};
use formwork::plan::predict::{self, Amounts, Logs, Prediction, SIZE, Terms, WIDE_GROUPS};
use formwork::run::Item;
use formwork_tests::random::Random;
use formwork_tests::{Result, place};
use serde_json::Value;

/// How much is doubted: the constant factor, and the powers, of each of the groups.
type Doubts = [(f64, f64); 5];
/// Of time and memory.
const DOUBT: Doubts = [(1e-3, 1e-2), (0.1, 3.0), (0.3, 30.0), (0.3, 0.0), (3.0, 0.0)];
/// Of size, whose terms are nothing for what is usual.
const DOUBT_OF_SIZE: Doubts = [(1.0, 10.0), (0.3, 3.0), (0.1, 3.0), (1.0, 0.0), (3.0, 0.0)];
const ROUNDS: usize = 5;
/// From this error on, as a logarithm, a conversion weighs less.
const FAR: f64 = 0.2;
const MEASURES: [&str; 3] = ["time", "memory", "size"];

/// One conversion.
struct Run {
    folder: String,
    path: String,
    formats: (&'static Format, &'static Format),
    terms: Terms,
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
    fs::write(place::root().join("engine/src/plan/predict/factors.tsv"), table(&learn(&all)?))?;
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
    let path = receipt["input"]["path"].as_str()?.to_owned();
    let item = Item::from_path(Path::new(&path), path.clone(), true).ok()?;
    let bytes = receipt["input"]["bytes"].as_u64()?;
    let amounts = Amounts { packing: item.packing(), ..Amounts::of(bytes, &facts) };
    Some(Run {
        folder: json["folder"].as_str()?.to_owned(),
        path,
        formats,
        terms: Terms::of(&amounts, formats.0, formats.1),
        logs: measured.logs(),
        only_size,
    })
}

/// The factors that a conversion has part in, how much each is doubted, and what it is multiplied with.
fn parts(run: &Run, measure: usize) -> impl Iterator<Item = (Factor, f64, f64)> + '_ {
    let doubt = if measure == SIZE { DOUBT_OF_SIZE } else { DOUBT };
    let groups = predict::groups(run.formats.0, run.formats.1).into_iter().zip(doubt).enumerate();
    groups.flat_map(move |(number, (group, (first, further)))| {
        let terms = run.terms.of_measure(measure).0;
        let width = if number < WIDE_GROUPS { terms.len() } else { 1 };
        terms.iter().take(width).enumerate().map(move |(place, term)| {
            ((group.clone(), place), if place == 0 { first } else { further }, *term)
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
        .map(|run| parts(run, measure).map(|(factor, doubt, feature)| (factor, (doubt, feature))).collect())
        .collect();
    let alike = |one: &HashMap<Factor, (f64, f64)>, two: &HashMap<Factor, (f64, f64)>| {
        let both = one.iter().filter_map(|(factor, (doubt, a))| Some(a * two.get(factor)?.1 / doubt));
        both.sum::<f64>()
    };
    let kernel: Vec<Vec<f64>> =
        parts.iter().map(|one| parts.iter().map(|two| alike(one, two)).collect()).collect();
    let wanted = |run: &&Run| run.logs.get(measure).map(|log| log - run.terms.of_measure(measure).1);
    let wanted: Vec<f64> = runs.iter().filter_map(wanted).collect();
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
    let mut logs = Logs::default();
    for (measure, (log, factors)) in logs.iter_mut().zip(model).enumerate() {
        let sum = parts(run, measure).map(|(factor, _, term)| factors.get(&factor).unwrap_or(&0.0) * term);
        *log = run.terms.of_measure(measure).1 + sum.sum::<f64>();
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
    // By group: how many factors each measure has.
    let mut rows: BTreeMap<&str, [usize; 3]> = BTreeMap::new();
    for (measure, (group, place)) in
        model.iter().enumerate().flat_map(|(measure, factors)| factors.keys().map(move |key| (measure, key)))
    {
        let widths = rows.entry(group).or_default();
        if let Some(width) = widths.get_mut(measure) {
            *width = (*width).max(place + 1);
        }
    }
    let widest = rows.values().copied().max().unwrap_or_default();
    let mut text = String::new();
    for (group, widths) in rows {
        // A group of which only sizes are known has no less columns than others.
        let wide = widths.iter().any(|width| *width > 1);
        let widths = if wide { widest } else { [1; 3] };
        let numbers = model.iter().zip(widths).flat_map(|(factors, width)| {
            (0..width).map(move |place| factors.get(&(group.to_owned(), place)).copied().unwrap_or(0.0))
        });
        let numbers: Vec<f64> = numbers.collect();
        // What changes nothing to speak of is not worth a row.
        let least = if wide { 0.02 } else { 0.06 };
        if numbers.iter().any(|number| number.abs() >= least) {
            let numbers: Vec<String> = numbers.iter().map(|number| format!("{number:.3}")).collect();
            let _ = writeln!(text, "{group}\t{}", numbers.join("\t"));
        }
    }
    text
}
