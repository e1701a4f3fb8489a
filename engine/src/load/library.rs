use crate::{Error, ErrorKind, Result};
use formwork_abi::{self as abi, HostInfo, Plugin};
use std::ffi::c_void;
use std::mem::ManuallyDrop;
use std::path::{Path, PathBuf};

/// The least size of a plugin's table: 1.0 ended before `extension`.
const LEAST_TABLE: usize = std::mem::offset_of!(Plugin, extension);

/// A plugin in this process. It stays until the process ends.
#[derive(Debug)]
pub struct Library {
    path: PathBuf,
    table: &'static Plugin,
}

// SAFETY: the contract lets `probe` and `run` be called from several threads at once; the table itself
// is read-only and lives for ever.
unsafe impl Send for Library {}
// SAFETY: as above.
unsafe impl Sync for Library {}

impl Library {
    /// Loads a plugin file and checks that it speaks this contract.
    ///
    /// Runs the file's initialisers, so only open files you would also run as a program.
    ///
    /// # Errors
    ///
    /// `plugin_fault`, with the reason: not a shared object, no entry, refused, another major version, a
    /// table that is too short.
    pub fn open(path: &Path) -> Result<Library> {
        let refuse = |why: String| {
            Error::new(ErrorKind::PluginFault, format!("the plugin {} is refused: {why}", path.display()))
        };
        // SAFETY: loading runs foreign initialisers; the doc comment hands that decision to the caller.
        let library = unsafe { libloading::Library::new(path) }.map_err(|error| refuse(error.to_string()))?;
        // Never unloaded: threads, thread-locals and caught panics may still point into it.
        let library = ManuallyDrop::new(library);
        // SAFETY: the symbol's name carries the major version, which fixes its type.
        let entry = unsafe { library.get::<abi::Entry>(abi::ENTRY_SYMBOL) }
            .map_err(|_| refuse(format!("it does not export `{}`", abi::ENTRY_SYMBOL)))?;
        let host = host_info();
        // SAFETY: `host` lives for the call, as the contract asks.
        let table = unsafe { entry(&host) };
        check_table(table).map(|table| Library { path: path.to_owned(), table }).map_err(refuse)
    }

    /// Takes a plugin that is linked into this program.
    ///
    /// # Errors
    ///
    /// As for [`Library::open`].
    pub fn linked(entry: abi::Entry) -> Result<Library> {
        let host = host_info();
        // SAFETY: `host` lives for the call; the entry comes from `export_plugin!` or follows the header.
        let table = unsafe { entry(&host) };
        let refuse = |why| Error::new(ErrorKind::PluginFault, format!("a linked plugin is refused: {why}"));
        check_table(table).map(|table| Library { path: PathBuf::new(), table }).map_err(refuse)
    }

    /// Where it was loaded from; empty when it is linked in.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The minor version of the contract it was built for.
    pub fn minor(&self) -> u32 {
        self.table.minor
    }

    /// Returns its description as the JSON it gave.
    ///
    /// # Errors
    ///
    /// `plugin_fault` when it is empty or not UTF-8.
    pub fn describe(&self) -> Result<String> {
        let text = (self.table.describe)();
        // SAFETY: the contract says the text lives as long as the process.
        let text = unsafe { text.as_str() }.filter(|text| !text.is_empty());
        text.map(str::to_owned).ok_or_else(|| {
            Error::new(
                ErrorKind::PluginFault,
                format!("the plugin {} does not describe itself", self.path.display()),
            )
        })
    }

    /// Calls `probe`. Both structs follow the contract; see [`crate::run`].
    pub(crate) fn probe(&self, step: &abi::Step, host: &abi::Host) -> i32 {
        (self.table.probe)(step, host)
    }

    /// Calls `run`. Both structs follow the contract; see [`crate::run`].
    pub(crate) fn run(&self, step: &abi::Step, host: &abi::Host) -> i32 {
        (self.table.run)(step, host)
    }

    /// Asks for an optional ability, as in `formwork.segments/1`. `None` when the plugin is older than
    /// 1.1 or does not have it.
    pub fn extension(&self, name: &str) -> Option<*const c_void> {
        // The slot lies within the table only from 1.1 on: see `check_table`, which completes older ones.
        let ask = self.table.extension?;
        let answer = ask(abi::Text::new(name));
        (!answer.is_null()).then_some(answer)
    }
}

fn host_info() -> HostInfo {
    HostInfo { size: size_of::<HostInfo>() as u32, major: abi::ABI_MAJOR, minor: abi::ABI_MINOR, reserved: 0 }
}

/// Checks a table and completes one from an older minor version with empty slots.
fn check_table(table: *const Plugin) -> std::result::Result<&'static Plugin, String> {
    if table.is_null() {
        return Err(format!("it does not accept a host of version {}.{}", abi::ABI_MAJOR, abi::ABI_MINOR));
    }
    // SAFETY: not null, and the contract says a table starts with size and major and lives for ever.
    let (size, major) = unsafe { ((*table).size as usize, (*table).major) };
    if major != abi::ABI_MAJOR {
        return Err(format!(
            "it was built for version {major} of the contract, this engine speaks {}",
            abi::ABI_MAJOR
        ));
    }
    if size < LEAST_TABLE {
        return Err(format!("its table has {size} bytes, at least {LEAST_TABLE} are needed"));
    }
    if size >= size_of::<Plugin>() {
        // SAFETY: the table has at least the size this engine knows.
        return Ok(unsafe { &*table });
    }
    let mut whole = std::mem::MaybeUninit::<Plugin>::zeroed();
    // SAFETY: `size` bytes can be read from the table, and `whole` is larger; what stays zero is
    // `extension`, for which zero is `None`.
    let whole = unsafe {
        std::ptr::copy_nonoverlapping(table.cast::<u8>(), whole.as_mut_ptr().cast::<u8>(), size);
        whole.assume_init()
    };
    Ok(Box::leak(Box::new(whole)))
}
