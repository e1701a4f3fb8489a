use crate::{Error, Result};
use formwork_abi::Limits;
use std::path::PathBuf;
use std::time::Duration;

/// How strictly plugins are kept apart from this process, and by which means.
#[derive(Clone, Debug)]
pub struct Isolation {
    /// 1: a process of its own with resource limits. 2: also no access to files, network and other
    /// processes (Landlock, seccomp). 3: also namespaces of its own.
    pub level: u8,
    /// The program `formwork-worker`.
    pub worker: PathBuf,
    /// Workers kept ready for each plugin that was used; 0 starts each when it is needed. Default 0.
    pub spares: usize,
    /// Keep a process for each plugin that was used twice, which has loaded it, sees no input, and forks
    /// workers: those are ready sooner. Default on.
    pub templates: bool,
    /// Calls of one trust domain a worker may serve before it is replaced. A worker never serves two domains.
    /// Default 64.
    pub most_calls: u32,
    /// Age after which a worker is replaced. Default five minutes.
    pub most_age: Duration,
    /// Resident memory in bytes after which a worker is replaced. Default 512 MiB.
    pub most_memory: u64,
    /// Processor time of one worker in seconds, the limit `cpu`. Default half an hour.
    pub cpu_seconds: u64,
    /// Descriptors a worker may have open, the limit `files`. Default 1,024.
    pub open_files: u64,
    /// Bytes in the private folder of a worker, where its plugin has one, the limit `temporary`. Default
    /// 4 GiB.
    pub temporary_bytes: u64,
}

impl Isolation {
    /// This level with this worker, and defaults for the rest.
    pub fn new(level: u8, worker: impl Into<PathBuf>) -> Isolation {
        Isolation {
            level,
            worker: worker.into(),
            spares: 0,
            templates: true,
            most_calls: 64,
            most_age: Duration::from_secs(300),
            most_memory: 512 << 20,
            cpu_seconds: 1_800,
            open_files: 1_024,
            temporary_bytes: 4 << 30,
        }
    }
}

/// Sets one limit by its name.
///
/// # Errors
///
/// `invalid_request` with the names there are.
pub fn set_limit(limits: &mut Limits, isolation: &mut Isolation, name: &str, value: u64) -> Result<()> {
    let mut fields = [
        ("memory", &mut limits.memory),
        ("pixels", &mut limits.pixels),
        ("side", &mut limits.side),
        ("frames", &mut limits.frames),
        ("metadata", &mut limits.metadata),
        ("output", &mut limits.output),
        ("entries", &mut limits.entries),
        ("ratio", &mut limits.ratio),
        ("ratio_floor", &mut limits.ratio_floor),
        ("depth", &mut limits.depth),
        ("name", &mut limits.name),
        ("cpu", &mut isolation.cpu_seconds),
        ("files", &mut isolation.open_files),
        ("temporary", &mut isolation.temporary_bytes),
    ];
    if let Some((_, field)) = fields.iter_mut().find(|(known, _)| *known == name) {
        **field = value;
        return Ok(());
    }
    let names: Vec<&str> = fields.iter().map(|(known, _)| *known).collect();
    Err(Error::invalid(format!("there is no limit `{name}`"))
        .with_hint(format!("limits are {}", names.join(", "))))
}
