//! Every reader of the archive plugin: the first byte chooses the format.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    formwork_fuzz::run(formwork_plugin_archive::formwork_plugin_entry_v1, "extract", "", data);
});
