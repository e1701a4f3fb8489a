//! Files that the host opens in the engine's stead.

use super::{receipts, toy};
use formwork::job::Job;
use formwork::run::{Control, JobReport};
use formwork::{Engine, ErrorKind, HostFiles};
use formwork_tests::place::Scratch;
use serde_json::json;
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::AsRawFd;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

/// Files that are named by their content, as in `virtual/md: one.md`, and lie in a folder that the engine does not know.
#[derive(Debug)]
struct Virtual {
    folder: PathBuf,
    asked: Arc<AtomicU32>,
    /// Temporary files are none that the engine could use.
    broken: Arc<AtomicBool>,
}

impl Virtual {
    fn file(&self) -> io::Result<File> {
        let path = self.folder.join("draft");
        let file = File::options().read(true).write(true).create_new(true).open(&path);
        std::fs::remove_file(&path)?;
        file
    }
}

impl HostFiles for Virtual {
    fn open_input(&self, path: &Path) -> Option<io::Result<File>> {
        let name = path.strip_prefix("virtual").ok()?;
        if name == "missing.md" {
            return Some(Err(io::ErrorKind::NotFound.into()));
        }
        let filled = |mut file: File| {
            let format = name.extension().unwrap_or_default().to_string_lossy();
            write!(file, "{format}: {}", name.display())?;
            // One that can be written to is tried in C.
            File::open(format!("/proc/self/fd/{}", file.as_raw_fd()))
        };
        Some(self.file().and_then(filled))
    }

    fn open_temporary(&self) -> Option<io::Result<File>> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        Some(if self.broken.load(Ordering::Relaxed) { File::open("/dev/null") } else { self.file() })
    }
}

fn convert(engine: &Engine, path: &str) -> JobReport {
    let tasks = json!({
        "in": {"operation": "import/path", "path": path},
        "done": {"operation": "convert", "input": "in", "output_format": "csv"},
        "out": {"operation": "export/bytes", "input": "done"},
    });
    engine.run(&Job::from_json(&json!({"tasks": tasks})).unwrap(), &Control::default())
}

#[test]
fn inputs_and_what_is_spooled_are_the_hosts() {
    let scratch = Scratch::new("hooks").unwrap();
    let (asked, broken): (Arc<AtomicU32>, Arc<AtomicBool>) = Default::default();
    let files = Virtual { folder: scratch.path().to_owned(), asked: asked.clone(), broken: broken.clone() };
    let builder = Engine::builder().linked_plugin(toy::formwork_plugin_entry_v1).files(files);
    let engine = builder.temporary_folder("/nowhere").memory_between_steps(4).build().unwrap();

    let report = convert(&engine, "virtual/one.md");
    let item = &report.exported[0].1[0];
    assert_eq!(item.bytes(100).unwrap(), b"csv: one.md\nconvert");
    assert_eq!(asked.load(Ordering::Relaxed), 1, "the result is more than stays in memory");
    let input = &receipts(&report, "done")[0]["input"];
    assert_eq!((&input["name"], &input["path"]), (&json!("one.md"), &json!(null)));

    broken.store(true, Ordering::Relaxed);
    let error = convert(&engine, "virtual/two.md").error().unwrap().clone();
    assert_eq!(error.kind, ErrorKind::Io);
    assert!(error.message.contains("spool"), "{error}");
    broken.store(false, Ordering::Relaxed);
    let error = convert(&engine, "virtual/missing.md").error().unwrap().clone();
    assert_eq!(error.kind, ErrorKind::Io);
    assert!(error.context.contains(&("input", "virtual/missing.md".into())), "{error:?}");

    let before = asked.load(Ordering::Relaxed);
    let item = engine.take_in("a.md", io::repeat(b'x').take(1 << 20)).unwrap();
    assert_eq!((item.length(), item.memory()), (1 << 20, None));
    assert_eq!(asked.load(Ordering::Relaxed), before + 1);
    assert!(std::fs::read_dir(scratch.path()).unwrap().next().is_none());
}

#[test]
fn what_the_host_leaves_alone_is_on_disk() {
    let scratch = Scratch::new("hooks").unwrap();
    let files = Virtual { folder: "/nowhere".into(), asked: Arc::default(), broken: Arc::default() };
    let engine = Engine::builder().linked_plugin(toy::formwork_plugin_entry_v1).files(files).build().unwrap();
    let path = scratch.join("real.md");
    std::fs::write(&path, "md: real.md").unwrap();
    let report = convert(&engine, &path.to_string_lossy());
    assert!(report.error().is_none(), "{:?}", report.error());
    assert_eq!(receipts(&report, "done")[0]["input"]["path"], json!(path));
}
