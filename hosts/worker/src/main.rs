//! `formwork-worker`: started by the engine, never by hand. All of it is [`formwork::worker::serve`].

use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    ExitCode::from(formwork::worker::serve(&arguments))
}
