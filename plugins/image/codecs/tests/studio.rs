//! PCX, PSD, OpenEXR, DDS, JPEG 2000 and JPEG XL: the corpus, round trips, damage, limits.

#![allow(clippy::unwrap_used, reason = "a test's assertion")]

use formwork_image_pixels::{Channels, Picture, Samples, raster};
use formwork_plugin_image::formwork_plugin_entry_v1 as ENTRY;
use formwork_sdk::testing::{Job, Outcome};
use formwork_sdk::{ErrorKind, Limits};
use std::path::PathBuf;

/// A corpus file with what it holds: format, width, height, channels as `probe` names them, bits.
type Case = (&'static str, &'static str, u32, u32, &'static str, u32);

const CASES: &[Case] = &[
    ("pillow--odd_stride.pcx", "pcx", 371, 150, "rgb", 8),
    ("tika--testPCX.pcx", "pcx", 100, 75, "rgb", 8),
    ("twelvemonkeys--animals.pcx", "pcx", 239, 157, "rgb", 1),
    ("magika--MagikaTest.psd", "psd", 1080, 1080, "rgb", 8),
    ("psd-tools--1layer.psb", "psd", 101, 55, "rgb", 8),
    ("psd-tools--curves.psd", "psd", 32, 32, "rgba", 8),
    ("psd-tools--screen.psd", "psd", 64, 64, "rgba", 8),
    ("twelvemonkeys--layer_group_32bit5x5.psd", "psd", 320, 200, "rgba", 8),
    ("zune-image--grayscale_image.psd", "psd", 800, 200, "grey", 8),
    ("filetype--sample.exr", "exr", 800, 800, "rgb", 16),
    ("image--overexposed-gradient---data-window-equals-display-window.exr", "exr", 20, 12, "rgba", 32),
    ("openimageio-images--grid-overscan.exr", "exr", 1000, 1000, "rgba", 16),
    ("openimageio-images--dds_dxgi_bgra8_srgb.dds", "dds", 16, 8, "rgba", 8),
    ("openimageio-images--dds_npot_rgba8.dds", "dds", 13, 7, "rgba", 8),
    ("twelvemonkeys--dds_DXT1.dds", "dds", 256, 256, "rgba", 8),
    ("twelvemonkeys--dds_DXT4.dds", "dds", 256, 256, "rgba", 8),
    ("pillow--test-card-lossless.jp2", "jp2", 640, 480, "rgb", 8),
    ("pillow--9bit.j2k", "jp2", 128, 128, "grey", 9),
    ("conformance--input.jxl", "jxl", 1600, 1096, "rgba", 8),
    ("conformance-1--input.jxl", "jxl", 200, 200, "grey", 8),
];

/// The bytes of a corpus file; says so when it is not there.
fn corpus(name: &str) -> Option<Vec<u8>> {
    let default = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../../shared/corpus");
    let folder = std::env::var_os("FORMWORK_CORPUS").map_or_else(|| PathBuf::from(default), PathBuf::from);
    let bytes = std::fs::read(folder.join("image").join(name)).ok();
    if bytes.is_none() {
        println!("skipped: {name} is not in the corpus");
    }
    bytes
}

fn convert(bytes: &[u8], from: &str, to: &str) -> Outcome {
    Job::new("convert").input("picture", from, bytes).target(to).run(ENTRY)
}

fn picture(outcome: &Outcome) -> Picture {
    raster::read(outcome.expect_one(), &Limits::default()).unwrap()
}

/// A picture in the internal format, whose layout stands in the module `raster`.
fn made(
    width: u32,
    height: u32,
    channels: Channels,
    samples: &Samples,
    metadata: [Option<&[u8]>; 3],
) -> Vec<u8> {
    let mut bytes = b"FWRASTER".to_vec();
    let mut put = |value: u32| bytes.extend(value.to_le_bytes());
    [1, 0, 0, 1].into_iter().for_each(&mut put);
    bytes.extend(144f64.to_le_bytes());
    bytes.extend(144f64.to_le_bytes());
    for block in metadata {
        bytes.extend(block.map_or(u32::MAX, |block| block.len() as u32).to_le_bytes());
        bytes.extend(block.unwrap_or(&[]));
    }
    let index = [Channels::Grey, Channels::GreyAlpha, Channels::Rgb, Channels::Rgba, Channels::Cmyk];
    let index = index.iter().position(|one| *one == channels).unwrap() as u32;
    for value in [0, 1, width, height, index, samples.width() as u32, 0] {
        bytes.extend(value.to_le_bytes());
    }
    match samples {
        Samples::U8(samples) => bytes.extend(samples),
        Samples::U16(samples) => samples.iter().for_each(|sample| bytes.extend(sample.to_le_bytes())),
        Samples::F32(samples) => samples.iter().for_each(|sample| bytes.extend(sample.to_le_bytes())),
    }
    bytes
}

/// Repeatable noise with flat parts, so that both runs and literals occur.
fn noise(count: usize) -> Vec<u16> {
    let mut state = 0x2545_F491u32;
    let mut next = move || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        state as u16
    };
    (0..count).map(|index| if index / 40 % 3 == 0 { 0xABAB } else { next() }).collect()
}

