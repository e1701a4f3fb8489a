//! A second plugin, which mends what the first one says is damaged, and finishes what it wrote.

use formwork_sdk::export::{HostInfo, Table, Text, accepts, describe, table};
use formwork_sdk::{Capability, Description, Error, Plugin, Result, Step, option};
use std::sync::OnceLock;

struct Mender;

impl Plugin for Mender {
    fn describe() -> Description {
        let on = |format: &str, role: &str| Capability {
            operation: format!("{format}/{role}"),
            from: vec![format.into()],
            to: vec![format.into()],
            role: role.into(),
            ..Capability::default()
        };
        let finish = |format, name| Capability { options: vec![option(name)], ..on(format, "finish") };
        let missing = Some("apt install mender".to_owned());
        Description {
            id: "test.mender".into(),
            capabilities: vec![
                on("md", "rescue"),
                Capability { unavailable: missing.clone(), ..on("rst", "rescue") },
                finish("csv", "lossless"),
                Capability { unavailable: missing, ..finish("rst", "lossless") },
            ],
            ..Description::default()
        }
    }

    fn run(step: &Step<'_>) -> Result<()> {
        let text = String::from_utf8_lossy(&step.input()?.bytes()?).into_owned();
        if text.contains("hopeless") {
            return Err(Error::corrupt("nothing can be done"));
        }
        let text = if step.operation() == "csv/finish" {
            format!("{text}\nfinished")
        } else {
            text.replace("torn", "mended")
        };
        step.write_output(text.as_bytes())
    }
}

/// Its entry. Not exported by name: there is one of that name in this program already.
pub(crate) unsafe extern "C" fn entry(host: *const HostInfo) -> *const Table {
    extern "C" fn said() -> Text {
        static JSON: OnceLock<String> = OnceLock::new();
        describe::<Mender>(&JSON)
    }
    static TABLE: Table = table::<Mender>(said);
    if accepts(host) { &TABLE } else { std::ptr::null() }
}
