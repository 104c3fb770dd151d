//! `[budget]` of `flow.toml`: what flows may spend a day.
//!
//! In: the table, and the `FLOW_BUDGET_…` variables that are stronger. Out: a [`Budget`]. Not here:
//! what was spent, which the runtime keeps in the state folder.

use super::file::{Reader, Value};
use crate::exit::Failure;
use flow_diagnostics::did_you_mean;
use flow_plan::{Cost, Plan};
use flow_runtime::Environment;
use flow_runtime::budget::{Budgets, Owner, SqliteAccounts};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use toml::de::DeValue;

/// What flows may spend a day.
#[derive(Debug, Default)]
pub(crate) struct Budget {
    /// All flows of the project together.
    pub(crate) per_day: Option<Cost>,
    /// Flows by name.
    pub(crate) flows: BTreeMap<String, Cost>,
}

const HELP: &str = "write it like `\"$50.00\"`";

impl Budget {
    /// Reads the table; what is wrong in it is left out and reported.
    pub(super) fn read(reader: &mut Reader<'_>, value: &Value<'_>) -> Budget {
        let mut out = Budget::default();
        for (key, value) in reader.table(value).into_iter().flatten() {
            match key.get_ref().as_ref() {
                "per_day" => out.per_day = amount(reader, value),
                "flows" => {
                    for (name, value) in reader.table(value).into_iter().flatten() {
                        if let Some(cost) = amount(reader, value) {
                            out.flows.insert(name.get_ref().to_string(), cost);
                        }
                    }
                }
                _ => reader.unknown(key, &["per_day", "flows"]),
            }
        }
        out
    }

    /// Puts `FLOW_BUDGET_PER_DAY` and `FLOW_BUDGET_FLOWS_<NAME>` in place of what is written.
    pub(super) fn override_from(&mut self, env: &Environment) -> Result<(), Failure> {
        for (name, value) in super::with_prefix(env, "FLOW_BUDGET_") {
            let Some(cost) = dollars(&value) else {
                let variable = format!("FLOW_BUDGET_{}", name.to_uppercase());
                let message = format!("`{variable}` is not an amount of money: `{value}`");
                return Err(Failure::usage(message).help("write it like `50.00`"));
            };
            match name.strip_prefix("flows_") {
                Some(flow) => drop(self.flows.insert(flow.to_owned(), cost)),
                None if name == "per_day" => self.per_day = Some(cost),
                None => {}
            }
        }
        Ok(())
    }

    /// Each owner of a budget, and what it may spend a day.
    pub(crate) fn owners(&self) -> impl Iterator<Item = (Owner, Cost)> + '_ {
        let project = self.per_day.map(|cost| (Owner::Project, cost));
        let flows = self.flows.iter().map(|(name, cost)| (Owner::Flow(name.as_str().into()), *cost));
        project.into_iter().chain(flows)
    }

    /// The budgets with the accounts in this state folder; nothing where no budget is set.
    pub(crate) fn kept_in(&self, state: &Path) -> Option<Budgets> {
        self.owners().next()?;
        Some(Budgets {
            project: self.per_day,
            flows: self.flows.iter().map(|(name, cost)| (name.as_str().into(), *cost)).collect(),
            accounts: Arc::new(SqliteAccounts::new(state)),
        })
    }

    /// Budgets that seem to be meant for a flow of this program whose name is another, one line each.
    /// Those for flows of other programs are no mistake.
    pub(crate) fn misnamed(&self, plan: &Plan) -> Vec<String> {
        let unknown = self.flows.keys().filter(|name| plan.flow(name).is_none());
        let line = |name: &String| {
            let without = plan.flows.iter().map(|f| f.name.as_str()).filter(|f| !self.flows.contains_key(*f));
            let near = did_you_mean(name, without)?;
            Some(format!("there is a budget for flow `{name}` and no such flow; did you mean `{near}`?"))
        };
        unknown.filter_map(line).collect()
    }
}

fn amount(reader: &mut Reader<'_>, value: &Value<'_>) -> Option<Cost> {
    let (text, shown) = match value.get_ref() {
        DeValue::String(text) => (text.as_ref(), format!("`{text}` is not an amount of money")),
        DeValue::Integer(n) if n.radix() == 10 => (n.as_str(), format!("`{n}` is not an amount of money")),
        DeValue::Float(n) => (n.as_str(), format!("`{n}` is not an amount of money")),
        _ => {
            reader.mismatch(value, "an amount of money");
            return None;
        }
    };
    let cost = dollars(text);
    if cost.is_none() {
        reader.report(value.span(), shown, Some(HELP.to_owned()));
    }
    cost
}

/// `$50`, `50.00`: not negative, with at most nine decimals.
pub(crate) fn dollars(text: &str) -> Option<Cost> {
    let text = text.trim();
    Cost::parse_dollars(text.strip_prefix('$').unwrap_or(text))
}
