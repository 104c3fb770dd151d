//! Where in a reply a value may stand, and which of several it is.
//!
//! In: a text with JSON or what is nearly JSON in it. Out: the one value that fits, or why there is
//! none. Two that fit and differ are none.

use super::Judge;
use super::clean;
use super::fault::{Fault, Misfit};
use super::fit::{self, Fitting};
use super::parse::{self, Node, Parsed};
use super::repair::{Repair, Repairs};
use super::said_around;
use super::shown;
use flow_plan::{Type, Value};

/// How many values of one reply are looked at.
const MOST: usize = 1_000;

/// How many braces that are no JSON.
const MOST_STRAY: usize = 256;

/// How many lists behind the first are looked at for one that differs.
const MOST_OTHERS: u8 = 16;

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
    goes_on(text, &spans)?;
    if matches!(judge.ty.present(), Type::Json(_)) && fields_around(text, &spans) {
        return Err(Fault::Unsure(0, "fields stand around the value"));
    }
    is_whole(text, &spans)?;
    if let Some(found) = joined(text, &parsed, &spans, judge) {
        return found.map(Some);
    }
    let has_bare = parsed.iter().any(|parsed| is_bare(&parsed.node));
    let count = parsed.len();
    let mut fits: Vec<(Found, (usize, usize))> = Vec::new();
    let mut misfit = None;
    for (parsed, span) in parsed.into_iter().zip(spans) {
        let whole = span.1 == text.len();
        let has_comment = parsed.repairs.has(Repair::Comment);
        if has_comment && shown::leaves_out(&text[span.0..span.1]) {
            return Err(Fault::Unsure(span.0, "it leaves something out"));
        }
        match judged(parsed.node, parsed.repairs, judge) {
            Ok(found) => fits.push((found, span)),
            Err(m) if m.message == fit::OPEN && whole => return Err(Fault::Cut(text.len(), m.to_string())),
            Err(m) => misfit = misfit.or(Some(m)),
        }
    }
    let first = fits.first().map(|(_, span)| *span);
    let is_given = fits.is_empty() || fits.iter().any(|(_, span)| !shown::is_shown(text, *span));
    let last = fits.iter().map(|(_, span)| span.1).max().unwrap_or(0);
    let found = chosen(text, judge.ty, fits, misfit)?;
    if said_around::is_taken_back(&text[last..]) {
        return Err(Fault::Unsure(last, "what stands behind the value takes it back"));
    }
    if matches!(judge.ty.present(), Type::List(..)) && said_around::counts_more(&text[last..]) {
        return Err(Fault::Unsure(last, "it leaves elements out"));
    }
    // Where there is another, a name that says nothing may be that of a draft.
    if count > 1 && found.repairs.is_guessed() {
        return Err(Fault::Unsure(0, "it holds several values, and none is exactly of the type"));
    }
    if !is_given {
        return Err(Fault::Unsure(0, shown::SHOWN));
    }
    match first.filter(|first| differs(text, *first, has_bare, &found.value, judge)) {
        Some(first) => Err(Fault::Unsure(first.1, MORE)),
        None => Ok(Some(found)),
    }
}

/// A value as its type has it: made to fit, and then held to its bounds in tokens.
pub(super) fn judged(node: Node<'_>, repairs: Repairs, judge: &Judge<'_>) -> Result<Found, Misfit> {
    let mut fitting = Fitting::after(repairs);
    let value = judge.held(fit::fit(node, judge.ty, &mut fitting)?)?;
    Ok(Found { value, repairs: fitting.repairs })
}

type Span = (usize, usize);

// Everything in the text that is nearly JSON, from left to right, none inside another.
fn all<'t>(text: &'t str, ty: &Type) -> Result<(Vec<Parsed<'t>>, Vec<Span>), Fault> {
    let (mut parsed, mut spans) = (Vec::new(), Vec::new());
    let mut at = 0;
    let mut stray = 0;
    let mut prose = Prose::default();
    if let Some(start) = tuple(text, ty) {
        let value = parse::value_at(text, start, ty)?;
        spans.push((start, value.end));
        at = value.end;
        parsed.push(value);
    }
    while let Some(found) = text[at..].find(['{', '[']) {
        let start = at + found;
        at = start + 1;
        prose.read_to(text, start);
        if !is_start(text, start, ty) {
            prose.open(start);
            continue;
        }
        match parse::value_at(text, start, ty) {
            Ok(value) => {
                if prose.holds(text, (start, value.end)) {
                    return Err(Fault::Unsure(start, "it is not clear which braces belong to the value"));
                }
                at = value.end;
                prose.at = at;
                spans.push((start, value.end));
                parsed.push(value);
            }
            // Braces that are part of prose; what is further inside is looked at on its own.
            Err(Fault::NotJson(place, _))
                if place < start + 2 * parse::LONGEST_KEY && !is_likely(text, start) =>
            {
                stray += 1;
                prose.open(start);
            }
            Err(fault) => return Err(fault),
        }
        if parsed.len() > MOST || stray > MOST_STRAY {
            return Err(Fault::Unsure(start, "it holds too many values"));
        }
    }
    Ok((parsed, spans))
}

