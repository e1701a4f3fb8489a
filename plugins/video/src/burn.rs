//! Subtitles drawn into the pictures.

use crate::graph::{Filter, Link, once};
use crate::watermark::{draw, rgba};
use formwork_fonts::MARK_FAMILIES;
use formwork_media::{Demuxer, Frame, Kind, Need, Packet, Rational, Shown, SubtitleDecoder};
use formwork_sdk::xml::escaped;
use formwork_sdk::{Result, Step};
use std::collections::VecDeque;
use std::sync::Arc;

/// Most bytes of packets that wait for their time.
const MOST_BYTES: usize = 64 << 20;
/// Letters are this part of the picture's height.
const LETTERS: f64 = 0.055;
/// The distance from the lower edge, as a part of the picture's height.
const DISTANCE: f64 = 0.05;
/// Width of a letter to its height, on average: where lines are broken.
const NARROW: f64 = 0.52;
/// Most pixels of a canvas that pictures are laid on.
const MOST_PIXELS: u32 = 1 << 26;

/// The subtitles of a film, on their way into its pictures.
pub(crate) struct Burner {
    decoder: SubtitleDecoder,
    time_base: Rational,
    waiting: VecDeque<Packet>,
    shown: Vec<Shown>,
    /// Size of the pictures that are drawn into.
    size: (u32, u32),
    /// What lies over the pictures now.
    link: Option<Link>,
}

impl Burner {
    /// Reads the subtitles of the step's input; `None` when it has none, which is told.
    ///
    /// # Errors
    ///
    /// As for opening a film and a decoder.
    pub(crate) fn open(step: &Step<'_>, size: (u32, u32)) -> Result<Option<Burner>> {
        let mut film = Demuxer::open(step, step.input()?, Need::Header)?;
        let Some(track) = film.best(Kind::Subtitle).filter(|track| track.can_decode()) else {
            step.warn("there are no subtitles that can be drawn into the picture");
            return Ok(None);
        };
        let (wanted, time_base, decoder) = (track.index, track.time_base, SubtitleDecoder::open(track)?);
        for index in (0..film.tracks().len()).filter(|index| *index != wanted) {
            film.ignore(index);
        }
        let (mut waiting, mut bytes) = (VecDeque::new(), 0);
        while let Some(packet) = film.next_packet()? {
            if packet.stream() == wanted {
                bytes += packet.size();
                waiting.push_back(packet);
            }
            if bytes > MOST_BYTES {
                step.warn("only the first 64 MiB of subtitles are drawn into the picture");
                break;
            }
        }
        Ok(Some(Burner { decoder, time_base, waiting, shown: Vec::new(), size, link: None }))
    }

    /// Goes on to a time in seconds of the film's clock; true when something else is to be shown from then on.
    ///
    /// # Errors
    ///
    /// `backend_missing` without a font; `limit_exceeded` (`memory`).
    pub(crate) fn turn(&mut self, time: f64) -> Result<bool> {
        let before = self.shown.len();
        self.shown.retain(|shown| shown.end.is_none_or(|end| end > time));
        let mut changed = self.shown.len() != before;
        while let Some(packet) = self.next_due(time) {
            let Some(shown) = self.decoder.decode(&packet) else { continue };
            if shown.replaces || self.shown.iter().any(|shown| shown.replaces) {
                changed |= !self.shown.is_empty();
                self.shown.clear();
            }
            let empty = shown.text.is_empty() && shown.pictures.is_empty();
            if !empty && shown.end.is_none_or(|end| end > time) {
                self.shown.push(shown);
                changed = true;
            }
        }
        if changed {
            self.link = self.drawn()?;
        }
        Ok(changed)
    }

    /// What is to be laid over the pictures.
    pub(crate) fn link(&self) -> Option<Link> {
        self.link.clone()
    }

    fn next_due(&mut self, time: f64) -> Option<Packet> {
        let start = self.waiting.front()?.pts().map_or(f64::MIN, |pts| self.time_base.seconds(pts));
        if start <= time { self.waiting.pop_front() } else { None }
    }

