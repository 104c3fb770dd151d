//! Where in a reply a value may stand, and which of several it is.
//!
//! In: a text with JSON or what is nearly JSON in it. Out: the one value that fits, or why there is
//! none. Two that fit and differ are none.

use super::Judge;
use super::fault::{Fault, Misfit};
use super::fit::{self, Fitting};
use super::parse::{self, Node, Parsed};
use super::repair::{Repair, Repairs};
use flow_plan::{Type, Value};

/// How many values of one reply are looked at.
const MOST: usize = 1_000;

/// How many braces that are no JSON.
const MOST_STRAY: usize = 256;

/// A value that fits.
pub(super) struct Found {
    pub(super) value: Value,
    pub(super) repairs: Repairs,
}

/// The value among what stands in a text; `None` where nothing there is nearly JSON.
pub(super) fn find(text: &str, judge: &Judge<'_>) -> Result<Option<Found>, Fault> {
    let (parsed, spans) = all(text, judge.ty)?;
    if parsed.is_empty() {
        return Ok(None);
    }
    if let Some(found) = joined(text, &parsed, &spans, judge) {
        return found.map(Some);
    }
    let mut fits: Vec<(Found, (usize, usize))> = Vec::new();
    let mut misfit = None;
    for (parsed, span) in parsed.into_iter().zip(spans) {
        let whole = span.1 == text.len();
        match judged(parsed.node, parsed.repairs, judge) {
            Ok(found) => fits.push((found, span)),
            Err(m) if m.message == fit::OPEN && whole => return Err(Fault::Cut(text.len(), m.to_string())),
            Err(m) => misfit = misfit.or(Some(m)),
        }
    }
    chosen(text, fits, misfit).map(Some)
}

/// A value as its type has it: made to fit, and then judged by its bounds.
pub(super) fn judged(node: Node<'_>, repairs: Repairs, judge: &Judge<'_>) -> Result<Found, Misfit> {
    let mut fitting = Fitting::after(repairs);
    let json = fit::fit(node, judge.ty, &mut fitting)?;
    let value = judge.value(&json)?;
    Ok(Found { value, repairs: fitting.repairs })
}

type Span = (usize, usize);

// Everything in the text that is nearly JSON, from left to right, none inside another.
fn all<'t>(text: &'t str, ty: &Type) -> Result<(Vec<Parsed<'t>>, Vec<Span>), Fault> {
    let (mut parsed, mut spans) = (Vec::new(), Vec::new());
    let mut at = 0;
    let mut stray = 0;
    if text.starts_with('(') && matches!(ty.present(), Type::List(..)) {
        let value = parse::value_at(text, 0, ty)?;
        spans.push((0, value.end));
        at = value.end;
        parsed.push(value);
    }
    while let Some(found) = text[at..].find(['{', '[']) {
        let start = at + found;
        at = start + 1;
        if !is_start(text, start, ty) {
            continue;
        }
        match parse::value_at(text, start, ty) {
            Ok(value) => {
                at = value.end;
                spans.push((start, value.end));
                parsed.push(value);
            }
            // Braces that are part of prose; what is further inside is looked at on its own.
            Err(Fault::NotJson(place, _))
                if place < start + 2 * parse::LONGEST_KEY && !is_likely(text, start) =>
            {
                stray += 1
            }
            Err(fault) => return Err(fault),
        }
        if parsed.len() > MOST || stray > MOST_STRAY {
            return Err(Fault::Unsure(start, "it holds too many values"));
        }
    }
    Ok((parsed, spans))
}

