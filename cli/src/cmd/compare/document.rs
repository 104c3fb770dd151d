//! A comparison for programs.

use super::figures::{Compared, Figures, Spread};
use flow_plan::{Cost, Millis};
use flow_runtime::RunReport;
use serde_json::{Value as Json, json};

/// The document.
pub(super) fn document(compared: &Compared) -> Json {
    let cases = compared.lines.iter().zip(&compared.reports).map(|(line, reports)| {
        let answers =
            compared.models.iter().zip(reports).map(|(figures, report)| run(figures, report.as_ref()));
        json!({ "line": line, "answers": answers.collect::<Vec<_>>() })
    });
    json!({
        "flow": compared.flow,
        "runs": compared.all(),
        "done": compared.done(),
        "interrupted": compared.interrupted,
        "spent_usd": compared.spent().dollars(),
        "models": compared.models.iter().map(|figures| model(figures, compared)).collect::<Vec<_>>(),
        "cases": cases.collect::<Vec<_>>(),
    })
}

fn model(figures: &Figures, compared: &Compared) -> Json {
    let errors: Vec<Json> = figures
        .failed
        .iter()
        .map(|(code, (n, message))| json!({ "code": code, "runs": n, "message": message }))
        .collect();
    let usd = |cost: Cost| cost.dollars();
    json!({
        "model": figures.model,
        "answered": figures.answered,
        "refused": figures.refused,
        "failed": figures.failures(),
        "same_as_first": figures.same,
        "errors": errors,
        "usd": figures.usd.dollars(),
        "worst_usd": super::times(figures.worst, compared.lines.len()).dollars(),
        "run": {
            "usd": spread(figures.each, usd),
            "ms": spread(figures.time, |time: Millis| time.0),
            "input_tokens": spread(figures.input, |n| n),
            "output_tokens": spread(figures.output, |n| n),
        },
    })
}

fn spread<T: Copy, U: serde::Serialize>(spread: Spread<T>, number: impl Fn(T) -> U) -> Json {
    json!({ "median": spread.median.map(&number), "p95": spread.p95.map(&number) })
}

fn run(figures: &Figures, report: Option<&RunReport>) -> Json {
    let Some(report) = report else { return json!({ "model": figures.model, "status": "not_run" }) };
    let document = serde_json::to_value(report).unwrap_or_default();
    json!({
        "model": figures.model,
        "status": document["status"],
        "output": document["output"],
        "error": document["error"],
        "spent": document["spent"],
        "ms": report.took.0,
    })
}
