//! Rates: what is expected of steps, told apart from what is proven of them.
//!
//! In: a [`Rate`], from an `assume:` line or from `flowc cost --assume`, and the flow that it is
//! about. Out: whether it says something about that flow. What is made of rates is in
//! `bounds/expected.rs`.

use ecow::{EcoString, eco_format};
use flow_diagnostics::did_you_mean;
use flow_plan::{Block, Fact, Often, OnFail, Param, Rate, Size, Step, StepKind, Type, Value};

/// Reads a rate as it is typed: `draft.fails=2%`, `draft fails 2%`, `rows averages 40`.
///
/// The error says how it is written.
pub fn parse_rate(text: &str) -> Result<Rate, String> {
    const FORM: &str = "write it like `draft.fails=2%` or `question.averages=60 tokens`";
    let (head, value) = match text.split_once('=') {
        Some((head, value)) => (head.trim().to_owned(), value.trim()),
        None => {
            let mut words = text.trim().splitn(3, char::is_whitespace);
            let (of, fact) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
            (format!("{of}.{fact}"), words.next().unwrap_or_default().trim())
        }
    };
    let (of, word) =
        head.rsplit_once('.').filter(|(of, word)| !of.is_empty() && !word.is_empty()).ok_or(FORM)?;
    let fact = Fact::of(word).ok_or_else(|| match did_you_mean(word, words()) {
        Some(near) => format!("there is no rate `{word}`; did you mean `{near}`?"),
        None => format!("there is no rate `{word}`; the rates are {}", listed()),
    })?;
    let value = often(value).ok_or(FORM)?;
    fits(fact, value).map(|()| Rate { of: of.into(), fact, value, span: None })
}

/// The words of the rates.
pub(crate) fn words() -> impl Iterator<Item = &'static str> {
    Fact::ALL.into_iter().map(Fact::word)
}

/// The words of the rates, for people.
pub(crate) fn listed() -> String {
    words().map(|w| format!("`{w}`")).collect::<Vec<_>>().join(", ")
}

/// Whether a value is one that this fact takes; the error says what it takes.
pub(crate) fn fits(fact: Fact, value: Often) -> Result<(), String> {
    match (fact, value) {
        (Fact::Averages, Often::Number(n)) if n.is_finite() && n >= 0.0 => Ok(()),
        (Fact::Averages, Often::Text(Size::Tokens(_))) => Ok(()),
        (Fact::Averages, _) => {
            Err("`averages` takes a number of elements or rounds, `40`, or of tokens, `60 tokens`".to_owned())
        }
        (_, Often::Share(share)) if (0.0..=1.0).contains(&share) => Ok(()),
        (fact, _) => Err(format!("`{}` takes a share from `0%` to `100%`", fact.word())),
    }
}

/// Why a rate says nothing about a flow.
#[derive(Clone, PartialEq, Debug)]
pub enum Misplaced {
    /// There is no such step or input; the name that may be meant.
    Unknown(Option<EcoString>),
    /// There is, and it is nothing that this can be said of; why.
    Unfit(String),
}

/// Whether a rate says something about a flow with these inputs and this body.
pub(crate) fn place(params: &[Param], body: &Block, rate: &Rate) -> Result<(), Misplaced> {
    let (of, fact) = (rate.of.as_str(), rate.fact);
    if let Some(param) = params.iter().find(|p| p.name == of) {
        return match fact {
            Fact::Averages => averages(&param.ty, rate.value, of),
            _ => Err(Misplaced::Unfit(format!("`{of}` is an input, and only has `averages`"))),
        };
    }
    if fact == Fact::Taken
        && let Some((of, arm)) = of.rsplit_once('.')
        && let Some(Step { kind: StepKind::Match(_, arms), .. }) = step(body, of)
    {
        let names = || arms.iter().flat_map(|a| names_of(&a.values));
        return match names().any(|n| n == arm) {
            true => Ok(()),
            false => Err(Misplaced::Unknown(
                did_you_mean(arm, names().collect::<Vec<_>>().iter().map(|n| n.as_str()))
                    .map(|n| eco_format!("{of}.{n}")),
            )),
        };
    }
    let Some(step) = step(body, of) else {
        let mut known: Vec<EcoString> = params.iter().map(|p| p.name.clone()).collect();
        paths(body, "", &mut known);
        return Err(Misplaced::Unknown(
            did_you_mean(of, known.iter().map(EcoString::as_str)).map(EcoString::from),
        ));
    };
    said_of(step, of, rate)
}

fn said_of(step: &Step, of: &str, rate: &Rate) -> Result<(), Misplaced> {
    let needs = |has: bool, why: &str| match has {
        true => Ok(()),
        false => Err(Misplaced::Unfit(format!("`{of}` {why}"))),
    };
    let settings = &step.settings;
    match rate.fact {
        Fact::Fails => needs(matches!(step.kind, StepKind::Call(..)), "calls nothing that could fail"),
        Fact::Escalates => match &settings.escalate {
            Some(escalate) => needs(escalate.unless.is_some(), "is always escalated: it has no `unless`"),
            None => needs(false, "has no `escalate`"),
        },
        Fact::Hits => needs(settings.cache.is_some(), "has no `cache`"),
        Fact::Hedges => needs(settings.hedge.is_some(), "has no `hedge`"),
        Fact::Taken => match &step.kind {
            StepKind::If(..) => Ok(()),
            StepKind::Match(..) => needs(false, "is a `match`: name the arm, as in `room.billing`"),
            _ => needs(false, "is no `if` and no `match`"),
        },
        Fact::Averages => match (&step.kind, rate.value) {
            (StepKind::Repeat { .. }, Often::Number(_)) => Ok(()),
            (StepKind::Repeat { .. }, _) => needs(false, "averages a number of rounds: `1.5`"),
            // The length of an answer, whatever its shape.
            (StepKind::Call(flow_plan::Callee::Prompt(_), _), Often::Text(_)) => Ok(()),
            (_, value) => averages(&step.ty, value, of),
        },
    }
}

