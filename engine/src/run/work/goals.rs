//! Looks for settings with which a result is as it must be, and proves it: few runs, each of the whole route.

use super::super::probe;
use super::likeness;
use super::walk::{Along, Arrived, Walk};
use crate::detect::Source;
use crate::plan::{Profile, Route};
use crate::run::Item;
use crate::{Error, ErrorKind, Result};
use serde_json::{Map, Value};

/// The most runs for one result.
const MOST_RUNS: usize = 10;
/// No quality below this is tried: what is left then is better made smaller.
const LEAST_QUALITY: i64 = 10;
/// No picture is made narrower for the sake of its bytes.
const LEAST_WIDTH: f64 = 16.0;

/// One result.
struct Try<'e> {
    route: Route<'e>,
    arrived: Arrived,
    bytes: u64,
}

struct Search<'s, 'e> {
    walk: &'s Walk<'s>,
    route: &'s Route<'e>,
    items: &'s [Item],
    along: Along<'s>,
    runs: usize,
}

/// Takes items through a route so that its goals are reached. Returns what arrived, the route with the settings that were
/// found, and what a receipt tells of it.
pub(super) fn reach<'e>(
    walk: &Walk<'_>,
    route: &Route<'e>,
    items: &[Item],
    along: Along<'_>,
) -> Result<(Arrived, Route<'e>, Value)> {
    // What may be thrown away must not grow where results are put.
    let along = Along { staging: None, chain: None, ..along };
    let mut search = Search { walk, route, items, along, runs: 0 };
    let mut found = search.fitting()?;
    let mut told = route.goals.to_json();
    if let Some(profile) = route.goals.profile {
        found = search.conforming(found, profile)?;
        told["conforms"]["reached"] = true.into();
    }
    if let Some(least) = route.goals.min_quality {
        let (better, score) = search.alike(found, least)?;
        found = better;
        told["min_quality"]["reached"] = ((score * 100.0).floor() / 100.0).into();
    }
    if route.goals.max_bytes.is_some() {
        told["max_bytes"]["reached"] = found.bytes.into();
    }
    told["runs"] = search.runs.into();
    Ok((found.arrived, found.route, told))
}

