//! Writing, reading and transferring archives in memory, through the plugin border.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use formwork_plugin_archive::formwork_plugin_entry_v1 as archive;
use formwork_sdk::testing::Job;

/// Words that compress like text does, the same on every run.
fn words(bytes: usize) -> Vec<u8> {
    const WORDS: [&str; 8] = ["format ", "engine ", "route ", "plugin ", "loss ", "plan ", "job ", "step\n"];
    let mut state = 1_u32;
    let mut text = Vec::with_capacity(bytes + 8);
    while text.len() < bytes {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        text.extend(WORDS[(state >> 29) as usize].as_bytes());
    }
    text
}

fn pack(target: &str) -> Vec<u8> {
    let job = (0..16).fold(Job::new("archive"), |job, number| {
        job.input(&format!("{number}.txt"), "txt", words(256 << 10))
    });
    job.target(target).run(archive).expect_one().to_vec()
}

fn archives(bench: &mut Criterion) {
    let mut group = bench.benchmark_group("4 MiB of text in 16 files");
    group.throughput(Throughput::Bytes(4 << 20)).sample_size(10);
    for target in ["zip", "tgz", "7z"] {
        group.bench_function(format!("create {target}"), |bench| bench.iter(|| pack(target)));
        let packed = pack(target);
        group.bench_function(format!("extract {target}"), |bench| {
            bench.iter(|| Job::new("extract").input("a", target, packed.clone()).discard().run(archive));
        });
    }
    let zip = pack("zip");
    group.bench_function("transfer zip to tgz", |bench| {
        bench.iter(|| {
            Job::new("convert").input("a.zip", "zip", zip.clone()).target("tgz").discard().run(archive)
        });
    });
    group.finish();
}

criterion_group!(benches, archives);
criterion_main!(benches);
