//! The plugin border: a plugin in C, a plugin from an older minor version, plugins that must be refused,
//! and the proof of layouts.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot be set up should stop")]

use formwork::formats::Feature;
use formwork::job::{Job, Operation};
use formwork::load::Scanner;
use formwork::run::{Control, Work};
use formwork::{Engine, ErrorKind};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

/// A folder of its own for one test; gone when the test ends.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Folder {
        let path = std::env::temp_dir().join(format!("formwork-abi-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).unwrap();
        Folder(path)
    }

    fn engine(&self) -> Engine {
        Engine::builder().plugin_folder(&self.0).build().unwrap()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// Compiles C to a plugin with all warnings as errors.
fn compile(source: &Path, target: &Path, flags: &[&str]) {
    let output = Command::new("cc")
        .args(["-std=c11", "-O1", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", "-I"])
        .arg(root().join("plugins/abi/include"))
        .args(flags)
        .arg("-o")
        .args([target, source])
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

fn shout(engine: &Engine, text: &str) -> formwork::Result<String> {
    let input = Operation::ImportBytes { name: "a.txt".into(), bytes: Arc::new(text.as_bytes().to_vec()) };
    let work = Work { operation: "shout".into(), output_format: Some("txt".into()), ..Work::default() };
    let report = engine.run(&Job::simple(vec![input], work, Operation::ExportBytes)?, &Control::default());
    match report.error() {
        Some(error) => Err(error.clone()),
        None => Ok(String::from_utf8(report.exported[0].1[0].bytes(1 << 20)?).unwrap()),
    }
}

#[test]
fn a_plugin_in_c_converts() {
    let folder = Folder::new("c");
    compile(&root().join("tests/abi/shout.c"), &folder.0.join("libformwork_plugin_shout.so"), &[]);
    let engine = folder.engine();
    assert!(engine.registry().refusals().is_empty(), "{:?}", engine.registry().refusals());
    let long = "Formwork takes plain C. ".repeat(1000);
    assert_eq!(shout(&engine, &long).unwrap(), long.to_uppercase());
}

#[test]
fn a_plugin_of_the_previous_minor_version_converts() {
    let folder = Folder::new("old");
    compile(
        &root().join("tests/abi/shout.c"),
        &folder.0.join("libformwork_plugin_shout.so"),
        &["-DAS_OF_1_0"],
    );
    let engine = folder.engine();
    assert_eq!(shout(&engine, "older plugin, newer engine").unwrap(), "OLDER PLUGIN, NEWER ENGINE");
    let library = engine.registry().plugin("text.shout").unwrap().library().unwrap();
    assert_eq!(library.minor(), 0);
    assert!(library.extension("formwork.log/1").is_none(), "the slot is not there and must not be read");
}

#[test]
fn wrong_plugins_are_refused_with_the_reason() {
    let cases: &[(&str, &str, &str)] = &[
        ("empty", "int nothing;", "does not export `formwork_plugin_entry_v1`"),
        (
            "refuses",
            "#include \"formwork_plugin.h\"\n\
             const struct formwork_plugin *formwork_plugin_entry_v1(const struct formwork_host_info *host) \
             { (void)host; return NULL; }",
            "does not accept a host of version 1.1",
        ),
        (
            "major",
            "#include \"formwork_plugin.h\"\nstatic const struct formwork_plugin table = {sizeof table, 2, 0};\n\
             const struct formwork_plugin *formwork_plugin_entry_v1(const struct formwork_host_info *host) \
             { (void)host; return &table; }",
            "built for version 2 of the contract",
        ),
        (
            "short",
            "#include \"formwork_plugin.h\"\nstatic const struct formwork_plugin table = {16, 1, 0};\n\
             const struct formwork_plugin *formwork_plugin_entry_v1(const struct formwork_host_info *host) \
             { (void)host; return &table; }",
            "its table has 16 bytes",
        ),
    ];
    for (name, code, reason) in cases {
        let folder = Folder::new(name);
        let source = folder.0.join("plugin.c");
        std::fs::write(&source, code).unwrap();
        let flags = ["-Wno-missing-field-initializers"];
        compile(&source, &folder.0.join("libformwork_plugin_wrong.so"), &flags);
        let engine = folder.engine();
        let refusals = engine.registry().refusals();
        assert_eq!(refusals.len(), 1, "{name}");
        assert!(refusals[0].reason.contains(reason), "{name}: {}", refusals[0].reason);
    }
    let folder = Folder::new("text");
    std::fs::write(folder.0.join("libformwork_plugin_text.so"), "not a library").unwrap();
    assert_eq!(folder.engine().registry().refusals().len(), 1);
}

#[test]
fn a_scan_that_crashes_or_hangs_takes_only_itself() {
    let folder = Folder::new("crash");
    std::fs::write(folder.0.join("libformwork_plugin_x.so"), "").unwrap();
    let scanner =
        Scanner::Command { program: "/bin/sh".into(), arguments: vec!["-c".into(), "kill -SEGV $$".into()] };
    let engine = Engine::builder().plugin_folder(&folder.0).scanner(scanner).build().unwrap();
    assert!(
        engine.registry().refusals()[0].reason.contains("signal: 11"),
        "{:?}",
        engine.registry().refusals()
    );
}

#[test]
fn the_scan_cache_is_used_and_may_be_deleted() {
    let (folder, cache) = (Folder::new("cached"), Folder::new("cache"));
    compile(&root().join("tests/abi/shout.c"), &folder.0.join("libformwork_plugin_shout.so"), &[]);
    let build = |scanner| {
        Engine::builder().plugin_folder(&folder.0).cache_folder(&cache.0).scanner(scanner).build().unwrap()
    };
    let broken = || Scanner::Command { program: "/nonexistent".into(), arguments: vec![] };
    assert_eq!(build(Scanner::InProcess).registry().plugins().len(), 1);
    assert_eq!(build(broken()).registry().plugins().len(), 1, "the cache answers, nothing is scanned");
    std::fs::remove_dir_all(&cache.0).unwrap();
    assert_eq!(build(Scanner::InProcess).registry().plugins().len(), 1, "a deleted cache is made anew");
    for entry in std::fs::read_dir(cache.0.join("plugins")).unwrap() {
        std::fs::write(entry.unwrap().path(), "{broken").unwrap();
    }
    assert_eq!(build(Scanner::InProcess).registry().plugins().len(), 1, "a broken cache is ignored");
}

/// The misbehaving plugin under a name the engine looks for.
fn misbehave(folder: &Folder) -> Engine {
    let programs = std::env::current_exe().unwrap();
    let built = programs.parent().unwrap().join("libformwork_misbehave.so");
    let built = if built.exists() {
        built
    } else {
        programs.parent().unwrap().with_file_name("libformwork_misbehave.so")
    };
    std::fs::copy(&built, folder.0.join("libformwork_plugin_misbehave.so")).unwrap();
    folder.engine()
}

#[test]
fn a_rust_plugin_proves_its_layout() {
    use abi_stable::library::lib_header_from_path;
    use formwork_abi::layout::RootModuleRef;
    let folder = Folder::new("layout");
    let engine = misbehave(&folder);
    assert!(engine.registry().refusals().is_empty(), "{:?}", engine.registry().refusals());
    let header = lib_header_from_path(&folder.0.join("libformwork_plugin_misbehave.so")).unwrap();
    assert!(header.layout().is_some(), "the root module is exported with its layout");
    header.ensure_layout::<RootModuleRef>().unwrap();
    header
        .ensure_layout::<other::OtherRef>()
        .expect_err("a module with a changed signature is another layout");
}

/// A root module as a plugin with a changed signature would export it.
#[allow(dead_code, unreachable_pub, reason = "it exists to be compared; the derive asks for a public type")]
mod other {
    use abi_stable::{StableAbi, library::RootModule, package_version_strings, sabi_types::VersionStrings};

    #[repr(C)]
    #[derive(StableAbi)]
    #[sabi(kind(Prefix(prefix_ref = OtherRef)))]
    #[sabi(missing_field(panic))]
    pub struct Other {
        #[sabi(last_prefix_field)]
        pub entry: unsafe extern "C" fn(host: *const u64) -> *const u64,
    }

    impl RootModule for OtherRef {
        abi_stable::declare_root_module_statics! {OtherRef}
        const BASE_NAME: &'static str = "formwork_plugin";
        const NAME: &'static str = "formwork_plugin";
        const VERSION_STRINGS: VersionStrings = package_version_strings!();
    }
}

#[test]
fn misbehaviour_in_process_is_one_failed_task() {
    let folder = Folder::new("misbehave");
    let engine = misbehave(&folder);
    let cases: &[(&str, ErrorKind)] = &[
        ("panic", ErrorKind::PluginFault),
        ("spin", ErrorKind::Timeout),
        ("no_output", ErrorKind::PluginFault),
        ("leave_open", ErrorKind::PluginFault),
        ("empty_output", ErrorKind::PluginFault),
        ("wrong_format", ErrorKind::PluginFault),
        ("wrong_facts", ErrorKind::PluginFault),
        ("climbing_name", ErrorKind::CorruptInput),
        ("absolute_name", ErrorKind::CorruptInput),
        ("same_name_twice", ErrorKind::PluginFault),
        ("hole", ErrorKind::PluginFault),
        ("fail_without_reason", ErrorKind::CorruptInput),
        ("half_then_fail", ErrorKind::CorruptInput),
        ("output_bomb", ErrorKind::LimitExceeded),
        ("many_outputs", ErrorKind::LimitExceeded),
    ];
    for (mode, kind) in cases {
        let results = Folder::new(&format!("results-{mode}"));
        let error = run(&folder, &results, mode).expect_err(mode);
        assert_eq!(error.kind, *kind, "{mode}: {error}");
        let left: Vec<_> = std::fs::read_dir(&results.0).unwrap().collect();
        assert!(left.is_empty(), "{mode} left {left:?}");
    }
    let results = Folder::new("results-copy");
    run(&folder, &results, "copy").unwrap();
    assert!(results.0.join("a.png").exists());
    drop(engine);
}

/// Runs the plugin on a one-pixel PNG, with small limits and a short deadline.
fn run(plugins: &Folder, results: &Folder, mode: &str) -> formwork::Result<()> {
    let limits = formwork::Limits { output: 1 << 20, entries: 100, ..formwork::Limits::default() };
    let engine = Engine::builder().plugin_folder(&plugins.0).limits(limits).build()?;
    let options = serde_json::json!({"mode": mode, "timeout": 0.5});
    let job = Job::from_json(&serde_json::json!({"tasks": {
        "in": {"operation": "import/base64", "filename": "a.png", "file": PIXEL},
        "do": {"operation": "convert", "input": "in", "output_format": "png", "options": options},
        "out": {"operation": "export/path", "input": "do", "path": format!("{}/", results.0.display())},
    }}))?;
    engine.run(&job, &Control::default()).error().cloned().map_or(Ok(()), Err)
}

/// A PNG of one pixel.
const PIXEL: &str =
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

#[test]
fn losses_are_known_words() {
    for (feature, word) in Feature::ALL {
        assert_eq!(Feature::from_word(word), Some(*feature));
    }
}
