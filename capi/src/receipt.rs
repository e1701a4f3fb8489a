//! What was done.

use crate::guard::{held, owned_text};
use formwork::deliver::canonical;
use std::ffi::{CString, c_char};
use std::ptr;

/// What a conversion did: route, versions, options, losses, warnings, hashes, times. Owned by the caller, who destroys
/// it; may be used from any thread.
pub struct Receipt {
    json: CString,
}

impl Receipt {
    pub(crate) fn of(receipt: &formwork::deliver::Receipt) -> Receipt {
        Receipt { json: owned_text(&canonical(&receipt.to_json())) }
    }
}

/// The receipt as canonical JSON (RFC 8785), whose members docs/receipts.md lists. Lives as long as the receipt.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn formwork_receipt_json(receipt: *const Receipt) -> *const c_char {
    held(receipt, "receipt").map_or(ptr::null(), |receipt| receipt.json.as_ptr())
}

/// Destroys a receipt; NULL is fine.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn formwork_receipt_destroy(receipt: *mut Receipt) {
    crate::guard::destroy(receipt);
}
