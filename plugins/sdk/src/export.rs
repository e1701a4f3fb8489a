//! What [`export_plugin!`](crate::export_plugin) needs; not for use by hand.

use crate::{Error, ErrorKind, Plugin, Result, Step};
use formwork_abi as abi;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Once, OnceLock};

pub use formwork_abi::{Entry, HostInfo, Plugin as Table, Text};

#[cfg(feature = "layout-proof")]
pub use formwork_abi::{abi_stable, layout};

#[cfg(panic = "abort")]
compile_error!("a plugin must unwind, so that a panic becomes an error instead of the end of the host");

/// Makes the table of a plugin.
pub const fn table<P: Plugin>(describe: extern "C" fn() -> Text) -> Table {
    Table {
        size: size_of::<Table>() as u32,
        major: abi::ABI_MAJOR,
        minor: abi::ABI_MINOR,
        reserved: 0,
        describe,
        probe: probe::<P>,
        run: run::<P>,
        extension: None,
    }
}

/// Whether this host can be served: the majors must agree.
#[expect(
    clippy::not_unsafe_ptr_arg_deref,
    reason = "only the unsafe function `export_plugin!` makes calls it"
)]
pub fn accepts(host: *const HostInfo) -> bool {
    // SAFETY: a host hands over null or a `HostInfo` that lives for the call.
    unsafe { host.as_ref() }.is_some_and(|host| host.major == abi::ABI_MAJOR)
}

/// Lets the plugin make itself ready, once. What goes wrong shows when it is needed.
pub fn prepare<P: Plugin>(once: &'static Once) {
    once.call_once(|| {
        let _ = catch_unwind(P::prepare);
    });
}

/// Returns the plugin's description as JSON, made once.
pub fn describe<P: Plugin>(cell: &'static OnceLock<String>) -> Text {
    let text = cell.get_or_init(|| {
        let description = catch_unwind(P::describe).unwrap_or_default();
        serde_json::to_string(&crate::Description { schema: crate::SCHEMA, ..description })
            .unwrap_or_default()
    });
    Text::new(text)
}

extern "C" fn probe<P: Plugin>(step: *const abi::Step, host: *const abi::Host) -> i32 {
    guard(step, host, P::probe)
}

extern "C" fn run<P: Plugin>(step: *const abi::Step, host: *const abi::Host) -> i32 {
    guard(step, host, P::run)
}

fn guard(step: *const abi::Step, host: *const abi::Host, work: fn(&Step<'_>) -> Result<()>) -> i32 {
    // SAFETY: the contract says both pointers are valid for the call; null is refused.
    let (Some(raw), Some(host)) = (unsafe { (step.as_ref(), host.as_ref()) }) else {
        return abi::STATUS_FAILED;
    };
    // SAFETY: as above, and nothing of `step` outlives this function.
    let step = unsafe { Step::from_raw(raw, host) };
    let result = catch_unwind(AssertUnwindSafe(|| work(&step)));
    let error = match result {
        Ok(Ok(())) => return abi::STATUS_OK,
        Ok(Err(error)) => error,
        Err(payload) => {
            Error::new(ErrorKind::PluginFault, format!("the plugin panicked: {}", text_of(&*payload)))
        }
    };
    if !error.recorded {
        step.fail(&error);
    }
    abi::STATUS_FAILED
}

fn text_of(payload: &(dyn std::any::Any + Send)) -> &str {
    payload
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| payload.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no message")
}

/// Exports a type that implements [`Plugin`] from a `cdylib`: the C entry, and with the feature
/// `layout-proof` the root module `abi_stable` compares.
#[macro_export]
macro_rules! export_plugin {
    ($plugin:ty) => {
        /// Returns the plugin's table, or null when the host speaks another major version.
        ///
        /// # Safety
        ///
        /// `host` is null or points to a `HostInfo` that lives for the call.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn formwork_plugin_entry_v1(
            host: *const $crate::export::HostInfo,
        ) -> *const $crate::export::Table {
            extern "C" fn describe() -> $crate::export::Text {
                static JSON: ::std::sync::OnceLock<String> = ::std::sync::OnceLock::new();
                $crate::export::describe::<$plugin>(&JSON)
            }
            static TABLE: $crate::export::Table = $crate::export::table::<$plugin>(describe);
            static PREPARED: ::std::sync::Once = ::std::sync::Once::new();
            if !$crate::export::accepts(host) {
                return ::std::ptr::null();
            }
            $crate::export::prepare::<$plugin>(&PREPARED);
            &TABLE
        }

        $crate::export_layout!();
    };
}

/// Exports the root module; see [`export_plugin!`].
#[cfg(feature = "layout-proof")]
#[doc(hidden)]
#[macro_export]
macro_rules! export_layout {
    () => {
        const _: () = {
            use $crate::export::abi_stable::library;

            fn module() -> $crate::export::layout::RootModuleRef {
                $crate::export::layout::root_module(formwork_plugin_entry_v1)
            }
            extern "C" fn erased() -> library::RootModuleResult {
                library::__call_root_module_loader(module)
            }
            #[unsafe(export_name = "_1as_0lib_1header_0root_bmodule_bloader")]
            static HEADER: library::LibHeader =
                // SAFETY: `erased` returns a `RootModuleRef`, the type named here.
                unsafe {
                    library::LibHeader::from_constructor::<$crate::export::layout::RootModuleRef>(
                        erased,
                        library::CheckTypeLayout::Yes,
                    )
                };
        };
    };
}

/// Without the feature there is nothing to export.
#[cfg(not(feature = "layout-proof"))]
#[doc(hidden)]
#[macro_export]
macro_rules! export_layout {
    () => {};
}
