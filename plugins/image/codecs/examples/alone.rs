//! Runs the plugin without the engine: for looking at one codec, and for measuring it.
//!
//! ```text
//! cargo run --release -p formwork-plugin-image --example alone -- probe  IN  FORMAT
//! cargo run --release -p formwork-plugin-image --example alone -- convert IN FORMAT TARGET OUT [option=value …]
//! ```

use formwork_sdk::Value;
use formwork_sdk::testing::{Job, Outcome};
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let (outcome, out) = match words.as_slice() {
        ["probe", input, format] => match load(Job::new("probe"), input, format) {
            Ok(job) => (job.probe(formwork_plugin_image::formwork_plugin_entry_v1), None),
            Err(error) => return fail(&format!("{input}: {error}")),
        },
        [operation, input, format, target, out, options @ ..] => {
            match load(Job::new(operation), input, format) {
                Ok(job) => {
                    let job = options.iter().fold(job.target(target), |job, option| with_option(job, option));
                    (job.run(formwork_plugin_image::formwork_plugin_entry_v1), Some(*out))
                }
                Err(error) => return fail(&format!("{input}: {error}")),
            }
        }
        _ => {
            return fail(
                "usage: alone probe IN FORMAT | alone OPERATION IN FORMAT TARGET OUT [option=value …]",
            );
        }
    };
    report(&outcome);
    if let (None, Some(out), [one]) = (&outcome.error, out, outcome.outputs.as_slice())
        && let Err(error) = std::fs::write(out, &one.bytes)
    {
        return fail(&format!("{out}: {error}"));
    }
    if outcome.error.is_none() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn load(job: Job, path: &str, format: &str) -> std::io::Result<Job> {
    Ok(job.input(path, format, std::fs::read(path)?))
}

fn with_option(job: Job, option: &str) -> Job {
    let (name, value) = option.split_once('=').unwrap_or((option, "true"));
    job.option(name, serde_like(value))
}

/// Numbers and booleans as such, all else as text.
fn serde_like(value: &str) -> Value {
    value
        .parse::<i64>()
        .map(Value::from)
        .or_else(|_| value.parse::<bool>().map(Value::from))
        .unwrap_or(value.into())
}

fn report(outcome: &Outcome) {
    println!("{}", Value::from(outcome.facts.clone()));
    outcome.losses.iter().for_each(|(feature, detail)| println!("lost {feature}: {detail}"));
    outcome.warnings.iter().for_each(|warning| println!("warning: {warning}"));
    if let Some(error) = &outcome.error {
        println!("error {} {}: {}", error.kind, error.limit, error.message);
    }
}

fn fail(message: &str) -> ExitCode {
    eprintln!("{message}");
    ExitCode::from(64)
}
