//! One file for each operation.

pub(crate) mod cut;
pub(crate) mod merge;
pub(crate) mod protect;
pub(crate) mod rotate;
