//! Pictures made here: what is written is read back, and hostile containers are refused.

#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests end the test")]

use formwork_image_pixels::{Channels, Frame, Metadata, Picture, Samples, raster};
use formwork_plugin_image_heic::formwork_plugin_entry_v1 as entry;
use formwork_sdk::Limits;
use formwork_sdk::testing::{Job, Outcome, describe};
use heifer::heifer_hevc_enc::encoder::{EncoderConfig, Planes, encode_picture};
use heifer::heifer_isobmff::boxes::{ColorInfo, HevcConfig};
use heifer::heifer_isobmff::writer::{HeifWriter, ImageSpec};

/// A picture as the bytes that pass between plugins.
fn raster_of(picture: &Picture) -> Vec<u8> {
    let frame = &picture.frames[0];
    let mut bytes = b"FWRASTER".to_vec();
    for value in [1u32, 0, 0, 1] {
        bytes.extend(value.to_le_bytes());
    }
    bytes.extend([0; 16]);
    for block in [&picture.metadata.icc, &picture.metadata.exif, &picture.metadata.xmp] {
        bytes.extend(block.as_ref().map_or(u32::MAX, |block| block.len() as u32).to_le_bytes());
        bytes.extend(block.iter().flatten());
    }
    bytes.extend([0; 4]);
    bytes.extend(1u32.to_le_bytes());
    let channels = match frame.channels {
        Channels::Grey => 0u32,
        Channels::GreyAlpha => 1,
        Channels::Rgb => 2,
        Channels::Rgba => 3,
        Channels::Cmyk => 4,
    };
    for value in [frame.width, frame.height, channels, frame.samples.width() as u32, 0] {
        bytes.extend(value.to_le_bytes());
    }
    match &frame.samples {
        Samples::U8(samples) => bytes.extend(samples),
        Samples::U16(samples) => bytes.extend(samples.iter().flat_map(|sample| sample.to_le_bytes())),
        Samples::F32(samples) => bytes.extend(samples.iter().flat_map(|sample| sample.to_le_bytes())),
    }
    bytes
}

/// A smooth picture with a bright disc; alpha falls from left to right.
fn made(width: u32, height: u32, channels: Channels) -> Frame {
    let pixel = |x: u32, y: u32| {
        let (u, v) = (x * 255 / width, y * 255 / height);
        let disc = (x as i64 - i64::from(width) / 2).pow(2) + (y as i64 - i64::from(height) / 2).pow(2);
        let inside = disc < i64::from(width.min(height) / 4).pow(2);
        let colour = if inside { [250, 220, 40] } else { [u as u8, v as u8, 128] };
        [colour[0], colour[1], colour[2], 255 - u as u8]
    };
    let all = (0..height)
        .flat_map(|y| (0..width).flat_map(move |x| pixel(x, y).into_iter().take(channels.count())));
    Frame::new(width, height, channels, Samples::U8(all.collect())).unwrap()
}

fn encode(picture: &Picture) -> Job {
    Job::new("convert").input("a.fwraster", "raster", raster_of(picture)).target("heic").threads(2)
}

fn decode(bytes: &[u8]) -> Outcome {
    Job::new("convert").input("a.heic", "heic", bytes).target("raster").threads(2).run(entry)
}

fn picture(outcome: &Outcome) -> Picture {
    raster::read(outcome.expect_one(), &Limits::default()).unwrap()
}

/// Mean absolute difference in 8-bit steps.
fn difference(a: &Samples, b: &Samples) -> f64 {
    let values = |samples: &Samples| -> Vec<f64> {
        match samples {
            Samples::U8(samples) => samples.iter().map(|value| f64::from(*value)).collect(),
            Samples::U16(samples) => samples.iter().map(|value| f64::from(*value) / 257.0).collect(),
            Samples::F32(_) => panic!("no floats here"),
        }
    };
    let (a, b) = (values(a), values(b));
    assert_eq!(a.len(), b.len());
    a.iter().zip(&b).map(|(a, b)| (a - b).abs()).sum::<f64>() / a.len() as f64
}

#[test]
fn a_narrow_strip_is_cut_into_narrow_tiles() {
    let outcome = encode(&Picture::still(made(1_100, 1, Channels::Rgb))).run(entry);
    let file = outcome.expect_one();
    // The box `ispe` of a tile: 512 by 64.
    assert!(file.windows(8).any(|window| window == [0, 0, 2, 0, 0, 0, 0, 64]));
    assert_eq!(picture(&decode(file)).frames[0].size(), (1_100, 1));
}

