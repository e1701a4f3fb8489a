//! Text, Markdown, tables and pages through the border: what arrives on paper, what is lost, what is refused.

#![expect(clippy::unwrap_used, reason = "helpers of tests end the test")]

use formwork_plugin_typeset::formwork_plugin_entry_v1 as entry;
use formwork_sdk::testing::{Job, Outcome, describe};
use formwork_sdk::{Value, json};

fn set(format: &str, text: impl Into<Vec<u8>>, options: &[(&str, Value)]) -> Outcome {
    let job = Job::new("convert").input(&format!("a.{format}"), format, text).target("pdf");
    options.iter().fold(job, |job, (name, value)| job.option(name, value.clone())).run(entry)
}

/// Whether there is a font on this machine; without one there is nothing to test but that this is said.
fn fonts() -> bool {
    let there = describe(entry).capabilities.iter().all(|capability| capability.unavailable.is_none());
    if !there {
        println!("skipped: no font on this machine");
        assert_eq!(set("txt", "x", &[]).failure(), Some(("backend_missing", "")));
    }
    there
}

fn document(outcome: &Outcome) -> lopdf::Document {
    lopdf::Document::load_mem(outcome.expect_one()).unwrap()
}

/// The text of all pages, with single spaces.
fn text(outcome: &Outcome) -> String {
    let document = document(outcome);
    let pages: Vec<u32> = document.get_pages().keys().copied().collect();
    let text = document.extract_text(&pages).unwrap();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn pages(outcome: &Outcome) -> u64 {
    outcome.facts["pages"].as_u64().unwrap()
}

/// Width and height of the first page, in whole points.
fn paper(outcome: &Outcome) -> (i64, i64) {
    let document = document(outcome);
    let page = document.get_pages()[&1];
    let page = document.get_dictionary(page).unwrap();
    let sides = page.get(b"MediaBox").unwrap().as_array().unwrap();
    let side = |at: usize| sides[at].as_float().unwrap().round() as i64;
    (side(2), side(3))
}

#[test]
fn all_words_of_every_format_arrive() {
    if !fonts() {
        return;
    }
    let md = "# Title\n\nSome *slanted* and **heavy** words[^1].\n\n- one\n  1. two\n- [x] three\n\n> quoted\n\n\
              | a | b |\n|---|--:|\n| cell | 12 |\n\n```\ncode line\n```\n\n[^1]: The note.\n";
    let html = "<h1>Title</h1><p>Some <em>slanted</em> words<ul><li>one<li>two</ul><dl><dt>term<dd>meaning</dl>\
                <table><tr><th colspan=2>wide<tr><td rowspan=2>tall<td>x<tr><td>y</table><pre>code\n line</pre>";
    for (format, given, wanted) in [
        ("txt", "First line\nsecond\n\nthird\tcolumn\n", &["First line", "second", "third"][..]),
        ("csv", "name,count\nÄpfel,3\n\"two\nlines\",4\n", &["name", "Äpfel", "lines", "4"]),
        ("md", md, &["Title", "slanted", "two", "three", "quoted", "cell", "12", "code line", "The note."]),
        ("html", html, &["Title", "slanted", "term", "meaning", "wide", "tall", "y", "code"]),
    ] {
        let outcome = set(format, given, &[]);
        let text = text(&outcome);
        for word in wanted {
            assert!(text.contains(word), "{format}: `{word}` in {text}");
        }
        assert_eq!(pages(&outcome), 1, "{format}");
    }
}

#[test]
fn nothing_a_text_says_is_markup() {
    if !fonts() {
        return;
    }
    let words = "#set page(width: 1pt) #panic() $x$ *b* _i_ @ref <label> // no \\ `raw` = h";
    for format in ["txt", "csv"] {
        let text = text(&set(format, words, &[("header", json!(false))]));
        assert!(text.contains("#panic()") && text.contains("<label>") && text.contains("// no"), "{text}");
    }
    let text = text(&set("md", "#read(\"/etc/passwd\") and #image(\"x\")", &[]));
    assert!(text.contains("/etc/passwd") && !text.contains("root:"), "{text}");
}

#[test]
fn the_same_input_gives_the_same_bytes() {
    if !fonts() {
        return;
    }
    let given: String =
        (0..400).map(|at| format!("## Part {at}\n\nSome words, a [link](#part-3).\n\n")).collect();
    let of = |threads| {
        let job = Job::new("convert").input("a.md", "md", given.clone()).target("pdf");
        job.option("contents", true).threads(threads).run(entry)
    };
    assert_eq!(of(1).expect_one(), of(2).expect_one());
}

#[test]
fn form_feeds_end_pages_and_a_row_of_names_is_repeated() {
    if !fonts() {
        return;
    }
    assert_eq!(pages(&set("txt", "one\x0Ctwo\x0C", &[])), 2);
    let rows: String = (0..200).map(|at| format!("{at},row\n")).collect();
    let outcome = set("csv", format!("number,unrepeatable\n{rows}"), &[]);
    assert!(pages(&outcome) > 2);
    let document = document(&outcome);
    for page in document.get_pages().keys() {
        assert!(document.extract_text(&[*page]).unwrap().contains("unrepeatable"), "page {page}");
    }
}

#[test]
fn wide_tables_lie_and_then_part_their_columns() {
    if !fonts() {
        return;
    }
    let of = |columns: usize| {
        let row = |word: &str| (0..columns).map(|at| format!("{word}{at}")).collect::<Vec<_>>().join(",");
        set("csv", format!("{}\n{}\n", row("unbreakable"), row("value")), &[])
    };
    let (narrow, wide, huge) = (of(4), of(12), of(60));
    assert_eq!((paper(&narrow), paper(&wide)), ((595, 842), (842, 595)));
    let all = text(&huge);
    for at in 0..60 {
        assert!(all.contains(&format!("value{at}")), "{at}");
    }
    assert!(all.contains("of 60"));
    let standing =
        set("csv", "a,b\n1,2\n", &[("orientation", json!("landscape")), ("page_size", json!("letter"))]);
    assert_eq!(paper(&standing), (792, 612));
}

/// The right edge of what is drawn cannot be told from text alone, but one line cannot hold what needs several.
#[test]
fn long_words_break() {
    if !fonts() {
        return;
    }
    let word = "abcdefghij".repeat(300);
    for (format, given) in [("txt", word.clone()), ("md", word.clone()), ("csv", format!("a,b\n1,{word}\n"))]
    {
        let outcome = set(format, given, &[]);
        let document = document(&outcome);
        let text = document.extract_text(&[1]).unwrap();
        let longest = text.lines().map(|line| line.chars().count()).max().unwrap_or(0);
        assert!(longest < 200, "{format}: a line of {longest} letters");
        let letters = text.chars().filter(|c| c.is_alphanumeric()).count();
        assert!(letters >= word.len(), "{format}: {letters} letters");
    }
}

#[test]
fn nothing_outside_is_fetched_and_it_is_told() {
    if !fonts() {
        return;
    }
    let html = "<img src='https://example.com/a.png' alt='A cat'><img src='b.png'><script>x()</script>\
                <a href='javascript:x()'>press</a><style>p{color:red}</style><svg><text>t</text></svg>";
    let outcome = set("html", html, &[]);
    assert!(
        outcome.warnings.iter().any(|warning| warning.contains("example.com/a.png")),
        "{:?}",
        outcome.warnings
    );
    let losses: Vec<&str> = outcome.losses.iter().map(|(word, _)| word.as_str()).collect();
    assert_eq!(losses, ["macros", "fonts", "vector"]);
    assert!(text(&outcome).contains("A cat"));
    let bytes = String::from_utf8_lossy(outcome.expect_one()).into_owned();
    assert!(!bytes.contains("javascript") && !bytes.contains("/JavaScript"));
}

#[test]
fn pictures_inside_arrive() {
    if !fonts() {
        return;
    }
    // One red pixel.
    let png = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGP4z8AAAAMBAQDJ/pLvAAAAAElFTkSuQmCC";
    let svg = "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' width='9' height='9'%3E%3Crect width='9' \
               height='9'/%3E%3C/svg%3E";
    let html = format!("<p>a <img src='data:image/png;base64,{png}' alt=dot> b <img src=\"{svg}\"></p>");
    let outcome = set("html", html, &[]);
    assert_eq!((outcome.error.clone(), outcome.warnings.as_slice()), (None, &[][..]));
    let bytes = String::from_utf8_lossy(outcome.expect_one()).into_owned();
    assert!(bytes.contains("/Subtype/Image"));
    let broken = set("md", "![x](data:image/png;base64,AAAA) ![y](data:image/png,%) words", &[]);
    assert!(
        text(&broken).contains("words") && broken.warnings[0].contains("could not be used"),
        "{broken:?}"
    );
}

#[test]
fn what_is_told_of_the_document_is_kept() {
    if !fonts() {
        return;
    }
    let outcome = set("md", "---\ntitle: A day\nauthor: Ann\nlang: de\n---\n\n# H\n", &[]);
    let document = document(&outcome);
    let info = document.trailer.get(b"Info").unwrap().as_reference().unwrap();
    let info = document.get_dictionary(info).unwrap();
    let said = |key: &[u8]| lopdf::decode_text_string(info.get(key).unwrap()).unwrap();
    assert_eq!((said(b"Title").as_str(), said(b"Author").as_str()), ("A day", "Ann"));
    let catalog = document.catalog().unwrap();
    assert_eq!(lopdf::decode_text_string(catalog.get(b"Lang").unwrap()).unwrap(), "de");
    assert!(catalog.get(b"StructTreeRoot").is_ok() && info.get(b"CreationDate").is_err());
    let dated = set("md", "# H\n", &[("date", json!("2026-11-26"))]);
    assert!(String::from_utf8_lossy(dated.expect_one()).contains("20261126"));
    let own = set("md", "# H\n", &[("title", json!("Mine")), ("tagged", json!(false))]);
    let own = lopdf::Document::load_mem(own.expect_one()).unwrap();
    assert!(own.catalog().unwrap().get(b"StructTreeRoot").is_err());
}

#[test]
fn standards_are_marked_or_refused() {
    if !fonts() {
        return;
    }
    for (word, mark) in
        [("pdfa-1b", "part"), ("pdfa-2b", "part"), ("pdfa-3b", "part"), ("pdfua-1", "pdfuaid")]
    {
        let given =
            "---\ntitle: T\n---\n\n# One\n\nwords [link](https://example.com)\n\n| a |\n|---|\n| b |\n";
        let outcome = set("md", given, &[("conforms", json!(word))]);
        let bytes = String::from_utf8_lossy(outcome.expect_one()).into_owned();
        assert!(bytes.contains(mark), "{word}");
        assert!(outcome.warnings.iter().any(|warning| warning.contains("unvalidated")), "{word}");
    }
    let untitled = set("md", "words", &[("conforms", json!("pdfua-1"))]);
    assert_eq!(untitled.failure(), Some(("unsupported_conversion", "")));
}

#[test]
fn what_cannot_be_set_is_refused() {
    if !fonts() {
        return;
    }
    assert_eq!(set("txt", vec![0; 4096], &[]).failure(), Some(("corrupt_input", "")));
    assert_eq!(
        set("md", b"\x7FELF\x02\x01\x01\0\0\0\0\0".to_vec(), &[]).failure(),
        Some(("corrupt_input", ""))
    );
    let small = |text: &str| {
        let job = Job::new("convert").input("a.csv", "csv", text).target("pdf");
        job.limit(|limits| limits.entries = 10).run(entry)
    };
    assert_eq!(small(&"a,b\n".repeat(9)).failure(), Some(("limit_exceeded", "entries")));
    let tight = |format: &str, text: String| {
        let job = Job::new("convert").input("a", format, text).target("pdf");
        job.limit(|limits| limits.memory = 1 << 20).run(entry)
    };
    assert_eq!(tight("csv", "a,b\n".repeat(99)).failure(), Some(("limit_exceeded", "memory")));
    assert_eq!(tight("md", "words ".repeat(9_999)).failure(), Some(("limit_exceeded", "memory")));
    assert_eq!(set("txt", "a", &[("margin", json!(100))]).failure(), Some(("invalid_request", "")));
    assert_eq!(set("txt", "a", &[("language", json!("x!"))]).failure(), Some(("invalid_request", "")));
    let cancelled =
        Job::new("convert").input("a.txt", "txt", "words").target("pdf").cancel_after(1).run(entry);
    assert_eq!(cancelled.failure(), Some(("cancelled", "")));
}

#[test]
fn hostile_text_ends_well() {
    if !fonts() {
        return;
    }
    for (format, given) in [
        ("md", "> ".repeat(20_000) + "words"),
        ("md", "- ".repeat(5_000) + "words"),
        ("md", "[^a]: see [^a] and [^b]\n\n[^b]: see [^a]\n\nwords[^a][^b][^a]\n".into()),
        ("md", "words[^a]\n\n[^a]: one\n\n[^a]: two\n".into()),
        ("html", "<div>".repeat(3_000) + "words"),
        ("html", "<blockquote><ul><li>".repeat(500) + "words"),
        ("html", "<table><tr><td>".repeat(300) + "words"),
        (
            "html",
            "<table><tr><td colspan=99999 rowspan=99999>words<td rowspan=0>x<tr><td colspan=7>y</table>"
                .into(),
        ),
        ("html", "<ol start=-99999999999999999999 reversed><li value=99999999999999999999>words</ol>".into()),
        (
            "html",
            "<a href='#x'>words</a><table><thead><tr><th id=x>h<th>i<tbody><tr><td>1<td>2</table>".into(),
        ),
        (
            "html",
            "<h1 id=x>words <a href='#x'>self</a></h1><p id=x><template id=y></template><a href='#y'>n"
                .into(),
        ),
        ("html", "<table><caption>words".into()),
        ("csv", "words,".repeat(1_500)),
        ("csv", "\"words\nand no end".into()),
        ("txt", "words ".to_owned() + &"x".repeat(200_000)),
        ("txt", "words\n".to_owned() + &"\x0C".repeat(50)),
        ("txt", "words \u{202E}\u{200D}\u{FEFF}\u{E0001}\u{10FFFF}\u{FDD0}".into()),
    ] {
        let outcome = set(format, given.clone(), &[]);
        let start: String = given.chars().take(40).collect();
        assert_eq!(outcome.error, None, "{format} {start}");
        assert!(text(&outcome).contains("words"), "{format} {start}");
    }
}

#[test]
fn empty_documents_are_one_page() {
    if !fonts() {
        return;
    }
    for (format, given) in [("txt", " \n"), ("md", "<!-- -->"), ("csv", ",,\n"), ("html", "<p></p>")] {
        assert_eq!(pages(&set(format, given, &[])), 1, "{format}");
    }
}

#[test]
fn the_corpus_is_set() {
    let folder = std::env::var_os("FORMWORK_CORPUS").map_or_else(
        || std::path::PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../../shared/corpus")),
        std::path::PathBuf::from,
    );
    let Ok(files) = std::fs::read_dir(folder.join("document")) else {
        println!("skipped: no corpus at {}", folder.display());
        return;
    };
    if !fonts() {
        return;
    }
    let mut count = 0;
    for path in files.map(|file| file.unwrap().path()) {
        let format = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default().to_owned();
        if !matches!(format.as_str(), "txt" | "md" | "csv" | "html") {
            continue;
        }
        let outcome = set(&format, std::fs::read(&path).unwrap(), &[]);
        assert_eq!(outcome.error, None, "{}", path.display());
        assert_eq!(document(&outcome).get_pages().len() as u64, pages(&outcome), "{}", path.display());
        count += 1;
    }
    println!("{count} files of the corpus");
}

#[test]
fn tables_are_joined_by_the_names_of_their_columns() {
    let job = Job::new("merge")
        .input("one.csv", "csv", "name;n\r\n\"x;y\";1\r\n")
        .input("two.csv", "csv", "n,name\n3,\"say \"\"z\"\"\"\n")
        .input("three.csv", "csv", "other\n9\n");
    let outcome = job.target("csv").run(entry);
    let text = String::from_utf8(outcome.expect_one().to_vec()).unwrap();
    assert_eq!(text, "name,n\r\nx;y,1\r\n\"say \"\"z\"\"\",3\r\nother\r\n9\r\n");
    assert!(
        outcome.warnings.iter().any(|warning| warning.starts_with("three.csv")),
        "{:?}",
        outcome.warnings
    );
    assert_eq!(outcome.facts["rows"], 5);
}

#[test]
fn tables_that_differ_in_part_are_joined_with_all_columns() {
    let job = Job::new("merge")
        .input("one.csv", "csv", "id,name\n1,Ann\n")
        .input("two.csv", "csv", "\nid;town;name\n2;Köln;Bob\n3;Ulm\n")
        .input("three.csv", "csv", "town,zip\nBonn,53111,more\n");
    let outcome = job.target("csv").run(entry);
    let text = String::from_utf8(outcome.expect_one().to_vec()).unwrap();
    assert_eq!(text, "id,name,town,zip\r\n1,Ann,,\r\n2,Bob,Köln,\r\n3,,Ulm,\r\n,,Bonn,53111,more\r\n");
    assert_eq!((outcome.warnings, outcome.facts["rows"].as_u64()), (Vec::new(), Some(5)));
}
