//! Pieces of work that do not need each other, side by side.

use crate::Result;
use crate::lock::lock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

/// How many pieces go side by side on a number of threads, and how many threads each of them has.
pub(super) fn share_out(threads: u32, pieces: usize) -> (usize, u32) {
    let lanes = pieces.min(threads.max(1) as usize).max(1);
    (lanes, (threads / lanes as u32).max(1))
}

/// Does all pieces on so many threads, the caller's among them, and returns their results in order. `work` is told each
/// piece's number.
///
/// # Errors
///
/// The failure that comes first in order of those that happened; after one, no other piece is begun.
pub(super) fn side_by_side<P: Send, T: Send>(
    lanes: usize,
    pieces: Vec<P>,
    work: impl Fn(usize, P) -> Result<T> + Sync,
) -> Result<Vec<T>> {
    let lanes = lanes.min(pieces.len());
    let done = Mutex::new(Vec::with_capacity(pieces.len()));
    let queue = Mutex::new(pieces.into_iter().enumerate());
    let has_failed = AtomicBool::new(false);
    let lane = || {
        loop {
            let next = lock(&queue).next().filter(|_| !has_failed.load(Ordering::Relaxed));
            let Some((number, piece)) = next else { return };
            let result = work(number, piece);
            has_failed.fetch_or(result.is_err(), Ordering::Relaxed);
            lock(&done).push((number, result));
        }
    };
    std::thread::scope(|scope| {
        (1..lanes).for_each(|_| drop(scope.spawn(lane)));
        lane();
    });
    let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    done.sort_by_key(|(number, _)| *number);
    done.into_iter().map(|(_, result)| result).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Error;
    use std::sync::atomic::AtomicUsize;

    #[test]
    fn results_come_in_order() {
        let pieces: Vec<usize> = (0..100).collect();
        let squares = side_by_side(3, pieces, |number, piece| Ok(number * piece)).unwrap();
        assert_eq!(squares, (0..100).map(|number| number * number).collect::<Vec<_>>());
    }

    #[test]
    fn a_failure_ends_what_is_not_begun() {
        let begun = AtomicUsize::new(0);
        let work = |number, ()| {
            begun.fetch_add(1, Ordering::Relaxed);
            if number == 3 { Err(Error::invalid("third")) } else { Ok(()) }
        };
        assert_eq!(side_by_side(2, vec![(); 100], work).unwrap_err().message, "third");
        assert!(begun.into_inner() < 10);
    }

    #[test]
    fn one_lane_is_the_callers_own_thread() {
        let own = std::thread::current().id();
        let seen = side_by_side(1, vec![(); 3], |_, ()| Ok(std::thread::current().id())).unwrap();
        assert_eq!(seen, [own; 3]);
    }
}
