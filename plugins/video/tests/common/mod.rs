//! Films made in the test, and what is asked of results.

use formwork_plugin_video::formwork_plugin_entry_v1 as entry;
use formwork_sdk::Value;
use formwork_sdk::testing::{Job, Outcome};

/// Size and rate of the film that tests are made on.
pub(crate) const SIZE: (usize, usize) = (96, 64);
pub(crate) const RATE: usize = 10;

/// A film in YUV4MPEG2: frame `n` is as bright as `16 + 8 n`, with a left half of moving noise.
pub(crate) fn film(frames: usize) -> Vec<u8> {
    let (width, height) = SIZE;
    let mut bytes = format!("YUV4MPEG2 W{width} H{height} F{RATE}:1 Ip A1:1 C420jpeg\n").into_bytes();
    for number in 0..frames {
        bytes.extend(b"FRAME\n");
        let bright = brightness(number);
        for y in 0..height {
            let noise =
                |x: usize| ((x * 37 + y * 91 + number * 53).wrapping_mul(2_654_435_761) >> 7) as u8 & 63;
            bytes.extend((0..width).map(|x| if x < width / 2 { 60 + noise(x) } else { bright }));
        }
        bytes.extend(std::iter::repeat_n(128, width * height / 2));
    }
    bytes
}

/// A Flash video with a tone of one second that starts `late` seconds after the pictures.
pub(crate) fn film_with_late_sound(frames: usize, late: f64) -> Vec<u8> {
    const RATE: usize = 44_100;
    let mut bytes = convert(film(frames), "flv", &[]).expect_one().to_vec();
    // Of its header: there are sound and pictures.
    bytes[4] = 5;
    for part in 0..10 {
        let time = ((late * 1000.0) as u32 + part * 100).to_be_bytes();
        // Uncompressed, 44,100 Hz, 16 bits, mono (Adobe Flash Video File Format 10.1, E.4.2.1).
        let mut data = vec![0x3e];
        data.extend(
            (0..RATE / 10).flat_map(|n| (if n % 100 < 50 { 8_000i16 } else { -8_000 }).to_le_bytes()),
        );
        let length = u32::try_from(data.len()).unwrap().to_be_bytes();
        let head = [8, length[1], length[2], length[3], time[1], time[2], time[3], time[0], 0, 0, 0];
        bytes.extend(head.into_iter().chain(data.iter().copied()));
        bytes.extend(u32::try_from(head.len() + data.len()).unwrap().to_be_bytes());
    }
    bytes
}

/// Brightness of the right half of frame `number`.
pub(crate) fn brightness(number: usize) -> u8 {
    (16 + 8 * (number % 28)) as u8
}

/// A conversion of that film.
pub(crate) fn convert(film: Vec<u8>, target: &str, options: &[(&str, Value)]) -> Outcome {
    step("convert", "y4m", film, target, options)
}

/// One step on one input.
pub(crate) fn step(
    operation: &str,
    from: &str,
    bytes: Vec<u8>,
    target: &str,
    options: &[(&str, Value)],
) -> Outcome {
    let job = Job::new(operation).input("film", from, bytes).target(target).threads(2);
    options.iter().fold(job, |job, (name, value)| job.option(name, value.clone())).run(entry)
}

/// What the plugin says of a file.
pub(crate) fn probe(format: &str, bytes: &[u8]) -> Outcome {
    Job::new("probe").input("film", format, bytes).probe(entry)
}

/// Red of the pixel in the middle of the right half, at a time of a film.
pub(crate) fn seen(format: &str, bytes: &[u8], seconds: f64) -> u8 {
    let outcome = step("convert", format, bytes.to_vec(), "raster", &[("start_time", seconds.into())]);
    let raster = outcome.expect_one();
    let limits = formwork_sdk::Limits::default();
    let picture = formwork_image_pixels::raster::read(raster, &limits).expect("a raster");
    let frame = &picture.frames[0];
    let formwork_image_pixels::Samples::U8(samples) = &frame.samples else { panic!("8 bits") };
    let (width, height) = (frame.width as usize, frame.height as usize);
    samples[(height / 2 * width + width * 3 / 4) * frame.channels.count()]
}

/// The number of a film's frame that a brightness belongs to.
pub(crate) fn number_of(red: u8) -> usize {
    // From the video range to that of pictures: (y - 16) * 255 / 219.
    let y = 16.0 + f64::from(red) * 219.0 / 255.0;
    ((y - 16.0) / 8.0).round() as usize
}