// Where a tuple stands that is the whole of a fence, or of the text where a list is wanted.
fn tuple(text: &str, ty: &Type) -> Option<usize> {
    match ty.present() {
        Type::List(..) if text.starts_with('(') => return Some(0),
        Type::List(..) | Type::Json(_) => {}
        _ => return None,
    }
    clean::fence(text).map(|fence| fence.inner.0).filter(|start| text[*start..].starts_with('('))
}

// Whether another list stands behind the first value that was found, with other elements. Those without
// quotes are no value on their own, as remarks stand in brackets too, but they show that one list is not all.
fn differs(text: &str, first: Span, has_bare: bool, found: &Value, judge: &Judge<'_>) -> bool {
    let Type::List(item, _) = judge.ty.present() else { return false };
    let takes_any = matches!(item.present(), Type::Text { .. } | Type::Json(_));
    let is_tuple = text[first.0..].starts_with('(');
    let (mut at, mut tries) = (first.1, 0);
    while tries < MOST_OTHERS {
        let next = beside(&text[at..]).map(|start| at + start);
        let start = match next.filter(|start| is_tuple == text[*start..].starts_with('(')) {
            Some(start) => start,
            // Of lists without quotes, any counts, wherever it stands.
            None if has_bare && !is_tuple => match text[at..].find('[') {
                Some(start) => at + start,
                None => return false,
            },
            None => return false,
        };
        let inside = text[start + 1..].trim_start();
        let is_sure = inside.starts_with(|c: char| matches!(c, '"' | '\'' | '-') || c.is_ascii_digit());
        let is_word = inside.starts_with(|c: char| c.is_alphanumeric() || matches!(c, '+' | '.'));
        let parsed = parse::value_at(text, start, judge.ty);
        at = parsed.as_ref().map_or(start + 1, |parsed| parsed.end);
        tries += 1;
        if !is_sure && !(is_word && (has_bare || next.is_some() || !takes_any)) {
            continue;
        }
        let is_other = match parsed {
            Ok(parsed) => judged(parsed.node, parsed.repairs, judge).is_ok_and(|other| other.value != *found),
            Err(Fault::Cut(..)) => next.is_some(),
            Err(_) => false,
        };
        if is_other {
            return true;
        }
    }
    false
}

// Where a bracket stands, behind a value with nothing but signs and the word "and" or "or" between.
fn beside(rest: &str) -> Option<usize> {
    let is_sign = |c: char| c.is_whitespace() || ",;&`*-".contains(c);
    let behind = rest.trim_start_matches(is_sign);
    let word = ["and ", "or "].iter().find_map(|word| behind.strip_prefix(word));
    let behind = word.unwrap_or(behind).trim_start_matches(is_sign);
    behind.starts_with(['[', '(']).then(|| rest.len() - behind.len())
}

// Whether a value is a list with an element that has no quotes.
fn is_bare(node: &Node<'_>) -> bool {
    matches!(node, Node::List(items) if items.iter().any(|item| matches!(item, Node::Bare(_))))
}

/// The braces around the values that begin no value themselves.
#[derive(Default)]
struct Prose {
    /// How far it was read.
    at: usize,
    /// How many are open, and where the last of them is.
    depth: usize,
    last: usize,
}

impl Prose {
    fn read_to(&mut self, text: &str, at: usize) {
        if self.depth > 0 {
            let gap = &text.as_bytes()[self.at.min(at)..at];
            let closed = gap.iter().filter(|b| matches!(b, b'}' | b']')).count();
            self.depth = self.depth.saturating_sub(closed);
        }
        self.at = at;
    }

    fn open(&mut self, at: usize) {
        self.depth += 1;
        self.last = at;
        self.at = at + 1;
    }

    /// Whether a value is a part of what one of them opened, and not the whole of it.
    fn holds(&self, text: &str, span: Span) -> bool {
        if self.depth == 0 {
            return false;
        }
        let behind = text[span.1..].trim_start();
        // Braces that stand right around a value may be doubled.
        let is_around = text[self.last + 1..span.0].trim_start().is_empty();
        behind.starts_with(',') || !is_around && behind.starts_with(['}', ']'])
    }
}

