//! Gives the shared library the name programs ask the loader for: its major version is the interface's.

fn main() {
    println!("cargo:rustc-cdylib-link-arg=-Wl,-soname,libformwork.so.0");
    println!("cargo:rerun-if-changed=build.rs");
}
