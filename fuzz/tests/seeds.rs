//! Every target runs on its seeds: what a fuzzer starts from breaks nothing.

#![expect(clippy::unwrap_used, reason = "helpers of tests end the test")]

use std::process::Command;

/// Runs all targets of a program on their seeds.
fn try_all(program: &str) {
    let done = Command::new(program).env(formwork_fuzz::TRY, "1").output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
}

/// One test for each program.
macro_rules! seeds {
    ($($name:ident),*) => {$(
        #[test]
        fn $name() {
            try_all(env!(concat!("CARGO_BIN_EXE_", stringify!($name))));
        }
    )*};
}

seeds!(
    fuzz_engine,
    fuzz_audio,
    fuzz_audio_midi,
    fuzz_video,
    fuzz_image,
    fuzz_image_avif,
    fuzz_image_heic,
    fuzz_image_raw,
    fuzz_image_vector,
    fuzz_archive,
    fuzz_pdf_pages,
    fuzz_sheets,
    fuzz_typeset
);
