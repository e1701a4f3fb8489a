//! Mending and linearizing, through the plugin's border. Without qpdf there is nothing to test, which is said.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops where it fails")]

use formwork_plugin_pdf_qpdf::formwork_plugin_entry_v1 as entry;
use formwork_sdk::testing::{Job, describe};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

const PAGE: &str = "%PDF-1.4\n1 0 obj\n<< /Type /Catalog /Pages 2 0 R >>\nendobj\n\
2 0 obj\n<< /Type /Pages /Kids [3 0 R] /Count 1 /MediaBox [0 0 99 99] >>\nendobj\n\
3 0 obj\n<< /Type /Page /Parent 2 0 R >>\nendobj\ntrailer\n<< /Root 1 0 R /Size 4 >>\nstartxref\n7\n%%EOF\n";

fn job(operation: &str, bytes: &[u8]) -> Job {
    Job::new(operation).input("in.pdf", "pdf", bytes).target("pdf")
}

fn is_missing() -> bool {
    let missing = describe(entry).capabilities.iter().any(|capability| capability.unavailable.is_some());
    if missing {
        eprintln!("skipped: qpdf is not installed");
    }
    missing
}

/// The file as qpdf protects it.
fn protected(user: &str) -> Vec<u8> {
    // Tests run side by side.
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let folder = std::env::temp_dir().join(format!("formwork-qpdf-{}-{number}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let (plain, locked) = (folder.join("plain.pdf"), folder.join("locked.pdf"));
    std::fs::write(&plain, PAGE).unwrap();
    let mut command = Command::new("qpdf");
    command.args(["--encrypt", user, "owner", "256", "--"]).arg(&plain).arg(&locked);
    command.output().unwrap();
    let bytes = std::fs::read(&locked).unwrap();
    std::fs::remove_dir_all(&folder).unwrap();
    bytes
}

#[test]
fn a_file_without_a_table_is_mended_always_in_the_same_way() {
    if is_missing() {
        return;
    }
    let outcome = job("pdf/repair", PAGE.as_bytes()).run(entry);
    let bytes = outcome.expect_one();
    let text = String::from_utf8_lossy(bytes);
    assert!(text.contains("xref\n0 4") && !outcome.lost("encryption"));
    assert_eq!(job("pdf/repair", PAGE.as_bytes()).run(entry).expect_one(), bytes);
    let outcome = job("pdf/repair", b"%PDF-1.4\nnothing").run(entry);
    assert_eq!(outcome.failure(), Some(("corrupt_input", "")));
}

#[test]
fn passwords_open_and_are_not_always_meant_for_this_file() {
    if is_missing() {
        return;
    }
    let locked = protected("geheim");
    let with =
        |bytes: &[u8], password: &str| job("pdf/repair", bytes).option("password", password).run(entry);
    let outcome = with(&locked, "geheim");
    assert!(outcome.lost("encryption"));
    assert!(!String::from_utf8_lossy(outcome.expect_one()).contains("/Encrypt"));
    assert_eq!(with(&locked, "falsch").failure(), Some(("password_required", "")));
    assert_eq!(job("pdf/repair", &locked).run(entry).failure(), Some(("password_required", "")));
    assert!(with(&protected(""), "falsch").lost("encryption"), "it opens without one");
}

#[test]
fn linearizing_keeps_protection_and_heeds_sizes() {
    if is_missing() {
        return;
    }
    let on = |bytes: &[u8]| job("pdf/linearize", bytes).option("linearize", true);
    let text = String::from_utf8_lossy(on(PAGE.as_bytes()).run(entry).expect_one()).into_owned();
    assert!(text.contains("/Linearized"));
    let outcome = on(&protected("geheim")).option("password", "geheim").run(entry);
    let text = String::from_utf8_lossy(outcome.expect_one()).into_owned();
    assert!(text.contains("/Linearized") && text.contains("/Encrypt"));
    let outcome = on(PAGE.as_bytes()).option("max_bytes", 100).run(entry);
    assert_eq!(outcome.failure(), Some(("invalid_request", "")));
}
