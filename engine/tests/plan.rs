//! The planner on made registries: cheapest way, losses, wishes, limits, explanations.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot be set up should stop")]

use formwork::ErrorKind;
use formwork::describe::{Capability, Cost, Description};
use formwork::formats::Feature;
use formwork::matrix::Matrix;
use formwork::options::option;
use formwork::plan::{self, Request, Wishes};
use formwork::registry::Registry;
use serde_json::{Map, json};

/// One step a made plugin can do.
fn step(from: &str, to: &str, ms: f64, keeps: &[&str]) -> Capability {
    Capability {
        from: vec![from.into()],
        to: vec![to.into()],
        keeps: keeps.iter().map(|word| word.to_string()).collect(),
        cost: Cost { fixed_ms: ms, per_mib_ms: 0.0, memory_ratio: 1.0 },
        ..Capability::default()
    }
}

fn registry(plugins: &[(&str, Vec<Capability>)]) -> Registry {
    let mut registry = Registry::default();
    for (id, capabilities) in plugins {
        let capabilities = capabilities.clone();
        registry.describe(Description { id: (*id).into(), capabilities, ..Description::default() });
    }
    registry
}

fn request(registry: &Registry, from: &str, to: &str) -> Request {
    Request {
        operation: "convert".into(),
        from: registry.require_format(from).unwrap(),
        to: Some(registry.require_format(to).unwrap()),
        options: Map::new(),
        bytes: 1 << 20,
        features: Some(vec![Feature::Alpha]),
        accompanied: false,
        wishes: Wishes::default(),
    }
}

const ALL: &[&str] = &["alpha", "quality"];

#[test]
fn a_file_is_not_made_anew_of_another_format() {
    let registry = registry(&[
        ("pages", vec![step("pdf", "html", 10.0, ALL), step("pdf", "raster", 10.0, ALL)]),
        ("set", vec![step("html", "pdf", 10.0, ALL), step("raster", "pdf", 10.0, ALL)]),
        ("heic", vec![step("heic", "raster", 10.0, ALL), step("raster", "heic", 10.0, ALL)]),
    ]);
    let error = plan::best(&registry, &request(&registry, "pdf", "pdf")).unwrap_err();
    assert_eq!(error.kind, ErrorKind::UnsupportedConversion);
    assert!(error.hint.unwrap().contains("is one already"));
    let route = plan::best(&registry, &request(&registry, "heic", "heic")).unwrap();
    assert_eq!(route.formats(), ["heic", "raster", "heic"], "pictures are encoded anew");
    let mark = Capability { operation: "watermark".into(), ..step("pdf", "pdf", 1.0, ALL) };
    let sheets = vec![step("xlsx", "pdf", 10.0, ALL), step("pdf", "xlsx", 10.0, ALL), mark];
    let registry = self::registry(&[("sheets", sheets)]);
    let marked = |to: &str| Request { operation: "watermark".into(), ..request(&registry, "xlsx", to) };
    assert_eq!(plan::best(&registry, &marked("pdf")).unwrap().formats(), ["xlsx", "pdf", "pdf"]);
    let error = plan::best(&registry, &marked("xlsx")).unwrap_err();
    assert_eq!(error.kind, ErrorKind::UnsupportedConversion, "a workbook is not guessed from its pages");
}

#[test]
fn the_cheaper_way_wins_even_when_it_is_longer() {
    let registry = registry(&[
        ("slow", vec![step("heic", "webp", 1000.0, ALL)]),
        ("fast", vec![step("heic", "raster", 10.0, ALL), step("raster", "webp", 10.0, ALL)]),
    ]);
    let route = plan::best(&registry, &request(&registry, "heic", "webp")).unwrap();
    assert_eq!(route.formats(), ["heic", "raster", "webp"]);
    assert!(route.losses().is_empty());
}

#[test]
fn a_loss_weighs_more_than_time() {
    let registry = registry(&[
        ("careless", vec![step("png", "webp", 1.0, &["quality"])]),
        ("careful", vec![step("png", "webp", 500.0, ALL)]),
    ]);
    let found = plan::best(&registry, &request(&registry, "png", "webp")).unwrap();
    assert_eq!(found.hops[0].cell.plugin.id(), "careful");
    let mut opaque = request(&registry, "png", "webp");
    opaque.features = Some(Vec::new());
    let found = plan::best(&registry, &opaque).unwrap();
    assert_eq!(found.hops[0].cell.plugin.id(), "careless", "what is not there cannot be lost");
}

