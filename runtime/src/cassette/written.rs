//! A cassette in a file: one JSON value a line, so that a change of one answer is one line of a
//! comparison.
//!
//! The first line says what it is and in which form. Then each call has a line for the call, one for
//! each message, and one for what came of it:
//!
//! ```json
//! {"cassette":1}
//! {"step":"draft","prompt":"answer","model":"openai/gpt-4o-mini","max_output":300,"digest":"…"}
//! {"user":"How long may I keep shoes?"}
//! {"reply":"30 days.","input_tokens":31,"output_tokens":4}
//! ```
//!
//! A call that offers lookups names them in its first line, and has a line for each that was looked up
//! before it; a model that asks for one has `wishes` in place of its `reply`.

use super::asked::role_name;
use super::{Asked, Exchange, Offered, Outcome, Said};
use crate::RunError;
use crate::provider::{CallError, CallErrorKind, Finish, Reply, Turn, Usage, Wish};
use ecow::EcoString;
use flow_diagnostics::Code;
use flow_plan::{Millis, Role, Tokens};
use serde_json::{Map, Value as Json, json};

/// The form that is written and read.
pub(super) const FORM: u64 = 1;

/// The calls of a cassette, in the order of the file.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Cassette {
    /// Its name, for messages.
    pub(crate) name: EcoString,
    pub(crate) exchanges: Vec<Exchange>,
}

impl Cassette {
    /// Whether a text begins like a cassette, of whatever form.
    pub fn is_one(text: &str) -> bool {
        let first = text.lines().next().unwrap_or_default();
        serde_json::from_str::<Json>(first).is_ok_and(|line| line.get("cassette").is_some())
    }

    /// Reads the text of a cassette that is called `name`: E0810 where it is none, is damaged, or was
    /// recorded in a newer form.
    pub fn read(name: &str, text: &str) -> Result<Cassette, RunError> {
        let unread = |message: String| {
            RunError::new(Code::E0810, message)
                .help("record it again with `flowc run --record`, or take it from version control")
        };
        match serde_json::from_str::<Json>(text.lines().next().unwrap_or_default()) {
            _ if text.trim().is_empty() => return Err(unread(format!("`{name}` is empty, and no cassette"))),
            Ok(first) if first["cassette"].as_u64() == Some(FORM) => {}
            Ok(first) if first["cassette"].as_u64().is_some_and(|form| form > FORM) => {
                let form = &first["cassette"];
                let message = format!(
                    "`{name}` was recorded by a newer flowc: it has form {form}, and this one reads form {FORM}"
                );
                return Err(RunError::new(Code::E0810, message)
                    .help("use a newer flowc, or record it again with this one"));
            }
            _ => {
                let message =
                    format!("`{name}` is no cassette: its first line is not {{\"cassette\":{FORM}}}");
                return Err(
                    RunError::new(Code::E0810, message).help("name a file that `flowc run --record` wrote")
                );
            }
        }
        let mut exchanges = Vec::new();
        let mut open: Option<(usize, Open)> = None;
        for (i, line) in text.lines().enumerate().skip(1).filter(|(_, line)| !line.trim().is_empty()) {
            let number = i + 1;
            let damaged = |why: &str| unread(format!("line {number} of `{name}` is damaged: {why}"));
            let Ok(Json::Object(line)) = serde_json::from_str(line) else {
                return Err(damaged("it is no JSON object"));
            };
            open = match open.take() {
                None => Some((number, Open::of(&line).map_err(damaged)?)),
                Some((began, mut call)) => match call.add(&line).map_err(damaged)? {
                    None => Some((began, call)),
                    Some(outcome) => {
                        let exchange = call.close(outcome).map_err(|why| {
                            unread(format!("the call in line {began} of `{name}` is damaged: {why}"))
                        })?;
                        exchanges.push(exchange);
                        None
                    }
                },
            };
        }
        if let Some((began, _)) = open {
            let message = format!("`{name}` ends within the call that begins in line {began}");
            return Err(unread(message));
        }
        Ok(Cassette { name: name.into(), exchanges })
    }

    /// The first line of a cassette.
    pub(super) fn first_line() -> String {
        format!("{}\n", json!({ "cassette": FORM }))
    }
}

