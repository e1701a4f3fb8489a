//! Prints the public interface of a crate, one item a line, from the JSON that rustdoc wrote of it.

use std::process::ExitCode;

fn main() -> ExitCode {
    let Some(path) = std::env::args_os().nth(1) else {
        eprintln!("formwork-interface CRATE.json");
        return ExitCode::from(64);
    };
    // What the compiler adds to every type by itself says nothing.
    let builder = public_api::Builder::from_rustdoc_json(path)
        .omit_blanket_impls(true)
        .omit_auto_trait_impls(true)
        .omit_auto_derived_impls(true);
    match builder.build() {
        Ok(interface) => {
            interface.items().for_each(|item| println!("{item}"));
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
