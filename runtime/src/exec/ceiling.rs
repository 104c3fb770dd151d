//! What is done where a model reports more than was possible: its bound can't be trusted any more, and
//! it is not asked again by this engine.
//!
//! The excess itself is charged, and the answer is used: it has been paid for.

use super::attempt::Ask;
use super::halt::Failure;
use super::state::Given;
use super::step::Site;
use crate::provider::Usage;
use crate::{RunError, Spent};
use flow_diagnostics::Code;
use flow_plan::Cost;

/// Refuses a call of a model that has reported more than was possible: E0805, and asking again would
/// be the same.
pub(super) fn trusted(site: Site<'_>, ask: &Ask<'_>) -> Given<()> {
    let Some(reason) = site.run().engine.broken[ask.id.index()].get() else { return Ok(()) };
    let error = RunError::new(Code::E0805, format!("{reason}; it is not asked again"))
        .help("set `price:`, `context:` or `tokenizer:` of the model right, and run again");
    Err(Failure::lasting(error).into())
}

/// Notes that a call has cost more than was set aside for it, and says how that can be.
pub(super) fn broken(
    site: Site<'_>,
    ask: &Ask<'_>,
    worst: Cost,
    (usage, spent): (Usage, Spent),
) -> Option<String> {
    let (most, max_output) = (ask.most, ask.output);
    if spent.usd <= worst {
        return None;
    }
    let name = &ask.model.name;
    let seen = if usage.input > most {
        format!("`{name}` reported {} of input where at most {} were possible", usage.input, most.0)
    } else if usage.output > max_output {
        format!("`{name}` reported {} of output where at most {} were possible", usage.output, max_output.0)
    } else {
        format!("a call of `{name}` cost {} where at most {} was possible", spent.usd, worst)
    };
    let reason = format!("{seen}, so what its calls may cost can't be trusted");
    Some(site.run().engine.broken[ask.id.index()].get_or_init(|| reason).clone())
}
