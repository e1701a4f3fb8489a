//! Proof that engine and plugin were compiled with the same layouts.
//!
//! `abi_stable` compares the layout of [`RootModule`] and of everything it reaches, recursively. The
//! loader asks for the proof when both sides claim the same minor version; it is not the contract
//! itself, so a plugin without it (written in C, or older) is judged by sizes alone.

use crate::{Entry, HostInfo, Plugin};
use abi_stable::library::RootModule as StableRootModule;
use abi_stable::sabi_types::VersionStrings;
use abi_stable::{StableAbi, package_version_strings};

/// The module a Rust plugin exports beside the C entry. It exists to be compared.
#[repr(C)]
#[derive(StableAbi)]
#[sabi(kind(Prefix(prefix_ref = RootModuleRef)))]
#[sabi(missing_field(panic))]
pub struct RootModule {
    /// The same function as the C entry. Through its signature every struct of the contract is reached.
    #[sabi(last_prefix_field)]
    pub entry: unsafe extern "C" fn(host: *const HostInfo) -> *const Plugin,
}

impl StableRootModule for RootModuleRef {
    abi_stable::declare_root_module_statics! {RootModuleRef}
    const BASE_NAME: &'static str = "formwork_plugin";
    const NAME: &'static str = "formwork_plugin";
    const VERSION_STRINGS: VersionStrings = package_version_strings!();
}

/// Wraps an entry function for export.
pub fn root_module(entry: Entry) -> RootModuleRef {
    use abi_stable::prefix_type::PrefixTypeTrait;
    RootModule { entry }.leak_into_prefix()
}
