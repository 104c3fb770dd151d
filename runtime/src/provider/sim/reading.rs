//! What a simulated model makes of a prompt: its question, its passages, and the sentences that
//! answer best. In: the messages. Out: a [`Reading`]. Nothing here knows the type of the answer.

use crate::provider::Message;
use crate::words::{sentences, stems};
use flow_plan::Role;
use regex::Regex;
use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

/// A prompt, read.
#[derive(Debug, Default)]
pub(super) struct Reading {
    /// What is asked, if something is.
    pub(super) question: Option<String>,
    /// Lines that say what to do: "Write a short mail".
    pub(super) tasks: Vec<String>,
    /// `Label: value` lines.
    pub(super) values: Vec<(String, String)>,
    /// Everything else, in order.
    pub(super) sentences: Vec<Sentence>,
    /// Passages and headings, in order.
    pub(super) sections: Vec<Section>,
    /// The sentences that answer best, the best section first; indices into `sentences`.
    pub(super) chosen: Vec<usize>,
    /// How much of the question the chosen sentences speak of, 0 to 1.
    pub(super) coverage: f64,
}

/// A sentence of a prompt.
#[derive(Debug)]
pub(super) struct Sentence {
    /// Its text, without marks of lists and emphasis.
    pub(super) text: String,
    /// Its words' stems.
    pub(super) stems: Vec<String>,
    /// The section it stands in.
    pub(super) section: Option<usize>,
}

/// `[id] title`, or a heading.
#[derive(Debug)]
pub(super) struct Section {
    /// What stood between brackets.
    pub(super) id: Option<String>,
    /// The rest of the line.
    pub(super) title: String,
}

impl Reading {
    /// Reads a prompt. The system message tells how to answer, not what, so it is not drawn from.
    pub(super) fn of(messages: &[Message]) -> Reading {
        let mut reading = Reading::default();
        let said = messages.iter().filter(|m| m.role == Role::User && !m.text.trim().is_empty());
        let said: Vec<Cow<'_, str>> = said.map(|m| unfenced(&m.text)).collect();
        let mut texts: Vec<&str> = said.iter().map(AsRef::as_ref).collect();
        let Some(asking) = asking(&texts).map(|at| texts.remove(at)) else { return reading };
        let (question, rest) = split_question(asking);
        reading.question = question;
        reading.take_in(&rest);
        if reading.sentences.is_empty() {
            texts.iter().for_each(|text| reading.take_in(text));
        }
        reading.choose();
        reading
    }

    /// The ids of the passages that the answer draws on, each once, in the order of use.
    pub(super) fn sources(&self) -> Vec<&str> {
        let mut seen = Vec::new();
        for id in self.chosen.iter().filter_map(|&at| self.section_of(at)?.id.as_deref()) {
            if !seen.contains(&id) {
                seen.push(id);
            }
        }
        seen
    }

    /// The section of a sentence.
    pub(super) fn section_of(&self, sentence: usize) -> Option<&Section> {
        self.sections.get(self.sentences.get(sentence)?.section?)
    }

    /// What the prompt is about: the question, or else everything.
    pub(super) fn subject(&self) -> String {
        if let Some(question) = &self.question {
            return question.clone();
        }
        self.everything()
    }

    /// All the text there is, without the tasks unless there is nothing else.
    pub(super) fn everything(&self) -> String {
        let mut parts: Vec<String> = self.question.iter().cloned().collect();
        parts.extend(self.values.iter().map(|(label, value)| format!("{label}: {value}")));
        parts.extend(self.sentences.iter().map(|s| s.text.clone()));
        if parts.is_empty() { self.tasks.join("\n") } else { parts.join("\n") }
    }

    fn take_in(&mut self, text: &str) {
        let mut section = None;
        let paragraphs: Vec<&str> = text.split("\n\n").filter(|p| !p.trim().is_empty()).collect();
        for (at, paragraph) in paragraphs.iter().enumerate() {
            let edge = at == 0 || at + 1 == paragraphs.len();
            for sentence in sentences(paragraph) {
                if let Some(found) = SECTION.captures(&sentence) {
                    self.sections.push(Section {
                        id: found.get(1).map(|id| id.as_str().to_owned()),
                        title: plain(found.get(2).map_or("", |t| t.as_str())),
                    });
                    section = Some(self.sections.len() - 1);
                    let title = &self.sections[self.sections.len() - 1].title;
                    if title.ends_with(['.', '!']) {
                        self.push(title.clone(), section);
                    }
                } else if let Some(found) = LABEL.captures(&sentence) {
                    let value = plain(&found[2]);
                    if value.split(' ').count() > 3 {
                        self.push(value.clone(), section);
                    }
                    self.values.push((found[1].to_owned(), value));
                } else if section.is_none() && edge && is_task(&sentence) {
                    self.tasks.push(plain(&sentence));
                } else {
                    self.push(plain(&sentence), section);
                }
            }
        }
    }

