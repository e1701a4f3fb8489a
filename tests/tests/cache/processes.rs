//! One cache for several processes of the command line, some of which are killed.

use super::files_below;
use formwork_tests::place::{self, Scratch};
use formwork_tests::{made, random::Random};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread::{scope, sleep};
use std::time::{Duration, Instant};

const ROOM: u64 = 300_000;

fn command(folder: &Scratch, input: &str, output: &str, cached: bool) -> Command {
    let mut command = Command::new(place::program().unwrap());
    command.args(["convert", input, output, "--force", "--json"]).current_dir(folder.path());
    if cached {
        command.args(["--cache", "cache", "--cache-size", &ROOM.to_string()]);
    }
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn held(cache: &Path) -> u64 {
    // Others write and remove meanwhile.
    files_below(cache).iter().filter_map(|path| path.metadata().ok()).map(|about| about.len()).sum()
}

#[test]
fn processes_share_a_cache() {
    let folder = Scratch::new("cache-processes").unwrap();
    let mut due = BTreeMap::new();
    for number in 0..6_u32 {
        let input = format!("{number}.png");
        fs::write(folder.join(&input), made::png(200 + number, 150)).unwrap();
        for to in ["bmp", "webp"] {
            let output = format!("due-{number}.{to}");
            assert!(command(&folder, &input, &output, false).output().unwrap().status.success());
            due.insert((number, to), fs::read(folder.join(&output)).unwrap());
        }
    }
    let (folder, due) = (&folder, &due);
    let cache = folder.join("cache");
    let hits: usize = scope(|scope| {
        let workers = (0..3_u64).map(|worker| {
            scope.spawn(move || {
                let mut random = Random::new(worker);
                let mut hits = 0;
                for _ in 0..16 {
                    let number = (random.number() % 6) as u32;
                    let to = if random.below(2) == 0 { "bmp" } else { "webp" };
                    let output = format!("{worker}.{to}");
                    let mut run = command(folder, &format!("{number}.png"), &output, true);
                    if random.below(4) == 0 {
                        let mut child = run.spawn().unwrap();
                        sleep(Duration::from_millis(random.number() % 60));
                        child.kill().unwrap();
                        child.wait().unwrap();
                        continue;
                    }
                    let done = run.output().unwrap();
                    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
                    assert!(fs::read(folder.join(&output)).unwrap() == due[&(number, to)], "{number} {to}");
                    let receipt: Value = serde_json::from_slice(&done.stdout).unwrap();
                    hits += usize::from(receipt["cached"] == true);
                }
                hits
            })
        });
        let workers: Vec<_> = workers.collect();
        workers.into_iter().map(|worker| worker.join().unwrap()).sum()
    });
    println!("{hits} hits");
    assert!(held(&cache) <= ROOM, "{}", held(&cache));
    // What the killed ones left goes when room is made.
    fs::write(cache.join("lock"), "").unwrap();
    assert!(command(folder, "0.png", "last.webp", true).arg("--set=quality=3").status().unwrap().success());
    assert!(files_below(&cache.join("fresh")).is_empty(), "{:?}", files_below(&cache.join("fresh")));
}

#[test]
fn another_plugin_file_is_a_miss() {
    let folder = Scratch::new("cache-plugin").unwrap();
    fs::write(folder.join("a.png"), made::png(30, 20)).unwrap();
    let plugins = folder.join("plugins");
    fs::create_dir(&plugins).unwrap();
    let name = "libformwork_plugin_image.so";
    let built = place::program().unwrap().with_file_name(name);
    fs::copy(&built, plugins.join(name)).unwrap();
    let is_hit = || {
        let mut run = command(&folder, "a.png", "a.webp", true);
        let done = run
            .env("FORMWORK_PLUGINS", &plugins)
            .env("FORMWORK_CACHE", folder.join("said"))
            .output()
            .unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stdout));
        let receipt: Value = serde_json::from_slice(&done.stdout).unwrap();
        receipt["cached"] == true
    };
    assert_eq!([is_hit(), is_hit()], [false, true]);
    fs::copy(&built, plugins.join("fresh")).unwrap();
    fs::rename(plugins.join("fresh"), plugins.join(name)).unwrap();
    assert_eq!([is_hit(), is_hit()], [false, true], "the file was replaced");
}

/// Prints what a hit for an input of 100 MB costs; `FORMWORK_HIT_MS` is what it may cost.
#[test]
fn a_hit_for_a_large_input_is_quick() {
    let most: f64 = std::env::var("FORMWORK_HIT_MS").map_or(250.0, |most| most.parse().unwrap());
    let folder = Scratch::new("cache-large").unwrap();
    fs::write(folder.join("large.ppm"), made::noise_ppm(5_800, 5_800)).unwrap();
    assert!(folder.join("large.ppm").metadata().unwrap().len() > 100_000_000);
    let run = || {
        let started = Instant::now();
        let mut run = command(&folder, "large.ppm", "small.jpg", true);
        let done = run.args(["--set=width=400", "--limit=memory=4000000000"]).output().unwrap();
        let wall = started.elapsed().as_secs_f64() * 1000.0;
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stdout));
        let receipt: Value = serde_json::from_slice(&done.stdout).unwrap();
        (receipt["cached"] == true, receipt["elapsed_ms"].as_f64().unwrap(), wall)
    };
    let first = run();
    assert!(!first.0);
    sleep(Duration::from_millis(2_100));
    // The first hit hashes the input, and notes the hash and the request.
    assert!(run().0);
    let mut inside: Vec<f64> = Vec::new();
    let mut whole: Vec<f64> = Vec::new();
    for _ in 0..15 {
        let (cached, elapsed, wall) = run();
        assert!(cached);
        inside.push(elapsed);
        whole.push(wall);
    }
    inside.sort_by(f64::total_cmp);
    whole.sort_by(f64::total_cmp);
    println!(
        "made in {:.1} ms; found in {:.2} ms (engine) and {:.1} ms (whole program), medians of 15",
        first.1, inside[7], whole[7]
    );
    assert!(inside[7] < most, "{inside:?}");
}
