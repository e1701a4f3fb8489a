//! Limits for fuzzing, and what is judged after each run.

use formwork_sdk::testing::{Limits, Outcome};
use formwork_sdk::{ErrorKind, Feature};
use std::sync::{Mutex, PoisonError};

/// Where and why the last panic was, for the report of a find.
static LAST_PANIC: Mutex<String> = Mutex::new(String::new());

/// Keeps panics quiet until a judge objects: a plugin may catch those of a library and call its input broken.
pub(crate) fn listen_to_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let text = format!("{panic}\n{}", std::backtrace::Backtrace::capture());
        *LAST_PANIC.lock().unwrap_or_else(PoisonError::into_inner) = text;
    }));
}

/// Small limits, so that a bomb is found by the limit and not by the clock.
pub(crate) fn limits(limits: &mut Limits) {
    limits.threads = 1;
    limits.memory = 64 << 20;
    limits.pixels = 1 << 20;
    limits.frames = 64;
    limits.metadata = 1 << 20;
    limits.output = 16 << 20;
    limits.entries = 1_000;
    limits.ratio_floor = 1 << 20;
}

/// Panics when the plugin panicked, broke the contract, or said a loss by a word that is none.
pub(crate) fn honest(what: &str, outcome: &Outcome) {
    for (word, detail) in &outcome.losses {
        assert!(Feature::from_word(word).is_some(), "{what}: lost {word:?} ({detail})");
    }
    let Some(error) = &outcome.error else { return };
    if matches!(error.kind, ErrorKind::PluginFault | ErrorKind::Internal) {
        object(&format!("{what}: {error:?}"));
    }
}

/// Panics when the step failed at all.
pub(crate) fn succeeded(what: &str, outcome: &Outcome) {
    if let Some(error) = &outcome.error {
        object(&format!("{what}: {error:?}"));
    }
}

/// Ends the run with a find, and shows the panic that may lie behind it.
#[expect(clippy::panic, reason = "this is how a find is told")]
pub(crate) fn object(why: &str) -> ! {
    eprintln!("find: {why}");
    eprintln!("last panic: {}", LAST_PANIC.lock().unwrap_or_else(PoisonError::into_inner));
    panic!("{why}");
}
