//! Workbooks and tables through the border: which values arrive, what is lost, what is refused.

#![expect(clippy::unwrap_used, reason = "helpers of tests end the test")]

use formwork_plugin_sheets::formwork_plugin_entry_v1 as entry;
use formwork_sdk::testing::{Job, Outcome};
use rust_xlsxwriter::{ExcelDateTime, Format, Formula, Workbook};
use std::io::{Cursor, Write};
use zip::write::{SimpleFileOptions, ZipWriter};

fn convert(format: &str, bytes: impl Into<Vec<u8>>, to: &str) -> Outcome {
    Job::new("convert").input(&format!("a.{format}"), format, bytes).target(to).run(entry)
}

fn text(outcome: &Outcome) -> &str {
    std::str::from_utf8(outcome.expect_one()).unwrap()
}

/// A workbook with one of each kind of value, and a second sheet that is hidden.
fn book() -> Vec<u8> {
    let mut book = Workbook::new();
    let date = Format::new().set_num_format("dd/mm/yyyy");
    let moment = Format::new().set_num_format("yyyy-mm-dd hh:mm");
    let span = Format::new().set_num_format("[h]:mm:ss");
    let sheet = book.add_worksheet().set_name("Data & more").unwrap();
    sheet.write_string(0, 0, "name").unwrap();
    sheet.write_string(0, 1, "a,\"b\"\nc").unwrap();
    sheet.write_number(1, 0, 0.1).unwrap();
    sheet.write_number(1, 1, 123_456_789_012_345.0).unwrap();
    sheet.write_boolean(1, 2, true).unwrap();
    let day = ExcelDateTime::from_ymd(2024, 2, 29).unwrap();
    sheet.write_datetime_with_format(2, 0, &day, &date).unwrap();
    let noon = ExcelDateTime::from_ymd(2024, 2, 29).unwrap().and_hms(12, 30, 5).unwrap();
    sheet.write_datetime_with_format(2, 1, &noon, &moment).unwrap();
    sheet.write_number_with_format(2, 2, 1.5, &span).unwrap();
    sheet.write_formula(4, 2, Formula::new("=A2*2").set_result("0.2")).unwrap();
    let hidden = book.add_worksheet().set_name("Notes").unwrap();
    hidden.write_string(1, 1, "<b> & |").unwrap();
    hidden.set_hidden(true);
    book.save_to_buffer().unwrap()
}

