//! Where a result goes to.

use crate::error::Error;
use crate::guard::{Outcome, hand_over, published_up_to, text};
use crate::output::Output;
use formwork::deliver::Placement;
use formwork::job::Operation;
use formwork::run::Item;
use std::ffi::{c_char, c_int, c_void};
use std::fs::File;
use std::io::{self, Write};
use std::mem::ManuallyDrop;
use std::os::fd::FromRawFd;

/// Where a result goes to. Begin with `FORMWORK_TARGET_INIT`.
#[repr(C)]
pub struct Target {
    /// Size of this struct in bytes.
    pub struct_size: usize,
    /// One of `enum formwork_target_kind`.
    pub kind: i32,
    /// The descriptor, for `FORMWORK_TARGET_KIND_FD`: it stays the caller's. It is written to from where it is, once the
    /// whole result is there.
    pub fd: c_int,
    /// For `FORMWORK_TARGET_KIND_PATH`: the file, which appears whole or not at all, or a folder with a `/` at its end,
    /// which takes several results, too.
    pub path: *const c_char,
    /// 1 replaces what is at `path`; otherwise that is an error.
    pub overwrite: i32,
    /// Always 0.
    pub reserved: i32,
    /// For `FORMWORK_TARGET_KIND_CALLBACK`: called again and again on the caller's thread, once the whole result is there.
    pub write: WriteCallback,
    /// Handed to `write`.
    pub user: *mut c_void,
    /// For `FORMWORK_TARGET_KIND_MEMORY`: the result is stored here, and the caller ends it with
    /// `formwork_output_destroy`. NULL after a failure.
    pub output: *mut Output,
}

/// Takes `length` bytes of the result; 0 when it has them all, an `errno` when it fails, which ends the call.
pub type WriteCallback =
    Option<unsafe extern "C" fn(user: *mut c_void, data: *const c_void, length: usize) -> i32>;

/// Kinds of places.
#[repr(i32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TargetKind {
    /// A file or folder by its path.
    Path = 1,
    /// An object that holds it.
    Memory = 2,
    /// A descriptor.
    Fd = 3,
    /// A function that takes it.
    Callback = 4,
}

published_up_to!(Target, output);

impl Target {
    /// The task that puts the result there, or hands it over.
    pub(crate) fn export(&self) -> Outcome<Operation> {
        let needs = |is_there: bool, what: &str| if is_there { Ok(()) } else { Err(Error::misuse(what)) };
        match self.kind {
            kind if kind == TargetKind::Path as i32 => Ok(Operation::ExportPath(Placement {
                path: text(self.path, "target.path")?.into(),
                overwrite: self.overwrite != 0,
                durable: true,
            })),
            kind if kind == TargetKind::Memory as i32 => Ok(Operation::ExportBytes),
            kind if kind == TargetKind::Fd as i32 => {
                needs(self.fd >= 0, "`target.fd` is no descriptor").map(|()| Operation::ExportBytes)
            }
            kind if kind == TargetKind::Callback as i32 => {
                needs(self.write.is_some(), "`target.write` is NULL").map(|()| Operation::ExportBytes)
            }
            other => Err(Error::misuse(&format!("there is no target of kind {other}"))),
        }
    }

    /// Takes over what was handed over. `given` is the caller's struct.
    pub(crate) fn deliver(&self, given: *mut Target, items: Vec<Item>) -> Outcome<()> {
        if self.kind == TargetKind::Path as i32 {
            return Ok(());
        }
        let [item] = items.as_slice() else {
            let why = format!("the result is {} files, which do not fit into one place", items.len());
            let hint = "name a folder, or an archive such as zip as the format";
            return Err(formwork::Error::invalid(why).with_hint(hint).into());
        };
        let failed = |error: io::Error| formwork::Error::io("cannot write the result", &error);
        if self.kind == TargetKind::Memory as i32 {
            // SAFETY: the caller's struct, which was read from there.
            hand_over(unsafe { &raw mut (*given).output }, Output::of(item.clone()));
            return Ok(());
        }
        if self.kind == TargetKind::Callback as i32 {
            return Ok(item.copy_to(&mut Callback { write: self.write, user: self.user }).map_err(failed)?);
        }
        // SAFETY: the caller's descriptor, which is not closed here.
        let mut file = ManuallyDrop::new(unsafe { File::from_raw_fd(self.fd) });
        Ok(item.copy_to(&mut *file).map_err(failed)?)
    }
}

struct Callback {
    write: WriteCallback,
    user: *mut c_void,
}

impl Write for Callback {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        let Some(write) = self.write else { return Ok(data.len()) };
        // SAFETY: the caller's function, with as many bytes as it is told.
        match unsafe { write(self.user, data.as_ptr().cast(), data.len()) } {
            0 => Ok(data.len()),
            errno => Err(io::Error::from_raw_os_error(errno.saturating_abs())),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