#[test]
fn what_is_written_is_read_back() {
    for (width, height, channels) in [
        (64, 48, Channels::Rgb),
        (37, 23, Channels::Rgb),
        (1, 1, Channels::Rgb),
        (37, 23, Channels::Rgba),
        (513, 200, Channels::Rgb),
        (600, 530, Channels::Rgba),
    ] {
        let frame = made(width, height, channels);
        let outcome = encode(&Picture::still(frame.clone())).option("quality", 90).run(entry);
        let file = outcome.expect_one();
        assert_eq!(outcome.facts["width"].as_u64(), Some(width.into()));
        assert!(outcome.lost("quality"));
        let back = picture(&decode(file));
        assert_eq!(
            ((back.frames[0].width, back.frames[0].height), back.frames[0].channels),
            ((width, height), channels)
        );
        let difference = difference(&back.frames[0].samples, &frame.samples);
        assert!(difference < 4.0, "{width}x{height}: {difference}");
    }
}

#[test]
fn ten_bits_and_grey() {
    let deep = Samples::U16((0..64 * 64 * 3).map(|value| (value * 5) as u16).collect());
    let frame = Frame::new(64, 64, Channels::Rgb, deep).unwrap();
    let outcome = encode(&Picture::still(frame)).run(entry);
    let probed = Job::new("convert").input("a.heic", "heic", outcome.expect_one()).probe(entry);
    assert_eq!(probed.facts["bit_depth"].as_u64(), Some(10));
    assert_eq!(picture(&decode(outcome.expect_one())).frames[0].samples.width(), 2);
    let grey = Frame::new(16, 16, Channels::Grey, Samples::U8(vec![99; 256])).unwrap();
    let outcome = encode(&Picture::still(grey)).run(entry);
    let back = picture(&decode(outcome.expect_one()));
    let Samples::U8(samples) = &back.frames[0].samples else { panic!("not 8 bits") };
    assert!(samples.iter().all(|value| value.abs_diff(99) <= 1));
}

#[test]
fn profile_exif_and_xmp_arrive_and_can_be_stripped() {
    let metadata = Metadata {
        icc: formwork_image_pixels::Profile::from_cicp(12, 13).and_then(|profile| profile.encode()),
        exif: Some(b"II*\0\x08\0\0\0\0\0\0\0\0\0".to_vec()),
        xmp: Some(b"<x:xmpmeta/>".to_vec()),
        ..Metadata::default()
    };
    assert!(metadata.icc.is_some());
    let kept = Picture { metadata: metadata.clone(), ..Picture::still(made(40, 30, Channels::Rgb)) };
    assert_eq!(picture(&decode(encode(&kept).run(entry).expect_one())).metadata, metadata);
    let stripped =
        picture(&decode(encode(&kept).option("strip_metadata", true).run(entry).expect_one())).metadata;
    assert_eq!((stripped.icc, stripped.exif, stripped.xmp), (metadata.icc, None, None));
}

#[test]
fn threads_do_not_change_bytes() {
    let source = Picture::still(made(1100, 530, Channels::Rgb));
    let one = encode(&source).threads(1).run(entry);
    let four = encode(&source).threads(4).run(entry);
    assert!(one.expect_one() == four.expect_one());
}

#[test]
fn sizes_are_met() {
    let outcome = encode(&Picture::still(made(200, 100, Channels::Rgb))).option("width", 50).run(entry);
    let back = picture(&decode(outcome.expect_one()));
    assert_eq!((back.frames[0].width, back.frames[0].height), (50, 25));
}

#[test]
fn encoding_is_cancelled_between_tiles() {
    let outcome = encode(&Picture::still(made(2000, 1100, Channels::Rgb))).cancel_after(3).run(entry);
    assert_eq!(outcome.failure(), Some(("cancelled", "")));
}

