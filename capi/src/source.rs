//! Where an input comes from.

use crate::engine::Engine;
use crate::error::Error;
use crate::guard::{Outcome, optional_text, published_up_to, text};
use formwork::job::Operation;
use formwork::run::Item;
use std::ffi::{c_char, c_int, c_void};
use std::fs::File;
use std::io::{self, Read};
use std::mem::ManuallyDrop;
use std::os::fd::FromRawFd;
use std::path::Path;

/// Where an input comes from. Begin with `FORMWORK_SOURCE_INIT`.
#[repr(C)]
pub struct Source {
    /// Size of this struct in bytes.
    pub struct_size: usize,
    /// One of `enum formwork_source_kind`.
    pub kind: i32,
    /// The descriptor, for `FORMWORK_SOURCE_KIND_FD`: it stays the caller's. A file is read by position, a pipe or
    /// socket to its end, before the call returns.
    pub fd: c_int,
    /// The input's name, as a browser sends it. Results are named after it, and where bytes do not tell what they are,
    /// its extension does. May be NULL.
    pub name: *const c_char,
    /// The file, or a folder with all in it, for `FORMWORK_SOURCE_KIND_PATH`.
    pub path: *const c_char,
    /// The bytes, for `FORMWORK_SOURCE_KIND_MEMORY`: they are copied before the call returns.
    pub data: *const c_void,
    /// How many these are.
    pub length: usize,
    /// For `FORMWORK_SOURCE_KIND_CALLBACK`: called again and again on the caller's thread, before the call returns, until
    /// it says 0 or fails.
    pub read: ReadCallback,
    /// Handed to `read`.
    pub user: *mut c_void,
}

/// Writes up to `length` bytes at `buffer` and returns how many; 0 at the end, a negative `errno` when it fails.
pub type ReadCallback =
    Option<unsafe extern "C" fn(user: *mut c_void, buffer: *mut c_void, length: usize) -> isize>;

/// Kinds of inputs.
#[repr(i32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SourceKind {
    /// A file or folder by its path.
    Path = 1,
    /// Bytes in memory.
    Memory = 2,
    /// A descriptor.
    Fd = 3,
    /// What a function reads.
    Callback = 4,
}

published_up_to!(Source, user);

impl Source {
    /// The task that brings it in.
    pub(crate) fn import(&self, engine: &Engine) -> Outcome<Operation> {
        if self.kind == SourceKind::Path as i32 && self.name.is_null() {
            return Ok(Operation::ImportPath { path: text(self.path, "source.path")?.into() });
        }
        self.item(engine).map(Operation::ImportItem)
    }

    /// The input itself.
    pub(crate) fn item(&self, engine: &Engine) -> Outcome<Item> {
        let name = optional_text(self.name, "source.name")?;
        let given = || formwork::deliver::checked_name(name.unwrap_or("input"));
        match self.kind {
            kind if kind == SourceKind::Path as i32 => {
                let path = Path::new(text(self.path, "source.path")?);
                let own = path.file_name().map(|own| own.to_string_lossy().into_owned());
                let name = if name.is_some() { given()? } else { own.unwrap_or_default() };
                Ok(engine.engine.input_at(path, name)?)
            }
            kind if kind == SourceKind::Memory as i32 => {
                Ok(Item::from_bytes(given()?, self.bytes()?.to_vec()))
            }
            kind if kind == SourceKind::Fd as i32 => self.descriptor(engine, given()?),
            kind if kind == SourceKind::Callback as i32 => {
                if self.read.is_none() {
                    return Err(Error::misuse("`source.read` is NULL"));
                }
                Ok(engine.engine.take_in(given()?, Callback { read: self.read, user: self.user })?)
            }
            other => Err(Error::misuse(&format!("there is no source of kind {other}"))),
        }
    }

    fn bytes(&self) -> Outcome<&[u8]> {
        if self.length == 0 {
            return Ok(&[]);
        }
        if self.data.is_null() || self.length > isize::MAX as usize {
            return Err(Error::misuse("`source.data` is NULL, or longer than memory can be"));
        }
        // SAFETY: the caller says that so many bytes are there.
        Ok(unsafe { std::slice::from_raw_parts(self.data.cast(), self.length) })
    }

    fn descriptor(&self, engine: &Engine, name: String) -> Outcome<Item> {
        if self.fd < 0 {
            return Err(Error::misuse("`source.fd` is no descriptor"));
        }
        // SAFETY: the caller's descriptor, which is not closed here.
        let file = ManuallyDrop::new(unsafe { File::from_raw_fd(self.fd) });
        let failed = |error: io::Error| formwork::Error::io("cannot read the descriptor", &error);
        if file.metadata().map_err(failed)?.is_file() {
            return Ok(Item::from_file(name, &file)?);
        }
        Ok(engine.engine.take_in(name, &*file)?)
    }
}

struct Callback {
    read: ReadCallback,
    user: *mut c_void,
}

impl Read for Callback {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let Some(read) = self.read else { return Ok(0) };
        // SAFETY: the caller's function, with a place for as many bytes as it is told.
        let count = unsafe { read(self.user, buffer.as_mut_ptr().cast(), buffer.len()) };
        match usize::try_from(count) {
            Ok(count) if count <= buffer.len() => Ok(count),
            Ok(_) => Err(io::Error::other("the callback says it read more than it was asked for")),
            Err(_) => {
                Err(io::Error::from_raw_os_error(i32::try_from(count.unsigned_abs()).unwrap_or(libc::EIO)))
            }
        }
    }
}
