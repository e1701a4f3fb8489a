//! Benchmarks of the parts: `cargo bench -p formwork-benches`. Whole jobs are raced by `cargo xtask race`; its table is RESULTS.md.
