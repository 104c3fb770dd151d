//! Why a cassette does not have a call: what is different from the most similar one that it has.

use super::asked::role_name;
use super::{Asked, Exchange};
use serde_json::Value as Json;

/// The reason, for people, in one line. `is_test` where it does not matter who is asked.
pub(super) fn why(recorded: &[Exchange], (step, asked): (&str, &Asked), is_test: bool) -> String {
    let same_prompt = || recorded.iter().filter(|e| e.asked.prompt == asked.prompt);
    if recorded.is_empty() {
        return "it holds no calls at all".to_owned();
    }
    let equal = same_prompt().filter(|e| e.asked.digest() == asked.digest()).count();
    match equal {
        0 => {}
        1 => return "it has it once, and it is made once more".to_owned(),
        n => return format!("it has it {n} times, and it is made once more"),
    }
    let of_step = || same_prompt().filter(|e| e.step == step);
    // Those of the step itself are compared first, then those of the prompt.
    let nearest = of_step().chain(same_prompt()).min_by_key(|e| distance(&e.asked, asked, is_test));
    let Some(nearest) = nearest else {
        return format!("`{}` was not called when it was recorded", asked.prompt);
    };
    let found = differences(&nearest.asked, asked, is_test);
    let more = match found.len() {
        0 | 1 => String::new(),
        n => format!(" (and {} more)", n - 1),
    };
    // What is equal in every part that is shown differs in none that matters.
    let first = found.into_iter().next().unwrap_or_else(|| "it is not written as it was".to_owned());
    format!("{first}{more}")
}

fn distance(recorded: &Asked, now: &Asked, is_test: bool) -> usize {
    let texts: usize = recorded.said.iter().zip(&now.said).map(|(a, b)| apart(&a.text, &b.text)).sum();
    // A setting weighs as much as a word, and so does a lookup more or less.
    const WORD: usize = 6;
    let turns = |asked: &Asked| asked.tools.as_ref().map_or(0, |tools| tools.turns.len());
    texts + WORD * (differences(recorded, now, is_test).len() + turns(recorded).abs_diff(turns(now)))
}

// How many characters lie between what two texts begin and end with alike.
fn apart(a: &str, b: &str) -> usize {
    let same = |a: &mut dyn Iterator<Item = char>, b: &mut dyn Iterator<Item = char>| {
        a.zip(b).take_while(|(a, b)| a == b).count()
    };
    let (long, short) = (a.chars().count().max(b.chars().count()), a.chars().count().min(b.chars().count()));
    let begin = same(&mut a.chars(), &mut b.chars());
    let end = same(&mut a.chars().rev(), &mut b.chars().rev()).min(short - begin);
    long - begin - end
}

fn differences(recorded: &Asked, now: &Asked, is_test: bool) -> Vec<String> {
    let mut out = Vec::new();
    for (i, (was, is)) in recorded.said.iter().zip(&now.said).enumerate() {
        let name = named(now, i);
        if was.role != is.role {
            let (was, is) = (role_name(was.role), role_name(is.role));
            out.push(format!("message {} is said by the {is}, and was by the {was}", i + 1));
        } else if was.text != is.text {
            let (was, is) = around(&was.text, &is.text);
            out.push(format!("its {name} message has `{is}` where `{was}` was recorded"));
        } else if was.images != is.images {
            out.push(format!("the images with its {name} message are others"));
        }
    }
    if recorded.said.len() != now.said.len() {
        out.push(format!("it has {} messages, and {} were recorded", now.said.len(), recorded.said.len()));
    }
    out.extend(tools(recorded, now));
    if is_test {
        return out;
    }
    if recorded.model != now.model {
        out.push(format!("it asks `{}`, and `{}` was recorded", now.model, recorded.model));
    }
    let names =
        now.settings.keys().chain(recorded.settings.keys().filter(|k| !now.settings.contains_key(*k)));
    for name in names {
        let (is, was) = (now.settings.get(name), recorded.settings.get(name));
        if is != was {
            let shown = |value: Option<&Json>| value.map_or("not set".to_owned(), |v| format!("`{v}`"));
            out.push(format!("`{name}` is {}, and was {}", shown(is), shown(was)));
        }
    }
    if recorded.output != now.output {
        let shown =
            |asked: &Asked| asked.output.as_ref().map_or("text".to_owned(), |(name, _)| name.to_string());
        let (is, was) = (shown(now), shown(recorded));
        out.push(match is == was {
            true => format!("its output `{is}` has other fields or descriptions than were recorded"),
            false => format!("its output is `{is}`, and `{was}` was recorded"),
        });
    }
    out
}

