//! Shows routes without running anything.

use crate::args::{Keep, Plan};
use crate::{exit, setup, show};
use formwork::job::Job;
use formwork::run::{Item, Work};
use formwork::{Engine, Error, Result, clean};
use serde_json::{Value, json};

/// A job is no larger.
const MOST_BYTES_OF_A_JOB: u64 = 256 << 20;

/// Plans one conversion, or a job, and prints what will be done.
pub(crate) fn run(args: &Plan) -> Result<u8> {
    let keep = Keep { history: args.history.clone(), ..Keep::default() };
    let presets = &args.preset.presets;
    let engine = setup::keeping_engine(&args.how.limit, 1, false, args.how.isolation, &keep, presets)?;
    let item = super::probe::item(&args.input, &engine)?;
    match job(args, &item) {
        Some(json) => plan_job(args, &engine, &json),
        None if args.dot => Err(Error::invalid("--dot draws jobs, and this is none")
            .with_hint("a job is a JSON object with `tasks`: docs/jobs.md")),
        None => plan_one(args, &engine, item),
    }
}

/// The job in a file, when it is one and nothing says what is wanted of the file itself.
fn job(args: &Plan, item: &Item) -> Option<Value> {
    if args.to.is_some() || args.operation != "convert" {
        return None;
    }
    let bytes = item.bytes(MOST_BYTES_OF_A_JOB).ok()?;
    let json: Value = serde_json::from_slice(&bytes).ok()?;
    json.get("tasks").is_some().then_some(json)
}

fn plan_job(args: &Plan, engine: &Engine, json: &Value) -> Result<u8> {
    let job = Job::from_json(json)?;
    let plan = engine.plan_job(&job);
    let code = plan.error().map_or(exit::OK, exit::code);
    if args.dot {
        show::line(plan.to_dot().trim_end());
    } else if args.how.json {
        let mut line = json!({"status": if code == exit::OK { "ok" } else { "error" }, "tag": job.tag});
        line["error"] = plan.error().map(show::error_json).into();
        if let (Some(line), Value::Object(plan)) = (line.as_object_mut(), plan.to_json()) {
            line.extend(plan);
        }
        show::line(&line.to_string());
    } else {
        show::line(plan.explain().trim_end());
    }
    Ok(code)
}

fn plan_one(args: &Plan, engine: &Engine, item: Item) -> Result<u8> {
    let bytes = item.length();
    let work = Work {
        operation: args.operation.clone(),
        output_format: args.to.clone(),
        options: setup::options(&args.how)?,
        preset: args.preset.preset.clone(),
        wishes: setup::wishes(&args.how)?,
    };
    setup::check_preset(engine, &work)?;
    let plan = match engine.plan(item, &work, args.top) {
        Ok(plan) => plan,
        Err(error) if args.how.json => {
            show::line(&show::failure_json(&args.input.display().to_string(), &error).to_string());
            return Ok(exit::code(&error));
        }
        Err(error) => return Err(error.with_context("input", args.input.display().to_string())),
    };
    let found = plan.detection.as_ref();
    if args.how.json {
        let routes: Vec<_> = plan.routes.iter().map(formwork::plan::Route::to_json).collect();
        let format = found.map(|detection| detection.format.id);
        show::line(
            &json!({"status": "ok", "input": {"path": args.input, "format": format, "bytes": bytes},
                "routes": routes, "warnings": plan.warnings, "problem": plan.problem.as_ref().map(show::error_json)})
            .to_string(),
        );
        return Ok(exit::OK);
    }
    if let Some(found) = found {
        let name = clean(&args.input.display().to_string());
        show::line(&format!(
            "{name}: {} ({}), {}",
            found.format.name,
            clean(&found.evidence),
            show::bytes(bytes)
        ));
    }
    for (number, route) in plan.routes.iter().enumerate() {
        show::line("");
        let predicted = route.prediction.unwrap_or_default();
        let way = route.formats().join(" → ");
        show::line(&format!("route {}: {way}   {}", number + 1, predicted.explain()));
        show::line(route.explain().trim_end());
        let losses: Vec<&str> = route.losses().iter().map(|feature| feature.word()).collect();
        show::line(&if losses.is_empty() {
            "loses nothing".to_owned()
        } else {
            format!("loses: {}", losses.join(", "))
        });
        if number == 0 && plan.routes.len() > 1 {
            show::line("chosen because it is the cheapest in time and loss together");
        }
    }
    for warning in &plan.warnings {
        show::line(&format!("note: {}", clean(warning)));
    }
    if let Some(problem) = &plan.problem {
        show::line(&format!("the input may be broken: {}", clean(&problem.message)));
    }
    Ok(exit::OK)
}
