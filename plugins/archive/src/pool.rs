//! A few threads that do the work of one step, and queues that hand its results on in order.
//!
//! The caller's thread works too: whenever it has to wait for a result, it takes the next task itself. With
//! one thread every task runs at once where it is submitted, and nothing is started.

use formwork_sdk::{Error, ErrorKind, Result};
use std::cell::RefCell;
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use crate::scratch::Scratch;

type Task<'env> = Box<dyn FnOnce(&mut Scratch) + Send + 'env>;

#[derive(Default)]
struct Queue<'env> {
    tasks: VecDeque<Task<'env>>,
    closed: bool,
}

#[derive(Default)]
struct Shared<'env> {
    queue: Mutex<Queue<'env>>,
    /// Woken when a task arrives or the pool closes.
    work: Condvar,
    /// Woken when a result is there.
    done: Condvar,
}

impl<'env> Shared<'env> {
    fn lock(&self) -> MutexGuard<'_, Queue<'env>> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn serve(&self) {
        let mut scratch = Scratch::default();
        let mut queue = self.lock();
        loop {
            if let Some(task) = queue.tasks.pop_front() {
                drop(queue);
                task(&mut scratch);
                queue = self.lock();
                self.done.notify_all();
            } else if queue.closed {
                return;
            } else {
                queue = self.work.wait(queue).unwrap_or_else(PoisonError::into_inner);
            }
        }
    }

    fn close(&self) {
        let mut queue = self.lock();
        queue.closed = true;
        queue.tasks.clear();
        drop(queue);
        self.work.notify_all();
    }
}

/// Closes the pool when the work ends, however it ends.
struct Closer<'p, 'env>(&'p Shared<'env>);

impl Drop for Closer<'_, '_> {
    fn drop(&mut self) {
        self.0.close();
    }
}

/// The threads of one step.
pub(crate) struct Pool<'p, 'env> {
    shared: &'p Shared<'env>,
    scratch: RefCell<Scratch>,
    threads: usize,
}

/// Runs `work` with a pool of so many threads, the caller's included.
pub(crate) fn with_pool<'env, R>(threads: usize, work: impl FnOnce(&Pool<'_, 'env>) -> R) -> R {
    let shared = Shared::default();
    thread::scope(|scope| {
        let _closer = Closer(&shared);
        let mut running = 1;
        for _ in 1..threads {
            // A machine that gives no thread gets its work done on fewer.
            let spawned = thread::Builder::new().spawn_scoped(scope, || shared.serve());
            running += usize::from(spawned.is_ok());
        }
        work(&Pool { shared: &shared, scratch: RefCell::default(), threads: running })
    })
}

/// A result that will be there.
struct Ticket<T> {
    slot: Arc<Mutex<Option<Result<T>>>>,
}

impl<T> Ticket<T> {
    fn take(&self) -> Option<Result<T>> {
        self.slot.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl<'env> Pool<'_, 'env> {
    /// Threads that work, the caller's included.
    pub(crate) fn threads(&self) -> usize {
        self.threads
    }

    /// Lends the caller's own scratch space. Must not be held while a queue is used.
    pub(crate) fn with_scratch<R>(&self, work: impl FnOnce(&mut Scratch) -> R) -> R {
        match self.scratch.try_borrow_mut() {
            Ok(mut scratch) => work(&mut scratch),
            Err(_) => work(&mut Scratch::default()),
        }
    }

    fn submit<T: Send + 'env>(&self, job: impl FnOnce(&mut Scratch) -> Result<T> + Send + 'env) -> Ticket<T> {
        let slot = Arc::new(Mutex::new(None));
        let ticket = Ticket { slot: Arc::clone(&slot) };
        if self.threads == 1 {
            let result = self.with_scratch(|scratch| guarded(job, scratch));
            *slot.lock().unwrap_or_else(PoisonError::into_inner) = Some(result);
            return ticket;
        }
        let task = move |scratch: &mut Scratch| {
            let result = guarded(job, scratch);
            *slot.lock().unwrap_or_else(PoisonError::into_inner) = Some(result);
        };
        self.shared.lock().tasks.push_back(Box::new(task));
        self.shared.work.notify_one();
        ticket
    }

    fn wait<T>(&self, ticket: &Ticket<T>) -> Result<T> {
        let mut queue = self.shared.lock();
        loop {
            // A worker locks the queue after it stored a result and before it says so: looked at under the
            // lock, a result is either there or still to be announced.
            if let Some(result) = ticket.take() {
                return result;
            }
            queue = match queue.tasks.pop_front() {
                Some(task) => {
                    drop(queue);
                    self.with_scratch(task);
                    self.shared.lock()
                }
                None => self.shared.done.wait(queue).unwrap_or_else(PoisonError::into_inner),
            };
        }
    }
}

fn guarded<T>(job: impl FnOnce(&mut Scratch) -> Result<T>, scratch: &mut Scratch) -> Result<T> {
    catch_unwind(AssertUnwindSafe(|| job(scratch))).unwrap_or_else(|_| {
        *scratch = Scratch::default();
        Err(Error::new(ErrorKind::PluginFault, "a task of the archive plugin panicked"))
    })
}

/// Hands the results of tasks on in the order they were submitted, and bounds how many are under way.
pub(crate) struct Ordered<'p, 'q, 'env, T> {
    pool: &'p Pool<'q, 'env>,
    pending: VecDeque<(Ticket<T>, u64)>,
    weight: u64,
    most: u64,
}

impl<'p, 'q, 'env, T: Send + 'env> Ordered<'p, 'q, 'env, T> {
    /// A queue whose tasks together weigh at most so many bytes, unless one alone weighs more.
    pub(crate) fn new(pool: &'p Pool<'q, 'env>, most: u64) -> Self {
        Ordered { pool, pending: VecDeque::new(), weight: 0, most }
    }

    /// Tells whether a result must be taken before a task of that weight is submitted.
    pub(crate) fn is_full(&self, weight: u64) -> bool {
        let depth = if self.pool.threads == 1 { 1 } else { self.pool.threads * 8 };
        !self.pending.is_empty()
            && (self.pending.len() >= depth || self.weight.saturating_add(weight) > self.most)
    }

    /// Submits a task.
    pub(crate) fn push(&mut self, weight: u64, job: impl FnOnce(&mut Scratch) -> Result<T> + Send + 'env) {
        self.weight = self.weight.saturating_add(weight);
        self.pending.push_back((self.pool.submit(job), weight));
    }

    /// Waits for the oldest result; `None` when there is none.
    pub(crate) fn pop(&mut self) -> Option<Result<T>> {
        let (ticket, weight) = self.pending.pop_front()?;
        self.weight = self.weight.saturating_sub(weight);
        Some(self.pool.wait(&ticket))
    }
}
