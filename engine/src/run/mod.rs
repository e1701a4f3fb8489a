//! Runs plans: steps in carriers, tasks in order, with progress, cancel, deadlines and limits.
//!
//! A [`Job`](crate::job::Job) is run by the scheduler in [`schedule`]; each of its working tasks by
//! [`work`]; each step of a task by a [`Carrier`], which lends the plugin the functions in `host`.

mod carrier;
mod control;
mod history;
mod host;
mod import;
mod intake;
mod item;
mod meter;
mod options;
mod pieces;
mod probe;
mod schedule;
mod side_by_side;
mod sink;
mod work;

pub use carrier::{Call, Carrier, InProcess, StepRequest};
pub(crate) use carrier::{ended, nanoseconds, raw_input};
pub use control::{CancelToken, Control, TrustDomain};
pub(crate) use history::History;
pub(crate) use host::time;
pub use host::{Found, StepContext};
pub(crate) use import::import;
pub(crate) use intake::take_in;
pub use item::{Content, Item, LazyFile};
pub use probe::Probe;
pub(crate) use probe::probe as probe_item;
pub use schedule::{
    Event, EventKind, JobHandle, JobReport, JobStatus, Listener, Queue, Submission, TaskReport, TaskState,
    Ticket,
};
pub(crate) use schedule::{plan_job, run_job};
pub(crate) use sink::limit;
pub use sink::{OutputSpec, Sink};
pub use work::Work;
pub(crate) use work::{Order, Rescue, look, lowest_level, may_be_rescued, plan};
