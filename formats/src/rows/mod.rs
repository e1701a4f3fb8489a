//! The rows, one module per family.

use crate::Format;

/// Every table of rows, in the order formats are listed to people.
pub const TABLES: &[&[Format]] = &[];
