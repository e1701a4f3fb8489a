//! Detection, jobs, options, descriptions, pictures, workers and a lying plugin.
#![no_main]

use formwork_fuzz as fuzz;

libfuzzer_sys::fuzz_target!(init: fuzz::begin(fuzz::engine_targets()), |data: &[u8]| fuzz::run(data));
