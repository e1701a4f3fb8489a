//! Tells the crate which FFmpeg the bindings are of, where versions differ.

fn main() {
    // libavformat 61 (FFmpeg 7.0) made the bytes to be written constant.
    println!("cargo:rustc-check-cfg=cfg(const_write)");
    println!("cargo:rerun-if-changed=build.rs");
    if std::env::var("DEP_FFMPEG_FFMPEG_7_0").is_ok_and(|set| set == "true") {
        println!("cargo:rustc-cfg=const_write");
    }
}
