//! `formwork-worker`: started by the engine, never by hand. All of it is [`formwork::worker::serve`].

use std::ffi::OsString;
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<OsString> = std::env::args_os().skip(1).collect();
    ExitCode::from(formwork::worker::serve(&arguments))
}
