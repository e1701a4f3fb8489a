//! What every picture passes: scaling, and the way between plugins.

#![allow(clippy::expect_used, reason = "a benchmark that cannot be set up should stop")]

use criterion::{Criterion, criterion_group, criterion_main};
use formwork_image_pixels::{Channels, Frame, Picture, Samples, raster};
use formwork_sdk::Limits;
use std::hint::black_box;

/// A picture of 4 megapixels with some structure.
fn picture() -> Picture {
    let (width, height) = (2448_u32, 1632_u32);
    let samples = (0..width as usize * height as usize * 3).map(|at| (at * 7 / 3) as u8).collect();
    let frame = Frame::new(width, height, Channels::Rgb, Samples::U8(samples)).expect("the sizes fit");
    Picture::still(frame)
}

fn pixels(bench: &mut Criterion) {
    let picture = picture();
    bench.bench_function("length of a raster", |bench| bench.iter(|| raster::length(black_box(&picture))));
    bench.bench_function("turn a 4 MP picture by 90 degrees", |bench| {
        bench.iter_batched(
            || picture.frames[0].clone(),
            |mut frame| formwork_image_pixels::turn(&mut frame, formwork_image_pixels::Orientation::Turned90),
            criterion::BatchSize::LargeInput,
        );
    });
    bench.bench_function("refuse a broken raster", |bench| {
        bench.iter(|| raster::read(black_box(b"FWRASTER\x01\0\0\0"), &Limits::default()).is_err());
    });
}

criterion_group!(benches, pixels);
criterion_main!(benches);
