//! What is said of data that comes where it must not.

use super::marks::{Hop, Trail};
use super::sway::{self, Hundredths};
use ecow::EcoString;
use flow_diagnostics::{Code, Diagnostics, FlowDiagnostic, Span};
use rustc_hash::FxHashMap;

// The stations of a way that are shown: the source and the last ones.
const SHOWN: usize = 6;

/// Data that comes where it must not.
pub(super) enum Leak {
    /// Untrusted text in a `system:` message.
    Instruction { hole: Span, shows: EcoString, prompt: EcoString, asked: Span, way: Trail },
    /// Untrusted text in an action, or that decides whether there is one.
    Acts(ActionLeak),
    /// Private data to a model that is not cleared.
    Model { at: Span, step: Span, model: EcoString, declared: Span, way: Trail },
    /// Private data in a cache that is shared.
    Cache { at: Span, way: Trail },
    /// Private data in an action that is not cleared.
    Tells(ActionLeak),
    /// More of what an action does is decided by what is from outside than it takes.
    Sways { step: Span, action: EcoString, declared: Span, bits: Hundredths, most: u32 },
    /// Untrusted text and private data, each allowed, in one value that leaves; the second way is the
    /// private data's.
    Three(ActionLeak, Trail),
}

/// A step that acts with what it must not have.
pub(super) struct ActionLeak {
    pub(super) step: Span,
    pub(super) action: EcoString,
    /// The parameter that gets it, with its declaration; none where it decides whether there is an act.
    pub(super) param: Option<(EcoString, Span)>,
    pub(super) way: Trail,
}

/// What was found, each place once.
#[derive(Default)]
pub(super) struct Leaks {
    found: FxHashMap<(Code, Span), (usize, FlowDiagnostic)>,
}

impl Leaks {
    /// Takes one in; of two at one place the one with the shorter way stays.
    pub(super) fn add(&mut self, leak: Leak) {
        let length = leak.length();
        let diagnostic = leak.describe();
        let key = (diagnostic.code, diagnostic.span());
        match self.found.get(&key) {
            Some((known, _)) if *known <= length => {}
            _ => drop(self.found.insert(key, (length, diagnostic))),
        }
    }

    /// Whether nothing was found.
    pub(super) fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    pub(super) fn report(self, diagnostics: &mut Diagnostics) {
        // The caller orders them.
        self.found.into_values().for_each(|(_, diagnostic)| diagnostics.push(diagnostic));
    }
}

impl Leak {
    fn length(&self) -> usize {
        match self {
            Leak::Instruction { way, .. } | Leak::Model { way, .. } | Leak::Cache { way, .. } => {
                way.way().len()
            }
            Leak::Acts(leak) | Leak::Tells(leak) => leak.way.way().len(),
            Leak::Sways { .. } => 1,
            Leak::Three(leak, private) => leak.way.way().len() + private.way().len(),
        }
    }

