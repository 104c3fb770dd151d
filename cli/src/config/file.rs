//! `flow.toml`: reading it, with a place for everything that is wrong in it.

use super::budget::Budget;
use super::cache::CachePlace;
use super::state::StateTable;
use flow_diagnostics::{Code, Diagnostics, FileId, FlowDiagnostic, Span, did_you_mean};
use flow_runtime::Limit;
use flow_runtime::review::Webhook;
use std::collections::BTreeMap;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// What a `flow.toml` says.
#[derive(Debug, Default)]
pub(crate) struct FlowToml {
    /// The profile that is used when none is asked for.
    pub(crate) default_profile: Option<String>,
    /// The profiles by name.
    pub(crate) profiles: BTreeMap<String, Profile>,
    /// Model ids by their name in the program, for every profile.
    pub(crate) models: BTreeMap<String, String>,
    /// Limits by provider.
    pub(crate) limits: BTreeMap<String, Limit>,
    /// What flows may spend a day.
    pub(crate) budget: Budget,
    /// Where is kept what outlives a run.
    pub(crate) state: StateTable,
    /// Where answers are kept.
    pub(crate) cache: CachePlace,
    /// `[reviews] webhook`.
    pub(crate) webhook: Option<Webhook>,
    /// `[telemetry] endpoint`.
    pub(crate) telemetry_endpoint: Option<String>,
}

/// One profile.
#[derive(Debug, Default)]
pub(crate) struct Profile {
    /// Model ids by their name in the program.
    pub(crate) models: BTreeMap<String, String>,
}

/// The names of the limits.
pub(crate) const LIMITS: [&str; 3] = ["requests_per_minute", "tokens_per_minute", "concurrency"];

/// Sets the limit of this name; other names do nothing.
pub(crate) fn set(limit: &mut Limit, key: &str, number: u64) {
    match key {
        "requests_per_minute" => limit.requests_per_minute = Some(number),
        "tokens_per_minute" => limit.tokens_per_minute = Some(number),
        "concurrency" => limit.concurrency = Some(number),
        _ => {}
    }
}

/// Reads the text; what is wrong in it is left out of the result and reported.
pub(crate) fn parse(text: &str, file: FileId, diagnostics: &mut Diagnostics) -> FlowToml {
    let mut reader = Reader { file, diagnostics };
    let mut out = FlowToml::default();
    let table = match DeTable::parse(text) {
        Ok(table) => table.into_inner(),
        Err(e) => {
            let at = e.span().unwrap_or(0..0);
            let message = e.message().lines().next().unwrap_or("not understood").to_owned();
            reader.report(at, format!("not valid TOML: {message}"), None);
            return out;
        }
    };
    for (key, value) in &table {
        match key.get_ref().as_ref() {
            "default_profile" => out.default_profile = reader.text(value),
            "profile" => out.profiles = reader.profiles(value),
            "models" => out.models = reader.models(value),
            "limits" => out.limits = reader.limits(value),
            "budget" => out.budget = Budget::read(&mut reader, value),
            "state" => out.state = StateTable::read(&mut reader, value),
            "cache" => out.cache = CachePlace::read(&mut reader, value),
            "reviews" => out.webhook = super::reviews::read(&mut reader, value),
            "telemetry" => out.telemetry_endpoint = reader.only(value, "endpoint"),
            _ => reader.unknown(
                key,
                &[
                    "default_profile",
                    "profile",
                    "models",
                    "limits",
                    "budget",
                    "state",
                    "cache",
                    "reviews",
                    "telemetry",
                ],
            ),
        }
    }
    if let Some(name) = &out.default_profile
        && !out.profiles.contains_key(name)
        && let Some((_, value)) = table.iter().find(|(k, _)| k.get_ref() == "default_profile")
    {
        let near = did_you_mean(name, out.profiles.keys().map(String::as_str));
        let help = match near {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("write it as `[profile.{name}.models]`"),
        };
        reader.report(value.span(), format!("there is no profile `{name}`"), Some(help));
    }
    out
}

pub(super) type Value<'i> = Spanned<DeValue<'i>>;
pub(super) type Key<'i> = Spanned<std::borrow::Cow<'i, str>>;

