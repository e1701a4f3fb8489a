//! The races: jobs, programs, and the ratios asked for.

use std::path::Path;

use super::contest::Measure::{Cpu, Wall};
use super::contest::{Besides, Contest};
use super::films;
use super::inputs::Inputs;
use super::peers::Peers;

/// Every race over the inputs.
pub(super) fn all(inputs: &Inputs, peers: &Peers) -> Vec<Contest> {
    let mut contests = pictures(inputs, peers.sharp.as_deref());
    contests.push(fused(inputs));
    contests.extend(archives(inputs));
    contests.extend(films::all(inputs, peers));
    contests
}

fn pictures(inputs: &Inputs, sharp: Option<&Path>) -> Vec<Contest> {
    let (jpeg, png) = (&inputs.jpeg, &inputs.png);
    let with_sharp = |contest: Contest, job: &str| match sharp {
        Some(script) => contest.runner("sharp", &format!("node {} {job} @in @out", script.display())),
        None => contest,
    };
    let contest = |id, title, input: &Path, output, ours: &str| {
        Contest::new(id, title, input, output).picture(input).runner("formwork", &format!("@formwork {ours}"))
    };
    vec![
        with_sharp(
            contest(
                "webp",
                "JPEG 12 MP to WebP, quality 80",
                jpeg,
                "o.webp",
                "convert @in @out --set quality=80",
            ),
            "webp",
        )
        .runner("libvips", "vips webpsave @in @out --Q 80")
        .runner("imagemagick", "convert @in -quality 80 @out")
        .goal("sharp", Cpu, 0.70)
        .goal("libvips", Cpu, 0.80),
        with_sharp(
            contest(
                "jpeg",
                "PNG 12 MP to JPEG, quality 80",
                png,
                "o.jpg",
                "convert @in @out --set quality=80",
            ),
            "jpeg",
        )
        .runner("libvips", "vips jpegsave @in @out --Q 80")
        .runner("imagemagick", "convert @in -quality 80 @out")
        .goal("sharp", Cpu, 0.50)
        .besides(Besides::Size(1.02)),
        with_sharp(
            contest(
                "thumbnail",
                "JPEG 12 MP to a JPEG 800 pixels wide, quality 80",
                jpeg,
                "o.jpg",
                "convert @in @out --set width=800 --set quality=80",
            ),
            "thumbnail",
        )
        .runner("vipsthumbnail", "vipsthumbnail @in --size 800x -o @out[Q=80]")
        .runner("imagemagick", "convert -define jpeg:size=1600x1200 @in -thumbnail 800x -quality 80 @out")
        .goal("sharp", Cpu, 0.30)
        .goal("vipsthumbnail", Cpu, 0.50),
        with_sharp(
            contest("avif", "JPEG 12 MP to AVIF, defaults", jpeg, "o.avif", "convert @in @out"),
            "avif",
        )
        .runner("avifenc", "avifenc --jobs 2 --speed 6 @in @out")
        .rounds(3)
        .goal("sharp", Cpu, 0.30)
        .besides(Besides::SsimPerByte),
    ]
}

/// Tasks that follow each other, in one job and each by itself.
const FUSED: &str = r#"{"tasks": {
"photo": {"operation": "import/path", "path": "@in"},
"mark": {"operation": "import/path", "path": "@mark"},
"small": {"operation": "convert", "input": "photo", "options": {"width": 1600}},
"marked": {"operation": "watermark", "input": ["small", "mark"], "options": {"opacity": 0.6}},
"web": {"operation": "convert", "input": "marked", "output_format": "webp"},
"out": {"operation": "export/path", "input": "web", "path": "@out"}}}"#;

const APART: &str = "d=$(mktemp -d -p /dev/shm) && \
    @formwork convert @in $d/1.png --set width=1600 && \
    @formwork watermark $d/1.png @mark $d/2.png --set opacity=0.6 && \
    @formwork convert $d/2.png @out; \
    e=$?; rm -r $d; exit $e";

