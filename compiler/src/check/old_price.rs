//! W0706: a price was read so long ago that it may have changed.
//!
//! The day comes from the world, so that a check without a clock finds nothing and tests fix one.

use crate::checker::Checker;
use flow_diagnostics::{Code, FlowDiagnostic};
use flow_plan::Model;
use jiff::civil::Date;

/// How many days a price is taken as it stands.
const OLD: i32 = 180;

pub(super) fn check(checker: &mut Checker<'_>) {
    let Some(today) = checker.world.today() else { return };
    let found: Vec<FlowDiagnostic> = checker.plan.models.iter().filter_map(|m| old(m, today)).collect();
    found.into_iter().for_each(|d| checker.report(d));
}

fn old(model: &Model, today: Date) -> Option<FlowDiagnostic> {
    let dated = model.card.dated?;
    let days = today.since(dated).ok()?.get_days();
    if days <= OLD {
        return None;
    }
    let message = format!("the price of `{}` was read {days} days ago, on {dated}", model.id());
    let from = format!("read from {}", model.card.source);
    let price = &model.card.price;
    Some(FlowDiagnostic::new(Code::W0706, model.span, message).here(from).help(format!(
        "import a newer list with `flowc models import`, or look the price up and write it into the model; it was `price: {} in, {} out`",
        price.input, price.output
    )))
}