// What is different of the lookups.
fn tools(recorded: &Asked, now: &Asked) -> Option<String> {
    let (was, is) = (recorded.tools.as_ref(), now.tools.as_ref());
    if was == is {
        return None;
    }
    let (Some(was), Some(is)) = (was, is) else {
        let (now, before) = if is.is_some() { ("is", "was not") } else { ("is not", "was") };
        return Some(format!("its model {now} offered lookups, and {before} when it was recorded"));
    };
    Some(if (&was.offered, &was.shapes) != (&is.offered, &is.shapes) {
        "the lookups that it offers, or what they take, are others than were recorded".to_owned()
    } else if was.withheld != is.withheld {
        "it has another number of rounds than was recorded".to_owned()
    } else {
        let other = was.turns.iter().zip(&is.turns).find(|(was, is)| was != is).map(|(_, is)| &is.tool);
        match other {
            Some(tool) => format!("what `{tool}` was asked or has found is not what was recorded"),
            None => {
                format!("it has looked up {} times, and {} were recorded", is.turns.len(), was.turns.len())
            }
        }
    })
}

// "user", or "second user" where there are several.
fn named(asked: &Asked, i: usize) -> String {
    let role = asked.said[i].role;
    let same = asked.said.iter().filter(|s| s.role == role).count();
    let nth = asked.said[..i].iter().filter(|s| s.role == role).count() + 1;
    match same {
        1 => role_name(role).to_owned(),
        _ => format!("{nth}. {}", role_name(role)),
    }
}

// The first difference of two texts, with a little around it, in one line each.
fn around(was: &str, is: &str) -> (String, String) {
    let same = was.chars().zip(is.chars()).take_while(|(a, b)| a == b).count();
    (excerpt(was, same), excerpt(is, same))
}

const BEFORE: usize = 16;
const LONGEST: usize = 60;

fn excerpt(text: &str, at: usize) -> String {
    let from = at.saturating_sub(BEFORE);
    let mut out: String = text.chars().skip(from).take(LONGEST).collect();
    if from > 0 {
        out.insert(0, '…');
    }
    if text.chars().count() > from + LONGEST {
        out.push('…');
    }
    out.split_whitespace().collect::<Vec<_>>().join(" ").replace('`', "'")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cassette::{Outcome, Said};
    use flow_plan::Role;
    use serde_json::{Map, json};

    fn asked(text: &str, model: &str, most: u64) -> Asked {
        let settings: Map<String, Json> = [("max_output".to_owned(), json!(most))].into_iter().collect();
        let said = vec![Said { role: Role::User, text: text.to_owned(), images: vec![] }];
        Asked {
            prompt: "answer".into(),
            model: model.into(),
            settings,
            output: None,
            said,
            tools: None,
            hides: false,
        }
    }

    #[test]
    fn the_most_similar_call_is_compared() {
        let exchange =
            |step: &str, asked| Exchange { step: step.into(), asked, outcome: Outcome::Late("".into()) };
        let recorded = [
            exchange("one", asked("How long may I keep shoes that do not fit?", "sim/text", 9)),
            exchange("two", asked("Bye", "sim/text", 9)),
        ];
        let why = |asked: Asked, is_test| why(&recorded, ("three", &asked), is_test);
        assert_eq!(why(asked("Bye", "sim/text", 9), false), "it has it once, and it is made once more");
        assert_eq!(
            why(asked("How long may I keep boots that do not fit?", "sim/text", 9), false),
            "its user message has `…long may I keep boots that do not fit?` where \
             `…long may I keep shoes that do not fit?` was recorded"
        );
        assert_eq!(
            why(asked("Bye", "openai/x", 9), false),
            "it asks `openai/x`, and `sim/text` was recorded"
        );
        assert_eq!(why(asked("Bye", "sim/text", 8), false), "`max_output` is `8`, and was `9`");
        assert_eq!(
            why(asked("Hi", "openai/x", 9), true),
            "its user message has `Hi` where `Bye` was recorded"
        );
        let other = Asked { prompt: "sort".into(), ..asked("Bye", "sim/text", 9) };
        assert_eq!(why(other, false), "`sort` was not called when it was recorded");
    }
}
