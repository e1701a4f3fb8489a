//! Points in time as archives write them.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// A point in time: seconds since 1970-01-01 UTC, and nanoseconds after them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Time {
    pub(crate) seconds: i64,
    pub(crate) nanoseconds: u32,
}

/// Seconds between 1601-01-01 and 1970-01-01.
const NT_EPOCH: i64 = 11_644_473_600;
/// 100-nanosecond steps in a second.
const NT_STEPS: u64 = 10_000_000;

impl Time {
    /// Whole seconds.
    pub(crate) fn at(seconds: i64) -> Time {
        Time { seconds, nanoseconds: 0 }
    }

    /// From the system's time.
    pub(crate) fn from_system(time: SystemTime) -> Time {
        match time.duration_since(UNIX_EPOCH) {
            Ok(after) => Time {
                seconds: i64::try_from(after.as_secs()).unwrap_or(i64::MAX),
                nanoseconds: after.subsec_nanos(),
            },
            Err(before) => {
                let span = before.duration();
                let seconds = i64::try_from(span.as_secs()).unwrap_or(i64::MAX);
                match span.subsec_nanos() {
                    0 => Time::at(-seconds),
                    nanoseconds => Time { seconds: -seconds - 1, nanoseconds: 1_000_000_000 - nanoseconds },
                }
            }
        }
    }

    /// To the system's time; `None` when it cannot hold it.
    pub(crate) fn to_system(self) -> Option<SystemTime> {
        let span = Duration::from_secs(self.seconds.unsigned_abs());
        let whole =
            if self.seconds >= 0 { UNIX_EPOCH.checked_add(span) } else { UNIX_EPOCH.checked_sub(span) };
        whole?.checked_add(Duration::from_nanos(u64::from(self.nanoseconds)))
    }

    /// From a Windows file time: 100-nanosecond steps since 1601. Zero means unknown.
    pub(crate) fn from_nt(steps: u64) -> Option<Time> {
        let seconds = i64::try_from(steps / NT_STEPS).ok()?.checked_sub(NT_EPOCH)?;
        let nanoseconds = u32::try_from(steps % NT_STEPS * 100).ok()?;
        (steps != 0).then_some(Time { seconds, nanoseconds })
    }

    /// To a Windows file time; `None` before 1601.
    pub(crate) fn to_nt(self) -> Option<u64> {
        let seconds = u64::try_from(self.seconds.checked_add(NT_EPOCH)?).ok()?;
        seconds.checked_mul(NT_STEPS)?.checked_add(u64::from(self.nanoseconds / 100))
    }

    /// From MS-DOS date and time, read as UTC. `None` when they are no date.
    pub(crate) fn from_dos(date: u16, time: u16) -> Option<Time> {
        let (year, month, day) =
            (1980 + i64::from(date >> 9), i64::from(date >> 5 & 15), i64::from(date & 31));
        let (hour, minute, second) =
            (i64::from(time >> 11), i64::from(time >> 5 & 63), i64::from(time & 31) * 2);
        let valid =
            (1..=12).contains(&month) && (1..=31).contains(&day) && hour < 24 && minute < 60 && second < 60;
        let seconds = days_from_civil(year, month, day) * 86_400 + hour * 3_600 + minute * 60 + second;
        valid.then_some(Time::at(seconds))
    }

    /// To MS-DOS date and time in UTC, kept within 1980 to 2107.
    pub(crate) fn to_dos(self) -> (u16, u16) {
        let (year, month, day) = civil_from_days(self.seconds.div_euclid(86_400));
        if year < 1980 {
            return (1 << 5 | 1, 0);
        }
        if year > 2107 {
            return (127 << 9 | 12 << 5 | 31, 23 << 11 | 59 << 5 | 29);
        }
        let second = self.seconds.rem_euclid(86_400);
        let date = (year - 1980) << 9 | month << 5 | day;
        let time = (second / 3_600) << 11 | (second / 60 % 60) << 5 | (second % 60 / 2);
        (date as u16, time as u16)
    }
}

/// Days since 1970-01-01 of a date of the Gregorian calendar.
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    // Years begin in March, so that the leap day comes last.
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

/// The date of the Gregorian calendar, days after 1970-01-01.
fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let days = days.saturating_add(719_468);
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month, day_of_year - (153 * shifted + 2) / 5 + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dos_times_come_back() {
        for seconds in [315_532_800, 951_827_696, 1_709_210_096, 1_763_683_200] {
            let time = Time::at(seconds);
            let (date, clock) = time.to_dos();
            assert_eq!(Time::from_dos(date, clock), Some(time));
        }
        assert_eq!(Time::at(0).to_dos(), (33, 0));
        assert_eq!(Time::at(i64::MAX).to_dos().0 >> 9, 127);
        assert_eq!(Time::from_dos(0, 0), None);
    }

    #[test]
    fn other_times_come_back() {
        for (seconds, nanoseconds) in [(0, 0), (1_700_000_000, 123_456_700), (-5, 500_000_000)] {
            let time = Time { seconds, nanoseconds };
            assert_eq!(time.to_system().map(Time::from_system), Some(time));
            assert_eq!(time.to_nt().and_then(Time::from_nt), Some(time));
        }
        assert_eq!(Time::from_nt(0), None);
    }
}