    fn push(&mut self, text: String, section: Option<usize>) {
        let stems = stems(&text);
        if !stems.is_empty() && !text.ends_with(':') {
            self.sentences.push(Sentence { text, stems, section });
        }
    }

    fn choose(&mut self) {
        let mut count: HashMap<&str, f64> = HashMap::new();
        for sentence in &self.sentences {
            for stem in sentence.stems.iter().collect::<HashSet<_>>() {
                *count.entry(stem).or_default() += 1.0;
            }
        }
        let chosen = match &self.question {
            Some(question) => self.answering(question, &count),
            None => Some((self.salient(&count), 1.0)),
        };
        (self.chosen, self.coverage) = chosen.unwrap_or_default();
    }

    fn answering(&self, question: &str, count: &HashMap<&str, f64>) -> Option<(Vec<usize>, f64)> {
        let wants_number = NUMBER_ASKED.is_match(question);
        let asked = NUMBER_ASKED.replace(question, " ");
        let wanted: HashSet<String> = stems(&asked).into_iter().collect();
        let total = self.sentences.len() as f64;
        let rarity = |stem: &str| (1.0 + total / (0.5 + count.get(stem).copied().unwrap_or(0.0))).ln();
        let titles: Vec<HashSet<String>> =
            self.sections.iter().map(|s| stems(&s.title).into_iter().collect()).collect();
        let title_of = |sentence: &Sentence| sentence.section.and_then(|at| titles.get(at));

        let score = |sentence: &Sentence| {
            let mut score = 0.0;
            for stem in &wanted {
                if sentence.stems.contains(stem) {
                    score += rarity(stem);
                } else if title_of(sentence).is_some_and(|t| t.contains(stem)) {
                    score += 0.6 * rarity(stem);
                }
            }
            if score > 0.0 && wants_number && sentence.text.contains(|c: char| c.is_ascii_digit()) {
                score *= 1.5;
            }
            score / (0.8 + sentence.stems.len() as f64 / 40.0)
        };
        let scores: Vec<f64> = self.sentences.iter().map(score).collect();
        let best = (0..scores.len()).filter(|&i| scores[i] > 0.0).max_by(|&a, &b| {
            // Of equals the first: `max_by` alone would take the last.
            scores[a].total_cmp(&scores[b]).then(b.cmp(&a))
        })?;
        let home = self.sentences[best].section;
        let mut chosen = vec![best];
        let mut others: Vec<usize> = (0..scores.len())
            .filter(|&i| {
                i != best && {
                    let share = if self.sentences[i].section == home { 0.5 } else { 0.8 };
                    scores[i] >= share * scores[best]
                }
            })
            .collect();
        others.sort_by(|&a, &b| scores[b].total_cmp(&scores[a]));
        chosen.extend(others.into_iter().take(2));
        // The answer reads as its sources do, and the best source speaks first.
        chosen.sort_by_key(|&i| (self.sentences[i].section != home, i));

        let found = wanted.iter().filter(|stem| {
            chosen.iter().any(|&i| {
                let sentence = &self.sentences[i];
                sentence.stems.contains(stem) || title_of(sentence).is_some_and(|t| t.contains(*stem))
            })
        });
        let coverage = found.count() as f64 / wanted.len().max(1) as f64;
        Some((chosen, coverage))
    }

    // What most of the text speaks of, and a little more the earlier it is said.
    fn salient(&self, count: &HashMap<&str, f64>) -> Vec<usize> {
        let weight = |i: &usize| {
            let stems: HashSet<&String> = self.sentences[*i].stems.iter().collect();
            let sum: f64 = stems.iter().filter_map(|s| count.get(s.as_str())).map(|c| c.ln_1p()).sum();
            sum / (4.0 + stems.len() as f64).sqrt() + 1.0 / (1.0 + *i as f64)
        };
        let mut order: Vec<usize> = (0..self.sentences.len()).collect();
        order.sort_by(|a, b| weight(b).total_cmp(&weight(a)));
        order.truncate(3);
        order.sort_unstable();
        order
    }
}