// Whether values of a type have a size that a mean can be said of.
fn averages(ty: &Type, value: Often, of: &str) -> Result<(), Misplaced> {
    let ty = match ty {
        Type::Optional(inner) => inner,
        ty => ty,
    };
    match (ty, value) {
        (Type::List(..) | Type::Map(..), Often::Number(_)) | (Type::Text { .. }, Often::Text(_)) => Ok(()),
        (Type::Error, _) => Ok(()),
        (Type::List(..) | Type::Map(..), _) => {
            Err(Misplaced::Unfit(format!("`{of}` averages a number of elements: `40`")))
        }
        (Type::Text { .. }, _) => {
            Err(Misplaced::Unfit(format!("`{of}` averages a number of tokens: `60 tokens`")))
        }
        (ty, _) => Err(Misplaced::Unfit(format!("`{of}` is `{ty}`, which has no size"))),
    }
}

/// The step at a path, as the table of costs names it.
pub(crate) fn step<'b>(block: &'b Block, path: &str) -> Option<&'b Step> {
    let steps = || block.steps.node_weights();
    if let Some(found) = steps().find(|s| s.name == path) {
        return Some(found);
    }
    steps().find_map(|s| {
        let rest = path.strip_prefix(s.name.as_str()).and_then(|rest| rest.strip_prefix('.'));
        let inner = rest.and_then(|rest| bodies(s).into_iter().find_map(|b| step(b, rest)));
        inner.or_else(|| beside(s).into_iter().find_map(|b| step(b, path)))
    })
}

fn paths(block: &Block, inside: &str, out: &mut Vec<EcoString>) {
    for step in block.steps.node_weights() {
        let path = eco_format!("{inside}{}", step.name);
        bodies(step).into_iter().for_each(|b| paths(b, &format!("{path}."), out));
        beside(step).into_iter().for_each(|b| paths(b, inside, out));
        out.push(path);
    }
}

/// The blocks whose steps are named behind the step's own name.
pub(crate) fn bodies(step: &Step) -> Vec<&Block> {
    match &step.kind {
        StepKind::Call(..) | StepKind::Compute(_) => Vec::new(),
        StepKind::If(_, then, otherwise) => std::iter::once(&**then).chain(otherwise.as_deref()).collect(),
        StepKind::Match(_, arms) => arms.iter().map(|a| &a.body).collect(),
        StepKind::Each { body, .. } | StepKind::Repeat { body, .. } => vec![body],
    }
}

// The blocks whose steps are named like those around the step.
fn beside(step: &Step) -> Vec<&Block> {
    let mut out = Vec::new();
    if let StepKind::Repeat { until: Some(until), .. } = &step.kind {
        out.push(&**until);
    }
    out.extend(step.settings.escalate.as_ref().and_then(|e| e.unless.as_ref()));
    if let Some(OnFail::Do(handler)) = &step.on_fail {
        out.push(handler);
    }
    out
}

/// The names of an arm: its values, or `else`.
pub(crate) fn names_of(values: &[Value]) -> Vec<EcoString> {
    match values {
        [] => vec!["else".into()],
        values => values.iter().map(|v| eco_format!("{v}")).collect(),
    }
}

fn often(text: &str) -> Option<Often> {
    let number =
        |digits: &str| digits.replace('_', "").parse::<f64>().ok().filter(|n| n.is_finite() && *n >= 0.0);
    if let Some(percent) = text.strip_suffix('%') {
        return number(percent.trim_end()).map(|n| Often::Share(n / 100.0));
    }
    let (digits, unit) = match text.split_once(char::is_whitespace) {
        Some((digits, unit)) => (digits, unit.trim()),
        None => (text, ""),
    };
    let (digits, factor) = match (digits.strip_suffix('k'), digits.strip_suffix('M')) {
        (Some(digits), _) => (digits, 1e3),
        (_, Some(digits)) => (digits, 1e6),
        _ => (digits, 1.0),
    };
    let value = number(digits)? * factor;
    match unit {
        "" => Some(Often::Number(value)),
        "token" | "tokens" => Some(Often::Text(Size::Tokens(value.round() as u64))),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_read_as_they_are_typed() {
        let read = |text: &str| parse_rate(text).map(|r| (r.of.to_string(), r.fact, r.value));
        let draft = |value| Ok(("draft".to_owned(), Fact::Fails, Often::Share(value)));
        assert_eq!(read("draft.fails=2%"), draft(0.02));
        assert_eq!(read("draft fails 2 %"), draft(0.02));
        assert_eq!(read("a.b.averages=1.5k tokens").map(|r| r.2), Ok(Often::Text(Size::Tokens(1500))));
        assert_eq!(
            read("rows averages 1.5").map(|r| (r.0, r.2)),
            Ok(("rows".to_owned(), Often::Number(1.5)))
        );
    }

    #[test]
    fn what_is_no_rate_says_how_one_is_written() {
        for (text, said) in [
            ("draft", "write it like"),
            ("draft.fails", "write it like"),
            ("draft.fails=often", "write it like"),
            (".fails=2%", "write it like"),
            ("draft.fials=2%", "did you mean `fails`?"),
            ("draft.fails=200%", "a share from `0%` to `100%`"),
            ("draft.fails=2", "a share from `0%` to `100%`"),
            ("rows.averages=2%", "a number of elements or rounds"),
        ] {
            let error = parse_rate(text).err();
            assert!(error.as_ref().is_some_and(|e| e.contains(said)), "{text}: {error:?}");
        }
    }
}
