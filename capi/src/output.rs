//! Results in memory.

use crate::error::Error;
use crate::guard::{guard, held, owned_text, place, put};
use crate::status::Status;
use formwork::run::Item;
use std::ffi::{CString, c_char, c_void};
use std::ptr;
use std::sync::OnceLock;

/// One file that came out. Owned by the caller, who destroys it; may be used from any thread.
pub struct Output {
    item: Item,
    name: CString,
    format: CString,
    media_type: CString,
    /// All bytes, once somebody asked for them at one place.
    bytes: OnceLock<Vec<u8>>,
}

impl Output {
    pub(crate) fn of(item: Item) -> Output {
        let media_type = item.format.and_then(|format| format.mime.first().copied());
        Output {
            name: owned_text(&item.name),
            format: owned_text(item.format.map_or("", |format| format.id)),
            media_type: owned_text(media_type.unwrap_or("application/octet-stream")),
            bytes: OnceLock::new(),
            item,
        }
    }
}

/// Its name, with an extension; a `/` in it stands for a folder. Lives as long as the output.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn formwork_output_name(output: *const Output) -> *const c_char {
    held(output, "output").map_or(ptr::null(), |output| output.name.as_ptr())
}

/// The id of its format, as `png`; empty for what has none. Lives as long as the output.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn formwork_output_format(output: *const Output) -> *const c_char {
    held(output, "output").map_or(ptr::null(), |output| output.format.as_ptr())
}

/// Its media type, as `image/png`. Lives as long as the output.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn formwork_output_media_type(output: *const Output) -> *const c_char {
    held(output, "output").map_or(ptr::null(), |output| output.media_type.as_ptr())
}

/// How many bytes it has; 0 of NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn formwork_output_size(output: *const Output) -> u64 {
    held(output, "output").map_or(0, |output| output.item.length())
}

/// Reads up to `length` bytes from `offset` on into `buffer`, and stores at `count` how many those were: 0 at the end.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn formwork_output_read(
    output: *const Output,
    offset: u64,
    buffer: *mut c_void,
    length: usize,
    count: *mut usize,
    error: *mut *mut Error,
) -> Status {
    guard(error, || {
        put(count, 0);
        let output = held(output, "output")?;
        if count.is_null() || (buffer.is_null() && length > 0) || length > isize::MAX as usize {
            return Err(Error::misuse("`buffer` or `count` is NULL"));
        }
        if length == 0 {
            return Ok(Status::Ok);
        }
        // SAFETY: the caller says that so many bytes may be written there.
        let buffer = unsafe { std::slice::from_raw_parts_mut(buffer.cast::<u8>(), length) };
        let read = formwork::detect::Source::read_at(&output.item, offset, buffer);
        put(count, read.map_err(|error| formwork::Error::io("cannot read the result", &error))?);
        Ok(Status::Ok)
    })
}

/// Stores at `data` where all its bytes are. They live as long as the output. A result that is too large for memory
/// lies in a file and is read when this is asked for the first time: `formwork_output_read` needs less memory.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn formwork_output_data(
    output: *const Output,
    data: *mut *const c_void,
    error: *mut *mut Error,
) -> Status {
    guard(error, || {
        let output = held(output, "output")?;
        if data.is_null() {
            return Err(Error::misuse("`data` is NULL"));
        }
        put(data, ptr::null());
        let bytes = match output.item.memory() {
            Some(bytes) => bytes,
            None => match output.bytes.get() {
                Some(bytes) => bytes,
                None => {
                    let bytes = output.item.bytes(isize::MAX as u64)?;
                    output.bytes.get_or_init(|| bytes)
                }
            },
        };
        put(data, bytes.as_ptr().cast());
        Ok(Status::Ok)
    })
}

/// Destroys an output; NULL is fine.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn formwork_output_destroy(output: *mut Output) {
    crate::guard::destroy(output);
}

/// Several outputs.
pub(crate) fn nth(items: &[Item], index: usize, output: *mut *mut Output) -> Result<Status, Error> {
    place(output, "output")?;
    let Some(item) = items.get(index) else { return Ok(Status::End) };
    crate::guard::hand_over(output, Output::of(item.clone()));
    Ok(Status::Ok)
}
