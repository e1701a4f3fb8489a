//! The C headers: for plugin authors, made from the structs of `plugins/abi`, and for programs that embed the engine,
//! made from `capi`.

use formwork_tests::{Result, place};

/// The whole text of the header for plugin authors.
pub(crate) fn plugin_header() -> Result<String> {
    header("plugins/abi")
}

/// The whole text of the header for programs.
pub(crate) fn engine_header() -> Result<String> {
    header("capi")
}

/// The header of a crate with a `cbindgen.toml`.
fn header(folder: &str) -> Result<String> {
    let crate_folder = place::root().join(folder);
    let config = cbindgen::Config::from_file(crate_folder.join("cbindgen.toml"))?;
    let bindings = cbindgen::Builder::new().with_crate(crate_folder).with_config(config).generate()?;
    let mut text = Vec::new();
    bindings.write(&mut text);
    Ok(String::from_utf8(text)?)
}