// What stands in fences, as if it were written without: `<question> is …` as what is asked, titles as
// headings, and an `id` before them.
fn unfenced(text: &str) -> Cow<'_, str> {
    if !OPENED.is_match(text) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let (mut is_id, mut id) = (false, None::<String>);
    for line in text.lines() {
        if let Some(opened) = OPENED.captures(line) {
            is_id = &opened[1] == "id";
            let section = id.take_if(|_| !is_id).map(|id| format!("[{id}] "));
            let lead = match (&opened[1], section) {
                ("title" | "heading" | "subject", section) => section.unwrap_or("# ".to_owned()),
                (_, Some(section)) => section + "\n\n",
                (name, None) if ASKED.is_match(name) => "Question: ".to_owned(),
                _ => String::new(),
            };
            out.push_str("\n\n");
            out.push_str(&lead);
            continue;
        }
        let closed = CLOSED.replace(line, "");
        if std::mem::take(&mut is_id) {
            id = Some(closed.split_whitespace().collect());
            continue;
        }
        out.push_str(&closed);
        out.push_str(if closed.len() < line.len() { "\n\n" } else { "\n" });
    }
    Cow::Owned(out)
}

// Few-shot examples come before the message that asks; a request to mend the answer, which is short
// and no question, comes after.
fn asking(texts: &[&str]) -> Option<usize> {
    let longest = texts.iter().map(|t| t.len()).max()?;
    let asks = |t: &&str| t.trim_end().ends_with(['?', '？']) || t.len() * 3 >= longest;
    texts.iter().rposition(|t| LABELLED.is_match(t)).or_else(|| texts.iter().rposition(asks))
}

