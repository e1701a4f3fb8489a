//! FFmpeg's dictionaries: options and tags.

use crate::ff;
use std::ffi::{CStr, CString};
use std::ptr;

/// A list of names and values. Freed when dropped.
#[derive(Debug)]
pub struct Dictionary(*mut ff::AVDictionary);

// SAFETY: a dictionary is plain memory without ties to a thread.
unsafe impl Send for Dictionary {}

impl Default for Dictionary {
    fn default() -> Self {
        Dictionary(ptr::null_mut())
    }
}

impl Dictionary {
    /// Makes one of pairs.
    pub fn of<'p>(pairs: impl IntoIterator<Item = (&'p str, &'p str)>) -> Dictionary {
        let mut dictionary = Dictionary::default();
        for (name, value) in pairs {
            dictionary.set(name, value);
        }
        dictionary
    }

    /// Sets a value; an empty one removes the name. Text that holds a zero byte is left out.
    pub fn set(&mut self, name: &str, value: &str) {
        let (Ok(name), Ok(text)) = (CString::new(name), CString::new(value)) else { return };
        let text = if value.is_empty() { ptr::null() } else { text.as_ptr() };
        // SAFETY: both texts end with a zero and are copied.
        unsafe { ff::av_dict_set(&raw mut self.0, name.as_ptr(), text, 0) };
    }

    /// Copies a dictionary that FFmpeg owns.
    ///
    /// # Safety
    ///
    /// `raw` is null or a valid dictionary.
    pub(crate) unsafe fn copy_of(raw: *const ff::AVDictionary) -> Dictionary {
        let mut copy = Dictionary::default();
        // SAFETY: the caller vouches for `raw`.
        unsafe { ff::av_dict_copy(&raw mut copy.0, raw, 0) };
        copy
    }

    /// All names and values in their order, at most 1,000; text that is not UTF-8 is mended.
    pub fn entries(&self) -> Vec<(String, String)> {
        let mut entries = Vec::new();
        let mut entry: *mut ff::AVDictionaryEntry = ptr::null_mut();
        while entries.len() < 1_000 {
            // SAFETY: an empty key with this flag walks over all entries, starting after the one given.
            entry = unsafe { ff::av_dict_get(self.0, c"".as_ptr(), entry, ff::AV_DICT_IGNORE_SUFFIX) };
            if entry.is_null() {
                break;
            }
            // SAFETY: the entry is valid until the dictionary changes, and its texts end with zeros.
            let text = |raw| unsafe { CStr::from_ptr(raw) }.to_string_lossy().into_owned();
            // SAFETY: as above.
            let (key, value) = unsafe { ((*entry).key, (*entry).value) };
            entries.push((text(key), text(value)));
        }
        entries
    }

    /// The value of a name, whatever its case.
    pub fn get(&self, name: &str) -> Option<String> {
        let name = CString::new(name).ok()?;
        // SAFETY: the name ends with a zero; the entry is read before anything changes.
        unsafe {
            let entry = ff::av_dict_get(self.0, name.as_ptr(), ptr::null(), 0);
            (!entry.is_null()).then(|| CStr::from_ptr((*entry).value).to_string_lossy().into_owned())
        }
    }

    /// For calls that take the options they know out of it.
    pub(crate) fn as_mut_ptr(&mut self) -> *mut *mut ff::AVDictionary {
        &raw mut self.0
    }

    /// Hands the dictionary over to FFmpeg.
    pub(crate) fn into_raw(mut self) -> *mut ff::AVDictionary {
        std::mem::replace(&mut self.0, ptr::null_mut())
    }
}

impl Drop for Dictionary {
    fn drop(&mut self) {
        // SAFETY: it is ours; freeing null is fine.
        unsafe { ff::av_dict_free(&raw mut self.0) };
    }
}