/// A grey picture of 16 by 16 in a container of our making.
fn writer_with_picture(colour: ColorInfo) -> (HeifWriter, u32) {
    let (luma, chroma) = ([128u8; 256], [128u8; 64]);
    let planes = Planes { y: &luma, chroma: Some((&chroma, &chroma)) };
    let coded = encode_picture(16, 16, planes, &EncoderConfig::default()).unwrap();
    let config = HevcConfig {
        profile_idc: coded.profile_idc,
        level_idc: coded.level_idc,
        chroma_format: 1,
        bit_depth_luma: 8,
        bit_depth_chroma: 8,
        nal_length_size: 4,
        nal_units: coded.parameter_sets.clone(),
    };
    let mut writer = HeifWriter::new();
    let spec = ImageSpec { color: Some(colour), ..ImageSpec::new(16, 16, config, &coded.slices) };
    let image = writer.add_image(&spec);
    (writer, image)
}

fn nclx(primaries: u16, transfer: u16) -> ColorInfo {
    ColorInfo::Nclx { primaries, transfer, matrix: 6, full_range: true }
}

#[test]
fn code_points_become_profiles_and_hdr_becomes_light() {
    let read = |primaries, transfer| {
        let (writer, _) = writer_with_picture(nclx(primaries, transfer));
        picture(&decode(&writer.finish()))
    };
    assert_eq!(read(1, 13).metadata.icc, None);
    assert!(read(12, 13).metadata.icc.is_some());
    let hdr = read(9, 16);
    assert_eq!(hdr.metadata.icc, None);
    let Samples::F32(light) = &hdr.frames[0].samples else { panic!("not linear light") };
    // Half of PQ is 92 cd/m².
    assert!(light.iter().all(|sample| (sample - 0.457).abs() < 0.02), "{:?}", &light[..3]);
}

#[test]
fn references_in_a_circle_end() {
    let (mut writer, image) = writer_with_picture(nclx(1, 13));
    let grid = writer.add_grid(1, 1, 16, 16, &[image], None, None);
    writer.add_reference(*b"dimg", image, &[grid]);
    writer.add_reference(*b"cdsc", image, &[image]);
    writer.add_reference(*b"auxl", grid, &[grid]);
    let outcome = decode(&writer.finish());
    assert_eq!(outcome.error, None);
    let (mut writer, image) = writer_with_picture(nclx(1, 13));
    let first = writer.add_grid(1, 1, 16, 16, &[3], None, None);
    let second = writer.add_grid(1, 1, 16, 16, &[first], None, None);
    assert_eq!((image, second), (1, 3));
    assert_eq!(decode(&writer.finish()).failure(), Some(("corrupt_input", "")));
}

#[test]
fn grids_that_do_not_fit_are_refused() {
    for (rows, columns, width, height) in
        [(1, 1, 17, 16), (2, 1, 16, 16), (1, 2, 16, 16), (1, 1, 60_000, 60_000)]
    {
        let (mut writer, image) = writer_with_picture(nclx(1, 13));
        let tiles = vec![image; usize::from(rows * columns)];
        writer.add_grid(rows, columns, width, height, &tiles, None, None);
        let kind = decode(&writer.finish()).failure().map(|(kind, _)| kind);
        assert!(
            matches!(kind, Some("corrupt_input" | "limit_exceeded")),
            "{rows} {columns} {width} {height}: {kind:?}"
        );
    }
}

#[test]
fn directories_without_end_are_refused() {
    let (mut writer, image) = writer_with_picture(nclx(1, 13));
    for _ in 0..20_001 {
        writer.add_exif(image, b"II*\0");
    }
    assert_eq!(decode(&writer.finish()).failure(), Some(("limit_exceeded", "entries")));
}

#[test]
fn appended_data_is_left_alone() {
    let (writer, _) = writer_with_picture(nclx(1, 13));
    let mut file = writer.finish();
    file.extend(b"SEFT and more that is no box");
    assert_eq!(decode(&file).error, None);
}

#[test]
fn it_says_what_it_is() {
    let description = describe(entry);
    assert_eq!(description.id, "image.heic");
    assert!(description.memory_safe);
    for capability in &description.capabilities {
        for word in &capability.keeps {
            assert!(formwork_sdk::Feature::from_word(word).is_some(), "{word}");
        }
    }
}

#[test]
fn other_targets_are_refused() {
    let outcome = Job::new("convert").input("a.heic", "heic", b"".as_slice()).target("png").run(entry);
    assert_eq!(outcome.failure(), Some(("unsupported_conversion", "")));
}