    fn describe(self) -> FlowDiagnostic {
        match self {
            Leak::Instruction { hole, shows, prompt, asked, way } => {
                let message = format!("untrusted text becomes an instruction of `{prompt}`");
                let found = FlowDiagnostic::new(Code::E0501, hole, message)
                    .here(format!("`{shows}` is pasted into `system:`"));
                along(found, &way).label(asked, format!("`{prompt}` is asked with it")).help(format!(
                    "paste it into `user:`, or let a guard that endorses look at it first: \
                     `checked = injection({}) else stop \"…\"`",
                    way.origin()
                ))
            }
            Leak::Acts(ActionLeak { step, action, param: Some((param, declared)), way }) => {
                let message = format!("untrusted text goes into the action `{action}` as `{param}`");
                let found = FlowDiagnostic::new(Code::E0502, step, message).here("it acts here");
                along(found, &way).label(declared, "this takes what is trusted").help(format!(
                    "let a guard that endorses look at it first: `checked = injection({}) else stop \"…\"`, \
                     or declare the parameter to take any text: `{param}: untrusted text`",
                    way.origin()
                ))
            }
            Leak::Acts(ActionLeak { step, action, param: None, way }) => {
                let message = format!("untrusted text decides whether the action `{action}` is done");
                let found = FlowDiagnostic::new(Code::E0502, step, message).here("it acts here");
                along(found, &way).help("decide by an enum, a number or a truth value that is made of it")
            }
            Leak::Model { at, step, model, declared, way } => {
                let message =
                    format!("private data goes to the model `{model}`, which is not cleared for it");
                let found = FlowDiagnostic::new(Code::E0503, at, message).here("it may be asked here");
                let found = if at == step { found } else { found.label(step, "by this step") };
                along(found, &way).label(declared, format!("`{model}` has no `clearance: private`")).help(format!(
                    "{}ask a model that is cleared, or write `clearance: private` into `{model}` if such data may \
                     go there",
                    taken_out(&way, ", ")
                ))
            }
            Leak::Cache { at, way } => {
                let message = "private data in a cache that all callers share";
                let found =
                    FlowDiagnostic::new(Code::E0504, at, message).here("an answer is kept for everybody");
                along(found, &way).help(
                    "keep them apart by whom it is about: `cache: 1h per …`, with what is another for each \
                     person, such as the id of a customer",
                )
            }
            Leak::Tells(ActionLeak { step, action, param: None, way }) => {
                let message = format!("private data decides whether the action `{action}` is done");
                let found = FlowDiagnostic::new(Code::E0505, step, message).here("it acts here");
                along(found, &way).help(format!(
                    "decide by something that is not private, or say that such data may go there: \
                     `clearance: private` in `{action}`"
                ))
            }
            Leak::Tells(ActionLeak { step, action, param: Some((param, declared)), way }) => {
                let message = format!("private data goes into the action `{action}` as `{param}`");
                let found = FlowDiagnostic::new(Code::E0505, step, message).here("it acts here");
                along(found, &way).label(declared, "this is not cleared for it").help(format!(
                    "{}say that such data may go there: `{param}: private …`, or `clearance: private` for the \
                     whole action",
                    taken_out(&way, ", or ")
                ))
            }
            Leak::Sways { step, action, declared, bits, most } => {
                let much = match bits {
                    sway::UNBOUNDED => "without bound".to_owned(),
                    bits => format!("by {} bits", f64::from(bits) / 100.0),
                };
                let message = format!("what is from outside decides {much} what the action `{action}` does");
                FlowDiagnostic::new(Code::E0502, step, message)
                    .here("it acts here")
                    .label(declared, format!("it takes {most} bits at most"))
                    .help(
                        "let it be chosen among fewer: an enum, a truth value, a range such as `int 1..5`; or \
                         raise `influence:`",
                    )
            }
            Leak::Three(ActionLeak { step, action, way, .. }, private) => {
                let message = format!("untrusted text and private data leave together through `{action}`");
                let found = FlowDiagnostic::new(Code::E0506, step, message)
                    .here("what is from outside could say here what is told to whom");
                let clean = match private.origin() {
                    "" => String::new(),
                    origin => format!(", or `clean = pii({origin}) else redact`"),
                };
                along(along(found, &way), &private).help(format!(
                    "put a guard between them: `checked = injection({}) else stop \"…\"` in front of what reads \
                     both{clean}",
                    way.origin()
                ))
            }
        }
    }
}

// That a guard takes out what is private, and what stands between this and another way; nothing where there is
// no text that it could look through.
fn taken_out(way: &Trail, then: &str) -> String {
    match way.origin() {
        "" => String::new(),
        origin => format!("take out what is private first: `clean = pii({origin}) else redact`{then}"),
    }
}

// The stations of a way as places, the source first.
fn along(mut found: FlowDiagnostic, way: &Trail) -> FlowDiagnostic {
    let way: Vec<&Hop> = way.way();
    let left_out = way.len().saturating_sub(SHOWN);
    for (i, hop) in way.iter().enumerate() {
        if i == 0 || i > left_out {
            found = found.label(hop.at, hop.what.as_str());
        }
    }
    found
}
