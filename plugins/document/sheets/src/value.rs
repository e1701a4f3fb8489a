//! What a cell holds, and how that reads as text.

use calamine::{CellErrorType, Data, DataRef, ExcelDateTime};
use std::borrow::Cow;
use std::fmt::Write;

/// Milliseconds of a day.
pub(crate) const DAY: i64 = 86_400_000;
/// The first serial number behind 9999-12-31, where dates end.
const LAST: f64 = 2_958_466.0;
/// From here on, and below the inverse, numbers are written with an exponent: their digits say nothing any more.
const LARGE: f64 = 1e21;
const SMALL: f64 = 1e-7;

/// A value.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    Text(String),
    Number(f64),
    Flag(bool),
    /// A day, and milliseconds since it began.
    Day(Day, i64),
    /// A time of day or how long something takes, in milliseconds.
    Time(i64),
    /// Why a formula has no value, as in `#DIV/0!`.
    Fault(String),
}

/// A day of the calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Day {
    pub(crate) year: u16,
    pub(crate) month: u8,
    pub(crate) day: u8,
}

impl Value {
    /// What the library read; nothing for an empty cell.
    pub(crate) fn of(data: Data) -> Option<Value> {
        Some(match data {
            Data::Int(number) => Value::Number(number as f64),
            Data::Float(number) => Value::Number(number),
            Data::String(text) => Value::Text(text),
            Data::Bool(flag) => Value::Flag(flag),
            Data::DateTime(moment) => of_serial(moment),
            Data::DateTimeIso(text) => of_iso_date(&text).unwrap_or(Value::Text(text)),
            Data::DurationIso(text) => of_iso_duration(&text).unwrap_or(Value::Text(text)),
            Data::Error(error) => fault(&error),
            Data::Empty => return None,
        })
    }

    /// As [`Value::of`], for what is still the library's.
    pub(crate) fn of_ref(data: DataRef<'_>) -> Option<Value> {
        Value::of(data.into())
    }

    /// As text: the shortest digits that mean the same number, dates and times by ISO 8601.
    pub(crate) fn text(&self) -> Cow<'_, str> {
        match self {
            Value::Text(text) | Value::Fault(text) => Cow::Borrowed(text),
            Value::Number(number) => Cow::Owned(digits(*number)),
            Value::Flag(flag) => Cow::Borrowed(if *flag { "TRUE" } else { "FALSE" }),
            Value::Day(day, 0) => Cow::Owned(day.text()),
            Value::Day(day, time) => Cow::Owned(format!("{}T{}", day.text(), clock(*time))),
            Value::Time(time) => Cow::Owned(clock(*time)),
        }
    }

    /// Bytes of text it takes in memory beside itself.
    pub(crate) fn weight(&self) -> u64 {
        match self {
            Value::Text(text) | Value::Fault(text) => text.len() as u64,
            _ => 0,
        }
    }
}

