//! A plugin that writes down what it was asked to do: one line a step. So a test sees which operations were done in
//! one pass, on which inputs, with which options. Its formats are texts, which are told apart by their names.

use formwork_sdk::{
    Capability, Description, Error, Feature, Input, OptionSpec, OutputInfo, Plugin, Result, Step,
    export_plugin, option,
};
use std::collections::BTreeSet;
use std::io::Write;
use std::sync::Mutex;
use std::time::Duration;

/// The formats; a file begins with the id of its own.
const FORMATS: [&str; 4] = ["md", "csv", "rst", "tex"];

/// The `x` of a step that never ends by itself.
pub(crate) const FOREVER: i64 = 99;
/// From this `y` on, a step fails when it is asked for the first time, and only then.
pub(crate) const FLAKY: i64 = 1_000;

fn is_first_try(y: i64) -> bool {
    static TRIED: Mutex<BTreeSet<i64>> = Mutex::new(BTreeSet::new());
    y >= FLAKY && TRIED.lock().is_ok_and(|mut tried| tried.insert(y))
}

pub(crate) struct Toy;

impl Plugin for Toy {
    fn describe() -> Description {
        Description { id: "test.toy".into(), capabilities: capabilities(), ..Description::default() }
    }

    fn run(step: &Step) -> Result<()> {
        let all = |name: &str| {
            step.operations().filter_map(|operation| operation.options().integer(name)).collect::<Vec<_>>()
        };
        if all("y").contains(&13) {
            return Err(Error::corrupt("13 brings no luck"));
        }
        if all("y").into_iter().any(is_first_try) {
            return Err(Error::unsupported("not at the first try"));
        }
        while all("x").contains(&FOREVER) {
            step.tick(1, 10)?;
            std::thread::sleep(Duration::from_millis(1));
        }
        for input in step.inputs() {
            let text = text_of(&input)?;
            if text.contains(": torn") {
                return Err(Error::corrupt(format!("{}: it has a hole", input.name())));
            }
            while text.contains(": endless") {
                step.tick(1, 10)?;
                std::thread::sleep(Duration::from_millis(1));
            }
        }
        match (step.operation(), step.target()) {
            ("thumbnail", target) => thumbnails(step, target),
            ("convert", target) if step.operations().count() == 1 && target == "tex" => {
                step.lose(Feature::Alpha, "tex is opaque");
                step.warn("it was bent a little");
                write(step, target)
            }
            (_, target) => write(step, target),
        }
    }
}

fn capabilities() -> Vec<Capability> {
    let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
    let one = |operation: &str, from: &[&str], to: &[&str], options: Vec<OptionSpec>| Capability {
        operation: operation.into(),
        from: words(from),
        to: words(to),
        options,
        keeps: words(&["quality", "alpha"]),
        ..Capability::default()
    };
    let fuses = words(&["trim", "crop", "watermark"]);
    let changing = |operation: &str, options: Vec<OptionSpec>| {
        let to_itself = |id: &&str| one(operation, &[id], &[id], options.clone());
        FORMATS[..3].iter().map(to_itself).collect::<Vec<_>>()
    };
    let mut all = Vec::new();
    all.extend(changing("trim", vec![option("start_time"), option("duration")]));
    all.extend(changing("crop", vec![option("x").with_default(1_i64), option("y")]));
    for mut watermark in changing("watermark", vec![option("position")]) {
        // Nothing can be laid over a rst.
        watermark.companions = if watermark.from == ["rst"] { Vec::new() } else { words(&["tex"]) };
        watermark.fuses = words(&["trim", "crop"]);
        all.push(watermark);
    }
    for (from, to) in [("md", "csv"), ("csv", "md"), ("md", "rst"), ("rst", "tex"), ("csv", "tex")] {
        let convert = one("convert", &[from], &[to], vec![option("quality")]);
        // What it says of companions is not heard.
        all.push(Capability { fuses: fuses.clone(), companions: words(&["tex"]), ..convert });
    }
    all.push(one("convert", &["raster"], &["csv"], Vec::new()));
    let thumbnail = one("thumbnail", &["md"], &["raster", "rst"], vec![option("count").with_default(3_i64)]);
    all.push(Capability { many_outputs: true, in_parts: true, ..thumbnail });
    for formats in [&["md", "csv"][..], &["rst"]] {
        all.push(Capability { many_inputs: true, ..one("merge", formats, formats, Vec::new()) });
    }
    all.push(Capability { many_inputs: true, ..one("archive", &[], &["tex"], Vec::new()) });
    all
}

/// Writes the main output: what was read, and one line about the step.
fn write(step: &Step, target: &str) -> Result<()> {
    let mut output = step.create_output()?;
    output.write_all(line(step, target, &step.input()?)?.as_bytes())?;
    output.close()
}

/// Several outputs with names of their own.
fn thumbnails(step: &Step, target: &str) -> Result<()> {
    let numbers: Vec<i64> = (1..=step.options().integer("count").unwrap_or(1)).collect();
    for number in step.part_of(&numbers) {
        let input = step.input()?;
        let stem = input.name().split('.').next().unwrap_or_default().to_owned();
        let dot = if target == "raster" { "" } else { ".rst" };
        let name = format!("{stem}-{number:03}{dot}");
        let mut output = step.create_named_output(&OutputInfo { name: &name, ..OutputInfo::default() })?;
        output.write_all(format!("{target}: {name}").as_bytes())?;
        output.close()?;
    }
    Ok(())
}

fn text_of(input: &Input<'_>) -> Result<String> {
    Ok(String::from_utf8_lossy(&input.bytes()?).into_owned())
}

fn line(step: &Step, target: &str, input: &Input<'_>) -> Result<String> {
    let operations = step.operations().map(|operation| {
        let options = operation.options();
        let set = |name: &str| {
            let number = options.number(name).map(|value| format!(" {name}={value}"));
            number.or_else(|| options.text(name).map(|value| format!(" {name}={value}"))).unwrap_or_default()
        };
        let names = ["start_time", "duration", "x", "y", "position", "quality"];
        format!("{}{}", operation.name(), names.map(set).concat())
    });
    let operations = operations.collect::<Vec<_>>().join(" + ");
    let further =
        step.inputs().skip(1).map(|input| Ok(format!(" ({})", text_of(&input)?.replace('\n', "; "))));
    let further = further.collect::<Result<Vec<_>>>()?.concat();
    let before = text_of(input)?;
    let before = before.split_once(':').map_or(before.as_str(), |(_, rest)| rest);
    Ok(format!("{target}:{before}\n{operations}{further}"))
}

export_plugin!(Toy);