#[test]
fn wishes_are_kept() {
    let registry = registry(&[
        ("a", vec![step("png", "webp", 1.0, ALL)]),
        ("b", vec![step("png", "webp", 2.0, ALL)]),
        ("c", vec![step("png", "tiff", 1.0, ALL), step("tiff", "webp", 1.0, &["quality"])]),
    ]);
    let with = |wishes: Wishes| {
        let request = Request { wishes, ..request(&registry, "png", "webp") };
        plan::best(&registry, &request).map(|route| route.hops[0].cell.plugin.id().to_owned())
    };
    assert_eq!(with(Wishes::default()).unwrap(), "a");
    assert_eq!(with(Wishes { banned_plugins: vec!["a".into()], ..Wishes::default() }).unwrap(), "b");
    assert_eq!(with(Wishes { pinned_plugins: vec!["c".into()], ..Wishes::default() }).unwrap(), "c");
    let pinned_and_kept =
        Wishes { pinned_plugins: vec!["c".into()], keep: vec![Feature::Alpha], ..Wishes::default() };
    let error = with(pinned_and_kept).unwrap_err();
    assert_eq!(error.kind, ErrorKind::UnsupportedConversion);
    assert!(error.message.contains("under these wishes"), "{error}");
    assert!(error.hint.unwrap().contains("png -> webp"));
}

#[test]
fn several_routes_come_best_first_and_ties_are_stable() {
    let registry = registry(&[
        ("b", vec![step("png", "webp", 5.0, ALL)]),
        ("a", vec![step("png", "webp", 5.0, ALL)]),
        ("z", vec![step("png", "webp", 1.0, ALL)]),
    ]);
    let routes = plan::top(&registry, &request(&registry, "png", "webp"), 5).unwrap();
    let ids: Vec<_> = routes.iter().map(|route| route.hops[0].cell.plugin.id()).collect();
    assert_eq!(ids, ["z", "a", "b"]);
}

#[test]
fn no_route_is_longer_than_four_steps() {
    let chain = |ids: &[&str]| ids.windows(2).map(|two| step(two[0], two[1], 1.0, ALL)).collect::<Vec<_>>();
    let registry = registry(&[("chain", chain(&["png", "bmp", "tga", "tiff", "gif", "webp"]))]);
    assert_eq!(plan::best(&registry, &request(&registry, "png", "gif")).unwrap().hops.len(), 4);
    let error = plan::best(&registry, &request(&registry, "png", "webp")).unwrap_err();
    assert_eq!(error.kind, ErrorKind::UnsupportedConversion);
    assert!(error.hint.unwrap().contains("gif"), "the error says what png can become");
}

#[test]
fn what_is_not_installed_is_named() {
    let missing =
        Capability { unavailable: Some("apt install ghostscript".into()), ..step("eps", "png", 1.0, ALL) };
    let registry = registry(&[("gs", vec![missing])]);
    let error = plan::best(&registry, &request(&registry, "eps", "png")).unwrap_err();
    assert_eq!(error.kind, ErrorKind::BackendMissing);
    assert_eq!(error.hint.as_deref(), Some("apt install ghostscript"));
}

#[test]
fn options_go_to_the_steps_that_know_them() {
    let mut read = step("svg", "raster", 1.0, ALL);
    read.options = vec![option("density").with_default(96.0)];
    let mut write = step("raster", "jpg", 1.0, ALL);
    write.options = vec![option("quality").with_default(85_i64)];
    let registry = registry(&[("both", vec![read, write])]);
    let with = |options: serde_json::Value| {
        let options = options.as_object().unwrap().clone();
        plan::best(&registry, &Request { options, ..request(&registry, "svg", "jpg") }).map(|route| {
            route.to_json()["steps"]
                .as_array()
                .unwrap()
                .iter()
                .map(|step| step["options"].clone())
                .collect::<Vec<_>>()
        })
    };
    assert_eq!(with(json!({})).unwrap(), [json!({"density": 96.0}), json!({"quality": 85})]);
    assert_eq!(with(json!({"quality": "low"})).unwrap()[1], json!({"quality": 40}));
    let error = with(json!({"qualty": 1})).unwrap_err();
    assert_eq!(error.kind, ErrorKind::InvalidRequest);
    assert!(error.hint.unwrap().contains("density, quality"));
    assert_eq!(with(json!({"quality": 101})).unwrap_err().kind, ErrorKind::InvalidRequest);
}

#[test]
fn an_operation_may_be_reached_and_followed_by_conversions() {
    let crop = Capability { operation: "crop".into(), ..step("raster", "raster", 1.0, ALL) };
    let registry = registry(&[(
        "image",
        vec![step("heic", "raster", 1.0, ALL), crop, step("raster", "webp", 1.0, ALL)],
    )]);
    let request = Request { operation: "crop".into(), ..request(&registry, "heic", "webp") };
    let route = plan::best(&registry, &request).unwrap();
    let operations: Vec<_> = route.hops.iter().map(|hop| hop.cell.capability.operation.as_str()).collect();
    assert_eq!(operations, ["convert", "crop", "convert"]);
}

