//! Workers: processes that run one plugin each, locked down, so that a crash, a hang or a memory bomb in a
//! plugin is one failed task, and a plugin that is taken over reaches nothing.
//!
//! The engine's side is [`Workers`], a [`Carrier`](crate::run::Carrier): it keeps workers (`pool`), starts them
//! (`process`, `child`) or has them forked (`template`), talks to them (`talk`) and says why one died (`death`).
//! The worker's side is [`serve`]: it locks itself in (`cage`) and lends the plugin the same functions as the
//! engine does in its own process (`lend`). Between them are packets (`socket`, `frame`, `request`) and memory
//! files (`memory`).

mod cage;
mod carrier;
mod child;
mod death;
mod frame;
#[doc(hidden)]
pub mod fuzz;
mod housekeeper;
mod isolation;
mod lend;
mod memory;
mod pieces;
mod pool;
mod process;
mod request;
mod serve;
mod socket;
mod status;
mod talk;
mod template;
mod tidy;

pub use carrier::Workers;
pub use isolation::{Isolation, set_limit};
pub(crate) use memory::{file as memory_file, seal, seal_growth};
pub use serve::{SCAN, serve};