fn samples(count: usize, bits: u32) -> Samples {
    let noise = noise(count);
    if bits == 8 {
        Samples::U8(noise.iter().map(|sample| *sample as u8).collect())
    } else {
        Samples::U16(noise)
    }
}

#[test]
fn corpus_files_are_what_they_are() {
    for (name, format, width, height, channels, bits) in CASES {
        let Some(bytes) = corpus(name) else { continue };
        let facts = Job::new("probe").input(name, format, bytes.clone()).probe(ENTRY);
        assert_eq!(facts.error, None, "{name}");
        let picture = picture(&convert(&bytes, format, "raster"));
        let first = &picture.frames[0];
        assert_eq!(facts.facts["width"], first.width, "{name}");
        assert_eq!(facts.facts["height"], first.height, "{name}");
        assert_eq!(facts.facts["frames"], picture.frames.len(), "{name}");
        if *width > 0 {
            assert_eq!((first.width, first.height), (*width, *height), "{name}");
            assert_eq!(facts.facts["channels"], *channels, "{name}");
            assert_eq!(facts.facts["depth"], *bits, "{name}");
        }
    }
}

#[test]
fn cut_and_changed_files_end_cleanly() {
    for (name, format, ..) in CASES {
        let Some(bytes) = corpus(name) else { continue };
        let mut broken: Vec<Vec<u8>> =
            (0..12).map(|part| bytes[..bytes.len() * part / 12].to_vec()).collect();
        broken.extend([1, 20, 127, 129].map(|length| bytes[..bytes.len().min(length)].to_vec()));
        for (round, place) in noise(24).into_iter().enumerate() {
            let mut changed = bytes.clone();
            let reach = if round % 2 == 0 { changed.len().min(400) } else { changed.len() };
            let place = place as usize * 7919 % reach;
            changed[place] ^= 0x11 << (round % 4);
            broken.push(changed);
        }
        for file in broken {
            let job = Job::new("convert").input(name, format, file).target("raster");
            let outcome = job.limit(|limits| limits.pixels = 4_000_000).run(ENTRY);
            let kind = outcome.error.as_ref().map(|error| error.kind);
            let fine = matches!(
                kind,
                None | Some(
                    ErrorKind::CorruptInput | ErrorKind::LimitExceeded | ErrorKind::UnsupportedConversion
                )
            );
            assert!(fine, "{name}: {:?}", outcome.error);
        }
    }
}

