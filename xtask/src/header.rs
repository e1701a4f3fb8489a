//! The C header for plugin authors, made from the structs of `plugins/abi`.

use formwork_tests::{Result, place};

/// The header's whole text.
pub(crate) fn plugin_header() -> Result<String> {
    let abi = place::root().join("plugins/abi");
    let config = cbindgen::Config::from_file(abi.join("cbindgen.toml"))?;
    let bindings = cbindgen::Builder::new().with_crate(abi).with_config(config).generate()?;
    let mut text = Vec::new();
    bindings.write(&mut text);
    Ok(String::from_utf8(text)?)
}
