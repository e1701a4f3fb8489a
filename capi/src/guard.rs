//! The border itself: what comes in is checked, panics stay inside, what goes out is owned by somebody.

use crate::error::Error;
use crate::status::Status;
use serde_json::{Map, Value};
use std::ffi::{CStr, CString, c_char};
use std::mem::MaybeUninit;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;

/// What the body of an exported function returns.
pub(crate) type Outcome<T> = Result<T, Error>;

/// Runs the body of an exported function. A failure is stored at `error`, unless that is NULL; a panic is one.
pub(crate) fn guard(error: *mut *mut Error, body: impl FnOnce() -> Outcome<Status>) -> Status {
    put(error, ptr::null_mut());
    let outcome = catch_unwind(AssertUnwindSafe(body)).unwrap_or_else(|_| {
        let bug = formwork::Error::new(formwork::ErrorKind::Internal, "the engine panicked");
        Err(bug.with_hint("report this, and close the engine").into())
    });
    outcome.unwrap_or_else(|failure| {
        let status = failure.status;
        if !error.is_null() {
            put(error, Box::into_raw(Box::new(failure)));
        }
        status
    })
}

/// As [`guard`], for functions that tell nothing but a value; `otherwise` when they cannot.
pub(crate) fn guard_value<T>(otherwise: T, body: impl FnOnce() -> Option<T>) -> T {
    catch_unwind(AssertUnwindSafe(body)).ok().flatten().unwrap_or(otherwise)
}

/// Stores a value where the caller wants it; NULL wants nothing.
pub(crate) fn put<T>(place: *mut T, value: T) {
    if !place.is_null() {
        // SAFETY: not NULL, and every exported function demands that such a place may be written.
        unsafe { place.write(value) }
    }
}

/// The place a result goes to, emptied.
pub(crate) fn place<T>(place: *mut *mut T, name: &str) -> Outcome<()> {
    if place.is_null() {
        return Err(Error::misuse(&format!("`{name}` is NULL")));
    }
    put(place, ptr::null_mut());
    Ok(())
}

/// An object the caller holds.
pub(crate) fn held<'a, T>(object: *const T, name: &str) -> Outcome<&'a T> {
    // SAFETY: NULL, or alive, as every exported function demands.
    unsafe { object.as_ref() }.ok_or_else(|| Error::misuse(&format!("`{name}` is NULL")))
}

/// Hands an object over to the caller.
pub(crate) fn hand_over<T>(place: *mut *mut T, object: T) {
    put(place, Box::into_raw(Box::new(object)));
}

/// Ends an object of the caller's; NULL is fine.
pub(crate) fn destroy<T>(object: *mut T) {
    if !object.is_null() {
        // SAFETY: `hand_over` made it, and the caller gives it up. A panic while it ends has nobody to be told.
        let _ = catch_unwind(AssertUnwindSafe(|| drop(unsafe { Box::from_raw(object) })));
    }
}

/// A text of the caller's, or nothing for NULL.
pub(crate) fn optional_text<'a>(text: *const c_char, name: &str) -> Outcome<Option<&'a str>> {
    if text.is_null() {
        return Ok(None);
    }
    // SAFETY: not NULL, and every exported function demands that texts end with a NUL and outlive the call.
    let text = unsafe { CStr::from_ptr(text) }.to_str();
    let wrong = |_| formwork::Error::invalid(format!("`{name}` is not UTF-8")).into();
    text.map(Some).map_err(wrong)
}

/// A text of the caller's.
pub(crate) fn text<'a>(text: *const c_char, name: &str) -> Outcome<&'a str> {
    optional_text(text, name)?.ok_or_else(|| Error::misuse(&format!("`{name}` is NULL")))
}

/// A JSON text.
pub(crate) fn parse(text: &str, name: &str) -> Outcome<Value> {
    serde_json::from_str(text)
        .map_err(|error| formwork::Error::invalid(format!("`{name}` is no JSON: {error}")).into())
}

/// A JSON text of the caller's.
pub(crate) fn json(given: *const c_char, name: &str) -> Outcome<Value> {
    parse(text(given, name)?, name)
}