#[test]
fn limits_hold() {
    for (name, format, ..) in CASES {
        let Some(bytes) = corpus(name) else { continue };
        let few = Job::new("convert").input(name, format, bytes.clone()).target("raster");
        let outcome = few.limit(|limits| limits.pixels = 50).run(ENTRY);
        assert_eq!(outcome.failure(), Some(("limit_exceeded", "pixels")), "{name}");
        let outcome =
            Job::new("convert").input(name, format, bytes).target("raster").cancel_after(1).run(ENTRY);
        assert_eq!(outcome.failure(), Some(("cancelled", "")), "{name}");
    }
}

#[test]
fn round_trips_lose_nothing() {
    use Channels::{Cmyk, Grey, GreyAlpha, Rgb, Rgba};
    let cases: &[(&str, &[Channels], &[u32])] = &[
        ("pcx", &[Grey, Rgb], &[8]),
        ("psd", &[Grey, Rgb, Cmyk], &[8, 16]),
        ("dds", &[Grey, Rgba], &[8]),
        ("jxl", &[Grey, Rgb, Rgba], &[8, 16]),
        ("jxl", &[GreyAlpha], &[8]),
    ];
    for (format, all, depths) in cases {
        for (channels, bits) in
            all.iter().flat_map(|channels| depths.iter().map(move |bits| (*channels, *bits)))
        {
            for (width, height) in [(1, 1), (13, 7), (300, 270)] {
                let before = samples(width * height * channels.count(), bits);
                let bytes = made(width as u32, height as u32, channels, &before, [None; 3]);
                let there = convert(&bytes, "raster", format);
                assert!(there.losses.is_empty(), "{format} {channels:?}: {:?}", there.losses);
                let back = picture(&convert(there.expect_one(), format, "raster"));
                assert_eq!(back.frames[0].channels, channels, "{format}");
                assert!(back.frames[0].samples == before, "{format} {channels:?} {bits} {width}x{height}");
            }
        }
    }
}

#[test]
fn alpha_of_psd_survives_white() {
    for bits in [8, 16] {
        let mut before = samples(40 * 30 * 4, bits);
        match &mut before {
            Samples::U8(samples) => samples[3] = 255,
            Samples::U16(samples) => samples[3] = 65_535,
            Samples::F32(_) => {}
        }
        let there = convert(&made(40, 30, Channels::Rgba, &before, [None; 3]), "raster", "psd");
        let back = picture(&convert(there.expect_one(), "psd", "raster"));
        assert_eq!(back.frames[0].channels, Channels::Rgba);
        let pairs: Vec<(u32, u32)> = match (&before, &back.frames[0].samples) {
            (Samples::U8(a), Samples::U8(b)) => {
                a.iter().zip(b).map(|(a, b)| ((*a).into(), (*b).into())).collect()
            }
            (Samples::U16(a), Samples::U16(b)) => {
                a.iter().zip(b).map(|(a, b)| ((*a).into(), (*b).into())).collect()
            }
            _ => panic!("depth"),
        };
        let full = (1u32 << bits) - 1;
        for pixel in pairs.chunks_exact(4) {
            let alpha = pixel[3].0;
            assert_eq!(alpha, pixel[3].1);
            if let Some(step) = full.checked_div(alpha) {
                assert!(pixel.iter().all(|(a, b)| a.abs_diff(*b) <= step + 1), "{pixel:?}");
            }
        }
    }
}

