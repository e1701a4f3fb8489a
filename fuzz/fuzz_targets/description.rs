//! Descriptions of plugins: what is understood survives being written and read again.
#![no_main]

use formwork::describe::Description;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    if let Ok(description) = serde_json::from_slice::<Description>(data) {
        let again = serde_json::to_vec(&description).ok().and_then(|json| serde_json::from_slice(&json).ok());
        assert_eq!(again.as_ref(), Some(&description));
    }
});
