//! The rows, one module per family (camera raw has its own beside the other images).
//!
//! A row says what a format is, in one short block: what it does not mention is as in the family's
//! starting row (`Format::IMAGE` and its like). Inside a table the rows stand in the order of their ids.
//!
//! - The first extension is the id itself wherever files are really called so.
//! - A signature is listed when it settles the format alone (or together with the check its detector
//!   makes); formats found inside a container by its directory or brands list none.
//! - `holds` lists what a file of the format *can* carry, not what a program writes by default.

mod archive;
mod audio;
mod document;
mod image;
mod raw;
mod video;

use crate::Format;

/// Every table of rows, in the order formats are listed to people.
pub const TABLES: &[&[Format]] =
    &[video::TABLE, audio::TABLE, image::TABLE, raw::TABLE, document::TABLE, archive::TABLE];
