//! A thread for what no job has to wait for: ending workers and starting spares.

use super::pool::Stock;
use super::process::Process;
use crate::lock::lock;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

/// The thread, which starts with the first chore. Dropping this waits for what it has to do.
#[derive(Debug)]
pub(super) struct Housekeeper {
    stock: Arc<Stock>,
    thread: Mutex<Option<Thread>>,
}

#[derive(Debug)]
struct Thread {
    chores: Sender<Chore>,
    handle: JoinHandle<()>,
}

#[derive(Debug)]
enum Chore {
    /// Kill these and wait for them.
    End(Vec<Process>),
    /// Start spares of this plugin.
    Refill(String),
}

impl Housekeeper {
    pub(super) fn new(stock: Arc<Stock>) -> Housekeeper {
        Housekeeper { stock, thread: Mutex::default() }
    }

    pub(super) fn end(&self, workers: Vec<Process>) {
        if !workers.is_empty() {
            self.hand_over(Chore::End(workers));
        }
    }

    pub(super) fn refill(&self, plugin: &str) {
        self.hand_over(Chore::Refill(plugin.to_owned()));
    }

    fn hand_over(&self, chore: Chore) {
        let mut thread = lock(&self.thread);
        if thread.is_none() {
            *thread = start(self.stock.clone());
        }
        let refused = match &*thread {
            Some(thread) => thread.chores.send(chore).err().map(|unsent| unsent.0),
            None => Some(chore),
        };
        // Without a thread, here and now.
        drop(thread);
        if let Some(chore) = refused {
            do_chore(&self.stock, chore);
        }
    }
}

impl Drop for Housekeeper {
    fn drop(&mut self) {
        if let Some(Thread { chores, handle }) = lock(&self.thread).take() {
            drop(chores);
            let _ = handle.join();
        }
    }
}

fn start(stock: Arc<Stock>) -> Option<Thread> {
    let (chores, todo): (_, Receiver<Chore>) = channel();
    let work = move || todo.into_iter().for_each(|chore| do_chore(&stock, chore));
    let handle = crate::threads::start("formwork-housekeeper".into(), work).ok()?;
    Some(Thread { chores, handle })
}

fn do_chore(stock: &Stock, chore: Chore) {
    match chore {
        Chore::End(workers) => drop(workers),
        Chore::Refill(plugin) => stock.refill(&plugin),
    }
}
