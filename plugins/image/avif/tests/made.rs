//! Pictures made here go through AVIF and come back.

use formwork_plugin_image_avif::formwork_plugin_entry_v1 as entry;
use formwork_sdk::testing::Job;

/// A smooth RGB picture as the bytes that pass between plugins, with an EXIF block.
fn raster(width: u32, height: u32, exif: &[u8]) -> Vec<u8> {
    let mut bytes = b"FWRASTER".to_vec();
    for value in [1_u32, 0, 0, 1] {
        bytes.extend(value.to_le_bytes());
    }
    bytes.extend([0; 16]);
    bytes.extend(u32::MAX.to_le_bytes());
    bytes.extend((exif.len() as u32).to_le_bytes());
    bytes.extend(exif);
    bytes.extend(u32::MAX.to_le_bytes());
    bytes.extend([0; 4]);
    // One frame, RGB (2), one byte a sample.
    for value in [1, width, height, 2, 1, 0] {
        bytes.extend(value.to_le_bytes());
    }
    bytes.extend((0..height).flat_map(|y| (0..width).flat_map(move |x| [(x * 4) as u8, (y * 4) as u8, 128])));
    bytes
}

fn encode(exif: &[u8]) -> Vec<u8> {
    let job = Job::new("convert").input("a", "raster", raster(61, 43, exif)).target("avif");
    job.run(entry).expect_one().to_vec()
}

#[test]
fn a_picture_comes_back_with_its_size_and_colours() {
    let avif = encode(b"II*\0\x08\0\0\0\0\0\0\0\0\0");
    let back = Job::new("convert").input("a.avif", "avif", avif).target("raster").run(entry);
    let back = back.expect_one();
    let pixels = &back[back.len() - 61 * 43 * 3..];
    let before = raster(61, 43, b"");
    let wanted = &before[before.len() - 61 * 43 * 3..];
    let difference: u64 = pixels.iter().zip(wanted).map(|(a, b)| u64::from(a.abs_diff(*b))).sum();
    let mean = difference / pixels.len() as u64;
    assert!(mean <= 4, "samples differ by {mean} on average");
}

/// Found by mutated files: the encoder refused the whole picture.
#[test]
fn exif_that_cannot_be_read_is_left_out() {
    assert!(encode(b"nothing like EXIF").len() > 100);
}