/// Reads values and reports what is wrong with them.
pub(super) struct Reader<'a> {
    file: FileId,
    diagnostics: &'a mut Diagnostics,
}

impl Reader<'_> {
    fn profiles(&mut self, value: &Value<'_>) -> BTreeMap<String, Profile> {
        if let DeValue::String(name) = value.get_ref() {
            let help =
                format!("the profile to use unless another is asked for is `default_profile = \"{name}\"`");
            self.report(value.span(), "`profile` holds the profiles".to_owned(), Some(help));
            return BTreeMap::new();
        }
        let mut out = BTreeMap::new();
        for (name, profile) in self.table(value).into_iter().flatten() {
            let mut read = Profile::default();
            for (key, value) in self.table(profile).into_iter().flatten() {
                match key.get_ref().as_ref() {
                    "models" => read.models = self.models(value),
                    _ => self.unknown(key, &["models"]),
                }
            }
            out.insert(name.get_ref().to_string(), read);
        }
        out
    }

    fn models(&mut self, value: &Value<'_>) -> BTreeMap<String, String> {
        let mut out = BTreeMap::new();
        for (name, id) in self.table(value).into_iter().flatten() {
            let Some(text) = self.text(id) else { continue };
            if !text.contains('/') {
                let help = "a model is named `provider/model`, such as `openai/gpt-4o-mini` or `sim/text`";
                self.report(id.span(), format!("`{text}` names no provider"), Some(help.to_owned()));
                continue;
            }
            out.insert(name.get_ref().to_string(), text);
        }
        out
    }

    fn limits(&mut self, value: &Value<'_>) -> BTreeMap<String, Limit> {
        let mut out = BTreeMap::new();
        for (provider, table) in self.table(value).into_iter().flatten() {
            let mut limits = Limit::default();
            for (key, number) in self.table(table).into_iter().flatten() {
                let name = key.get_ref().as_ref();
                if !LIMITS.contains(&name) {
                    self.unknown(key, &LIMITS);
                } else if let Some(number) = self.number(number) {
                    set(&mut limits, name, number);
                }
            }
            out.insert(provider.get_ref().to_string(), limits);
        }
        out
    }

    // A table with one key that holds a text.
    fn only(&mut self, value: &Value<'_>, known: &str) -> Option<String> {
        let mut out = None;
        for (key, value) in self.table(value).into_iter().flatten() {
            if key.get_ref() == known {
                out = self.text(value);
            } else {
                self.unknown(key, &[known]);
            }
        }
        out
    }

    /// A table; anything else is reported.
    pub(super) fn table<'v, 'i>(&mut self, value: &'v Value<'i>) -> Option<&'v DeTable<'i>> {
        let table = value.get_ref().as_table();
        if table.is_none() {
            self.mismatch(value, "a table");
        }
        table
    }

    /// A text; anything else is reported.
    pub(super) fn text(&mut self, value: &Value<'_>) -> Option<String> {
        let text = value.get_ref().as_str();
        if text.is_none() {
            self.mismatch(value, "a text in quotes");
        }
        text.map(str::to_owned)
    }

    fn number(&mut self, value: &Value<'_>) -> Option<u64> {
        let number = value.get_ref().as_integer();
        let number = number.and_then(|n| u64::from_str_radix(n.as_str(), n.radix()).ok()).filter(|n| *n > 0);
        if number.is_none() {
            self.mismatch(value, "a whole number above 0");
        }
        number
    }

    /// Reports a value of another type.
    pub(super) fn mismatch(&mut self, value: &Value<'_>, wanted: &str) {
        let found = value.get_ref().type_str();
        self.report(value.span(), format!("expected {wanted}, found {found}"), None);
    }

    /// Reports a key that nothing knows.
    pub(super) fn unknown(&mut self, key: &Key<'_>, known: &[&str]) {
        let name = key.get_ref().as_ref();
        let help = match did_you_mean(name, known.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("the keys here are `{}`", known.join("`, `")),
        };
        self.report(key.span(), format!("unknown key `{name}`"), Some(help));
    }

    /// Reports a mistake.
    pub(super) fn report(&mut self, at: std::ops::Range<usize>, message: String, help: Option<String>) {
        let span = Span::new(self.file, at.start, at.end);
        self.diagnostics.push(FlowDiagnostic::new(Code::E0810, span, message).maybe_help(help));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(text: &str) -> Vec<String> {
        let mut diagnostics = Diagnostics::default();
        parse(text, FileId(0), &mut diagnostics);
        let line = |d: &FlowDiagnostic| {
            format!("{} | {} | {}", &text[d.span().range()], d.message, d.help.clone().unwrap_or_default())
        };
        diagnostics.iter().map(line).collect()
    }

    #[test]
    fn everything_that_is_known_is_read() {
        let text = r#"
            default_profile = "dev"
            [models]
            fast = "openai/gpt-4o"
            [profile.dev.models]
            fast = "sim/text"
            [limits.openai]
            requests_per_minute = 1_000
            concurrency = 4
            [budget]
            per_day = "$50"
            [budget.flows]
            support = 10
            triage = 0.25
            [state]
            dir = "state"
            [telemetry]
            endpoint = "http://localhost:4318"
        "#;
        let mut diagnostics = Diagnostics::default();
        let read = parse(text, FileId(0), &mut diagnostics);
        assert!(diagnostics.is_empty(), "{diagnostics:?}");
        assert_eq!(read.default_profile.as_deref(), Some("dev"));
        assert_eq!(read.models["fast"], "openai/gpt-4o");
        assert_eq!(read.profiles["dev"].models["fast"], "sim/text");
        assert_eq!(read.limits["openai"].requests_per_minute, Some(1000));
        assert_eq!(read.limits["openai"].concurrency, Some(4));
        let flows = read.budget.flows.iter().map(|(name, cost)| format!("{name} {cost}"));
        assert_eq!(read.budget.per_day.map(|c| c.to_string()).as_deref(), Some("$50.00"));
        assert_eq!(flows.collect::<Vec<_>>(), ["support $10.00", "triage $0.25"]);
        assert_eq!(read.state.dir.as_deref(), Some("state"));
        assert_eq!(read.telemetry_endpoint.as_deref(), Some("http://localhost:4318"));
    }

    #[test]
    fn mistakes_are_reported_where_they_stand() {
        assert_eq!(
            problems("[modles]\na = \"b/c\""),
            ["modles | unknown key `modles` | did you mean `models`?"]
        );
        assert_eq!(
            problems("[limits.openai]\nrequests_per_minut = 3\nconcurrency = 0"),
            [
                "0 | expected a whole number above 0, found integer | ",
                "requests_per_minut | unknown key `requests_per_minut` | did you mean `requests_per_minute`?",
            ]
        );
        assert_eq!(
            problems("default_profile = \"dve\"\n[profile.dev.models]"),
            ["\"dve\" | there is no profile `dve` | did you mean `dev`?"]
        );
        assert_eq!(
            problems("profile = \"dev\""),
            [
                "\"dev\" | `profile` holds the profiles | the profile to use unless another is asked for is `default_profile = \"dev\"`"
            ]
        );
        assert_eq!(
            problems("[models]\nfast = \"gpt\""),
            [
                "\"gpt\" | `gpt` names no provider | a model is named `provider/model`, such as `openai/gpt-4o-mini` or `sim/text`"
            ]
        );
    }

    #[test]
    fn a_budget_is_an_amount_of_money() {
        assert_eq!(
            problems(
                "[budget]\nper_day = \"5 euros\"\nper_month = 3\n[budget.flows]\na = -1\nb = true\nc = inf"
            ),
            [
                "-1 | `-1` is not an amount of money | write it like `\"$50.00\"`",
                "true | expected an amount of money, found boolean | ",
                "inf | `inf` is not an amount of money | write it like `\"$50.00\"`",
                "\"5 euros\" | `5 euros` is not an amount of money | write it like `\"$50.00\"`",
                "per_month | unknown key `per_month` | the keys here are `per_day`, `flows`",
            ]
        );
    }

    #[test]
    fn what_is_not_toml_is_reported_once() {
        assert_eq!(problems("[models\nfast = 1").len(), 1);
    }
}