#[test]
fn an_unknown_format_suggests_similar_ones() {
    let error = Registry::default().require_format("jpgg").unwrap_err();
    assert_eq!(error.kind, ErrorKind::UnsupportedFormat);
    assert!(error.hint.unwrap().contains("jpg"));
}

#[test]
fn pages_that_become_files_of_their_own_are_not_lost() {
    let pages = option("pages");
    let separate =
        Capability { many_outputs: true, options: vec![pages.clone()], ..step("pdf", "raster", 3.0, ALL) };
    let together =
        Capability { options: vec![pages.clone()], ..step("pdf", "raster", 2.0, &["quality", "pages"]) };
    let png = Capability { options: vec![pages.clone()], ..step("raster", "png", 1.0, ALL) };
    let tiff = Capability { options: vec![pages], ..step("raster", "tiff", 1.0, &["quality", "pages"]) };
    let pdf = step("tiff", "pdf", 1.0, &["quality", "pages"]);
    let direct = step("tiff", "png", 1.0, ALL);
    let registry = registry(&[("pdf", vec![separate, together]), ("image", vec![png, tiff, pdf, direct])]);
    for (target, in_files) in [("png", true), ("tiff", false)] {
        let mut request = request(&registry, "pdf", target);
        request.features = Some(vec![Feature::Pages]);
        request.options = json!({"pages": "3-"}).as_object().cloned().unwrap();
        let route = plan::best(&registry, &request).unwrap();
        assert_eq!(route.hops[0].cell.capability.many_outputs, in_files, "{target}");
        assert!(route.losses().is_empty(), "{target}");
        let asked: Vec<_> = route.hops.iter().map(|hop| hop.settings.len()).collect();
        assert_eq!(asked, [1, 0], "pages are counted once");
    }
    let mut request = request(&registry, "tiff", "png");
    request.features = Some(vec![Feature::Pages]);
    assert_eq!(
        plan::best(&registry, &request).unwrap().formats(),
        ["tiff", "png"],
        "not by way of a document"
    );
}

#[test]
fn nothing_is_made_of_what_is_not_there() {
    let registry = registry(&[
        ("image", vec![step("png", "gif", 1.0, ALL), step("png", "pdf", 1.0, ALL)]),
        ("video", vec![step("gif", "mp4", 1.0, ALL)]),
        ("audio", vec![step("mp4", "mp3", 1.0, ALL)]),
        ("pages", vec![step("pdf", "txt", 1.0, ALL)]),
    ]);
    // A picture has no sound, and on a page no words.
    for target in ["mp3", "txt"] {
        let error = plan::best(&registry, &request(&registry, "png", target)).unwrap_err();
        assert_eq!(error.kind, ErrorKind::UnsupportedConversion, "{target}");
        assert!(!Matrix::new(&registry).targets("png", plan::MAX_HOPS, true).contains(target), "{target}");
    }
    for (from, to) in [("png", "mp4"), ("mp4", "mp3"), ("pdf", "txt")] {
        assert!(plan::best(&registry, &request(&registry, from, to)).is_ok(), "{from} to {to}");
    }
}

#[test]
fn what_a_text_says_is_not_guessed_from_pages_it_was_set_on() {
    let registry = registry(&[
        ("typeset", vec![step("csv", "pdf", 1.0, ALL)]),
        (
            "pages",
            vec![step("pdf", "html", 1.0, ALL), step("pdf", "png", 1.0, ALL), step("docx", "pdf", 1.0, ALL)],
        ),
    ]);
    let error = plan::best(&registry, &request(&registry, "csv", "html")).unwrap_err();
    assert_eq!(error.kind, ErrorKind::UnsupportedConversion);
    assert!(!Matrix::new(&registry).targets("csv", plan::MAX_HOPS, true).contains("html"));
    // A picture of the pages is what was asked for, and what has pages itself may be read from them.
    for (from, to) in [("csv", "png"), ("docx", "html")] {
        assert!(plan::best(&registry, &request(&registry, from, to)).is_ok(), "{from} to {to}");
    }
}

#[test]
fn a_text_that_was_set_has_as_many_pages_as_it_needs() {
    let separate = Capability { many_outputs: true, ..step("pdf", "raster", 3.0, ALL) };
    let together = step("pdf", "raster", 2.0, &["quality", "pages"]);
    let registry = registry(&[
        ("typeset", vec![step("csv", "pdf", 1.0, &["quality"])]),
        ("pages", vec![separate, together]),
        ("image", vec![step("raster", "png", 1.0, ALL), step("raster", "tiff", 1.0, &["quality", "pages"])]),
    ]);
    for (target, in_files) in [("png", true), ("tiff", false)] {
        let mut request = request(&registry, "csv", target);
        request.features = Some(Vec::new());
        let route = plan::best(&registry, &request).unwrap();
        assert_eq!(route.hops[1].cell.capability.many_outputs, in_files, "{target}");
        assert!(route.losses().is_empty(), "{target}");
    }
}
