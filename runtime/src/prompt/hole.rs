//! What a hole of a template pastes: its value laid out and, where a bound is proven, cut at it.
//!
//! Each `{{ … }}` is compiled with a filter of its number behind it, so that the value of a hole is
//! known to be that hole's.

use super::value::value;
use flow_plan::filters::SYNTAX;
use flow_plan::{Hole, Type, Value};
use flow_tokens::{Cut, Measure, Paste, without_marks};
use minijinja::machinery::{Token, tokenize};
use minijinja::syntax::SyntaxConfig;
use minijinja::value::Object;
use minijinja::{Error, ErrorKind, State, Value as Shown};
use std::borrow::Cow;
use std::fmt::Write;
use std::sync::{Arc, Mutex, PoisonError};

/// The name of the [`Filling`] among the variables of a rendering; no name of a program has a space.
pub(super) const FILLING: &str = "the filling";
/// The name of the filter behind each hole.
pub(super) const FILTER: &str = "__hole";

/// What holds the holes of one message: their types, and what counts tokens.
#[derive(Clone, Debug)]
pub struct Held<'a> {
    /// The type of each hole.
    pub types: Arc<[Type]>,
    /// What counts.
    pub measure: &'a Measure,
}

/// How the holes of one rendering are filled.
#[derive(Debug)]
pub(super) struct Filling {
    holes: Arc<[Hole]>,
    held: Option<(Arc<[Type]>, Measure)>,
    cuts: Mutex<Vec<Cut>>,
    // Whether it is a message for a model.
    for_model: bool,
    // What was pasted of types with words, where that is wanted apart.
    words: Option<Mutex<Vec<String>>>,
}

/// What stands where words were taken out; no prompt has a text of it.
const MARK: &str = "\u{0}";

impl Filling {
    pub(super) fn new(holes: Arc<[Hole]>, held: Option<Held<'_>>) -> Filling {
        let held = held.map(|held| (held.types, held.measure.clone()));
        Filling { holes, held, cuts: Mutex::default(), for_model: false, words: None }
    }

    /// The same for a model to read: control marks in what is pasted become plain text.
    pub(super) fn for_model(self) -> Filling {
        Filling { for_model: true, ..self }
    }

    /// The same, with words kept apart from the rest.
    pub(super) fn apart(self) -> Filling {
        Filling { words: Some(Mutex::default()), ..self }
    }

    /// The words that were kept apart, in their order.
    pub(super) fn words(&self) -> Vec<String> {
        let words = self
            .words
            .as_ref()
            .map(|words| std::mem::take(&mut *words.lock().unwrap_or_else(PoisonError::into_inner)));
        words.unwrap_or_default()
    }

    /// What was cut.
    pub(super) fn cuts(&self) -> Vec<Cut> {
        std::mem::take(&mut *self.cuts.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn fill(&self, index: usize, shown: Shown) -> Result<Shown, Error> {
        let bounded = self.held.as_ref().and_then(|(types, _)| types.get(index));
        let ty = bounded.or(self.holes.get(index).map(|hole| &hole.ty));
        let has_words = ty.is_none_or(Type::has_words);
        let pasted = self.pasted(index, shown)?;
        let Some(words) = self.words.as_ref().filter(|_| has_words) else { return Ok(pasted) };
        let text = pasted.to_string();
        // Nothing is not near to anything.
        if text.trim().is_empty() {
            return Ok(pasted);
        }
        words.lock().unwrap_or_else(PoisonError::into_inner).push(text);
        Ok(Shown::from(MARK))
    }

    fn pasted(&self, index: usize, shown: Shown) -> Result<Shown, Error> {
        let plain = Hole::default();
        let hole = self.holes.get(index).unwrap_or(&plain);
        let bounded = self.held.as_ref().and_then(|(types, _)| types.get(index));
        let declared = Some(&hole.ty).filter(|ty| **ty != Type::Error);
        let ty = bounded.or(declared);
        let as_it_is = bounded.is_none() && hole.fence.is_none() && !hole.trim_start && !hole.trim_end;
        if let (true, Some(text)) = (as_it_is, shown.as_str()) {
            return Ok(match self.for_model.then(|| without_marks(text)) {
                Some(Cow::Owned(plain)) => Shown::from(plain),
                _ => shown,
            });
        }
        let held = value(&shown)?;
        if as_it_is && !matches!(held, Value::List(_) | Value::Record(_)) {
            return Ok(shown);
        }
        let mut paste = Paste::new(self.held.as_ref().map(|(_, measure)| measure)).for_model(self.for_model);
        let mut text = String::new();
        paste.hole(&mut text, &held, ty, hole);
        if !paste.cuts.is_empty() {
            self.cuts.lock().unwrap_or_else(PoisonError::into_inner).append(&mut paste.cuts);
        }
        Ok(Shown::from(text))
    }
}

impl Object for Filling {}

/// The filter behind each hole.
pub(super) fn filter(state: &State<'_, '_>, shown: Shown, index: usize) -> Result<Shown, Error> {
    match state.lookup(FILLING) {
        Some(filling) => match filling.downcast_object_ref::<Filling>() {
            Some(filling) => filling.fill(index, shown),
            None => Err(lost()),
        },
        None => Err(lost()),
    }
}

fn lost() -> Error {
    Error::new(ErrorKind::InvalidOperation, "a hole is not known")
}

/// The source with its number behind each hole. One that is not understood is left as it is: compiling
/// it says why.
pub(super) fn marked(source: &str) -> String {
    let mut out = String::with_capacity(source.len() + 32);
    let (mut copied, mut number, mut is_open) = (0, 0, false);
    let Ok(tokens) = syntax().map(|syntax| tokenize(source, false, syntax)) else { return source.to_owned() };
    for token in tokens {
        let Ok((token, span)) = token else { return source.to_owned() };
        let (at, is_start) = match token {
            Token::VariableStart => (span.end_offset as usize, true),
            Token::VariableEnd => (span.start_offset as usize, false),
            _ => continue,
        };
        out.push_str(&source[copied..at]);
        copied = at;
        is_open = is_start;
        if is_start {
            out.push('(');
        } else {
            // Writing to a text does not fail.
            let _ = write!(out, ")|{FILTER}({number})");
            number += 1;
        }
    }
    if is_open {
        return source.to_owned();
    }
    out.push_str(&source[copied..]);
    out
}

/// The settings of the templates' syntax.
pub(super) fn syntax() -> Result<SyntaxConfig, Error> {
    let mut syntax = SyntaxConfig::builder();
    syntax.trim_blocks(SYNTAX.trim_blocks);
    syntax.lstrip_blocks(SYNTAX.lstrip_blocks);
    syntax.keep_trailing_newline(SYNTAX.keep_trailing_newline);
    syntax.build()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holes_get_their_numbers() {
        for (source, wanted) in [
            ("a {{ b }} c", "a {{( b )|__hole(0)}} c"),
            ("{{ (a + b) * c }}{{- d -}}", "{{( (a + b) * c )|__hole(0)}}{{-( d )|__hole(1)-}}"),
            (
                "{% if a %}{{ b if c else \"}}\" }}{% endif %}",
                "{% if a %}{{( b if c else \"}}\" )|__hole(0)}}{% endif %}",
            ),
            ("{% raw %}{{ a }}{% endraw %}{{ {} }}", "{% raw %}{{ a }}{% endraw %}{{( {} )|__hole(0)}}"),
            ("{{ open", "{{ open"),
        ] {
            assert_eq!(marked(source), wanted, "{source}");
        }
    }
}