    fn drawn(&self) -> Result<Option<Link>> {
        let lines: Vec<&str> = self.shown.iter().flat_map(|shown| shown.text.lines()).collect();
        let (frame, x, y) = if !lines.is_empty() {
            let (width, height) = (i64::from(self.size.0), i64::from(self.size.1));
            let frame = text(&lines, self.size)?;
            let x = (width - i64::from(frame.width())) / 2;
            let y = height - i64::from(frame.height()) - (height as f64 * DISTANCE) as i64;
            (frame, x, y.max(0))
        } else if self.shown.iter().any(|shown| !shown.pictures.is_empty()) {
            (self.laid_out()?, 0, 0)
        } else {
            return Ok(None);
        };
        let arguments = format!("x={x}:y={y}:eof_action=repeat:format=auto");
        Ok(Some(Link::Two(Filter::new("overlay", arguments), Arc::new(frame))))
    }

    /// The pictures at their places, brought to the film's size.
    fn laid_out(&self) -> Result<Frame> {
        let canvas = self.decoder.canvas();
        let fits = canvas.0 > 0 && canvas.1 > 0 && canvas.0.saturating_mul(canvas.1) <= MOST_PIXELS;
        let (width, height) = if fits { canvas } else { self.size };
        let mut samples = vec![0; width as usize * height as usize * 4];
        for picture in self.shown.iter().flat_map(|shown| &shown.pictures) {
            let columns = picture.width.min(width.saturating_sub(picture.x)) as usize * 4;
            for (row, line) in picture.rgba.chunks(picture.width as usize * 4).enumerate() {
                let start = ((picture.y as usize + row) * width as usize + picture.x as usize) * 4;
                if let (Some(to), Some(from)) = (samples.get_mut(start..start + columns), line.get(..columns))
                {
                    to.copy_from_slice(from);
                }
            }
        }
        let frame = rgba(&samples, width, height)?;
        if (width, height) == self.size {
            return Ok(frame);
        }
        let arguments = format!("w={}:h={}:flags=bicubic", self.size.0, self.size.1);
        once(&frame, &[Link::One(Filter::new("scale", arguments))])
    }
}

/// Lines of white letters with a dark edge, centred, broken where they are too wide.
fn text(lines: &[&str], (width, height): (u32, u32)) -> Result<Frame> {
    let letters = (f64::from(height) * LETTERS).clamp(8.0, 400.0);
    let most = ((f64::from(width) * 0.9) / (letters * NARROW)).max(8.0) as usize;
    let lines: Vec<String> = lines.iter().flat_map(|line| broken(line, most)).take(20).collect();
    let middle = f64::from(width) / 2.0;
    let mut spans = String::new();
    for (number, line) in lines.iter().enumerate() {
        let y = letters * (1.0 + 1.2 * number as f64);
        spans.push_str(&format!("<tspan x=\"{middle}\" y=\"{y}\">{}</tspan>", escaped(line)));
    }
    draw(&format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{}\"><text text-anchor=\"middle\" \
         font-family=\"{}\" font-size=\"{letters}\" fill=\"#ffffff\" stroke=\"#000000\" stroke-width=\"{}\" \
         stroke-linejoin=\"round\" paint-order=\"stroke\">{spans}</text></svg>",
        letters * (1.2 * lines.len() as f64 + 0.6),
        MARK_FAMILIES,
        letters * 0.12
    ))
}

/// A line in pieces of at most so many letters, broken between words.
fn broken(line: &str, most: usize) -> Vec<String> {
    let mut pieces = vec![String::new()];
    for word in line.split_whitespace() {
        let length = pieces.last().map_or(0, |piece| piece.chars().count());
        if length > 0 && length + 1 + word.chars().count() > most {
            pieces.push(String::new());
        }
        if let Some(piece) = pieces.last_mut() {
            if !piece.is_empty() {
                piece.push(' ');
            }
            piece.push_str(word);
        }
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::broken;

    #[test]
    fn lines_are_broken_between_words() {
        assert_eq!(broken("one two three", 8), ["one two", "three"]);
        assert_eq!(broken("extraordinarily", 4), ["extraordinarily"]);
        assert_eq!(broken("", 4), [""]);
    }
}
