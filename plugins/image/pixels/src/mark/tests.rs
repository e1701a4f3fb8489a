#![allow(clippy::unwrap_used, reason = "a test stops where it fails")]

use super::stamp::is_coloured;
use super::*;
use crate::Samples;

fn mark() -> Mark {
    Mark {
        text: None,
        color: [255; 4],
        input: 1,
        position: "bottom-right".into(),
        margin: 10,
        opacity: 0.5,
        angle: 0.0,
        font_size: None,
        width: None,
    }
}

fn rgba(width: u32, height: u32, pixel: [u8; 4]) -> Frame {
    let samples = pixel.repeat((width * height) as usize);
    Frame::new(width, height, Channels::Rgba, Samples::U8(samples)).unwrap()
}

fn pressed(channels: Channels, samples: Samples, over: [u8; 4], opacity: f64) -> Samples {
    let mut frame = Frame::new(1, 1, channels, samples).unwrap();
    Stamp::new(&rgba(1, 1, over), &frame, None, opacity).press(&mut frame, (0, 0));
    frame.samples
}

#[test]
fn corners_keep_their_distance() {
    let at = |position: &str| Mark { position: position.into(), ..mark() }.place((100, 50), (20, 10));
    assert_eq!(at("top-left"), (10, 10));
    assert_eq!(at("bottom-right"), (70, 30));
    assert_eq!(at("center"), (40, 20));
    assert_eq!(at("top"), (40, 10));
}

#[test]
fn a_mark_never_reaches_beyond_the_picture() {
    assert_eq!(mark().scale((20.0, 10.0), (100, 50)), 1.0);
    assert_eq!(mark().scale((180.0, 10.0), (100, 50)), 0.5);
    assert_eq!(Mark { width: Some(40), ..mark() }.scale((20.0, 10.0), (100, 50)), 2.0);
    // Turned by a quarter, its width has to fit the height.
    assert_eq!(Mark { angle: 90.0, ..mark() }.scale((80.0, 10.0), (100, 50)), 0.5);
}

#[test]
fn blended_in_every_depth_and_model() {
    let white = [255; 4];
    assert_eq!(pressed(Channels::Grey, Samples::U8(vec![100]), white, 0.5), Samples::U8(vec![178]));
    let rgb = pressed(Channels::Rgb, Samples::U8(vec![0, 100, 255]), [255, 0, 0, 255], 0.25);
    assert_eq!(rgb, Samples::U8(vec![64, 75, 191]));
    assert_eq!(pressed(Channels::Grey, Samples::U16(vec![1001]), white, 0.5), Samples::U16(vec![33_268]));
    assert_eq!(pressed(Channels::Grey, Samples::F32(vec![4.0]), white, 0.5), Samples::F32(vec![2.5]));
    // White takes half of all inks away.
    let inks = pressed(Channels::Cmyk, Samples::U8(vec![200, 100, 0, 50]), white, 0.5);
    assert_eq!(inks, Samples::U8(vec![100, 50, 0, 25]));
    // On nothing there is the mark alone, as opaque as it is.
    let alone = pressed(Channels::Rgba, Samples::U8(vec![9, 9, 9, 0]), [200, 100, 50, 255], 0.4);
    assert_eq!(alone, Samples::U8(vec![200, 100, 50, 102]));
}

#[test]
fn what_is_not_covered_stays() {
    let before = Samples::F32(vec![f32::INFINITY, 0.1, -3.0]);
    assert_eq!(pressed(Channels::Rgb, before.clone(), [1, 2, 3, 0], 1.0), before);
}

#[test]
fn a_quarter_turn_moves_pixels_and_changes_none() {
    let pixels: Vec<u8> = (0..6u8).flat_map(|n| [n * 40, 9, 9, 255]).collect();
    let frame = Frame::new(3, 2, Channels::Rgba, Samples::U8(pixels)).unwrap();
    let mut expected = Picture::still(frame.clone());
    expected.metadata.orientation = crate::Orientation::from_exif(6);
    orient(&mut expected);
    assert_eq!(rotated(&frame, 90.0, (9, 9)), expected.frames[0]);
}

#[test]
fn a_tilted_mark_is_as_large_as_it_must_be() {
    let tilted = rotated(&rgba(100, 20, [255, 0, 0, 255]), 45.0, (500, 500));
    assert_eq!(tilted.size(), (85, 85));
    let Samples::U8(samples) = &tilted.samples else { panic!("depth") };
    assert_eq!(samples[..4], [0; 4]);
    assert_eq!(samples[(42 * 85 + 42) * 4..][..4], [255, 0, 0, 255]);
    let area: u64 = samples.iter().skip(3).step_by(4).map(|alpha| u64::from(*alpha)).sum();
    assert!((area as f64 / 255.0 - 2000.0).abs() < 20.0, "{area}");
}

#[test]
fn colours_are_told_from_grey() {
    assert!(!is_coloured(&rgba(2, 2, [7, 7, 7, 255])));
    assert!(!is_coloured(&rgba(2, 2, [7, 8, 9, 0])));
    assert!(is_coloured(&rgba(2, 2, [7, 8, 9, 1])));
}