#[test]
fn light_survives_openexr() {
    for channels in [Channels::Grey, Channels::GreyAlpha, Channels::Rgb, Channels::Rgba] {
        let count = 21 * 9 * channels.count();
        let mut values: Vec<f32> = (0..count).map(|index| index as f32 * 0.037).collect();
        if channels.has_alpha() {
            values
                .iter_mut()
                .skip(channels.count() - 1)
                .step_by(channels.count())
                .for_each(|alpha| *alpha = 0.5);
        }
        let before = Samples::F32(values.clone());
        let there = convert(&made(21, 9, channels, &before, [None; 3]), "raster", "exr");
        let back = picture(&convert(there.expect_one(), "exr", "raster"));
        assert_eq!(back.frames[0].channels, channels);
        assert!(back.frames[0].samples == before, "{channels:?}");
    }
    // 8 bits take half the room and come back the same.
    let before = samples(64 * 64 * 3, 8);
    let bytes = made(64, 64, Channels::Rgb, &before, [None; 3]);
    let there = convert(&bytes, "raster", "exr");
    assert!(there.expect_one().len() < 64 * 64 * 3 * 2 + 2000);
    let png = |bytes: &[u8], from: &str| {
        picture(&convert(convert(bytes, from, "png").expect_one(), "png", "raster"))
    };
    let job =
        Job::new("convert").input("a", "exr", there.expect_one()).target("png").option("color_depth", 8);
    let eight = picture(&convert(job.run(ENTRY).expect_one(), "png", "raster"));
    assert!(eight.frames[0].samples == png(&bytes, "raster").frames[0].samples);
}

#[test]
fn metadata_survives() {
    let exif = b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x01\0\0\0\0\0\0\0";
    let xmp = b"<x:xmpmeta/>";
    let bytes = made(8, 8, Channels::Rgb, &samples(8 * 8 * 3, 8), [None, Some(exif), Some(xmp)]);
    for format in ["psd", "jxl"] {
        let there = convert(&bytes, "raster", format);
        let back = picture(&convert(there.expect_one(), format, "raster"));
        assert_eq!(back.metadata.exif.as_deref(), Some(&exif[..]), "{format}");
        assert_eq!(back.metadata.xmp.as_deref(), Some(&xmp[..]), "{format}");
    }
    for format in ["psd", "pcx", "exr"] {
        let there = convert(&bytes, "raster", format);
        let back = picture(&convert(there.expect_one(), format, "raster"));
        assert_eq!(back.metadata.density, Some((144.0, 144.0)), "{format}");
    }
}

/// A flat PSD of three by two pixels without resources: mode, channels, bits, colour table, and the
/// picture from its compression on.
fn psd(mode: u16, channels: u16, bits: u16, table: &[u8], picture: &[u8]) -> Vec<u8> {
    let mut bytes = b"8BPS\0\x01\0\0\0\0\0\0".to_vec();
    bytes.extend(channels.to_be_bytes());
    bytes.extend([0, 0, 0, 2, 0, 0, 0, 3]);
    bytes.extend(bits.to_be_bytes());
    bytes.extend(mode.to_be_bytes());
    bytes.extend((table.len() as u32).to_be_bytes());
    bytes.extend(table);
    bytes.extend([0; 8]);
    bytes.extend(picture);
    bytes
}

fn psd_samples(bytes: &[u8]) -> (Channels, Samples) {
    let mut picture = picture(&convert(bytes, "psd", "raster"));
    let frame = picture.frames.remove(0);
    (frame.channels, frame.samples)
}

#[test]
fn odd_kinds_of_psd() {
    let bitmap = psd(0, 1, 1, &[], &[0, 0, 0b1010_0000, 0b0100_0000]);
    assert_eq!(psd_samples(&bitmap), (Channels::Grey, Samples::U8(vec![0, 255, 0, 255, 0, 255])));

    let table: Vec<u8> = (0..768).map(|place| (place / 256 * 10) as u8 + (place % 256) as u8 % 7).collect();
    let indexed = psd(2, 1, 8, &table, &[0, 0, 0, 1, 2, 3, 4, 5]);
    let colours: Vec<u8> = (0..6).flat_map(|index| [index, 10 + index, 20 + index]).collect();
    assert_eq!(psd_samples(&indexed), (Channels::Rgb, Samples::U8(colours)));

    // Inks are stored as light; runs of one value a row.
    let runs = [&[0, 1][..], &[0, 2].repeat(8), &[254, 255].repeat(6), &[254, 0].repeat(2)].concat();
    let inks = [0, 0, 0, 255].repeat(6);
    assert_eq!(psd_samples(&psd(4, 4, 8, &[], &runs)), (Channels::Cmyk, Samples::U8(inks)));

    let white = [&[0, 0][..], &[255; 6], &[128; 12]].concat();
    assert_eq!(psd_samples(&psd(9, 3, 8, &[], &white)), (Channels::Rgb, Samples::U8(vec![255; 18])));

    let light: Vec<u8> =
        [0.0f32, 0.5, 1.0, 2.0, 4.0, 8.0].iter().flat_map(|value| value.to_be_bytes()).collect();
    let float = psd(1, 1, 32, &[], &[&[0, 0][..], &light].concat());
    assert_eq!(psd_samples(&float), (Channels::Grey, Samples::F32(vec![0.0, 0.5, 1.0, 2.0, 4.0, 8.0])));
}

