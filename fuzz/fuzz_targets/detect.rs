//! Detection: any bytes, with and without a name.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let _ = formwork::detect::detect(&data, None);
    let _ = formwork::detect::detect(&data, Some("a.docx"));
});
