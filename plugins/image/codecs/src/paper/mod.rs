//! What formats for paper, PDF and EPS, share: where a picture lies on its page, and samples as they hold
//! them.

mod deflate;
mod place;

pub(crate) use deflate::{Plane, deflate};
pub(crate) use place::{Place, density, number};
