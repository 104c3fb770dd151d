//! An answer that guards look at, told while it comes: sentence by sentence, each behind those that have
//! passed (`while: streaming`), or not at all.
//!
//! In: the guards that [`super::watched`] finds, and the pieces of an answer. Out: what may be told of it. The guards look at
//! all that has come up to the end of a sentence; the guard's own step looks at the whole answer once
//! more, and what it says holds.

use super::step::Site;
use super::watched::{Watched, watched};
use crate::guard::{Guard, Verdict};
use crate::sentences;
use flow_plan::{Callee, OnFail, Step, StepKind, Value};
use futures::FutureExt;
use petgraph::graph::NodeIndex;
use std::sync::Arc;

/// Whether a guard looks at what the step makes: then nothing is told of the answers that are asked for
/// inside it.
pub(super) fn is_guarded(site: Site<'_>) -> bool {
    !matches!(looked_at(site), Watched::Open)
}

fn looked_at(site: Site<'_>) -> Watched<'_> {
    let own = |node: &NodeIndex| std::ptr::eq(&site.block.steps[*node], site.step);
    let Some(node) = site.block.steps.node_indices().find(own) else { return Watched::Open };
    watched(&site.run().engine.plan, site.block, site.block.var_of(node))
}

/// What may be told of an answer under way.
pub(super) enum Teller<'a> {
    /// Each piece as it comes.
    Open,
    /// Nothing.
    Silent,
    /// Sentences that have passed.
    Sentences(Sentences<'a>),
}

impl<'a> Teller<'a> {
    /// The teller of a step's answer.
    pub(super) fn of(site: Site<'a>) -> Teller<'a> {
        match looked_at(site) {
            _ if site.cx.hushed => Teller::Silent,
            Watched::Open => Teller::Open,
            Watched::Whole => Teller::Silent,
            Watched::Sentences(steps) => {
                let guards = steps.into_iter().map(|step| Watch::of(site, step)).collect::<Option<Vec<_>>>();
                // What a guard looks for may not be there yet.
                guards.map_or(Teller::Silent, |guards| {
                    Teller::Sentences(Sentences {
                        site,
                        guards,
                        text: String::new(),
                        looked: 0,
                        told: String::new(),
                        held: false,
                    })
                })
            }
        }
    }

    /// Whether pieces are told as they come.
    pub(super) fn is_open(&self) -> bool {
        matches!(self, Teller::Open)
    }

    /// Takes a piece, and gives what may be told behind it.
    pub(super) fn piece(&mut self, piece: &str) -> Option<String> {
        match self {
            Teller::Open => Some(piece.to_owned()),
            Teller::Silent => None,
            Teller::Sentences(sentences) => {
                sentences.text.push_str(piece);
                // What was told ends with a sentence: the next one begins there.
                let end = sentences::end(&sentences.text[sentences.looked..])?;
                sentences.tell(sentences.looked + end)
            }
        }
    }

    /// The answer is whole: what may be told of its rest.
    pub(super) fn end(&mut self) -> Option<String> {
        match self {
            Teller::Open | Teller::Silent => None,
            Teller::Sentences(sentences) => sentences.tell(sentences.text.len()),
        }
    }
}

/// An answer whose sentences are told as they pass.
pub(super) struct Sentences<'a> {
    site: Site<'a>,
    guards: Vec<Watch<'a>>,
    text: String,
    // Up to where the guards have looked.
    looked: usize,
    told: String,
    // Whether something did not pass: nothing more is told then.
    held: bool,
}

struct Watch<'a> {
    guard: &'a Arc<dyn Guard>,
    // What it is given behind the answer.
    rest: Vec<Value>,
    redacts: bool,
}

impl<'a> Watch<'a> {
    fn of(site: Site<'a>, step: &'a Step) -> Option<Watch<'a>> {
        let StepKind::Call(Callee::Builtin(name), args) = &step.kind else { return None };
        let (_, guard) = site.run().engine.guards.iter().find(|(n, _)| n == name)?;
        let rest = args.iter().skip(1).map(|arg| site.frame.eval(arg).ok()).collect::<Option<Vec<_>>>()?;
        Some(Watch { guard, rest, redacts: matches!(step.on_fail, Some(OnFail::Redact)) })
    }

    // The text as it passes; nothing where it does not.
    fn passes(&self, site: Site<'_>, text: &str) -> Option<String> {
        let args: Vec<Value> = [Value::text(text)].into_iter().chain(self.rest.iter().cloned()).collect();
        // A guard that streams has nothing to wait for.
        match self.guard.check(&site.run().engine.context, &args).now_or_never()? {
            Ok(Verdict::Pass) => Some(text.to_owned()),
            Ok(Verdict::Fail(_)) if self.redacts => self.guard.redact(&args).as_text().map(str::to_owned),
            Ok(Verdict::Become(changed)) => changed.as_text().map(str::to_owned),
            Ok(Verdict::Fail(_)) | Err(_) => None,
        }
    }
}

impl Sentences<'_> {
    fn tell(&mut self, end: usize) -> Option<String> {
        if self.held || end <= self.looked {
            return None;
        }
        self.looked = end;
        let text = Some(self.text[..end].to_owned());
        let passed = self.guards.iter().fold(text, |text, guard| guard.passes(self.site, &text?));
        // What was told can't be taken back, where a guard would now have it otherwise.
        match passed.as_deref().and_then(|passed| passed.strip_prefix(self.told.as_str())) {
            Some("") => None,
            Some(more) => {
                let more = more.to_owned();
                self.told.push_str(&more);
                Some(more)
            }
            None => {
                self.held = true;
                None
            }
        }
    }
}
