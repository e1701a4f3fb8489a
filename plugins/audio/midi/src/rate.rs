//! Low sample rates: sound is made at a higher one, at which the synthesiser is at its best, and halved.

use std::f64::consts::{PI, TAU};

/// Taps on either side of the filter's middle one.
const REACH: usize = 63;
/// Where the filter has fallen to half, in cycles a sample: a quarter would be the new Nyquist frequency, from
/// which half the width of the window's slope (about 5.5 / length) is taken.
const CUT: f64 = 0.25 - 0.5 * 5.5 / (2 * REACH + 1) as f64;

/// Halves the rate of one channel, without delay.
pub(crate) struct Halver {
    taps: Vec<f32>,
    /// Samples the next results need: as many as there are taps, the middle one being theirs.
    kept: Vec<f32>,
}

impl Halver {
    /// A filter at rest.
    pub(crate) fn new() -> Halver {
        let sum: f64 = (0..=2 * REACH).map(tap).sum();
        let taps = (0..=2 * REACH).map(|index| (tap(index) / sum) as f32).collect();
        Halver { taps, kept: vec![0.0; REACH] }
    }

    /// Takes samples and appends those of half the rate that can be told by now to `halved`.
    pub(crate) fn halve(&mut self, samples: &[f32], halved: &mut Vec<f32>) {
        self.kept.extend_from_slice(samples);
        let mut used = 0;
        while let Some(window) = self.kept.get(used..used + self.taps.len()) {
            halved.push(window.iter().zip(&self.taps).map(|(sample, tap)| sample * tap).sum());
            used += 2;
        }
        self.kept.drain(..used.min(self.kept.len()));
    }
}

/// A low pass: a sinc in a Blackman window.
fn tap(index: usize) -> f64 {
    let place = index as f64 - REACH as f64;
    let sinc = if index == REACH { 2.0 * CUT } else { (TAU * CUT * place).sin() / (PI * place) };
    let turn = TAU * (index as f64 + 0.5) / (2 * REACH + 1) as f64;
    sinc * (0.42 - 0.5 * turn.cos() + 0.08 * (2.0 * turn).cos())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Height of a tone behind the filter, which is 1 before it, by its mean square.
    fn level(cycles: f64) -> f32 {
        let tone: Vec<f32> = (0..8_000).map(|at| (TAU * cycles * f64::from(at)).sin() as f32).collect();
        let (mut halver, mut halved) = (Halver::new(), Vec::new());
        tone.chunks(64).for_each(|part| halver.halve(part, &mut halved));
        assert!((3_960..=4_000).contains(&halved.len()), "{} samples", halved.len());
        let middle = halved.get(100..3_900).unwrap();
        (2.0 * middle.iter().map(|sample| sample * sample).sum::<f32>() / middle.len() as f32).sqrt()
    }

    #[test]
    fn low_tones_pass_and_high_ones_do_not_come_back() {
        assert!((level(0.05) - 1.0).abs() < 0.01, "{}", level(0.05));
        assert!((level(0.19) - 1.0).abs() < 0.01, "{}", level(0.19));
        assert!(level(0.26) < 0.001, "{}", level(0.26));
        assert!(level(0.4) < 0.001, "{}", level(0.4));
    }

    #[test]
    fn an_impulse_stays_where_it_is() {
        let mut samples = vec![0.0; 400];
        samples[200] = 1.0;
        let (mut halver, mut halved) = (Halver::new(), Vec::new());
        halver.halve(&samples, &mut halved);
        let (at, _) = halved.iter().enumerate().max_by(|(_, a), (_, b)| a.total_cmp(b)).unwrap();
        assert_eq!(at, 100);
    }
}