impl<'e> Search<'_, 'e> {
    /// Runs the route with some options set otherwise.
    fn run(&mut self, route: &Route<'e>, set: &[(&str, Value)]) -> Result<Try<'e>> {
        let mut route = route.clone();
        for (name, value) in set {
            if let Some(hop) = route.hops.iter_mut().rev().find(|hop| hop.cell.option(name).is_some()) {
                hop.set(name, value)?;
            }
        }
        let part = self.walk.span.1 / MOST_RUNS as f64;
        let start = self.walk.span.0 + part * self.runs.min(MOST_RUNS - 1) as f64;
        self.runs += 1;
        let walk = Walk { span: (start, part), ..*self.walk };
        let arrived = walk.along(&route, self.items.to_vec(), self.along)?;
        let bytes = arrived.items.iter().map(Item::length).fold(0, u64::saturating_add);
        Ok(Try { route, arrived, bytes })
    }

    /// The quality the route is set to, when that is what decides about bytes.
    fn quality(&self) -> Option<i64> {
        let hop = self.route.hops.iter().rev().find(|hop| hop.cell.option("quality").is_some())?;
        let lossless = hop.settings.iter().any(|set| set.name == "lossless" && set.to_json() == true);
        let usual = || hop.cell.option("quality").and_then(crate::matrix::default_setting).map(|_| 75);
        hop.integer("quality").or_else(usual).filter(|_| !lossless)
    }

    /// The best result that is no larger than it may be.
    fn fitting(&mut self) -> Result<Try<'e>> {
        let first = self.run(self.route, &[])?;
        let Some(most) = self.route.goals.max_bytes.filter(|most| first.bytes > *most) else {
            return Ok(first);
        };
        let Some(quality) = self.quality() else { return self.smaller(first, most) };
        let (mut low, mut high) = (LEAST_QUALITY, quality);
        let mut smallest = self.run(self.route, &[("quality", low.into())])?;
        if smallest.bytes > most {
            return self.smaller(smallest, most);
        }
        // The quality that fits is between the two; bytes are told before, as they grow evenly with it.
        let mut large = first.bytes;
        while high - low > 1 && self.runs < MOST_RUNS - 2 {
            let span = (large as f64 / smallest.bytes.max(1) as f64).ln().max(0.01);
            let part = (most as f64 / smallest.bytes.max(1) as f64).ln() / span;
            let between = low + ((high - low) as f64 * part.clamp(0.1, 0.9)) as i64;
            let between = between.clamp(low + 1, high - 1);
            let attempt = self.run(self.route, &[("quality", between.into())])?;
            if attempt.bytes > most {
                (high, large) = (between, attempt.bytes);
            } else {
                (low, smallest) = (between, attempt);
            }
        }
        Ok(smallest)
    }

    /// Smaller pictures, until one fits.
    fn smaller(&mut self, mut last: Try<'e>, most: u64) -> Result<Try<'e>> {
        let sized = ["width", "height"].iter().any(|name| {
            self.route.hops.iter().any(|hop| hop.integer(name).is_some())
                && self.route.goals.profile.is_none()
        });
        let route = last.route.clone();
        while last.bytes > most && !sized && self.runs < MOST_RUNS {
            let Some((width, height)) = self.size(&last) else { break };
            let scale = (most as f64 / last.bytes.max(1) as f64).sqrt() * 0.95;
            let (width, height) = ((width * scale).floor(), (height * scale).floor().max(1.0));
            if width < LEAST_WIDTH {
                break;
            }
            last =
                self.run(&route, &[("width", (width as i64).into()), ("height", (height as i64).into())])?;
            let warning = format!("made smaller, {width} by {height} pixels, to fit into {most} bytes");
            last.arrived.warnings.push(warning);
        }
        if last.bytes <= most {
            return Ok(last);
        }
        let mut error = Error::new(
            ErrorKind::LimitExceeded,
            format!("the smallest result has {} bytes, and `max_bytes` is {most}", last.bytes),
        );
        error.limit = Some("max_bytes".into());
        Err(error.with_hint(if sized {
            "ask for a smaller width, or let the engine choose it"
        } else {
            "allow more bytes, or choose a format that packs tighter"
        }))
    }

    /// Size of the one picture of a result whose route can change it.
    fn size(&self, found: &Try<'_>) -> Option<(f64, f64)> {
        let facts = self.facts(found).ok()?;
        let can = |name: &str| found.route.hops.iter().any(|hop| hop.cell.option(name).is_some());
        let side = |name: &str| facts.get(name).and_then(Value::as_f64).filter(|_| can(name));
        side("width").zip(side("height"))
    }

    fn facts(&self, found: &Try<'_>) -> Result<Map<String, Value>> {
        let mut item =
            found.arrived.items.first().cloned().ok_or_else(|| Error::invalid("there is no result"))?;
        item.format = item.format.or_else(|| found.route.hops.last().and_then(|hop| hop.to));
        let limits = self.walk.limits;
        match probe::facts(self.walk.parts, &item, limits, self.walk.control) {
            Some(found) => found.map(|found| found.facts),
            None => Ok(Map::new()),
        }
    }

    /// A result that is what a profile asks for.
    fn conforming(&mut self, found: Try<'e>, profile: &Profile) -> Result<Try<'e>> {
        let Some(wrong) = self.falls_short(&found, profile)? else { return Ok(found) };
        if profile.again.is_empty() {
            return Err(short_of(profile, &wrong));
        }
        let set: Vec<(&str, Value)> =
            profile.again.iter().map(|(name, value)| (*name, Value::from(*value))).collect();
        let again = self.run(self.route, &set)?;
        match self.falls_short(&again, profile)? {
            None => Ok(again),
            Some(wrong) => Err(short_of(profile, &wrong)),
        }
    }

    /// What keeps a result from being what a profile asks for.
    fn falls_short(&self, found: &Try<'_>, profile: &Profile) -> Result<Option<String>> {
        let facts = self.facts(found)?;
        let streams = facts.get("streams").and_then(Value::as_array).cloned().unwrap_or_default();
        for (kind, fact, values) in profile.tracks {
            for stream in streams.iter().filter(|stream| stream["kind"] == *kind) {
                let value = stream[*fact].as_str().unwrap_or("unknown");
                if !values.contains(&value) {
                    return Ok(Some(format!(
                        "the {kind} has the {fact} {value}, not {}",
                        values.join(" or ")
                    )));
                }
            }
        }
        if !profile.tracks.is_empty() && !streams.iter().any(|stream| stream["kind"] == "video") {
            return Ok(Some("it has no pictures".into()));
        }
        let side = |name: &str| facts.get(name).and_then(Value::as_u64).unwrap_or(u64::MAX);
        let longest = side("width").max(side("height"));
        if profile.longest_side > 0 && longest > profile.longest_side {
            return Ok(Some(format!(
                "its longer side has {longest} pixels, not {} at most",
                profile.longest_side
            )));
        }
        let first = found.arrived.items.first();
        if !profile.plays_everywhere {
            return Ok(None);
        }
        Ok(match first.and_then(index) {
            None => Some("its index does not stand first".into()),
            Some(index) if !has_common_pictures(&index) => {
                Some("its pictures have not 8 bits in 4:2:0".into())
            }
            Some(_) => None,
        })
    }

    /// The smallest result that is as like the input as it must be; the one that fits, when bytes are bounded too.
    fn alike(&mut self, found: Try<'e>, least: f64) -> Result<(Try<'e>, f64)> {
        let score = self.score(&found)?;
        let quality = self.quality().filter(|_| self.route.goals.max_bytes.is_none());
        let Some(quality) = quality else {
            return if score >= least { Ok((found, score)) } else { Err(unlike(score, least, &found)) };
        };
        let (mut low, mut high, mut best) = (LEAST_QUALITY - 1, 101, None);
        let (mut seen, mut top) = (quality, (score, found.bytes));
        if score >= least {
            (high, best) = (quality, Some((found, score)));
        } else {
            low = quality;
        }
        while high - low > 1 && self.runs < MOST_RUNS {
            seen = if best.is_none() && seen < 90 { (seen + 100) / 2 } else { low + (high - low) / 2 };
            seen = seen.clamp(low + 1, high - 1).min(100);
            let attempt = self.run(self.route, &[("quality", seen.into())])?;
            let score = self.score(&attempt)?;
            top = if score > top.0 { (score, attempt.bytes) } else { top };
            if score >= least {
                (high, best) = (seen, Some((attempt, score)));
            } else {
                low = seen;
            }
        }
        best.ok_or_else(|| {
            let message =
                format!("the best result is {:.1} like its input, and `min_quality` is {least}", top.0);
            limit("min_quality", message)
        })
    }

    fn score(&self, found: &Try<'_>) -> Result<f64> {
        let [input] = self.items else {
            return Err(Error::invalid("`min_quality` compares one picture with one"));
        };
        let mut result = found
            .arrived
            .items
            .first()
            .cloned()
            .ok_or_else(|| Error::new(ErrorKind::Internal, "there is no result to compare"))?;
        result.format = result.format.or_else(|| found.route.hops.last().and_then(|hop| hop.to));
        likeness::score(self.walk, input, &result)
    }
}

fn unlike(score: f64, least: f64, found: &Try<'_>) -> Error {
    let message = format!(
        "the result of {} bytes is {score:.1} like its input, and `min_quality` is {least}",
        found.bytes
    );
    limit("min_quality", message)
}

fn limit(name: &str, message: String) -> Error {
    let mut error = Error::new(ErrorKind::LimitExceeded, message);
    error.limit = Some(name.into());
    error.with_hint("ask for less likeness, allow more bytes, or choose a format that keeps more")
}

fn short_of(profile: &Profile, wrong: &str) -> Error {
    let message = format!("the result does not conform to {}: {wrong}", profile.name);
    Error::invalid(message).with_hint(format!("{} is {}", profile.name, profile.summary))
}

/// No index of a film is larger.
const MOST_INDEX_BYTES: u64 = 64 << 20;

/// What the box `moov` of an MP4 holds, when it stands before the contents (ISO/IEC 14496-12, section 4.2).
fn index(item: &Item) -> Option<Vec<u8>> {
    let mut at = 0_u64;
    // Before the contents there are a few boxes, never thousands.
    for _ in 0..64 {
        let mut head = [0; 16];
        let read = Source::read_at(item, at, &mut head).unwrap_or(0);
        let [a, b, c, d, e, f, g, h, large @ ..] = head;
        let size = match u32::from_be_bytes([a, b, c, d]) {
            1 => u64::from_be_bytes(large),
            size => u64::from(size),
        };
        match &[e, f, g, h] {
            _ if read < 8 || size < 8 => return None,
            b"moov" if size <= MOST_INDEX_BYTES => {
                let mut bytes = vec![0; usize::try_from(size.min(item.length().saturating_sub(at))).ok()?];
                let read = Source::read_at(item, at, &mut bytes).ok()?;
                return (read == bytes.len()).then_some(bytes);
            }
            b"moov" | b"mdat" => return None,
            _ => at = at.checked_add(size)?,
        }
    }
    None
}

/// Whether every track of H.264 is of a profile that has 8 bits in 4:2:0 only: Baseline, Main, Extended or High (Rec. ITU-T
/// H.264, annex A.2); the profile is the second byte of `avcC` (ISO/IEC 14496-15, section 5.3.3.1.2).
fn has_common_pictures(index: &[u8]) -> bool {
    let mut profiles =
        index.windows(6).filter(|six| six.starts_with(b"avcC\x01")).filter_map(|six| six.last());
    let first = profiles.next();
    first.into_iter().chain(profiles).all(|profile| matches!(profile, 66 | 77 | 88 | 100)) && first.is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_of_boxes_is_seen() {
        let boxes = |kinds: &[&[u8; 4]]| {
            let bytes =
                kinds.iter().flat_map(|kind| [&12_u32.to_be_bytes()[..], &kind[..], b"1234"].concat());
            Item::from_bytes("a.mp4", bytes.collect())
        };
        assert_eq!(index(&boxes(&[b"ftyp", b"free", b"moov", b"mdat"])).unwrap().len(), 12);
        assert!(index(&boxes(&[b"ftyp", b"mdat", b"moov"])).is_none());
        assert!(index(&boxes(&[b"ftyp"])).is_none());
        assert!(index(&Item::from_bytes("a.mp4", vec![0; 40])).is_none(), "a box of no size ends the search");
    }

    #[test]
    fn profiles_of_more_colours_or_bits_are_seen() {
        assert!(has_common_pictures(b"....avcC\x01\x64..avcC\x01\x42.."));
        assert!(!has_common_pictures(b"....avcC\x01\x64..avcC\x01\xf4.."), "High 4:4:4");
        assert!(!has_common_pictures(b"....avcC\x01\x6e"), "High 10");
        assert!(!has_common_pictures(b"no film"));
    }
}