// Whether JSON may start here, and not a remark or a link.
fn is_start(text: &str, start: usize, ty: &Type) -> bool {
    let rest = text[start + 1..].trim_start();
    let Some(first) = rest.chars().next() else { return true };
    if text[start..].starts_with('{') {
        let is_comment = rest.starts_with("//") || rest.starts_with("/*") || rest.starts_with("# ");
        return matches!(first, '"' | '\'' | '`' | '“' | '”' | '‘' | '}') || is_comment || {
            let at = text.len() - rest.len();
            parse::is_key(text, at)
        };
    }
    let is_literal = ["true", "false", "null", "True", "False", "None"].iter().any(|w| rest.starts_with(w));
    let is_list = matches!(ty.present(), Type::List(..));
    let is_first = text[..start].trim_end().is_empty() || text[..start].trim_end().ends_with("```json");
    is_literal
        || matches!(first, '{' | '[' | '(' | '"' | '\'' | '`' | '“' | '”' | '‘' | '-' | '0'..='9' | ']')
        || is_list && (rest.starts_with("//") || rest.starts_with("/*"))
        || is_list && is_first && (first.is_alphanumeric() || matches!(first, ',' | '+' | '.'))
}

// Whether what starts here is JSON for sure: a quoted key and its colon.
fn is_likely(text: &str, start: usize) -> bool {
    let rest = text[start + 1..].trim_start();
    rest.starts_with('"') && parse::is_key(text, text.len() - rest.len())
}

/// Objects one after another, where a list of them is wanted: lines of JSON, or a list without its
/// brackets.
fn joined(
    text: &str,
    parsed: &[Parsed<'_>],
    spans: &[Span],
    judge: &Judge<'_>,
) -> Option<Result<Found, Fault>> {
    let Type::List(..) = judge.ty.present() else { return None };
    let are_objects = parsed.len() > 1 && parsed.iter().all(|p| matches!(p.node, Node::Object(_)));
    let gap = |pair: &[Span]| text[pair[0].1..pair[1].0].trim_matches([',', ';']).trim().is_empty();
    let last = spans.last().map_or(0, |s| s.1);
    let is_alone = text[last..].trim_matches([',', ' ', '\n', '`']).is_empty();
    if !are_objects || !spans.windows(2).all(gap) || !is_alone {
        return None;
    }
    let mut repairs = Repairs::default();
    let mut nodes = Vec::with_capacity(parsed.len());
    for parsed in parsed {
        repairs.join(parsed.repairs);
        if let Node::Object(object) = &parsed.node
            && object.is_open
        {
            return Some(Err(Fault::Cut(text.len(), fit::OPEN.to_owned())));
        }
        nodes.push(parsed.node.clone());
    }
    repairs.add(Repair::MissingBrace);
    Some(judged(Node::List(nodes), repairs, judge).map_err(Fault::Misfit).map(|mut found| {
        around(text, (spans[0].0, last), &mut found.repairs);
        found
    }))
}

// The only one that fits; of several, the only one that needs no change of shape.
fn chosen(text: &str, mut fits: Vec<(Found, Span)>, misfit: Option<Misfit>) -> Result<Found, Fault> {
    let is_same = |fits: &[(Found, Span)]| fits.windows(2).all(|p| p[0].0.value == p[1].0.value);
    if !is_same(&fits) {
        fits.retain(|(found, _)| !found.repairs.change_shape());
    }
    if fits.len() > 1 && !is_same(&fits) {
        return Err(several(&fits));
    }
    let count = fits.len();
    let Some((mut found, span)) = fits.into_iter().next() else {
        return Err(match misfit {
            Some(misfit) => Fault::Misfit(misfit),
            None => Fault::Unsure(0, "it holds several values, and none is exactly of the type"),
        });
    };
    if count > 1 {
        found.repairs.add(Repair::SaidTwice);
    }
    around(text, span, &mut found.repairs);
    Ok(found)
}

fn several(fits: &[(Found, Span)]) -> Fault {
    let other = fits.iter().find(|(found, _)| found.value != fits[0].0.value);
    Fault::Unsure(other.map_or(0, |(_, span)| span.0), "it holds more than one answer, and they differ")
}

// What stands around the value.
fn around(text: &str, span: Span, repairs: &mut Repairs) {
    let outside = [&text[..span.0], &text[span.1..]];
    if outside.iter().any(|t| t.contains("```")) {
        repairs.add(Repair::Fence);
    }
    let is_prose = |line: &str| {
        let line = line.trim_start();
        !line.starts_with("```") && !line.is_empty()
    };
    if outside.iter().any(|t| t.lines().any(is_prose)) {
        repairs.add(Repair::TextAround);
    }
}