// `Question: …` to the end of its paragraph; else a last line that asks; else a lone line.
fn split_question(text: &str) -> (Option<String>, String) {
    if let Some(found) = LABELLED.captures_iter(text).last()
        && let (Some(all), Some(start)) = (found.get(0), found.get(1))
    {
        let tail = &text[start.start()..];
        let end = tail.find("\n\n").unwrap_or(tail.len());
        let question = one_line(&tail[..end]);
        let rest = format!("{}\n\n{}", &text[..all.start()], &tail[end..]);
        return (Some(question), rest);
    }
    let text = text.trim_end();
    let (before, last) = text.rsplit_once('\n').unwrap_or(("", text));
    let asks = last.trim_end().ends_with(['?', '？']);
    let alone = before.trim().is_empty() && !is_task(last) && sentences(last).len() == 1;
    if asks || alone { (Some(one_line(last)), before.to_owned()) } else { (None, text.to_owned()) }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

// Without the marks of lists, quotes, emphasis and links.
fn plain(text: &str) -> String {
    let text = LIST_MARK.replace(text, "");
    let text = LINK.replace_all(&text, "$1");
    text.replace("**", "").replace('`', "").trim().to_owned()
}

fn is_task(sentence: &str) -> bool {
    let first = sentence.trim_start().split([' ', ',', ':']).next().unwrap_or_default().to_lowercase();
    TASK_VERBS.contains(&first.as_str())
}

#[rustfmt::skip]
const TASK_VERBS: &[&str] = &[
    "analyse", "analyze", "answer", "assess", "categorise", "categorize", "check", "choose", "classify",
    "compare", "compose", "consider", "convert", "create", "decide", "describe", "determine", "draft",
    "evaluate", "explain", "extract", "fill", "find", "fix", "generate", "give", "grade", "here",
    "identify", "improve", "judge", "keep", "label", "list", "make", "name", "pick", "prepare", "produce",
    "propose", "rate", "read", "reply", "respond", "return", "review", "rewrite", "say", "score", "shorten",
    "suggest", "sum", "summarise", "summarize", "tell", "translate", "turn", "use", "write", "you",
];

macro_rules! pattern {
    ($name:ident, $pattern:literal) => {
        static $name: LazyLock<Regex> =
            LazyLock::new(|| Regex::new($pattern).expect("the pattern is fixed and tested"));
    };
}

pattern!(
    LABELLED,
    r"(?im)^[ \t]*(?:the |customer |user )?(?:question|q|query|request|message|ticket|asked)[ \t]*:\s*(\S)"
);
pattern!(OPENED, r"(?m)^<([\w.-]{1,64})> (?:is|has)$");
pattern!(CLOSED, r"(?: ?</[\w.-]{1,64}>)+$");
pattern!(ASKED, r"(?i)^(?:question|q|query|request|message|ticket|asked)$");
pattern!(SECTION, r"^(?:\[([^\[\]\s]{1,64})\]|#{1,6}\s)\s*(.*)$");
pattern!(LABEL, r"^(?:[-*+] )?([\p{Lu}][\p{L}\d_/-]*(?: [\p{L}\d_/-]+){0,2}):\s+(\S.*)$");
pattern!(LIST_MARK, r"^(?:[-*+•>]\s+|\d{1,2}[.)]\s+)");
pattern!(LINK, r"\[([^\[\]]+)\]\([^()\s]*\)");
pattern!(
    NUMBER_ASKED,
    r"(?i)\b(?:how (?:long|many|much|old|often|far|soon)|when|what (?:price|time|date|number))\b"
);

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Reading {
        let message = |role, text: &str| Message { role, text: text.into(), images: vec![] };
        Reading::of(&[message(Role::System, "You answer. Use only the passages."), message(Role::User, text)])
    }

    #[test]
    fn the_best_sentences_of_the_right_passage_are_chosen() {
        let reading = read(
            "[shipping] Shipping\nWe ship in two days. Parcels are insured.\n\n[returns] Returns\nYou can return shoes within 30 days of delivery. Bring the receipt.\n\nQuestion: How long do I have to return shoes?",
        );
        assert_eq!(reading.question.as_deref(), Some("How long do I have to return shoes?"));
        assert_eq!(reading.sources(), ["returns"]);
        assert_eq!(
            reading.sentences[reading.chosen[0]].text,
            "You can return shoes within 30 days of delivery."
        );
        assert!(reading.coverage >= 0.9, "{}", reading.coverage);
    }

    #[test]
    fn what_no_passage_speaks_of_is_not_answered() {
        let reading = read("[a] Shipping\nWe ship in two days.\n\nQuestion: Who won the cup?");
        assert!(reading.chosen.is_empty());
        assert_eq!(reading.coverage, 0.0);
    }

    #[test]
    fn tasks_and_values_are_told_from_text() {
        let reading = read("Summarise this review.\n\nName: Ann Lee\nThe boots are warm. They leak.");
        assert_eq!(reading.tasks, ["Summarise this review."]);
        assert_eq!(reading.values, [("Name".to_owned(), "Ann Lee".to_owned())]);
        let texts: Vec<&str> = reading.sentences.iter().map(|s| &*s.text).collect();
        assert_eq!(texts, ["The boots are warm.", "They leak."]);
    }

    #[test]
    fn what_stands_in_fences_is_read_as_it_is() {
        let reading = read(
            "<passages> has\n<item> has\n<title> is\nReturns </title>\n<body> is\nShoes can be returned within 30 days. </body>\n</item>\n\
             <item> has\n<title> is\nShipping </title>\n<body> is\nWe ship in two days. </body>\n</item>\n</passages>\n\
             <question> is\nHow long can shoes be returned? </question>",
        );
        assert_eq!(reading.question.as_deref(), Some("How long can shoes be returned?"));
        let texts: Vec<&str> = reading.sentences.iter().map(|s| &*s.text).collect();
        assert_eq!(texts, ["Shoes can be returned within 30 days.", "We ship in two days."]);
        assert_eq!(reading.section_of(reading.chosen[0]).map(|s| &*s.title), Some("Returns"));
        let reading = read(
            "<item> has\n<id> is\nreturns </id>\n<title> is\nReturns </title>\n<body> is\nWithin 30 days. </body>\n</item>\n\
             <item> has\n<id> is\nfees </id>\n<body> is\nA return costs $2. </body>\n</item>\n\
             <question> is\nWhat does a return cost? </question>",
        );
        assert_eq!((reading.sources(), reading.sections.len()), (vec!["fees"], 2));
        // A question alone, and a text without one.
        assert_eq!(read("<question> is\nWhy? </question>").question.as_deref(), Some("Why?"));
        let letter = read("Summarise this.\n<letter> is\nThe boots leak. They are warm. </letter>");
        assert_eq!((letter.question.as_deref(), letter.sentences.len()), (None, 2));
    }

    #[test]
    fn a_request_to_mend_the_answer_keeps_the_question() {
        let message = |role, text: &str| Message { role, text: text.into(), images: vec![] };
        let reading = Reading::of(&[
            message(Role::User, "[a] Fees\nA return costs $2.\n\nQuestion: What does a return cost?"),
            message(Role::Assistant, "{"),
            message(Role::User, "That was not JSON."),
        ]);
        assert_eq!(reading.question.as_deref(), Some("What does a return cost?"));
        assert_eq!(reading.sources(), ["a"]);
    }
}
