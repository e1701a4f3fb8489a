//! Tells the crate which FFmpeg the bindings are of, where versions differ: see `src/version.rs`.

/// What changed, and the version of FFmpeg that first has it, as ffmpeg-sys-next names it.
const CHANGES: &[(&str, &str)] =
    &[("coded_side_data", "6_1"), ("const_write", "7_0"), ("supported_config", "7_1")];

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    for (change, version) in CHANGES {
        println!("cargo:rustc-check-cfg=cfg({change})");
        if std::env::var(format!("DEP_FFMPEG_FFMPEG_{version}")).is_ok_and(|set| set == "true") {
            println!("cargo:rustc-cfg={change}");
        }
    }
}