// A comma and more behind a value: it is a part of something whose first bracket is missing.
fn goes_on(text: &str, spans: &[Span]) -> Result<(), Fault> {
    for (i, span) in spans.iter().enumerate() {
        let behind = text[span.1..].trim_start();
        let at = text.len() - behind.len();
        let is_list = text[span.0..].starts_with('[');
        let is_more = behind.starts_with('"') && parse::is_key(text, at)
            || is_list && ["and \"", "or \"", "+ ", "* "].iter().any(|more| behind.starts_with(more));
        if is_more && text[span.0..].starts_with(['{', '[']) {
            return Err(Fault::Unsure(at, "it goes on behind the value"));
        }
        let Some(rest) = behind.strip_prefix(',') else { continue };
        let rest = rest.trim_start();
        let at = text.len() - rest.len();
        let is_value = match spans.get(i + 1) {
            // More of the same kind, and a bracket at their end.
            Some(next) if next.0 == at => {
                spans.last().is_some_and(|last| text[last.1..].trim_start().starts_with([']', '}']))
            }
            _ => rest.starts_with(|c: char| matches!(c, '"' | '\'' | '-') || c.is_ascii_digit()),
        };
        if is_value {
            return Err(Fault::Unsure(at, "it goes on behind the value"));
        }
    }
    Ok(())
}

// Whether a line before the first value is a field with a text in quotes: the value may be another field.
fn fields_around(text: &str, spans: &[Span]) -> bool {
    let before = &text[..spans.first().map_or(0, |span| span.0)];
    before.lines().any(|line| {
        let Some((key, value)) = line.trim().split_once(':') else { return false };
        let value = value.trim().trim_end_matches(',');
        let is_word = !key.is_empty() && key.chars().all(|c| c.is_alphanumeric() || "_-\"'".contains(c));
        is_word && value.len() > 1 && value.starts_with('"') && value.ends_with('"')
    })
}

// What stands behind the values closes no bracket that they would have had to hold.
fn is_whole(text: &str, spans: &[Span]) -> Result<(), Fault> {
    let before = text[..spans.first().map_or(0, |span| span.0)].trim_end();
    let is_list = spans.first().is_some_and(|span| text[span.0..].starts_with('['));
    if is_list && ["\" and", "\" or"].iter().any(|more| before.ends_with(more)) {
        return Err(Fault::Unsure(0, "it begins before the value"));
    }
    if before.strip_suffix(',').is_some_and(|before| before.trim_end().ends_with(['}', ']', '"'])) {
        return Err(Fault::Unsure(0, "it begins before the value"));
    }
    let ends = spans.iter().skip(1).map(|span| span.0).chain([text.len()]);
    let behind = spans.iter().zip(ends).flat_map(|(span, end)| span.1..end.max(span.1));
    let mut depth = 0_usize;
    let mut holds_words = false;
    let second = spans.get(1).map_or(text.len(), |span| span.1);
    for at in behind {
        holds_words |= at >= second;
        let byte = text.as_bytes()[at];
        match byte {
            b'{' | b'[' => depth += 1,
            b'}' | b']' if depth > 0 => depth -= 1,
            b'}' | b']' if holds_words => return Err(Fault::Unsure(at, "it goes on behind the value")),
            _ => holds_words |= byte.is_ascii_alphanumeric() || !byte.is_ascii(),
        }
    }
    Ok(())
}

// Whether JSON may start here, and not a remark or a link.
fn is_start(text: &str, start: usize, ty: &Type) -> bool {
    let rest = text[start + 1..].trim_start();
    let Some(first) = rest.chars().next() else { return true };
    if text[start..].starts_with('{') {
        // Commas before the first key.
        let behind = rest.trim_start_matches([',', ' ']);
        if first == ',' {
            return parse::is_key(text, text.len() - behind.len());
        }
        if matches!(first, '{' | '[' | '(' | ')' | ']' | ',' | ':' | ';') {
            return false;
        }
        let is_comment = rest.starts_with("//") || rest.starts_with("/*") || rest.starts_with("# ");
        return matches!(first, '"' | '\'' | '`' | '“' | '”' | '‘' | '}') || is_comment || {
            let at = text.len() - rest.len();
            parse::is_key_of(text, at, ty)
        };
    }
    if is_list_mark(text, start) {
        return false;
    }
    let words = ["true", "false", "null", "True", "False", "None", "undefined"];
    let is_literal = words.iter().any(|w| rest.starts_with(w));
    let is_list = matches!(ty.present(), Type::List(..));
    let is_first = text[..start].trim_end().is_empty()
        || text[..start].trim_end().ends_with("```json")
        || text[..start].trim_end().ends_with("*/");
    is_literal
        || first == '.' && rest[1..].starts_with(|c: char| c.is_ascii_digit())
        || matches!(first, '{' | '[' | '(' | '"' | '\'' | '`' | '“' | '”' | '‘' | '-' | '0'..='9' | ']')
        || matches!(ty.present(), Type::Json(_)) && is_words(text)
        || is_list && (rest.starts_with("//") || rest.starts_with("/*"))
        || is_list && is_first && (first.is_alphanumeric() || matches!(first, ',' | '+' | '.'))
}