#[test]
fn deflated_psd() {
    use std::io::Write;
    let mut packer = flate2::write::ZlibEncoder::new(vec![0, 3], flate2::Compression::default());
    // Differences of 16 bits: 1, 3, 6 and 65535, 0, 1.
    packer.write_all(&[0, 1, 0, 2, 0, 3, 255, 255, 0, 1, 0, 1]).unwrap();
    let samples = psd_samples(&psd(1, 1, 16, &[], &packer.finish().unwrap()));
    assert_eq!(samples, (Channels::Grey, Samples::U16(vec![1, 3, 6, 65_535, 0, 1])));
}

#[test]
fn small_depths_of_pcx() {
    // Two rows of five pixels, not encoded: bits, planes, and the rows.
    let pcx = |bits: u8, planes: u8, stride: u8, rows: &[u8]| {
        let mut bytes = vec![0; 128];
        bytes[..4].copy_from_slice(&[10, 5, 0, bits]);
        (bytes[8], bytes[10], bytes[65], bytes[66]) = (4, 1, planes, stride);
        for (index, byte) in bytes[16..64].iter_mut().enumerate() {
            *byte = index as u8;
        }
        bytes.extend(rows);
        let mut picture = picture(&convert(&bytes, "pcx", "raster"));
        picture.frames.remove(0).samples
    };
    let colours =
        |all: [u8; 10]| Samples::U8(all.iter().flat_map(|one| [one * 3, one * 3 + 1, one * 3 + 2]).collect());
    let mono = pcx(1, 1, 2, &[0b1010_1000, 0, 0b0101_0000, 0]);
    assert_eq!(mono, Samples::U8(vec![255, 0, 255, 0, 255, 0, 255, 0, 255, 0]));
    let four = pcx(4, 1, 4, &[0x12, 0x34, 0x50, 0, 0xFE, 0xDC, 0xB0, 0]);
    assert_eq!(four, colours([1, 2, 3, 4, 5, 15, 14, 13, 12, 11]));
    let two = pcx(2, 1, 2, &[0b0001_1011, 0b0100_0000, 0, 0]);
    assert_eq!(two, colours([0, 1, 2, 3, 1, 0, 0, 0, 0, 0]));
    let planes = pcx(1, 3, 2, &[0b1000_0000, 0, 0b1100_0000, 0, 0b1010_0000, 0, 0, 0, 0, 0, 0b0000_1000, 0]);
    assert_eq!(planes, colours([7, 2, 4, 0, 0, 0, 0, 0, 0, 4]));
}

#[test]
fn a_plain_layer_is_no_loss() {
    for bits in [8, 16] {
        let picture = made(9, 9, Channels::Rgba, &samples(9 * 9 * 4, bits), [None; 3]);
        let there = convert(&picture, "raster", "psd");
        let back = Job::new("probe").input("a", "psd", there.expect_one()).probe(ENTRY);
        let features = back.facts["features"].to_string();
        assert!(features.contains("alpha") && !features.contains("layers"), "{features}");
    }
}
