//! What a plugin gives the host.

use crate::{Host, Step, Text};
use std::ffi::c_void;

/// A call succeeded.
pub const STATUS_OK: i32 = 0;
/// A call failed; the reason was recorded with [`Host::fail`](crate::Host).
pub const STATUS_FAILED: i32 = 1;

/// What the host says of itself when it opens a plugin.
#[repr(C)]
#[derive(Clone, Copy)]
#[cfg_attr(feature = "layout-proof", derive(abi_stable::StableAbi))]
pub struct HostInfo {
    /// Size of this struct in bytes.
    pub size: u32,
    /// The host's major version of the contract.
    pub major: u32,
    /// The host's minor version of the contract.
    pub minor: u32,
    /// Zero; room to grow.
    pub reserved: u32,
}

/// The function a plugin exports as `formwork_plugin_entry_v1`. Returns a table that lives as long as
/// the process, or null to refuse this host. May be called more than once.
pub type Entry = unsafe extern "C" fn(host: *const HostInfo) -> *const Plugin;

/// A plugin's table of functions.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
#[cfg_attr(feature = "layout-proof", derive(abi_stable::StableAbi))]
pub struct Plugin {
    /// Size of this struct in bytes, as the plugin was compiled.
    pub size: u32,
    /// The contract's major version the plugin was compiled for.
    pub major: u32,
    /// The contract's minor version the plugin was compiled for.
    pub minor: u32,
    /// Zero; room to grow.
    pub reserved: u32,
    /// Returns the plugin's description: JSON after `describe::Description`, alive as long as the
    /// process. Empty on failure.
    pub describe: extern "C" fn() -> Text,
    /// Reads what the first input is and reports it with [`Host::report`](crate::Host). Reads no more
    /// than it needs. Returns a `STATUS_` constant.
    pub probe: extern "C" fn(step: *const Step, host: *const Host) -> i32,
    /// Does a step: reads the inputs, opens, writes and closes the outputs. Returns a `STATUS_` constant.
    pub run: extern "C" fn(step: *const Step, host: *const Host) -> i32,
    /// Since 1.1: asks for an optional ability by name and revision. Null when the plugin does not have
    /// it.
    pub extension: Option<extern "C" fn(name: Text) -> *const c_void>,
}
