//! One file for each operation.

pub(crate) mod attachments;
pub(crate) mod cut;
pub(crate) mod flatten;
pub(crate) mod images;
pub(crate) mod merge;
pub(crate) mod metadata;
pub(crate) mod protect;
pub(crate) mod repair;
pub(crate) mod rotate;