fn zip(parts: &[(&str, &str)]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in parts {
        zip.start_file(*name, SimpleFileOptions::default()).unwrap();
        zip.write_all(content.as_bytes()).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

fn ods(tables: &str) -> Vec<u8> {
    let content = format!(
        "<office:document-content xmlns:office=\"o\" xmlns:table=\"t\" xmlns:text=\"x\"><office:body>\
         <office:spreadsheet>{tables}</office:spreadsheet></office:body></office:document-content>"
    );
    zip(&[
        ("mimetype", "application/vnd.oasis.opendocument.spreadsheet"),
        ("META-INF/manifest.xml", "<manifest:manifest xmlns:manifest=\"m\"></manifest:manifest>"),
        ("content.xml", &content),
    ])
}

/// The parts of a workbook with these rows and this table of strings.
fn xlsx(rows: &str, strings: &str) -> Vec<u8> {
    let relations = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    zip(&[
        ("[Content_Types].xml", "<Types/>"),
        (
            "_rels/.rels",
            &format!(
                "<Relationships><Relationship Id=\"a\" Type=\"{relations}/officeDocument\" Target=\"xl/workbook.xml\"/>\
                 </Relationships>"
            ),
        ),
        (
            "xl/workbook.xml",
            "<workbook xmlns:r=\"r\"><sheets><sheet name=\"S\" sheetId=\"1\" r:id=\"b\"/></sheets></workbook>",
        ),
        (
            "xl/_rels/workbook.xml.rels",
            &format!(
                "<Relationships><Relationship Id=\"b\" Type=\"{relations}/worksheet\" \
                 Target=\"worksheets/sheet1.xml\"/></Relationships>"
            ),
        ),
        ("xl/worksheets/sheet1.xml", &format!("<worksheet><sheetData>{rows}</sheetData></worksheet>")),
        ("xl/sharedStrings.xml", strings),
    ])
}

const DATA: &str = "name,\"a,\"\"b\"\"\nc\",\r\n0.1,123456789012345,TRUE\r\n2024-02-29,2024-02-29T12:30:05,36:00:00\r\n\
                    ,,\r\n,,0.2\r\n";

#[test]
fn every_sheet_becomes_a_table_of_its_own() {
    let outcome = convert("xlsx", book(), "csv");
    assert_eq!(outcome.error, None);
    let files: Vec<(&str, &[u8])> =
        outcome.outputs.iter().map(|output| (output.name.as_str(), output.bytes.as_slice())).collect();
    assert_eq!(
        files,
        [("a-sheet-001.csv", DATA.as_bytes()), ("a-sheet-002.csv", b",\r\n,<b> & |\r\n".as_slice())]
    );
    assert!(outcome.lost("formulas") && outcome.lost("fonts") && !outcome.lost("macros"));
    assert!(outcome.warnings.iter().any(|warning| warning.contains("hidden") && warning.contains("`Notes`")));
    assert_eq!(outcome.facts["sheets"].as_array().unwrap().len(), 2);
}

#[test]
fn one_sheet_can_be_taken() {
    let of = |sheet: &str| {
        Job::new("convert").input("a.xlsx", "xlsx", book()).target("csv").option("sheet", sheet).run(entry)
    };
    assert_eq!(text(&of("Data & more")), DATA);
    assert_eq!(text(&of("2")), ",\r\n,<b> & |\r\n");
    let failed = of("Other");
    assert_eq!(failed.failure(), Some(("invalid_request", "")));
    assert!(failed.error.unwrap().message.contains("`Data & more`, `Notes`"));
}

#[test]
fn pages_have_a_heading_and_a_table_for_each_sheet() {
    let outcome = convert("xlsx", book(), "html");
    let page = text(&outcome);
    assert!(page.contains("<h2>Data &amp; more</h2>\n<table>\n<thead>\n<tr><th>name</th>"), "{page}");
    assert!(
        page.contains("<th>a,&quot;b&quot;<br>c</th>") && page.contains("<td>&lt;b&gt; &amp; |</td>"),
        "{page}"
    );
    let outcome = convert("xlsx", book(), "md");
    assert!(
        text(&outcome).starts_with("## Data \\& more\n\n| name | a,\"b\"<br>c |  |\n|---|---|---|\n| 0.1 |")
    );
    let outcome = convert("xlsx", book(), "txt");
    assert!(text(&outcome).contains("0.1         123456789012345      TRUE\n"), "{}", text(&outcome));
}

#[test]
fn what_is_written_is_read_back() {
    let written = convert("xlsx", book(), "txt");
    let table = convert("csv", DATA, "xlsx");
    let merged = Job::new("merge")
        .input("a.xlsx", "xlsx", book())
        .input("data.csv", "csv", "x;y\r\n=1+1;007\r\n+5;5\r\n@a;-0.5\r\n")
        .input("b/a.xlsx", "xlsx", table.expect_one())
        .target("xlsx")
        .run(entry);
    assert_eq!(merged.facts["sheets"].to_string(), r#"["Data & more","Notes","data","a"]"#);
    let read = convert("xlsx", merged.expect_one(), "csv");
    let file = |number: usize| std::str::from_utf8(&read.outputs[number].bytes).unwrap();
    assert_eq!((file(0), file(3)), (DATA, DATA));
    assert_eq!(file(2), "x,y\r\n=1+1,007\r\n+5,5\r\n@a,-0.5\r\n");
    assert!(!read.lost("formulas"), "text is no formula");
    assert!(read.warnings.iter().any(|warning| warning.contains("`Notes`")), "it stays hidden");
    assert!(written.error.is_none());
    // The same input gives the same bytes.
    assert_eq!(convert("csv", DATA, "xlsx").expect_one(), table.expect_one());
}

#[test]
fn sheets_of_one_name_are_told_apart() {
    let job = Job::new("merge").input("a.csv", "csv", "1\n").input("x/A.csv", "csv", "2\n").input(
        "what [is] this: a very long name?.csv",
        "csv",
        "3\n",
    );
    let outcome = job.target("xlsx").run(entry);
    assert_eq!(outcome.facts["sheets"].to_string(), r#"["a","A (2)","what _is_ this_ a very long nam"]"#);
}

#[test]
fn open_document_is_read() {
    let bytes = ods(
        "<table:table table:name=\"T\"><table:table-row><table:table-cell office:value-type=\"string\"><text:p>a<text:s \
         text:c=\"2\"/>b</text:p><text:p>c</text:p></table:table-cell><table:table-cell office:value-type=\"date\" \
         office:date-value=\"2020-01-02\"/><table:table-cell office:value-type=\"time\" \
         office:time-value=\"PT01H02M03S\"/></table:table-row><table:table-row table:number-rows-repeated=\"2\">\
         <table:table-cell table:number-columns-repeated=\"2\" office:value-type=\"float\" office:value=\"1.50\" \
         table:formula=\"of:=1.5\"/></table:table-row></table:table>",
    );
    let outcome = convert("ods", bytes, "csv");
    assert_eq!(text(&outcome), "\"a  b\nc\",2020-01-02,01:02:03\r\n1.5,1.5,\r\n1.5,1.5,\r\n");
    assert!(outcome.lost("formulas"));
}

#[test]
fn a_cell_far_away_is_no_bomb() {
    let far = xlsx("<row r=\"1048576\"><c r=\"XFD1048576\"><v>1</v></c></row>", "<sst/>");
    assert_eq!(convert("xlsx", far.clone(), "csv").failure(), Some(("limit_exceeded", "memory")));
    // What need not be written is none.
    assert_eq!(convert("xlsx", far, "xlsx").error, None);
    let beyond = xlsx("<row r=\"1048577\"><c r=\"A1048577\"><v>1</v></c></row>", "<sst/>");
    assert_eq!(convert("xlsx", beyond, "html").failure(), Some(("corrupt_input", "")));
    let rows = "<table:table-row table:number-rows-repeated=\"1000000\"><table:table-cell office:value=\"1\" \
                table:number-columns-repeated=\"16384\"/></table:table-row>";
    let repeated = ods(&format!("<table:table table:name=\"T\">{rows}</table:table>"));
    assert_eq!(convert("ods", repeated, "csv").failure(), Some(("limit_exceeded", "memory")));
}

#[test]
fn what_a_file_says_of_itself_is_not_believed() {
    let rows = "<row><c t=\"s\"><v>0</v></c></row>";
    let honest = "<sst uniqueCount=\"1\"><si><t>x</t></si></sst>";
    assert_eq!(text(&convert("xlsx", xlsx(rows, honest), "csv")), "x\r\n");
    let lying = honest.replace("\"1\"", "\"99999999999\"");
    assert_eq!(convert("xlsx", xlsx(rows, &lying), "csv").failure(), Some(("corrupt_input", "")));
    let expanding =
        format!("<!DOCTYPE sst [<!ENTITY a \"{}\">]>{}", "b".repeat(99), honest.replace('x', "&a;"));
    let outcome = convert("xlsx", xlsx(rows, &expanding), "csv");
    assert!(outcome.error.is_some() || !text(&outcome).contains('b'));
    let bomb = xlsx(&" ".repeat(200 << 20), "<sst/>");
    assert!(bomb.len() < 1 << 20);
    assert_eq!(convert("xlsx", bomb, "csv").failure(), Some(("limit_exceeded", "ratio")));
}

#[test]
fn damage_and_protection_are_told() {
    let whole = book();
    for bytes in [&whole[..whole.len() / 2], b"PK\x03\x04", b"", b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1"] {
        for format in ["xlsx", "xls", "ods"] {
            let kind = convert(format, bytes, "csv").failure().unwrap().0;
            assert!(
                ["corrupt_input", "password_required", "unsupported_conversion"].contains(&kind),
                "{kind}"
            );
        }
    }
    let compound = b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1 and so on";
    assert_eq!(convert("xlsx", compound, "csv").failure(), Some(("password_required", "")));
}

#[test]
fn a_job_can_be_cancelled() {
    let rows: String = (0..20_000).map(|row| format!("{row},x,y\n")).collect();
    let job = Job::new("convert").input("a.csv", "csv", rows).target("xlsx").cancel_after(20);
    assert_eq!(job.run(entry).failure(), Some(("cancelled", "")));
    let job = Job::new("convert").input("a.xlsx", "xlsx", book()).target("csv").cancel_after(5);
    assert_eq!(job.run(entry).failure(), Some(("cancelled", "")));
}

/// Workbooks of the corpus: folder, path, format.
fn corpus() -> Vec<(&'static str, std::path::PathBuf, String)> {
    let Some(corpus) = std::env::var_os("FORMWORK_CORPUS") else {
        println!("skipped: no corpus (set FORMWORK_CORPUS), so no real file was read");
        return Vec::new();
    };
    let mut books = Vec::new();
    for folder in ["document", "hostile"] {
        for file in std::fs::read_dir(std::path::Path::new(&corpus).join(folder)).unwrap() {
            let path = file.unwrap().path();
            let format = path.extension().unwrap_or_default().to_string_lossy().into_owned();
            if ["xlsx", "xls", "ods"].contains(&format.as_str()) {
                books.push((folder, path, format));
            }
        }
    }
    books.sort();
    books
}

fn is_fault(outcome: &Outcome) -> bool {
    matches!(outcome.failure(), Some(("plugin_fault" | "internal", _)))
}

/// Real files: all are read, and none of the hostile ones does harm.
#[test]
fn files_of_the_corpus_are_read() {
    let books = corpus();
    for (folder, path, format) in &books {
        for to in ["csv", "html"] {
            let outcome = convert(format, std::fs::read(path).unwrap(), to);
            assert!(!is_fault(&outcome), "{path:?}: {:?}", outcome.error);
            assert!(*folder == "hostile" || outcome.error.is_none(), "{path:?}: {:?}", outcome.error);
        }
    }
    println!("{} workbooks of the corpus were read", books.len());
}

/// Damage anywhere is an error of the input, or goes unnoticed.
#[test]
fn damaged_copies_do_no_harm() {
    const COPIES: usize = 40;
    const LARGEST: usize = 80 << 10;
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    let mut random = move |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state % below.max(1) as u64) as usize
    };
    let mut tried = 0;
    for (_, path, format) in corpus() {
        let whole = std::fs::read(&path).unwrap();
        for _ in 0..if whole.len() > LARGEST { 0 } else { COPIES } {
            let mut copy = whole.clone();
            for _ in 0..=random(8) {
                let at = random(copy.len());
                copy[at] = [0, 0xFF, copy[at] ^ 1, random(256) as u8][random(4)];
            }
            let outcome = convert(&format, copy, "csv");
            assert!(!is_fault(&outcome), "{path:?}: {:?}", outcome.error);
            tried += 1;
        }
    }
    println!("{tried} damaged copies were tried");
}
