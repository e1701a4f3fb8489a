//! The `formwork` command line: reads arguments, calls the engine, prints. It converts nothing itself.

mod args;
mod commands;
mod exit;
mod facts;
mod inputs;
mod jobs;
mod progress;
mod receipts;
mod setup;
mod show;

use args::{Args, Command};
use clap::Parser;
use std::process::ExitCode;

fn main() -> ExitCode {
    let json = std::env::args_os().any(|word| word == "--json");
    let args = match Args::try_parse() {
        Ok(args) => args,
        Err(error) => {
            let _ = error.print();
            return ExitCode::from(if error.use_stderr() { exit::USAGE } else { exit::OK });
        }
    };
    let outcome = match args.command {
        Command::Convert(args) => commands::convert::run(&args, "convert"),
        Command::Plan(args) => commands::plan::run(&args),
        Command::Run(args) => commands::job::run(&args),
        Command::Verify(args) => commands::verify::run(&args),
        Command::Probe(args) => commands::probe::run(&args),
        Command::Formats(args) => commands::formats::run(&args),
        Command::Matrix(args) => commands::matrix::run(&args),
        Command::Options(args) => commands::options::run(&args),
        Command::Doctor(args) => commands::doctor::run(&args),
        Command::Completions { shell } => commands::help::completions(shell),
        Command::Man => commands::help::man(),
        Command::Families { arguments } => commands::families::run(&arguments),
        Command::ScanPlugin { path } => commands::scan::run(&path),
        Command::Operation(words) => commands::operation::run(&words),
    };
    match outcome {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            if json {
                show::line(&show::refusal_json(&error).to_string());
            } else {
                show::error(&error);
            }
            ExitCode::from(exit::code(&error))
        }
    }
}
