//! Gates: what a change must not do, as `--fail-on breaking,cost>10%,guard-removed` says it.

use crate::report::{Diff, FlowCost, FlowWorst};
use flow_plan::{Cost, Millis};

/// One thing that must not be.
#[derive(Clone, PartialEq, Debug)]
pub struct Gate {
    /// As it was asked for.
    pub text: String,
    rule: Rule,
}

#[derive(Clone, PartialEq, Debug)]
enum Rule {
    Breaking,
    Behaviour,
    GuardRemoved,
    Rise(Measure, Most),
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Measure {
    Cost,
    Calls,
    Tokens,
    Time,
}

/// The most that a measure may rise by, in its own unit or in hundredths of a percent.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Most {
    Percent(u64),
    By(u64),
}

/// A gate that is not passed, with what is in its way.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Failed {
    /// The gate, as it was asked for.
    pub gate: String,
    /// Why, a line each.
    pub because: Vec<String>,
}

/// Reads one gate: `breaking`, `behaviour`, `guard-removed`, `cost>10%`, `cost>$0.01`, `calls>2`,
/// `tokens>1000`, `time>5s`. The error says what is wrong.
pub fn parse(text: &str) -> Result<Gate, String> {
    let text = text.trim();
    let rule = match text {
        "breaking" => Rule::Breaking,
        "behaviour" => Rule::Behaviour,
        "guard-removed" => Rule::GuardRemoved,
        _ => rise(text)?,
    };
    Ok(Gate { text: text.to_owned(), rule })
}

/// The gates that a change does not pass.
pub fn failed(diff: &Diff, gates: &[Gate]) -> Vec<Failed> {
    let found =
        gates.iter().map(|gate| Failed { gate: gate.text.clone(), because: because(diff, &gate.rule) });
    found.filter(|f| !f.because.is_empty()).collect()
}

fn rise(text: &str) -> Result<Rule, String> {
    let wanted = "gates are `breaking`, `behaviour`, `guard-removed`, and a rise such as `cost>10%`, \
                  `cost>$0.01`, `calls>2`, `tokens>1000` or `time>5s`";
    let (name, most) = text.split_once('>').ok_or(wanted)?;
    let measure = match name.trim() {
        "cost" => Measure::Cost,
        "calls" => Measure::Calls,
        "tokens" => Measure::Tokens,
        "time" => Measure::Time,
        _ => return Err(wanted.to_owned()),
    };
    let most = most.trim();
    if let Some(percent) = most.strip_suffix('%') {
        let hundredths = Cost::parse_dollars(percent.trim()).map(|c| c.0 / 10_000_000);
        let hundredths = hundredths.and_then(|n| u64::try_from(n).ok()).ok_or(wanted)?;
        return Ok(Rule::Rise(measure, Most::Percent(hundredths)));
    }
    let by = match measure {
        Measure::Cost => {
            most.strip_prefix('$').and_then(Cost::parse_dollars).and_then(|c| u64::try_from(c.0).ok())
        }
        Measure::Calls | Measure::Tokens => most.replace('_', "").parse().ok(),
        Measure::Time => millis(most),
    };
    Ok(Rule::Rise(measure, Most::By(by.ok_or(wanted)?)))
}

fn millis(text: &str) -> Option<u64> {
    let (number, unit) = text.split_at(text.find(|c: char| !c.is_ascii_digit())?);
    let unit = match unit {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        _ => return None,
    };
    number.parse::<u64>().ok()?.checked_mul(unit)
}

fn because(diff: &Diff, rule: &Rule) -> Vec<String> {
    let at_least = |class| {
        diff.items
            .iter()
            .filter(|i| i.class >= class)
            .map(|i| format!("{} {} {}", i.kind.word(), i.name, i.status.word()))
            .collect()
    };
    match rule {
        Rule::Breaking => at_least(crate::Class::Breaking),
        Rule::Behaviour => at_least(crate::Class::Behaviour),
        Rule::GuardRemoved => diff
            .guards_removed()
            .iter()
            .map(|l| format!("{} no longer has guard {}", l.owner, l.guard))
            .collect(),
        Rule::Rise(measure, most) => {
            diff.flows.iter().filter_map(|flow| rises(flow, *measure, *most)).collect()
        }
    }
}

fn rises(flow: &FlowCost, measure: Measure, most: Most) -> Option<String> {
    let (before, after) = (flow.before?, flow.after?);
    let (old, new) = (measure.of(&before), measure.of(&after));
    let too_much = match most {
        Most::By(most) => new.saturating_sub(old) > most,
        // More than nothing is more than any share of it.
        Most::Percent(most) => {
            u128::from(new.saturating_sub(old)) * 10_000 > u128::from(most) * u128::from(old) && new > old
        }
    };
    too_much.then(|| {
        let (a, b) = (measure.shown(&before), measure.shown(&after));
        format!("{} of {} rises from {a} to {b}", measure.word(), flow.name)
    })
}

impl Measure {
    fn of(self, flow: &FlowWorst) -> u64 {
        match self {
            Measure::Cost => flow.worst.usd.0.unsigned_abs(),
            Measure::Calls => flow.worst.calls,
            Measure::Tokens => flow.worst.input.0.saturating_add(flow.worst.output.0),
            Measure::Time => flow.worst.time.0,
        }
    }

    fn word(self) -> &'static str {
        match self {
            Measure::Cost => "the worst case",
            Measure::Calls => "the number of calls",
            Measure::Tokens => "the number of tokens",
            Measure::Time => "the time",
        }
    }

    fn shown(self, flow: &FlowWorst) -> String {
        match self {
            Measure::Cost => flow.worst.usd.to_string(),
            Measure::Time => Millis(flow.worst.time.0).to_string(),
            other => other.of(flow).to_string(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flow_compiler::bounds::Amount;

    fn flow(before: i64, after: i64) -> Diff {
        let worst = |nanos| FlowWorst {
            worst: Amount { usd: Cost(nanos), ..Amount::default() },
            budget: None,
            deadline: None,
        };
        let flow = FlowCost {
            name: "f".into(),
            file: "a.flow".into(),
            before: Some(worst(before)),
            after: Some(worst(after)),
        };
        Diff { flows: vec![flow], ..Diff::default() }
    }

    #[test]
    fn a_rise_is_compared_with_a_share_or_an_amount() {
        for (gate, before, after, fails) in [
            ("cost>10%", 100, 110, false),
            ("cost>10%", 1000, 1101, true),
            ("cost>0%", 0, 1, true),
            ("cost>0%", 2, 1, false),
            ("cost>0.5%", 1000, 1006, true),
            ("cost>$0.000000005", 1, 6, false),
            ("cost>$0.000000005", 1, 7, true),
        ] {
            let gate = parse(gate).expect("a gate");
            assert_eq!(
                !failed(&flow(before, after), std::slice::from_ref(&gate)).is_empty(),
                fails,
                "{}",
                gate.text
            );
        }
    }

    #[test]
    fn what_is_no_gate_is_refused() {
        for text in ["", "cost", "cost>", "cost>ten", "size>3", "cost>10", "time>5", "time>5h"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
