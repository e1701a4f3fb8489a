//! The engine as a Python package: the wheel is built, installed where nothing else is, and its own tests run.

#![allow(clippy::unwrap_used, reason = "a test that cannot be set up should stop")]

use formwork_tests::{installed, place};
use std::process::Command;

#[test]
fn the_wheel_works_where_it_is_installed() {
    let done = Command::new(place::root().join("capi/python/check"))
        .env("FORMWORK_PREFIX", installed::prefix().unwrap())
        .env_remove("PYTHONPATH")
        .output()
        .unwrap();
    let (said, complaint) = (String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
    if done.status.code() == Some(installed::MISSING) {
        println!("skipped: {}", complaint.trim().lines().next_back().unwrap_or_default());
        return;
    }
    assert!(done.status.success(), "{said}{complaint}");
    println!("{said}");
    assert!(said.contains(" passed"), "no test ran: {said}");
}
