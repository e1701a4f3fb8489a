//! A plugin that counts how often it is asked. Its formats are texts, which are told
//! apart by their names.

use formwork_sdk::{Capability, Description, Error, Plugin, Result, Step, export_plugin, option};
use std::io::Write;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// Steps that were run.
pub(crate) static RUNS: AtomicU32 = AtomicU32::new(0);
/// What happens while a step runs.
pub(crate) static MEANWHILE: Mutex<Option<Box<dyn Fn() + Send>>> = Mutex::new(None);

/// As long as a step takes, so that it is worth keeping.
const WORK: Duration = Duration::from_millis(4);

pub(crate) struct Toy;

impl Plugin for Toy {
    fn describe() -> Description {
        let convert = |from: &str, to: &str| Capability {
            from: vec![from.into()],
            to: vec![to.into()],
            options: vec![
                option("quality").with_default(50_i64),
                option("y"),
                option("password"),
                option("x"),
            ],
            keeps: vec!["quality".into()],
            ..Capability::default()
        };
        let pairs = [("md", "csv"), ("csv", "rst"), ("csv", "tex")];
        Description {
            id: "test.toy".into(),
            capabilities: pairs.map(|(from, to)| convert(from, to)).to_vec(),
            ..Description::default()
        }
    }

    fn run(step: &Step) -> Result<()> {
        RUNS.fetch_add(1, Ordering::SeqCst);
        std::thread::sleep(WORK);
        if step.options().integer("y") == Some(13) {
            return Err(Error::corrupt("13 brings no luck"));
        }
        let text = String::from_utf8_lossy(&step.input()?.bytes()?).into_owned();
        if let Ok(meanwhile) = MEANWHILE.lock()
            && let Some(happens) = &*meanwhile
        {
            happens();
        }
        step.warn("it was counted");
        let mut output = step.create_output()?;
        // As large as is wanted.
        let filling = "x".repeat(usize::try_from(step.options().integer("x").unwrap_or(0)).unwrap_or(0));
        output.write_all(made(step.target(), &text).as_bytes())?;
        output.write_all(filling.as_bytes())?;
        output.close()
    }
}

/// What a step makes of a text.
pub(crate) fn made(target: &str, text: &str) -> String {
    format!("{target}: of {text}")
}

export_plugin!(Toy);