/// A JSON object of the caller's; empty for NULL.
pub(crate) fn object(given: *const c_char, name: &str) -> Outcome<Map<String, Value>> {
    match optional_text(given, name)?.map(|text| parse(text, name)).transpose()? {
        None => Ok(Map::new()),
        Some(Value::Object(object)) => Ok(object),
        Some(_) => Err(formwork::Error::invalid(format!("`{name}` is a JSON object")).into()),
    }
}

/// A text of ours, cut at the first NUL: none of ours has one, but what comes from a file may.
pub(crate) fn owned_text(text: &str) -> CString {
    let end = text.find('\0').unwrap_or(text.len());
    CString::new(&text[..end]).unwrap_or_default()
}

/// Hands a text over, which the caller ends with `formwork_text_destroy`.
pub(crate) fn hand_over_text(place: *mut *mut c_char, text: &str) {
    put(place, owned_text(text).into_raw());
}

/// A struct of the caller's, as long as it says: what it does not have is zero, what we do not know must be.
///
/// `T` must be made of numbers, pointers and optional functions only, and begin with its size.
pub(crate) fn read_struct<T: SizedStruct>(given: *const T, name: &str) -> Outcome<T> {
    if given.is_null() {
        return Err(Error::misuse(&format!("`{name}` is NULL")));
    }
    let ours = size_of::<T>();
    // SAFETY: not NULL, and every struct begins with its size.
    let size = unsafe { given.cast::<usize>().read() };
    if size < T::FIRST_SIZE || size > MOST {
        let why = format!("`{name}.struct_size` is {size}, which no version of it has: use its INIT macro");
        return Err(Error::misuse(&why));
    }
    // SAFETY: the caller says that so many bytes are there.
    let bytes = unsafe { std::slice::from_raw_parts(given.cast::<u8>(), size) };
    if bytes.iter().skip(ours).any(|byte| *byte != 0) {
        return Err(Error::misuse(&format!("`{name}` asks for something this version does not know")));
    }
    let mut read = MaybeUninit::<T>::zeroed();
    // SAFETY: at most as many bytes as either side has; all-zero, and what C filled in, is valid for such structs.
    unsafe {
        ptr::copy_nonoverlapping(bytes.as_ptr(), read.as_mut_ptr().cast::<u8>(), size.min(ours));
        Ok(read.assume_init())
    }
}

/// As [`read_struct`], or the default for NULL.
pub(crate) fn read_optional<T: SizedStruct + Default>(given: *const T, name: &str) -> Outcome<T> {
    if given.is_null() { Ok(T::default()) } else { read_struct(given, name) }
}

/// Greatest size a struct may say it has; more is no size.
const MOST: usize = 4_096;

/// Fills a struct of the caller's, of which [`read_struct`] told that it is one, as far as it reaches.
pub(crate) fn fill_struct<T: SizedStruct>(place: *mut T, size: usize, filled: &T) {
    let count = size.min(size_of::<T>());
    // SAFETY: so many bytes are there, as the caller says, and may be written.
    unsafe { ptr::copy_nonoverlapping(ptr::from_ref(filled).cast::<u8>(), place.cast::<u8>(), count) }
}

/// A struct that begins with its size. [`published_up_to`] makes one.
pub(crate) trait SizedStruct: Sized {
    /// The size it had when it was published, which programs of that time say; members are only added after it.
    const FIRST_SIZE: usize;
}

/// Says which member of a struct was the last when it was published. It stays so when members are added: those an older
/// program lacks are 0, as [`read_struct`] sees to.
macro_rules! published_up_to {
    ($kind:ty, $last:ident) => {
        impl $crate::guard::SizedStruct for $kind {
            const FIRST_SIZE: usize = std::mem::offset_of!($kind, $last)
                + $crate::guard::size_of_member(|whole: &$kind| &whole.$last);
        }
    };
}
pub(crate) use published_up_to;

/// The size of what a function picks out of a struct.
pub(crate) const fn size_of_member<T, M>(_: fn(&T) -> &M) -> usize {
    size_of::<M>()
}
