//! What stores hold in their columns, and back: values and errors as text, money and tokens as numbers.

use super::{Asked, Ended, Judged, Outcome, PlanDigest, RunState, Standing, Verdict};
use crate::{RunError, Spent, codec};
use flow_diagnostics::{Code, FileId, Span};
use flow_plan::{Cost, Millis, Tokens, Value};
use jiff::Timestamp;
use serde_json::{Value as Json, json};

/// The outcome of a step as it is stored.
#[derive(Clone, Debug)]
pub(super) struct OutcomeRow {
    /// The value; `None` where there is an error.
    pub(super) value: Option<String>,
    pub(super) error: Option<String>,
    pub(super) attempts: i64,
    pub(super) model: Option<String>,
    /// What was repaired, as a list of texts; how near the words were of whose answer it is, as a number;
    /// `None` where there is neither. No answer has both: what is kept was repaired before.
    pub(super) repaired: Option<String>,
    /// In milliseconds.
    pub(super) took: i64,
    pub(super) spent: SpentRow,
}

/// The end of a run as it is stored.
#[derive(Clone, Debug)]
pub(super) struct EndedRow {
    pub(super) state: RunState,
    pub(super) output: Option<String>,
    pub(super) error: Option<String>,
    pub(super) spent: SpentRow,
}

/// What was used, in the order of the columns: nano-dollars, calls, tokens in, tokens out, calls
/// answered from the cache.
pub(super) type SpentRow = [i64; 5];

impl OutcomeRow {
    pub(super) fn of(outcome: &Outcome) -> OutcomeRow {
        OutcomeRow {
            value: outcome.result.as_ref().ok().map(codec::encode),
            error: outcome.result.as_ref().err().map(error_text),
            attempts: outcome.attempts.into(),
            model: outcome.model.as_ref().map(ToString::to_string),
            repaired: match outcome.similar {
                Some(similar) => Some(json!(similar).to_string()),
                None => (!outcome.repaired.is_empty()).then(|| json!(outcome.repaired).to_string()),
            },
            took: whole(outcome.took.0),
            spent: spent_row(outcome.spent),
        }
    }

    /// The reason where it is not what was stored.
    pub(super) fn read(self) -> Result<Outcome, String> {
        let result = match (self.value, self.error) {
            (Some(value), _) => Ok(codec::decode(&value)?),
            (None, Some(error)) => Err(read_error(&error)?),
            (None, None) => return Err("a step has neither a value nor an error".to_owned()),
        };
        let noted = self.repaired.map(|text| serde_json::from_str(&text)).transpose();
        let (repaired, similar) = match noted.map_err(|e| e.to_string())? {
            Some(Json::Number(similar)) => (Vec::new(), similar.as_f64()),
            Some(repaired) => (serde_json::from_value(repaired).map_err(|e| e.to_string())?, None),
            None => (Vec::new(), None),
        };
        Ok(Outcome {
            result,
            spent: read_spent(self.spent),
            attempts: u32::try_from(self.attempts).unwrap_or(u32::MAX),
            model: self.model.map(Into::into),
            repaired,
            similar,
            took: Millis(self.took.unsigned_abs()),
        })
    }
}

impl EndedRow {
    pub(super) fn of(ended: &Ended) -> EndedRow {
        EndedRow {
            state: RunState::after(ended.status, ended.error.as_ref()),
            output: ended.output.as_ref().map(codec::encode),
            error: ended.error.as_ref().map(error_text),
            spent: spent_row(ended.spent),
        }
    }
}

/// A question as it is stored, in the order of the columns behind run and path.
#[derive(Clone, Debug)]
pub(super) struct StandingRow {
    pub(super) by: String,
    pub(super) value: Option<String>,
    pub(super) private: bool,
    pub(super) why: Option<String>,
    /// In milliseconds since the epoch, as the other moments.
    pub(super) since: i64,
    pub(super) until: i64,
    pub(super) told: bool,
    pub(super) verdict: Option<String>,
    pub(super) who: Option<String>,
    pub(super) reason: Option<String>,
    pub(super) edited: Option<String>,
    pub(super) judged: Option<i64>,
}

impl StandingRow {
    pub(super) fn of(standing: &Standing) -> StandingRow {
        let Standing { asked, told, judged } = standing;
        let judged = judged.as_ref();
        StandingRow {
            by: asked.by.to_string(),
            value: asked.value.as_ref().map(codec::encode),
            private: asked.private,
            why: asked.why.clone(),
            since: asked.since.as_millisecond(),
            until: asked.until.as_millisecond(),
            told: *told,
            verdict: judged.map(|j| j.verdict.name().to_owned()),
            who: judged.map(|j| j.who.to_string()),
            reason: judged.and_then(|j| j.reason.clone()),
            edited: judged.and_then(|j| j.value.as_ref()).map(codec::encode),
            judged: judged.map(|j| j.at.as_millisecond()),
        }
    }