/// One decoding and one encoding against one of each for every task.
fn fused(inputs: &Inputs) -> Contest {
    let marked = |text: &str| text.replace("@mark", &inputs.tiny.to_string_lossy());
    let title = "PNG 12 MP made smaller, marked, and then a WebP";
    Contest::new("fused-image", title, &inputs.png, "o.webp")
        .pipeline("formwork", &format!("printf '%s' '{}' | @formwork run -", marked(FUSED)))
        .pipeline("each task by itself", &marked(APART))
        .goal("each task by itself", Wall, 0.5)
}

fn archives(inputs: &Inputs) -> Vec<Contest> {
    let contest = |id, title, input: &Path, output, ours: &str| {
        Contest::new(id, title, input, output).runner("formwork", &format!("@formwork {ours}"))
    };
    vec![
        contest("zip", "Folder to ZIP", &inputs.tree, "o.zip", "archive @in @out")
            .runner("7zz -mx3", "7zz a -bso0 -bsp0 -tzip -mx3 -mmt2 @out @in")
            .runner("7zz", "7zz a -bso0 -bsp0 -tzip -mmt2 @out @in")
            .runner("info-zip", "zip -qr @out @in")
            .runner("bsdtar", "bsdtar --format zip -cf @out @in")
            .goal("7zz -mx3", Wall, 0.60)
            .besides(Besides::Size(1.0)),
        contest("tgz", "Folder to TGZ", &inputs.tree, "o.tgz", "archive @in @out")
            .pipeline("tar | pigz", "tar -cf - @in | pigz -p2 > @out")
            .runner("bsdtar", "bsdtar -czf @out @in")
            .goal("tar | pigz", Wall, 0.55)
            .besides(Besides::Size(1.0)),
        contest("zst", "TAR to ZST", &inputs.tar, "o.zst", "convert @in @out")
            .runner("zstd", "zstd -q -T2 @in -o @out")
            .goal("zstd", Wall, 1.0)
            .besides(Besides::Size(1.02)),
        contest("unzip", "ZIP unpacked to a RAM disk", &inputs.zip, "o/", "extract @in @out")
            .runner("7zz", "7zz x -bso0 -bsp0 -o@out @in")
            .runner("info-unzip", "unzip -qq @in -d @out")
            .runner("bsdtar", "bsdtar -xf @in -C @out")
            .goal("7zz", Wall, 0.40),
        contest("untgz", "TGZ unpacked to a RAM disk", &inputs.tgz, "o/", "extract @in @out")
            .runner("tar | gzip", "tar -xzf @in -C @out")
            .runner("bsdtar", "bsdtar -xf @in -C @out")
            .goal("bsdtar", Wall, 1.0),
        contest("un7z", "7Z unpacked to a RAM disk", &inputs.seven, "o/", "extract @in @out")
            .runner("7zz", "7zz x -bso0 -bsp0 -o@out @in")
            .runner("bsdtar", "bsdtar -xf @in -C @out")
            .goal("7zz", Wall, 1.0),
        contest("7z", "Folder of 94 MB to 7Z", &inputs.small_tree, "o.7z", "archive @in @out")
            .runner("7zz -mx3", "7zz a -bso0 -bsp0 -mx3 -mmt2 @out @in")
            .runner("7zz", "7zz a -bso0 -bsp0 -mmt2 @out @in")
            .goal("7zz -mx3", Wall, 1.1)
            .besides(Besides::Size(1.0)),
        contest("zip-tgz", "ZIP to TGZ, every CRC checked", &inputs.zip, "o.tgz", "convert @in @out")
            .runner("bsdtar", "bsdtar -czf @out @@in")
            .goal("bsdtar", Wall, 0.20),
        contest("zip-7z", "ZIP of 94 MB to 7Z", &inputs.small_zip, "o.7z", "convert @in @out").pipeline(
            "unzip + 7zz -mx3",
            "d=$(mktemp -d -p /dev/shm) && unzip -qq @in -d $d && 7zz a -bso0 -bsp0 -mx3 -mmt2 @out $d/* && rm -r $d",
        ),
    ]
}