impl Exchange {
    /// Its lines.
    pub(super) fn lines(&self) -> String {
        let Asked { prompt, model, settings, output, said, tools, hides } = &self.asked;
        let mut call = object(json!({ "step": self.step, "prompt": prompt, "model": model }));
        call.extend(settings.clone());
        if let Some((name, shape)) = output {
            call.insert("output".into(), json!(name));
            call.insert("shape".into(), json!(shape));
        }
        if let Some(tools) = tools {
            call.insert("tools".into(), json!(tools.offered));
            call.insert("tool_shapes".into(), json!(tools.shapes));
            if tools.withheld {
                call.insert("withheld".into(), json!(true));
            }
        }
        if *hides {
            call.insert("hides".into(), json!(true));
        }
        call.insert("digest".into(), json!(self.asked.digest()));
        let mut lines = vec![Json::Object(call)];
        for Said { role, text, images } in said {
            let mut line = object(json!({ role_name(*role): text }));
            if !images.is_empty() {
                line.insert("images".into(), json!(images));
            }
            lines.push(Json::Object(line));
        }
        for Turn { tool, args, found } in tools.iter().flat_map(|tools| &tools.turns) {
            lines.push(json!({ "looked_up": tool, "with": args, "found": found }));
        }
        lines.push(Json::Object(self.outcome.line()));
        lines.iter().map(|line| format!("{line}\n")).collect()
    }
}

// A call of which lines are still to come.
struct Open {
    step: EcoString,
    asked: Asked,
    digest: Option<EcoString>,
}

// What is no setting of a call's line.
const OWN: [&str; 10] =
    ["step", "prompt", "model", "output", "shape", "hides", "digest", "tools", "tool_shapes", "withheld"];

impl Open {
    fn of(line: &Map<String, Json>) -> Result<Open, &'static str> {
        let text = |name: &str| line.get(name).and_then(Json::as_str).map(EcoString::from);
        let (Some(step), Some(prompt), Some(model)) = (text("step"), text("prompt"), text("model")) else {
            return Err("a call with its `step`, `prompt` and `model` should stand here");
        };
        let settings = line.iter().filter(|(name, _)| !OWN.contains(&name.as_str()));
        let asked = Asked {
            prompt,
            model,
            settings: settings.map(|(name, value)| (name.clone(), value.clone())).collect(),
            output: text("output").zip(text("shape")),
            said: Vec::new(),
            tools: match (line.get("tools"), text("tool_shapes")) {
                (Some(Json::Array(offered)), Some(shapes)) => Some(Offered {
                    offered: offered.iter().filter_map(Json::as_str).map(EcoString::from).collect(),
                    shapes,
                    withheld: line.get("withheld").and_then(Json::as_bool) == Some(true),
                    turns: Vec::new(),
                }),
                _ => None,
            },
            hides: line.get("hides").and_then(Json::as_bool) == Some(true),
        };
        Ok(Open { step, asked, digest: text("digest") })
    }

    // Adds a line; an outcome where it is the call's last.
    fn add(&mut self, line: &Map<String, Json>) -> Result<Option<Outcome>, &'static str> {
        for role in [Role::System, Role::User, Role::Assistant] {
            if let Some(text) = line.get(role_name(role)) {
                let images = line.get("images").and_then(Json::as_array).into_iter().flatten();
                self.asked.said.push(Said {
                    role,
                    text: text.as_str().ok_or("a message should be a text")?.to_owned(),
                    images: images.filter_map(|i| i.as_str().map(str::to_owned)).collect(),
                });
                return Ok(None);
            }
        }
        if let Some(tool) = line.get("looked_up") {
            let text = |name: &str| line.get(name).and_then(Json::as_str).map(str::to_owned);
            let turn = (tool.as_str().map(str::to_owned), text("with"), text("found"));
            let (Some(tool), Some(args), Some(found)) = turn else {
                return Err("a lookup has `looked_up`, `with` and `found`");
            };
            let tools = self.asked.tools.as_mut().ok_or("a call without `tools` looks nothing up")?;
            tools.turns.push(Turn { tool, args, found });
            return Ok(None);
        }
        Outcome::of(line).map(Some)
    }

    fn close(self, outcome: Outcome) -> Result<Exchange, &'static str> {
        if self.digest.is_some_and(|digest| digest != self.asked.digest()) {
            return Err(
                "its lines are not those that were recorded (without `digest` they count as they are)",
            );
        }
        Ok(Exchange { step: self.step, asked: self.asked, outcome })
    }
}

