//! One module for each command.

pub(crate) mod convert;
pub(crate) mod doctor;
pub(crate) mod families;
pub(crate) mod formats;
pub(crate) mod group;
pub(crate) mod help;
pub(crate) mod job;
pub(crate) mod matrix;
pub(crate) mod metadata;
pub(crate) mod operation;
pub(crate) mod options;
pub(crate) mod plan;
pub(crate) mod probe;
pub(crate) mod scan;
pub(crate) mod verify;
