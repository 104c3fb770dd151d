//! An answer as it comes together, whatever protocol it comes in.

use super::failure::{self, Failed};
use super::tools::Functions;
use super::{CallError, Finish, OnText, Reply, Usage, Wish};
use flow_plan::CapabilitySpec;
use serde::Deserialize;
use std::borrow::Cow;

/// An answer as it comes together. What a protocol's reader finds is put in here.
pub(super) struct Answer<'a, 'b> {
    /// Who answers.
    pub(super) spec: &'static CapabilitySpec,
    /// The provider's name for the call.
    pub(super) id: Option<String>,
    /// What the provider says was used. Nothing where it says nothing: then what was reserved stays
    /// charged.
    pub(super) usage: Usage,
    /// Why it ended.
    pub(super) finish: Option<Finish>,
    /// Whether the stream has said that it is over.
    pub(super) done: bool,
    text: String,
    // What was said beside the answer: a refusal, or words beside a tool.
    aside: String,
    // `None` where pieces are no use to anybody.
    on_text: Option<&'a mut OnText<'b>>,
    // The tool that the answer is the input of, and whether there are others.
    by_tool: Option<&'a str>,
    has_lookups: bool,
    // The first tool that was called: no other counts.
    called: Option<Called>,
}

struct Called {
    // Which of the calls of the answer it is.
    at: u64,
    // What it is, where it is not the answer itself.
    wish: Option<Wish>,
}

impl<'a, 'b> Answer<'a, 'b> {
    /// An answer without anything in it yet.
    pub(super) fn new(
        spec: &'static CapabilitySpec,
        on_text: Option<&'a mut OnText<'b>>,
        functions: Option<&'a Functions<'_>>,
    ) -> Answer<'a, 'b> {
        Answer {
            spec,
            id: None,
            usage: Usage::default(),
            finish: None,
            done: false,
            text: String::new(),
            aside: String::new(),
            on_text,
            by_tool: functions.and_then(|functions| functions.answer.as_deref()),
            has_lookups: functions.is_some_and(|functions| functions.has_lookups),
            called: None,
        }
    }

    /// A piece of text: of the answer, or beside it where the answer is the input of a tool.
    pub(super) fn words(&mut self, piece: &str) {
        if self.by_tool.is_some() { self.say_aside(piece) } else { self.say(piece) }
    }

    /// Whether no tool was called so far.
    pub(super) fn calls_nothing(&self) -> bool {
        self.called.is_none()
    }

    /// A tool is called, as the answer's `at`th call.
    pub(super) fn tool(&mut self, at: u64, name: &str) {
        if self.called.is_some() {
            return;
        }
        let is_answer = self.by_tool.is_some_and(|own| own == name || !self.has_lookups);
        let wish = || Wish { tool: name.to_owned(), args: String::new() };
        self.called = Some(Called { at, wish: (!is_answer).then(wish) });
    }

    /// A piece of what a tool is called with. One of which nothing was said before is the answer's own.
    pub(super) fn tool_piece(&mut self, at: u64, piece: &str) {
        if self.called.is_none() {
            if self.by_tool.is_none() {
                return;
            }
            self.called = Some(Called { at, wish: None });
        }
        match self.called.as_mut().filter(|called| called.at == at) {
            Some(Called { wish: Some(wish), .. }) => wish.args.push_str(piece),
            Some(Called { wish: None, .. }) => self.say(piece),
            None => {}
        }
    }

    /// A piece of the answer.
    pub(super) fn say(&mut self, piece: &str) {
        if piece.is_empty() {
            return;
        }
        self.text.push_str(piece);
        if let Some(on_text) = &mut self.on_text {
            on_text(piece);
        }
    }

    /// Something that was said beside the answer.
    pub(super) fn say_aside(&mut self, piece: &str) {
        self.aside.push_str(piece);
    }

    /// The answer's text so far, for a refusal that comes instead of one.
    pub(super) fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// A failure that is reported inside the answer.
    pub(super) fn fail(&self, code: &str, message: &str) -> Failed {
        failure::reported(self.spec, code, message)
    }

    /// The reply; an answer that ended before its end is an error.
    pub(super) fn reply(self) -> Result<Reply, CallError> {
        let finish = match (self.finish, self.done) {
            (Some(finish), _) => finish,
            (None, true) => Finish::Done,
            (None, false) => return Err(failure::broke_off()),
        };
        if let Some(Called { wish: Some(wish), .. }) = self.called {
            let wish = Some(wish);
            return Ok(Reply { text: String::new(), usage: self.usage, finish, request_id: self.id, wish });
        }
        // Some servers, and a model that refuses, answer beside the tool.
        let text = if self.text.is_empty() { self.aside } else { self.text };
        Ok(Reply { text, usage: self.usage, finish, request_id: self.id, wish: None })
    }
}

/// Reads the events and bodies of one protocol.
pub(super) trait Reader: Send {
    /// Takes in one event of a stream. `kind` is what the framing calls it, where it does.
    fn event(&mut self, kind: &str, data: &[u8], answer: &mut Answer<'_, '_>) -> Result<(), Failed>;

    /// Takes in a body that is not a stream.
    fn whole(&mut self, body: &[u8], answer: &mut Answer<'_, '_>) -> Result<(), Failed>;
}

/// Reads JSON; what is none is malformed.
pub(super) fn json<'d, T: Deserialize<'d>>(spec: &CapabilitySpec, data: &'d [u8]) -> Result<T, CallError> {
    serde_json::from_slice(data).map_err(|e| failure::malformed(spec, &e))
}

/// A text that is borrowed where it holds no escapes; `Option<Cow>` would always be copied.
#[derive(Deserialize, Debug)]
pub(super) struct Text<'a>(#[serde(borrow)] pub(super) Cow<'a, str>);
