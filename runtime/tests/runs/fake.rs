//! Models that do what a test says, and remember what they were asked.

use async_trait::async_trait;
use flow_plan::{CapabilityKind, CapabilitySpec, Millis, Tokens};
use flow_runtime::Context;
use flow_runtime::provider::*;
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex};

/// What a model does with one call.
#[derive(Clone, Debug)]
pub(crate) enum Act {
    /// Answers at once.
    Say(&'static str),
    /// Answers in pieces, each ten milliseconds behind the one before.
    Pieces(&'static [&'static str]),
    /// Answers after some milliseconds.
    Late(u64, &'static str),
    /// Answers after a second, and reports this many tokens of input and output.
    Use(u64, u64),
    /// Fails.
    Fail(CallErrorKind),
    /// Fails and asks to wait some milliseconds.
    Wait(u64),
    /// Streams a part and then fails.
    Break(&'static str),
    /// Ends as given.
    End(Finish),
    /// Asks for a lookup with these arguments, at once.
    Ask(&'static str, &'static str),
}

/// The provider `fake`. A model without acts left says back what it was told last, after a second.
#[derive(Default)]
pub(crate) struct Fake {
    acts: Mutex<HashMap<String, VecDeque<Act>>>,
    /// Each call: the model, and the text of each message.
    pub(crate) calls: Mutex<Vec<(String, Vec<String>)>>,
    under_way: Mutex<(usize, usize)>,
}

static SPEC: CapabilitySpec =
    CapabilitySpec { kind: CapabilityKind::Provider, name: "fake", ..CapabilitySpec::BASE };

impl Fake {
    pub(crate) fn new(acts: &[(&str, &[Act])]) -> Arc<Fake> {
        let fake = Fake::default();
        for (model, acts) in acts {
            fake.acts.lock().unwrap().insert(model.to_string(), acts.iter().cloned().collect());
        }
        Arc::new(fake)
    }

    /// The models called, in order.
    pub(crate) fn called(&self) -> Vec<String> {
        self.calls.lock().unwrap().iter().map(|(model, _)| model.clone()).collect()
    }

    /// What was said last in each call, in order.
    pub(crate) fn heard(&self) -> Vec<String> {
        self.calls
            .lock()
            .unwrap()
            .iter()
            .map(|(_, texts)| texts.last().cloned().unwrap_or_default())
            .collect()
    }

    /// The most calls that were under way at once.
    pub(crate) fn at_once(&self) -> usize {
        self.under_way.lock().unwrap().1
    }
}

struct UnderWay<'a>(&'a Fake);

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.0.under_way.lock().unwrap().0 -= 1;
    }
}

#[async_trait]
impl Provider for Fake {
    fn spec(&self) -> &'static CapabilitySpec {
        &SPEC
    }

    async fn call(
        &self,
        _context: &Context,
        request: &Request<'_>,
        on_text: &mut OnText<'_>,
    ) -> Result<Reply, CallError> {
        let mut texts: Vec<String> = request.messages.iter().map(|m| m.text.clone()).collect();
        let echo = texts.last().cloned().unwrap_or_default();
        if let Some(tools) = &request.tools {
            texts
                .extend(tools.turns.iter().map(|turn| format!("{} {} {}", turn.tool, turn.args, turn.found)));
            texts.extend(tools.withheld.then(|| "withheld".to_owned()));
        }
        self.calls.lock().unwrap().push((request.model.name.to_string(), texts));
        {
            let mut under_way = self.under_way.lock().unwrap();
            under_way.0 += 1;
            under_way.1 = under_way.1.max(under_way.0);
        }
        let _under_way = UnderWay(self);
        let act =
            self.acts.lock().unwrap().get_mut(request.model.name.as_str()).and_then(VecDeque::pop_front);
        let failed = |kind, retry_after: Option<u64>| {
            Err(CallError {
                kind,
                message: "out of order".to_owned(),
                help: None,
                retry_after: retry_after.map(Millis),
            })
        };
        let mut usage = Usage { input: Tokens(10), output: Tokens(5), ..Usage::default() };
        let (text, finish) = match act {
            Some(Act::Pieces(pieces)) => {
                for piece in pieces {
                    on_text(piece);
                    tokio::time::sleep(Millis(10).duration()).await;
                }
                let (text, request_id) = (pieces.concat(), Some("r1".to_owned()));
                return Ok(Reply { text, usage, finish: Finish::Done, request_id, wish: None });
            }
            Some(Act::Say(text)) => (text.to_owned(), Finish::Done),
            Some(Act::Late(ms, text)) => {
                tokio::time::sleep(Millis(ms).duration()).await;
                (text.to_owned(), Finish::Done)
            }
            Some(Act::Use(input, output)) => {
                tokio::time::sleep(Millis(1000).duration()).await;
                usage = Usage { input: Tokens(input), output: Tokens(output), ..usage };
                ("used".to_owned(), Finish::Done)
            }
            Some(Act::Fail(kind)) => return failed(kind, None),
            Some(Act::Wait(ms)) => return failed(CallErrorKind::RateLimited, Some(ms)),
            Some(Act::Break(text)) => {
                on_text(text);
                return failed(CallErrorKind::Connection, None);
            }
            Some(Act::Ask(tool, args)) => {
                // What is said beside a lookup is none of the answer.
                on_text("I look.");
                let wish = Some(Wish { tool: tool.to_owned(), args: args.to_owned() });
                let (text, finish) = (String::new(), Finish::Done);
                return Ok(Reply { text, usage, finish, request_id: None, wish });
            }
            Some(Act::End(finish)) => ("half an ans".to_owned(), finish),
            None => {
                tokio::time::sleep(Millis(1000).duration()).await;
                (echo, Finish::Done)
            }
        };
        on_text(&text);
        Ok(Reply { text, usage, finish, request_id: Some("r1".to_owned()), wish: None })
    }

    // Each letter has its place, so that texts of the same letters are near.
    async fn embed(&self, _context: &Context, request: &Texts<'_>) -> Result<Embedded, CallError> {
        let name = request.model.name.to_string();
        self.calls.lock().unwrap().push((name.clone(), request.texts.to_vec()));
        let act = self.acts.lock().unwrap().get_mut(&name).and_then(VecDeque::pop_front);
        let mut input = Tokens(7);
        match act {
            Some(Act::Fail(kind)) => {
                let message = "out of order".to_owned();
                return Err(CallError { kind, message, help: None, retry_after: None });
            }
            Some(Act::Use(used, _)) => input = Tokens(used),
            Some(Act::Late(ms, _)) => tokio::time::sleep(Millis(ms).duration()).await,
            _ => {}
        }
        let vector = |text: &String| {
            let mut vector = vec![0.0; 26];
            for letter in text.to_lowercase().bytes().filter(u8::is_ascii_lowercase) {
                vector[usize::from(letter - b'a')] += 1.0;
            }
            vector
        };
        Ok(Embedded { vectors: request.texts.iter().map(vector).collect(), input, request_id: None })
    }
}
