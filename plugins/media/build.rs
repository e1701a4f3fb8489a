//! Tells the crate which FFmpeg the bindings are of, where versions differ: see `src/version.rs`.

/// What changed, and the version of FFmpeg that first has it, as ffmpeg-sys-next names it.
const CHANGES: &[(&str, &str)] = &[
    ("frame_duration", "6_0"),
    ("coded_side_data", "6_1"),
    ("const_write", "7_0"),
    ("supported_config", "7_1"),
];

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    let newest = std::env::var("DEP_FFMPEG_FFMPEG_9_0").is_ok_and(|set| set == "true");
    if std::env::var_os("CARGO_FEATURE_BUNDLED").is_some() && !newest {
        eprintln!("the feature `bundled` needs the bundled FFmpeg: cargo xtask bundle-ffmpeg build …");
        std::process::exit(1);
    }
    for (change, version) in CHANGES {
        println!("cargo:rustc-check-cfg=cfg({change})");
        if std::env::var(format!("DEP_FFMPEG_FFMPEG_{version}")).is_ok_and(|set| set == "true") {
            println!("cargo:rustc-cfg={change}");
        }
    }
}
