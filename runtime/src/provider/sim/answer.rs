//! A simulated answer in the shape of a type: out of what was read where something fits, and out of a
//! hash where nothing does. The same prompt always gets the same answer.

use super::facts;
use super::prose;
use super::reading::Reading;
use crate::size::{Room, fit, fit_words};
use crate::words::{is_stop_word, stems, words};
use flow_plan::{EnumType, Field, RecordType, Type};
use serde_json::{Value as Json, json};

/// What is answered from.
pub(super) struct Source<'a> {
    /// The prompt, read.
    pub(super) reading: &'a Reading,
    /// A hash of the model and the messages.
    pub(super) seed: u64,
}

/// What an answer is for: a field, or the whole prompt.
#[derive(Clone, Copy)]
pub(super) struct Purpose<'a> {
    /// The field's name, or the prompt's.
    pub(super) name: &'a str,
    /// The field's doc.
    pub(super) doc: &'a str,
    /// The most tokens it may take.
    pub(super) most: u64,
    /// Which of several like it: elements of a list draw on different sentences.
    pub(super) nth: usize,
}

impl Source<'_> {
    /// An answer of this type, as JSON that [`Type::read`] takes.
    pub(super) fn answer(&self, ty: &Type, to: Purpose<'_>) -> Json {
        match ty {
            Type::Text { bound, .. } => {
                let (text, room) = (self.text(to), Room::under(*bound, to.most));
                fit(text.iter().map(String::as_str), room).into()
            }
            Type::Int(range) => self.whole(*range, to).into(),
            Type::Float(range) => self.number(*range, to).into(),
            Type::Bool => self.truth(to).into(),
            Type::Date => self.date(to).to_string().into(),
            Type::Time => format!("{}T09:00:00Z", self.date(to)).into(),
            Type::Duration => {
                let found = facts::seconds(&self.evidence(to));
                found.unwrap_or_else(|| (self.hash(to) % 60 + 1) as f64 * 60.0).into()
            }
            Type::Money => {
                let text = self.evidence(to);
                let found = facts::named_number(&text, to.name).or_else(|| facts::money(&text));
                let dollars = found.unwrap_or_else(|| (self.hash(to) % 10_000) as f64 / 100.0);
                json!((dollars * 100.0).round() / 100.0)
            }
            Type::Json(_) | Type::Error => {
                let summary = fit(self.text(to).iter().map(String::as_str), Room::under(None, to.most / 2));
                json!({ "summary": summary })
            }
            Type::Image => PIXEL.into(),
            Type::Enum(e) => self.choice(e, to).into(),
            Type::Record(r) => self.record(r, to),
            Type::List(item, most) => self.list(item, *most, to),
            Type::Map(item, most) => {
                let keys = prose::key_words(self.reading, most.unwrap_or(3).min(3) as usize);
                let share = Purpose { most: to.most / 3, ..to };
                let entry = |(nth, key): (usize, String)| {
                    let value = self.answer(item, Purpose { name: &key, nth, ..share });
                    (key, value)
                };
                Json::Object(keys.into_iter().enumerate().map(entry).collect())
            }
            Type::Optional(inner) => self.optional(inner, to),
            Type::Known(known) => self.answer(&known.of, to),
            Type::Null => Json::Null,
        }
    }

    fn record(&self, record: &RecordType, to: Purpose<'_>) -> Json {
        // The text that answers is the first that is not named for something smaller.
        let main = record.fields.iter().position(|f| is_prose(f) && !prose::is_aside(&f.name));
        let share = to.most / (record.fields.len() as u64).max(1);
        let mut object = serde_json::Map::new();
        for (at, field) in record.fields.iter().enumerate() {
            // A record in a list speaks of its own sentence; a field beside the main one of the next.
            let name = if Some(at) == main { "answer" } else { &*field.name };
            let most = if Some(at) == main { to.most * 2 / 3 } else { share };
            let to = Purpose { name, doc: &field.doc, most: most.max(1), nth: to.nth };
            object.insert(field.name.to_string(), self.answer(&field.ty, to));
        }
        Json::Object(object)
    }

    fn list(&self, item: &Type, most: Option<u64>, to: Purpose<'_>) -> Json {
        let most = usize::try_from(most.unwrap_or(3)).unwrap_or(usize::MAX);
        let fitted = |bound: &Option<flow_plan::Bound>, texts: Vec<String>| -> Json {
            let room = Room::under(*bound, (to.most / most.clamp(1, 8) as u64).max(1));
            let texts = texts.into_iter().map(|text| fit_words(&text, room)).filter(|t| !t.is_empty());
            texts.take(most).map(Json::from).collect()
        };
        match item.present() {
            Type::Text { bound, .. } if prose::names_sources(to.name) => {
                fitted(bound, self.reading.sources().into_iter().map(String::from).collect())
            }
            Type::Text { bound, .. } if prose::names_key_words(to.name) => {
                fitted(bound, prose::key_words(self.reading, most.min(4)))
            }
            Type::Text { bound, .. } => {
                let chosen = self.reading.chosen.iter().map(|&i| prose::spoken(self.reading, i));
                let texts: Vec<String> = chosen.collect();
                fitted(bound, if texts.is_empty() { prose::key_words(self.reading, 3) } else { texts })
            }
            Type::Enum(e) => {
                let fits = self.fitting(e, &self.evidence(to));
                let fits = if fits.is_empty() { vec![self.choice(e, to)] } else { fits };
                fits.into_iter().take(most).map(Json::from).collect()
            }
            item => {
                let count = self.reading.chosen.len().clamp(1, 3).min(most);
                let share = (to.most / count.max(1) as u64).max(1);
                (0..count).map(|nth| self.answer(item, Purpose { most: share, nth, ..to })).collect()
            }
        }
    }

    fn optional(&self, inner: &Type, to: Purpose<'_>) -> Json {
        let text = self.evidence(to);
        let known = match inner {
            Type::Text { .. } => {
                !prose::is_aside(to.name) && to.name == "answer"
                    || facts::named_text(&text, to.name).is_some()
            }
            Type::Int(_) | Type::Float(_) => facts::named_number(&text, to.name).is_some(),
            Type::Money => facts::money(&text).is_some(),
            Type::Date | Type::Time => facts::date(&text).is_some(),
            Type::Duration => facts::seconds(&text).is_some(),
            Type::Enum(e) => !self.fitting(e, &text).is_empty(),
            Type::Image => false,
            _ => self.is_good(),
        };
        if known { self.answer(inner, to) } else { Json::Null }
    }

    fn text(&self, to: Purpose<'_>) -> Vec<String> {
        if let Some(found) = facts::named_text(&self.evidence(to), to.name) {
            return vec![found];
        }
        prose::text(self.reading, to)
    }

    fn whole(&self, range: Option<(i64, i64)>, to: Purpose<'_>) -> i64 {
        let (low, high) = range.unwrap_or((1, 100));
        let found = facts::named_number(&self.evidence(to), to.name).filter(|n| n.fract() == 0.0);
        if let Some(n) = found.map(|n| n as i64).filter(|n| range.is_none() || (low..=high).contains(n)) {
            return n;
        }
        let width = high.abs_diff(low).saturating_add(1);
        let step = match self.is_good() {
            // A judge of something good gives the upper part of its scale.
            true if prose::names_score(to.name) => {
                let upper = width.div_ceil(3);
                width - 1 - self.hash(to) % upper
            }
            _ => self.hash(to) % width,
        };
        low.saturating_add_unsigned(step)
    }

    fn number(&self, range: Option<(f64, f64)>, to: Purpose<'_>) -> f64 {
        let (low, high) = range.unwrap_or((0.0, 1.0));
        let found = facts::named_number(&self.evidence(to), to.name);
        if let Some(n) = found.filter(|n| range.is_none() || (low..=high).contains(n)) {
            return n;
        }
        let unit = (self.hash(to) % 1000) as f64 / 1000.0;
        let unit = if prose::names_score(to.name) && self.is_good() { 0.7 + 0.3 * unit } else { unit };
        ((low + (high - low) * unit) * 1000.0).round().clamp(low * 1000.0, high * 1000.0) / 1000.0
    }

    fn truth(&self, to: Purpose<'_>) -> bool {
        if prose::names_approval(to.name) {
            return self.is_good();
        }
        let about = stems(&prose::topic(to.name));
        let said = stems(&self.evidence(to));
        if about.is_empty() {
            self.hash(to).is_multiple_of(2)
        } else {
            about.iter().any(|a| said.contains(a))
        }
    }

    fn date(&self, to: Purpose<'_>) -> jiff::civil::Date {
        let first = jiff::civil::date(2026, 1, 1);
        facts::date(&self.evidence(to)).unwrap_or_else(|| {
            let days = i64::try_from(self.hash(to) % 365).unwrap_or(0);
            first.saturating_add(jiff::Span::new().days(days))
        })
    }

    fn choice(&self, e: &EnumType, to: Purpose<'_>) -> String {
        let texts = [self.evidence(to), self.reading.everything()];
        if let Some(best) = texts.iter().find_map(|text| self.fitting(e, text).into_iter().next()) {
            return best;
        }
        let rest = e.variants.iter().find(|v| {
            matches!(&*v.name, "other" | "others" | "none" | "unknown" | "neutral" | "general" | "normal")
        });
        let by_hash = || e.variants.get((self.hash(to) % e.variants.len().max(1) as u64) as usize);
        rest.or_else(by_hash).map(|v| v.name.to_string()).unwrap_or_default()
    }

    // The variants that a text speaks of, the best first.
    fn fitting(&self, e: &EnumType, text: &str) -> Vec<String> {
        let said = stems(text);
        let lower: Vec<String> = words(text).map(str::to_lowercase).collect();
        let score = |name: &str, doc: &str| -> usize {
            let count = |stem: &String| said.iter().filter(|s| *s == stem).count();
            let named: usize = stems(&facts::spoken(name)).iter().map(count).sum();
            let cued = lower.iter().filter(|w| !is_stop_word(w) && prose::cues(name, w)).count();
            let described: usize = stems(doc).iter().map(|s| count(s).min(1)).sum();
            3 * named + 2 * cued + described
        };
        let mut scored: Vec<(usize, &str)> =
            e.variants.iter().map(|v| (score(&v.name, &v.doc), &*v.name)).filter(|(s, _)| *s > 0).collect();
        scored.sort_by_key(|(score, _)| std::cmp::Reverse(*score));
        scored.into_iter().map(|(_, name)| name.to_owned()).collect()
    }

    // One element of several speaks of its own sentence.
    fn evidence(&self, to: Purpose<'_>) -> String {
        match self.reading.chosen.get(to.nth) {
            Some(&at) if to.nth > 0 => self.reading.sentences[at].text.clone(),
            _ => self.reading.subject(),
        }
    }

    fn is_good(&self) -> bool {
        self.reading.coverage >= 0.5
    }

    fn hash(&self, to: Purpose<'_>) -> u64 {
        super::hash(&[&self.seed.to_le_bytes(), to.name.as_bytes(), &to.nth.to_le_bytes()])
    }
}

fn is_prose(field: &Field) -> bool {
    matches!(field.ty.present(), Type::Text { .. })
}

/// An image of one clear pixel.
const PIXEL: &str = "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==";
