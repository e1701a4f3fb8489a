use super::Library;
use crate::{Error, ErrorKind, Result};
use formwork_abi::describe::Description;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

/// How plugin files are described when the cache does not know them.
#[derive(Clone, Debug, Default)]
pub enum Scanner {
    /// Starts a program with these arguments and the plugin's path; it calls [`describe_here`], prints
    /// the description and ends. A plugin that crashes while it is loaded takes only that program along.
    Command {
        /// The program.
        program: PathBuf,
        /// Arguments before the path.
        arguments: Vec<String>,
    },
    /// Describes in this process: for tests, and for hosts that trust every plugin file.
    #[default]
    InProcess,
}

/// What a scan found: a description, or the reason for a refusal.
pub type Scanned = std::result::Result<Description, String>;

/// Time a scanning process gets before it is given up.
const PATIENCE: Duration = Duration::from_secs(20);

impl Scanner {
    /// Has the program `formwork-worker` describe plugin files.
    pub fn with_worker(worker: impl Into<PathBuf>) -> Scanner {
        Scanner::Command { program: worker.into(), arguments: vec![crate::worker::SCAN.into()] }
    }

    /// Describes one plugin file. Never fails as a whole: a refusal is the answer.
    pub fn scan(&self, path: &Path) -> Scanned {
        let text = match self {
            Scanner::InProcess => describe_here(path).map_err(|error| error.message)?,
            Scanner::Command { program, arguments } => scan_outside(program, arguments, path)?,
        };
        super::read_description(&text).map_err(|error| format!("its description is not understood: {error}"))
    }
}

/// Loads a plugin into this process, proves its layout when it offers a proof, and returns its
/// description as JSON. This is what a scanning program runs.
///
/// # Errors
///
/// `plugin_fault` with the reason.
pub fn describe_here(path: &Path) -> Result<String> {
    let library = Library::open(path)?;
    if library.minor() == formwork_abi::ABI_MINOR {
        prove_layout(path)?;
    }
    library.describe()
}

/// Compares the layout the plugin was compiled with against the engine's. A plugin without the root
/// module (written in C, say) has nothing to compare and passes.
#[cfg(feature = "layout-proof")]
fn prove_layout(path: &Path) -> Result<()> {
    use formwork_abi::abi_stable::library::{ROOT_MODULE_LOADER_NAME, lib_header_from_path};
    use formwork_abi::layout::RootModuleRef;
    let refuse = |why: String| {
        let why = why.lines().take(12).collect::<Vec<_>>().join("\n");
        Error::new(ErrorKind::PluginFault, format!("the plugin {} has another layout: {why}", path.display()))
    };
    // SAFETY: the file was loaded by `Library::open` a moment ago; this only looks a symbol up.
    let offers = unsafe {
        libloading::Library::new(path)
            .is_ok_and(|library| library.get::<*const u8>(ROOT_MODULE_LOADER_NAME).is_ok())
    };
    if !offers {
        return Ok(());
    }
    let header = lib_header_from_path(path).map_err(|error| refuse(error.to_string()))?;
    header.ensure_layout::<RootModuleRef>().map_err(|error| refuse(error.to_string()))
}

#[cfg(not(feature = "layout-proof"))]
fn prove_layout(_path: &Path) -> Result<()> {
    Ok(())
}

fn scan_outside(program: &Path, arguments: &[String], path: &Path) -> std::result::Result<String, String> {
    let mut child = Command::new(program)
        .args(arguments)
        .arg(path)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| format!("it could not be scanned with {}: {error}", program.display()))?;
    let readers = (child.stdout.take().map(read_aside), child.stderr.take().map(read_aside));
    let started = Instant::now();
    let status = loop {
        match child.try_wait() {
            Ok(Some(status)) => break status,
            // A host that waits for every child has seen how it ended: its answer tells.
            Err(_) => break ExitStatus::default(),
            Ok(None) if started.elapsed() < PATIENCE => std::thread::sleep(Duration::from_micros(500)),
            _ => {
                let _ = child.kill();
                let _ = child.wait();
                return Err(format!("its scan did not end within {} s", PATIENCE.as_secs()));
            }
        }
    };
    let collect = |reader: Option<std::thread::JoinHandle<String>>| {
        reader.and_then(|reader| reader.join().ok()).unwrap_or_default()
    };
    let (answer, complaint) = (collect(readers.0), collect(readers.1));
    if status.success() {
        return Ok(answer);
    }
    let complaint = complaint.trim();
    Err(if complaint.is_empty() { format!("its scan ended with {status}") } else { complaint.to_owned() })
}

fn read_aside(mut pipe: impl Read + Send + 'static) -> std::thread::JoinHandle<String> {
    const MOST: u64 = 16 << 20;
    std::thread::spawn(move || {
        let mut text = Vec::new();
        let _ = pipe.by_ref().take(MOST).read_to_end(&mut text);
        String::from_utf8_lossy(&text).into_owned()
    })
}
