//! Which part of a file is wanted.

use crate::{Demuxer, Span, Track};
use formwork_sdk::{Error, Operation, Result, Step};

/// Start and end as asked for, in seconds from the beginning.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Times {
    /// Where to start.
    pub start: f64,
    /// Where to end.
    pub end: Option<f64>,
}

impl Times {
    /// Reads `start_time`, `end_time` and `duration` of all operations of a step: a later one cuts what an earlier one
    /// left.
    ///
    /// # Errors
    ///
    /// `invalid_request` for an end before the start, or both an end and a duration.
    pub fn of(step: &Step<'_>) -> Result<Times> {
        step.operations().try_fold(Times::default(), |times, operation| times.then(&operation))
    }

    fn then(self, operation: &Operation<'_>) -> Result<Times> {
        let options = operation.options();
        let time = |name: &str| options.number(name);
        if time("end_time").is_some() && time("duration").is_some() {
            return Err(Error::invalid("`end_time` and `duration` exclude each other"));
        }
        let from = time("start_time").unwrap_or(0.0).max(0.0);
        let until = time("end_time").or_else(|| time("duration").map(|duration| from + duration));
        if until.is_some_and(|until| until <= from) {
            return Err(Error::invalid("the end is not behind the start"));
        }
        let start = self.start + from;
        let end = match (self.end, until.map(|until| self.start + until)) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        };
        if end.is_some_and(|end| end <= start) {
            return Err(Error::invalid("the end is not behind the start"));
        }
        Ok(Times { start, end })
    }

    /// Whether all is wanted.
    pub fn is_all(&self) -> bool {
        self.start == 0.0 && self.end.is_none()
    }

    /// The part on the file's own clock. `tracks` are the ones that are taken: the result starts with the first of them.
    ///
    /// # Errors
    ///
    /// `invalid_request` when the file ends before the start.
    pub fn span<'t>(&self, demuxer: &Demuxer<'_>, tracks: impl Iterator<Item = &'t Track>) -> Result<Span> {
        let first = tracks.map(|track| track.time_base.seconds(track.start)).min_by(f64::total_cmp);
        let zero = first.unwrap_or_else(|| demuxer.start());
        // Where the length is a guess, and the start lies behind it, nothing is known of the length.
        let duration = demuxer.duration().filter(|guess| !demuxer.guesses_duration() || self.start < *guess);
        if duration.is_some_and(|duration| self.start >= duration) {
            let duration = crate::facts::rounded(duration.unwrap_or(0.0));
            return Err(Error::invalid(format!(
                "the start is at {} s, but the file is {duration} s long",
                self.start
            )));
        }
        let rest = duration.map(|duration| duration - self.start);
        let asked = self.end.map(|end| end - self.start);
        Ok(Span {
            origin: zero + self.start,
            end: self.end.map(|end| zero + end),
            length: match (rest, asked) {
                (Some(rest), Some(asked)) => Some(rest.min(asked)),
                (rest, asked) => asked.or(rest),
            },
            share: None,
        })
    }
}
