//! Formwork: an embeddable file-conversion engine.

pub mod detect;