impl Outcome {
    fn line(&self) -> Map<String, Json> {
        let said = |line: Json, said: &str| {
            let mut line = object(line);
            if !said.is_empty() {
                line.insert("said".into(), json!(said));
            }
            line
        };
        match self {
            Outcome::Answered(reply) => {
                let mut line = match &reply.wish {
                    Some(wish) => object(json!({ "wishes": wish.tool, "with": wish.args })),
                    None => object(json!({ "reply": reply.text })),
                };
                if reply.finish != Finish::Done {
                    line.insert("finish".into(), json!(finish_name(reply.finish)));
                }
                for (name, tokens) in USAGE.iter().zip(parts(&reply.usage)) {
                    if tokens > 0 {
                        line.insert((*name).into(), json!(tokens));
                    }
                }
                line
            }
            Outcome::Failed(error, text) => {
                let mut line = object(json!({ "error": kind_name(error.kind), "message": error.message }));
                if let Some(help) = &error.help {
                    line.insert("help".into(), json!(help));
                }
                if let Some(wait) = error.retry_after {
                    line.insert("retry_after_ms".into(), json!(wait.0));
                }
                said(Json::Object(line), text)
            }
            Outcome::Late(text) => said(json!({ "unanswered": "late" }), text),
            Outcome::Dropped(text) => said(json!({ "unanswered": "dropped" }), text),
            Outcome::NotAsked(error, again) => {
                let mut line = object(json!({ "not_asked": error.message, "code": error.code.short() }));
                if let Some(help) = &error.help {
                    line.insert("help".into(), json!(help));
                }
                if let Some(wait) = again {
                    line.insert("again_ms".into(), json!(wait.map_or(0, |wait| wait.0)));
                }
                line
            }
        }
    }

    fn of(line: &Map<String, Json>) -> Result<Outcome, &'static str> {
        let text = |name: &str| line.get(name).and_then(Json::as_str).map(str::to_owned);
        let number = |name: &str| line.get(name).and_then(Json::as_u64);
        let said = || text("said").unwrap_or_default();
        let wish = text("wishes").map(|tool| Wish { tool, args: text("with").unwrap_or_default() });
        if let Some(reply) = text("reply").or(wish.as_ref().map(|_| String::new())) {
            let finish = match text("finish") {
                None => Finish::Done,
                Some(name) => {
                    FINISHES.iter().find(|f| finish_name(**f) == name).copied().ok_or("`finish`")?
                }
            };
            let [input, cached_input, cache_write, output] =
                USAGE.map(|name| Tokens(number(name).unwrap_or(0)));
            let usage = Usage { input, cached_input, cache_write, output };
            return Ok(Outcome::Answered(Reply { text: reply, usage, finish, request_id: None, wish }));
        }
        if let Some(kind) = text("error") {
            let kind = KINDS.iter().find(|k| kind_name(**k) == kind).copied();
            let error = CallError {
                kind: kind.ok_or("its `error` is none that there is")?,
                message: text("message").unwrap_or_default(),
                help: text("help"),
                retry_after: number("retry_after_ms").map(Millis),
            };
            return Ok(Outcome::Failed(error, said()));
        }
        if let Some(message) = text("not_asked") {
            let code = text("code").and_then(|code| Code::parse(&code)).unwrap_or(Code::E0805);
            let error = RunError { help: text("help"), ..RunError::new(code, message) };
            let again = number("again_ms").map(|ms| (ms > 0).then_some(Millis(ms)));
            return Ok(Outcome::NotAsked(error, again));
        }
        match text("unanswered").as_deref() {
            Some("late") => Ok(Outcome::Late(said())),
            Some("dropped") => Ok(Outcome::Dropped(said())),
            _ => Err("a message, or what came of the call, should stand here"),
        }
    }
}

const USAGE: [&str; 4] = ["input_tokens", "cached_input_tokens", "cache_write_tokens", "output_tokens"];

fn parts(usage: &Usage) -> [u64; 4] {
    [usage.input.0, usage.cached_input.0, usage.cache_write.0, usage.output.0]
}

const FINISHES: [Finish; 3] = [Finish::Done, Finish::Cut, Finish::Refused];

fn finish_name(finish: Finish) -> &'static str {
    match finish {
        Finish::Done => "done",
        Finish::Cut => "cut",
        Finish::Refused => "refused",
    }
}

const KINDS: [CallErrorKind; 9] = [
    CallErrorKind::Unreached,
    CallErrorKind::Connection,
    CallErrorKind::RateLimited,
    CallErrorKind::Overloaded,
    CallErrorKind::Server,
    CallErrorKind::Malformed,
    CallErrorKind::Key,
    CallErrorKind::TooLong,
    CallErrorKind::Rejected,
];

fn kind_name(kind: CallErrorKind) -> &'static str {
    match kind {
        CallErrorKind::Unreached => "unreached",
        CallErrorKind::Connection => "connection",
        CallErrorKind::RateLimited => "rate_limited",
        CallErrorKind::Overloaded => "overloaded",
        CallErrorKind::Server => "server",
        CallErrorKind::Malformed => "malformed",
        CallErrorKind::Key => "key",
        CallErrorKind::TooLong => "too_long",
        CallErrorKind::Rejected => "rejected",
    }
}

