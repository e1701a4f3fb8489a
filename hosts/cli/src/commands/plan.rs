//! Shows routes without running anything.

use crate::args::Plan;
use crate::{exit, setup, show};
use formwork::run::Work;
use formwork::{Result, clean};
use serde_json::json;

/// Plans one conversion and prints the routes.
pub(crate) fn run(args: &Plan) -> Result<u8> {
    let engine = setup::engine(&args.how.limit, 1, false, args.how.isolation)?;
    let item = super::probe::item(&args.input, &engine)?;
    let bytes = item.length();
    let work = Work {
        operation: args.operation.clone(),
        output_format: args.to.clone(),
        options: setup::options(&args.how)?,
        wishes: setup::wishes(&args.how)?,
        ..Work::default()
    };
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
        let time = route.estimate.cpu_ms;
        let way = route.formats().join(" → ");
        show::line(&format!(
            "route {}: {way}   about {time:.0} ms, {}",
            number + 1,
            show::bytes(route.estimate.memory)
        ));
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
