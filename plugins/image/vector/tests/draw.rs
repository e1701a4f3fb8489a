//! Drawing: every SVG of the corpus, sizes and options, and drawings made to do harm.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod common;

use common::{Drawn, corpus, draw, files};
use formwork_plugin_image_vector as _;
use formwork_sdk::testing::Job;
use std::time::{Duration, Instant};

const CIRCLE: &str = "<svg xmlns='http://www.w3.org/2000/svg' width='40' height='20' viewBox='0 0 40 20'>\
                      <circle cx='20' cy='10' r='8' fill='#ff0000'/></svg>";

#[test]
fn every_drawing_of_the_corpus() {
    let mut drawn = 0;
    for path in files(&["svg", "svgz"]) {
        let format = path.extension().unwrap().to_str().unwrap().to_owned();
        let outcome = draw(&std::fs::read(&path).unwrap(), &format, &[]);
        let Drawn { picture, .. } = outcome.unwrap_or_else(|error| panic!("{}: {error:?}", path.display()));
        assert!(picture.frames[0].width > 0, "{}", path.display());
        drawn += 1;
    }
    println!("{drawn} drawings");
}

#[test]
fn sizes_follow_the_options() {
    let size = |options: &[(&str, serde_json::Value)]| {
        let frame = draw(CIRCLE.as_bytes(), "svg", options).unwrap().picture.frames.remove(0);
        (frame.width, frame.height)
    };
    assert_eq!(size(&[]), (40, 20));
    assert_eq!(size(&[("width", 100.into())]), (100, 50));
    assert_eq!(size(&[("width", 100.into()), ("height", 100.into()), ("fit", "scale".into())]), (100, 100));
    assert_eq!(size(&[("width", 100.into()), ("height", 100.into()), ("fit", "crop".into())]), (200, 100));
    assert_eq!(size(&[("density", 192.0.into())]), (80, 40));
}

#[test]
fn drawn_at_the_size_asked_for() {
    let drawn = draw(CIRCLE.as_bytes(), "svg", &[("width", 4000.into())]).unwrap();
    let soft = drawn.pixels().filter(|pixel| pixel[3] != 0 && pixel[3] != 255).count();
    assert!(soft < 12_000, "{soft} pixels are neither inside nor outside: the edge was scaled up");
}

#[test]
fn background_and_transparency() {
    let clear = draw(CIRCLE.as_bytes(), "svg", &[]).unwrap();
    assert_eq!(clear.at(0, 0), [0, 0, 0, 0]);
    assert_eq!(clear.at(20, 10), [255, 0, 0, 255]);
    let blue = draw(CIRCLE.as_bytes(), "svg", &[("background", "#0000ffff".into())]).unwrap();
    assert_eq!(blue.at(0, 0), [0, 0, 255, 255]);
}

#[test]
fn lines_without_height_are_drawn() {
    let text = "<svg xmlns='http://www.w3.org/2000/svg' width='40' height='20'>\
                <path d='M0 10H40' stroke='#00ff00' stroke-width='4'/></svg>";
    assert_eq!(draw(text.as_bytes(), "svg", &[]).unwrap().at(20, 10), [0, 255, 0, 255]);
}

#[test]
fn nothing_outside_is_read() {
    let Some(corpus) = corpus() else { return };
    let bytes = std::fs::read(corpus.join("hostile/svg-external-refs.svg")).unwrap();
    let drawn = draw(&bytes, "svg", &[]).unwrap();
    assert!(drawn.outcome.warnings[0].starts_with("2 reference(s) outside"));
    assert!(drawn.pixels().all(|pixel| pixel == [0, 0, 0, 0]));
}

#[test]
fn hostile_drawings_end_soon_with_a_name() {
    let Some(corpus) = corpus() else { return };
    let read = |name: &str| std::fs::read(corpus.join("hostile").join(name)).unwrap();
    let rows = [
        (read("svg-billion-laughs.svg"), "memory"),
        (read("svg-huge-viewport.svg"), "side"),
        (nested(200_000), "depth"),
        (doubled(30, "<use href='#e{}'/><use href='#e{}'/>"), "memory"),
        (masks(40), "memory"),
        (tile(), "memory"),
        (noise(), "work"),
        (picture_bomb(), "pixels"),
    ];
    for (bytes, limit) in rows {
        let start = Instant::now();
        let failure = draw(&bytes, "svg", &[]).map(|_| ()).unwrap_err();
        assert_eq!(failure.limit, limit, "{failure:?}");
        assert!(start.elapsed() < Duration::from_secs(3), "{limit}: {:?}", start.elapsed());
    }
    let circle = draw(&read("svg-use-recursion.svg"), "svg", &[]).map(|_| ()).unwrap_err();
    assert!(circle.message.contains("in circles"), "{circle:?}");
    let own = svg("<g id='a'><rect width='9' height='9'/><use href='#a'/></g>");
    assert!(draw(&own, "svg", &[]).is_ok());
}