impl Day {
    fn text(self) -> String {
        format!("{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

fn fault(error: &CellErrorType) -> Value {
    Value::Fault(error.to_string())
}

/// The value of a serial number with a format of dates or times (ISO/IEC 29500-1, 18.17.4).
fn of_serial(moment: ExcelDateTime) -> Value {
    let serial = moment.as_f64();
    if moment.is_duration() && serial.abs() < LAST {
        return Value::Time((serial * DAY as f64).round() as i64);
    }
    // Beyond the calendar it is a number, whatever its format says.
    if !(0.0..LAST).contains(&serial) {
        return Value::Number(serial);
    }
    let (year, month, day, hour, minute, second, milli) = moment.to_ymd_hms_milli();
    let time =
        (i64::from(hour) * 3600 + i64::from(minute) * 60 + i64::from(second)) * 1000 + i64::from(milli);
    // Before the first day there is only a time.
    if serial < 1.0 { Value::Time(time) } else { Value::Day(Day { year, month, day }, time) }
}

/// The shortest digits that are read as the same number.
fn digits(number: f64) -> String {
    let size = number.abs();
    if number == 0.0 {
        "0".into()
    } else if (SMALL..LARGE).contains(&size) {
        format!("{number}")
    } else {
        format!("{number:e}")
    }
}

/// Hours, minutes, seconds, and milliseconds where there are some.
fn clock(time: i64) -> String {
    let (sign, time) = (if time < 0 { "-" } else { "" }, time.unsigned_abs());
    let (seconds, rest) = (time / 1000, time % 1000);
    let mut text = format!("{sign}{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
    if rest > 0 {
        // Writing to a text cannot fail.
        let _ = write!(text, ".{rest:03}");
    }
    text
}

/// A date, a time, or both, as OpenDocument and strict Office Open XML write them.
fn of_iso_date(text: &str) -> Option<Value> {
    let text = text.trim().trim_end_matches('Z');
    let (date, time) = match text.split_once('T') {
        Some(("", time)) => return of_clock(time).map(Value::Time),
        Some((date, time)) => (date, of_clock(time)?),
        None if text.contains(':') => return of_clock(text).map(Value::Time),
        None => (text, 0),
    };
    let mut parts = date.splitn(3, '-');
    let year = parts.next().filter(|year| year.len() == 4)?.parse().ok()?;
    let mut part = |most: u8| parts.next()?.parse().ok().filter(|part| (1..=most).contains(part));
    let day = Day { year, month: part(12)?, day: part(31)? };
    (time < DAY).then_some(Value::Day(day, time))
}

fn of_clock(text: &str) -> Option<i64> {
    let mut parts = text.splitn(3, ':');
    let hours: u32 = parts.next()?.parse().ok()?;
    let minutes: u32 = parts.next()?.parse().ok().filter(|part| *part < 60)?;
    let seconds: f64 = parts.next().unwrap_or("0").parse().ok().filter(|part| (0.0..60.0).contains(part))?;
    Some((i64::from(hours) * 60 + i64::from(minutes)) * 60_000 + (seconds * 1000.0).round() as i64)
}

/// A duration of hours, minutes and seconds, as in `PT12H30M05.5S` (ISO 8601; OpenDocument writes no other).
fn of_iso_duration(text: &str) -> Option<Value> {
    let (sign, rest) = text.strip_prefix('-').map_or((1, text), |rest| (-1, rest));
    let mut rest = rest.strip_prefix('P')?;
    let mut total = 0.0;
    let days = rest.split_once('T').map_or(rest, |(days, _)| days);
    if let Some(days) = days.strip_suffix('D') {
        total += days.parse::<u32>().ok().map(f64::from)? * 24.0 * 3600.0;
    } else if !days.is_empty() {
        return None;
    }
    rest = rest.split_once('T').map_or("", |(_, time)| time);
    for (unit, seconds) in [('H', 3600.0), ('M', 60.0), ('S', 1.0)] {
        if let Some((number, behind)) = rest.split_once(unit) {
            // A comma is what some write for the point.
            let number: f64 = number.replace(',', ".").parse().ok()?;
            (total, rest) = (total + number * seconds, behind);
        }
    }
    let is_whole = rest.is_empty() && (0.0..LAST * 86_400.0).contains(&total);
    is_whole.then(|| Value::Time(sign * (total * 1000.0).round() as i64))
}

#[cfg(test)]
mod tests {
    use super::*;
    use calamine::ExcelDateTimeType::{DateTime, TimeDelta};

    fn serial(value: f64, is_1904: bool) -> String {
        of_serial(ExcelDateTime::new(value, DateTime, is_1904)).text().into_owned()
    }

    #[test]
    fn numbers_have_the_fewest_digits() {
        for (number, text) in [
            (1.0, "1"),
            (-0.0, "0"),
            (0.1, "0.1"),
            (1e15, "1000000000000000"),
            (123_456_789_012_345_680.0, "123456789012345680"),
            (1e21, "1e21"),
            (1.5e-9, "1.5e-9"),
            (-2.5, "-2.5"),
        ] {
            assert_eq!(Value::Number(number).text(), text);
        }
    }

    #[test]
    fn serial_numbers_are_dates_and_times() {
        assert_eq!(serial(45_943.0, false), "2025-10-13");
        assert_eq!(serial(45_943.541, false), "2025-10-13T12:59:02.400");
        assert_eq!(serial(0.5, false), "12:00:00");
        assert_eq!(serial(1.0, false), "1900-01-01");
        assert_eq!(serial(1.0, true), "1904-01-02");
        assert_eq!(serial(-3.0, false), "-3");
        assert_eq!(serial(3e6, false), "3000000");
        assert_eq!(of_serial(ExcelDateTime::new(1.25, TimeDelta, false)).text(), "30:00:00");
    }

    #[test]
    fn iso_dates_and_durations_are_read() {
        let date = |text: &str| of_iso_date(text).map(|value| value.text().into_owned());
        assert_eq!(date("2012-02-03").as_deref(), Some("2012-02-03"));
        assert_eq!(date("2012-02-03T04:05:06.5Z").as_deref(), Some("2012-02-03T04:05:06.500"));
        assert_eq!(date("04:05").as_deref(), Some("04:05:00"));
        for none in ["", "soon", "2012-13-01", "2012-02", "2012-02-03T99:99"] {
            assert_eq!(date(none), None, "{none}");
        }
        assert_eq!(of_iso_duration("PT12H30M05S"), Some(Value::Time(45_005_000)));
        assert_eq!(of_iso_duration("-P1DT1S"), Some(Value::Time(-86_401_000)));
        assert_eq!(
            (of_iso_duration("P1Y"), of_iso_duration("PT1X"), of_iso_duration("")),
            (None, None, None)
        );
    }
}