// Whether a bracket opens a box (`[ ] milk`), a link (`[milk](…)`), a note (`[1]: …`) or a mark before words
// (`[INFO] done`).
fn is_list_mark(text: &str, start: usize) -> bool {
    // What is longer is no remark.
    let end = text.as_bytes()[start + 1..].iter().take(256).position(|b| *b == b']');
    let Some(end) = end.map(|len| start + 1 + len) else { return false };
    let (inside, behind) = (&text[start + 1..end], &text[end + 1..]);
    if behind.starts_with('(') || behind.starts_with(':') {
        return !inside.contains(['[', '"']);
    }
    let blank: &[char] = &[' ', '\t'];
    let bullet = text[..start].trim_end_matches(blank).strip_suffix(['-', '*', '+']);
    let is_bullet = bullet.is_some_and(|b| {
        let line = b.trim_end_matches(blank);
        line.is_empty() || line.ends_with('\n')
    });
    let has_words =
        behind.starts_with(' ') && behind.trim_start_matches(' ').starts_with(char::is_alphanumeric);
    let is_box = matches!(inside, " " | "x" | "X") || inside.is_empty() && is_bullet;
    let is_mark = !inside.is_empty() && inside.chars().all(|c| c.is_uppercase());
    has_words && (is_box || is_mark)
}

// Whether a text is nothing but a list of single words: `[red, blue]`, and not a remark in brackets.
fn is_words(text: &str) -> bool {
    let inside = text.trim().strip_prefix('[').and_then(|t| t.strip_suffix(']'));
    let are_single = |inside: &str| {
        inside.split([',', '[', ']']).all(|word| word.trim().chars().all(|c| c.is_alphanumeric() || c == '_'))
    };
    inside.is_some_and(|inside| inside.contains(',') && inside.len() <= 4096 && are_single(inside))
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
    let gap = |pair: &[Span]| is_gap(&text[pair[0].1..pair[1].0]);
    let last = spans.last().map_or(0, |s| s.1);
    let is_alone = text[last..].trim_matches([',', ' ', '\n', '`']).is_empty();
    if !are_objects || !spans.windows(2).all(gap) || !is_alone {
        return None;
    }
    if shown::is_shown(text, spans[0]) {
        return Some(Err(Fault::Unsure(0, shown::SHOWN)));
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

// Whether nothing but commas and comments stands between two values.
fn is_gap(text: &str) -> bool {
    text.trim_start().trim_start_matches([',', ';']).lines().all(|line| {
        let line = line.trim();
        line.is_empty() || line.starts_with("//") || line.starts_with("/*") && line.ends_with("*/")
    })
}

// The only one that fits; of several, the only one that needs no change of shape.
fn chosen(
    text: &str,
    ty: &Type,
    mut fits: Vec<(Found, Span)>,
    misfit: Option<Misfit>,
) -> Result<Found, Fault> {
    let is_same = |fits: &[(Found, Span)]| fits.windows(2).all(|p| p[0].0.value == p[1].0.value);
    // Where everything fits, the shape says nothing.
    let fits_all = matches!(ty.present(), Type::List(item, _) if matches!(item.present(), Type::Json(_)));
    if !is_same(&fits) && !fits_all {
        fits.retain(|(found, _)| !found.repairs.change_shape());
    }
    if fits.len() > 1 && !is_same(&fits) {
        return Err(several(&fits));
    }
    let count = fits.len();
    let spans: Vec<Span> = fits.iter().map(|(_, span)| *span).collect();
    let Some((mut found, span)) = fits.into_iter().next() else {
        return Err(match misfit {
            Some(misfit) => Fault::Misfit(misfit),
            None => Fault::Unsure(0, "it holds several values, and none is exactly of the type"),
        });
    };
    if count > 1 {
        // Equal values of any kind, one behind another, may as well be a list.
        let is_gap = spans.windows(2).all(|pair| is_gap(&text[pair[0].1..pair[1].0]));
        if is_gap && matches!(ty.present(), Type::Json(_)) {
            return Err(Fault::Unsure(spans[1].0, "it holds several values"));
        }
        found.repairs.add(Repair::SaidTwice);
    }
    around(text, span, &mut found.repairs);
    Ok(found)
}

const MORE: &str = "it holds more than one answer, and they differ";

fn several(fits: &[(Found, Span)]) -> Fault {
    let other = fits.iter().find(|(found, _)| found.value != fits[0].0.value);
    Fault::Unsure(other.map_or(0, |(_, span)| span.0), MORE)
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
