//! Every reader of the image plugin: the first byte chooses the format.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    formwork_fuzz::run(formwork_plugin_image::formwork_plugin_entry_v1, "convert", "raster", data);
});