    /// The reason where it is not what was stored.
    pub(super) fn read(self, path: String) -> Result<Standing, String> {
        let moment = |ms| Timestamp::from_millisecond(ms).map_err(|e| e.to_string());
        let value = |text: Option<String>| text.map(|text| codec::decode(&text)).transpose();
        let judged = match (self.verdict, self.judged) {
            (Some(verdict), Some(at)) => Some(Judged {
                verdict: Verdict::named(&verdict).ok_or_else(|| format!("`{verdict}` is no verdict"))?,
                who: self.who.unwrap_or_default().into(),
                reason: self.reason,
                value: value(self.edited)?,
                at: moment(at)?,
            }),
            _ => None,
        };
        let asked = Asked {
            path,
            by: self.by.into(),
            value: value(self.value)?,
            private: self.private,
            why: self.why,
            since: moment(self.since)?,
            until: moment(self.until)?,
        };
        Ok(Standing { asked, told: self.told, judged })
    }
}

pub(super) fn spent_row(spent: Spent) -> SpentRow {
    let Spent { usd, calls, input, output, cached_calls } = spent;
    [usd.0, whole(calls), whole(input.0), whole(output.0), whole(cached_calls)]
}

pub(super) fn read_spent([usd, calls, input, output, cached]: SpentRow) -> Spent {
    Spent {
        usd: Cost(usd),
        calls: calls.unsigned_abs(),
        input: Tokens(input.unsigned_abs()),
        output: Tokens(output.unsigned_abs()),
        cached_calls: cached.unsigned_abs(),
    }
}

/// The inputs of a run as text.
pub(super) fn inputs_text(inputs: &[Value]) -> String {
    codec::encode(&Value::List(inputs.into()))
}

/// The inputs of a run; the reason where the text is none.
pub(super) fn read_inputs(text: &str) -> Result<Vec<Value>, String> {
    match codec::decode(text)? {
        Value::List(inputs) => Ok(inputs.to_vec()),
        _ => Err("the inputs of a run are no list".to_owned()),
    }
}

/// The digest of what a run runs; the reason where it is none.
pub(super) fn read_plan(bytes: &[u8]) -> Result<PlanDigest, String> {
    bytes.try_into().map(PlanDigest).map_err(|_| "the digest of a program has another length".to_owned())
}

/// An error with its place.
pub(super) fn error_text(error: &RunError) -> String {
    let span = error.span.map(|s| [s.file.0, s.start, s.end]);
    let RunError { code, message, help, step, .. } = error;
    json!({"code": code.short(), "message": message, "help": help, "step": step, "span": span}).to_string()
}

/// The error of a text that [`error_text`] wrote; the reason where it is none.
pub(super) fn read_error(text: &str) -> Result<RunError, String> {
    let json: Json = serde_json::from_str(text).map_err(|e| e.to_string())?;
    let part = |name: &str| json[name].as_str().map(str::to_owned);
    let (Some(code), Some(message)) = (part("code").and_then(|c| Code::parse(&c)), part("message")) else {
        return Err(format!("`{text}` is no error"));
    };
    let number = |i: usize| json["span"][i].as_u64().and_then(|n| u32::try_from(n).ok());
    let span = match (number(0), number(1), number(2)) {
        (Some(file), Some(start), Some(end)) => Some(Span { file: FileId(file), start, end }),
        _ => None,
    };
    Ok(RunError { code, message, help: part("help"), step: part("step"), span, is_outside: false })
}

/// A count as a store holds it.
pub(super) fn whole(n: u64) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outcomes_come_back_as_they_were() {
        let span = Span { file: FileId(1), start: 2, end: 9 };
        let error = RunError::new(Code::E0805, "no\nanswer").help("ask \"again\"").at("draft", span);
        let spent = Spent { usd: Cost(7), calls: 1, input: Tokens(2), output: Tokens(3), cached_calls: 4 };
        for result in [Ok(Value::Money(Cost(3))), Err(error), Err(RunError::new(Code::E0811, "x"))] {
            let (model, repaired) = (Some("a/b".into()), vec!["a fence".into()]);
            let took = Millis(5);
            let outcome = Outcome { result, spent, attempts: 2, model, repaired, similar: None, took };
            assert_eq!(OutcomeRow::of(&outcome).read(), Ok(outcome.clone()));
            let outcome = Outcome { repaired: Vec::new(), similar: Some(0.95), ..outcome };
            assert_eq!(OutcomeRow::of(&outcome).read(), Ok(outcome));
        }
        assert!(read_error("{}").is_err());
        assert_eq!(read_inputs(&inputs_text(&[Value::Null])), Ok(vec![Value::Null]));
    }
}