#[test]
fn deep_drawings_have_stack_enough() {
    assert!(draw(&nested(500), "svg", &[]).is_ok());
}

#[test]
fn cut_and_changed_drawings_never_panic() {
    for path in files(&["svg"]) {
        let bytes = std::fs::read(&path).unwrap();
        for part in 0..24 {
            let mut bytes = bytes.clone();
            let place = bytes.len() * part / 24;
            if part % 2 == 0 {
                bytes.truncate(place)
            } else {
                bytes[place] ^= 0x15
            }
            if let Err(failure) = draw(&bytes, "svg", &[]) {
                assert_ne!(failure.kind.word(), "plugin_fault", "{} {part}", path.display());
            }
        }
    }
}

#[test]
fn cancelled_soon() {
    let rows: String =
        (0..4000).map(|i| format!("<circle cx='500' cy='500' r='{}' fill='#{i:06x}'/>", i % 500)).collect();
    let text = format!("<svg xmlns='http://www.w3.org/2000/svg' width='1000' height='1000'>{rows}</svg>");
    let start = Instant::now();
    let job = Job::new("convert").input("a.svg", "svg", text).target("raster").option("width", 2400);
    let outcome = job.cancel_after(2).run(formwork_plugin_image_vector::formwork_plugin_entry_v1);
    assert_eq!(outcome.failure().unwrap().0, "cancelled");
    assert!(start.elapsed() < Duration::from_millis(600), "{:?}", start.elapsed());
}

#[test]
fn probing_tells_size_and_text() {
    let text = "<svg xmlns='http://www.w3.org/2000/svg' width='1in' height='48'><text y='20'>a</text></svg>";
    let job = Job::new("probe").input("a.svg", "svg", text);
    let facts = job.probe(formwork_plugin_image_vector::formwork_plugin_entry_v1).facts;
    assert_eq!((facts["width"].as_u64(), facts["height"].as_u64()), (Some(96), Some(48)));
    assert!(facts["features"].as_array().unwrap().contains(&"text".into()));
}

fn svg(inside: &str) -> Vec<u8> {
    format!("<svg xmlns='http://www.w3.org/2000/svg' width='100' height='100'>{inside}</svg>").into_bytes()
}

fn nested(depth: usize) -> Vec<u8> {
    svg(&format!("{}<rect width='9' height='9'/>{}", "<g opacity='.5'>".repeat(depth), "</g>".repeat(depth)))
}

fn doubled(levels: usize, link: &str) -> Vec<u8> {
    let link = |i: usize| link.replace("{}", &(i - 1).to_string());
    let groups: String = (1..levels).map(|i| format!("<g id='e{i}'>{}</g>", link(i))).collect();
    svg(&format!("<defs><rect id='e0' width='1' height='1'/>{groups}</defs>{}", link(levels)))
}

fn masks(levels: usize) -> Vec<u8> {
    let rect = |i: usize| format!("<rect width='90' height='90' mask='url(#m{i})'/>");
    let masks: String = (1..levels).map(|i| format!("<mask id='m{i}'>{0}{0}</mask>", rect(i - 1))).collect();
    svg(&format!("{masks}{}", rect(levels - 1)))
}

fn tile() -> Vec<u8> {
    svg("<pattern id='p' patternUnits='userSpaceOnUse' width='1000000' height='1000000'>\
         <rect width='9' height='9'/></pattern><rect width='90' height='90' fill='url(#p)'/>")
}

fn noise() -> Vec<u8> {
    svg("<filter id='f'><feTurbulence baseFrequency='.1' numOctaves='2000000000'/></filter>\
         <rect width='90' height='90' filter='url(#f)'/>")
}

fn picture_bomb() -> Vec<u8> {
    let Some(corpus) = corpus() else { return svg("") };
    let png = std::fs::read(corpus.join("hostile/png-bomb-30000x30000.png")).unwrap();
    svg(&format!("<image width='9' height='9' href='data:image/png;base64,{}'/>", common::base64(&png)))
}
