//! Plugins that help without being asked for.

use super::{import, only_text, receipts, run};
use formwork::ErrorKind;
use formwork::run::JobReport;
use serde_json::{Value, json};

#[test]
fn what_helps_unasked_heeds_bans_and_stands_in_the_receipt() {
    let job = |name: &str, options: Value, banned: &[&str]| {
        run(json!({
            "in": import(name),
            "done": {"operation": "convert", "input": "in", "output_format": "csv", "options": options,
                "wishes": {"ban": banned}},
            "out": {"operation": "export/bytes", "input": "done"},
        }))
    };
    let receipt = |report: &JobReport| receipts(report, "done").remove(0);
    let plain = receipt(&job("a.md", json!({}), &[]));
    let mended = job("torn.md", json!({}), &[]);
    assert_eq!(only_text(&mended), "csv: mended.md\nconvert");
    let mended = receipt(&mended);
    let steps = &mended["route"]["steps"];
    assert_eq!((&steps[0]["plugin"], &steps[0]["role"]), (&json!("test.mender"), &json!("rescue")));
    assert_eq!(steps[1], plain["route"]["steps"][0]);
    assert_eq!(mended["route"]["formats"], json!(["md", "md", "csv"]));
    let ids = |receipt: &Value| -> Vec<String> {
        let plugins = receipt["plugins"].as_array().unwrap().iter();
        plugins.map(|plugin| plugin["id"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(
        (ids(&plain), ids(&mended)),
        (vec!["test.toy".into()], vec!["test.toy".into(), "test.mender".into()])
    );

    let error = job("torn.md", json!({}), &["test.mender"]).error().unwrap().clone();
    assert_eq!((error.kind, error.hint), (ErrorKind::CorruptInput, None));
    let error = job("a.md", json!({"lossless": true}), &["test.mender"]).error().unwrap().clone();
    assert_eq!(error.kind, ErrorKind::InvalidRequest);
    assert!(error.message.contains("`lossless`") && error.message.contains("banned"), "{error}");
    assert_eq!(only_text(&job("a.md", json!({"lossless": false}), &["test.mender"])), "csv: a.md\nconvert");
}