fn object(json: Json) -> Map<String, Json> {
    match json {
        Json::Object(object) => object,
        _ => Map::new(),
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a failing test should panic")]

    use super::*;

    fn exchange(outcome: Outcome) -> Exchange {
        let user = |text: &str, images: &[&str]| Said {
            role: Role::User,
            text: text.into(),
            images: images.iter().map(|i| (*i).to_owned()).collect(),
        };
        let asked = Asked {
            prompt: "answer".into(),
            model: "openai/gpt-4o-mini".into(),
            settings: object(json!({ "max_output": 300, "temperature": 0.0, "stop": ["END"] })),
            output: Some(("Answer".into(), "00ff".into())),
            tools: None,
            said: vec![user("two\nlines \u{2028} and 🙂", &[]), user("x", &["data:image/png;digest,0"])],
            hides: true,
        };
        Exchange { step: "each_1[3].draft".into(), asked, outcome }
    }

    #[test]
    fn everything_that_is_written_is_read_again() {
        let error =
            |kind, retry_after| CallError { kind, message: "m".into(), help: Some("h".into()), retry_after };
        let usage =
            Usage { input: Tokens(9), cached_input: Tokens(3), cache_write: Tokens(1), output: Tokens(2) };
        let reply = |finish| Reply { text: "{}\n".into(), usage, finish, request_id: None, wish: None };
        let wish = Some(Wish { tool: "search".into(), args: "{\"q\":1}".into() });
        let mut outcomes: Vec<Outcome> = FINISHES.map(|f| Outcome::Answered(reply(f))).to_vec();
        outcomes.extend(KINDS.map(|kind| Outcome::Failed(error(kind, Some(Millis(7))), "half".into())));
        let not_asked = || RunError::new(Code::E0810, "no").help("wait");
        outcomes.extend([
            Outcome::Late(String::new()),
            Outcome::Dropped("half".into()),
            Outcome::NotAsked(not_asked(), None),
            Outcome::NotAsked(not_asked(), Some(None)),
            Outcome::NotAsked(not_asked(), Some(Some(Millis(9)))),
        ]);
        outcomes.push(Outcome::Answered(Reply { text: String::new(), wish, ..reply(Finish::Done) }));
        let mut exchanges: Vec<Exchange> = outcomes.into_iter().map(exchange).collect();
        let turn =
            Turn { tool: "search".into(), args: "{}".into(), found: "<search> is\nx </search>".into() };
        exchanges[0].asked.tools = Some(Offered {
            offered: vec!["search".into()],
            shapes: "00".into(),
            withheld: true,
            turns: vec![turn],
        });
        let text = exchanges.iter().fold(Cassette::first_line(), |text, e| text + &e.lines());
        assert!(text.lines().all(|line| serde_json::from_str::<Json>(line).is_ok()), "{text}");
        assert!(Cassette::is_one(&text));
        assert_eq!(Cassette::read("c", &text).unwrap().exchanges, exchanges);
    }

    #[test]
    fn what_is_wrong_with_a_file_is_said_in_one_line() {
        let call = exchange(Outcome::Late(String::new())).lines();
        let whole = Cassette::first_line() + &call;
        let lines: Vec<&str> = whole.lines().collect();
        let cut = whole[..whole.len() - 8].to_owned();
        for (text, want) in [
            ("", "`c` is empty, and no cassette"),
            ("flow f() {}", "`c` is no cassette: its first line is not {\"cassette\":1}"),
            (
                "{\"cassette\":2}\n",
                "`c` was recorded by a newer flowc: it has form 2, and this one reads form 1",
            ),
            (&lines[..3].join("\n"), "`c` ends within the call that begins in line 2"),
            (&cut, "line 5 of `c` is damaged: it is no JSON object"),
            (&format!("{whole}{{\"user\":\"x\"}}\n"), "line 6 of `c` is damaged: a call with its `step`"),
            (&whole.replace("lines", "words"), "the call in line 2 of `c` is damaged: its lines are not"),
            (
                &whole.replace("late", "never"),
                "line 5 of `c` is damaged: a message, or what came of the call",
            ),
        ] {
            let error = Cassette::read("c", text).unwrap_err();
            assert_eq!(error.code, Code::E0810);
            assert!(error.message.starts_with(want), "{error:?}");
            assert!(error.help.is_some());
        }
    }
}
