//! The plugin `sheets`.
#![no_main]

use formwork_fuzz as fuzz;

libfuzzer_sys::fuzz_target!(init: fuzz::begin(fuzz::plugin_targets(formwork_plugin_sheets::formwork_plugin_entry_v1)), |data: &[u8]| fuzz::run(data));
