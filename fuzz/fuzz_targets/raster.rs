//! The internal picture format: any bytes.
#![no_main]

use formwork_sdk::Limits;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let mut limits = Limits::default();
    formwork_fuzz::limits(&mut limits);
    let _ = formwork_image_pixels::raster::read(data, &limits);
});
