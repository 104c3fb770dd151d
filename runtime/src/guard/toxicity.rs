//! `toxicity(value)`: words that hurt: insults, threats, slurs, calls to harm oneself, abuse.
//!
//! By wording, in English and in the commonest insults of German, French and Spanish. It tells words aimed
//! at somebody from the same words told of something where the wording shows it (`this is a stupid
//! bug` passes), and knows neither irony nor what hurts in plain words.

use super::texts::{self, VALUE};
use super::{Guard, Verdict};
use crate::{Context, RunError};
use async_trait::async_trait;
use flow_plan::{CapabilityKind, CapabilitySpec, TypeSpec, Value};
use regex::Regex;
use std::sync::LazyLock;

/// Words that hurt.
#[derive(Debug)]
pub(super) struct Toxicity;

const SPEC: CapabilitySpec = CapabilitySpec {
    kind: CapabilityKind::Guard,
    name: "toxicity",
    params: &[VALUE],
    returns: TypeSpec::First,
    doc: "Fails where a text insults or threatens somebody, uses a slur, or tells somebody to harm themselves, and says which of these, and how sure that is. \
          It goes by words, also where they are spelled out or disguised. \
          What hurts without such words passes: `toxic` of `std.judges` asks a model.",
    examples: &["checked = toxicity(reply) else retry 1"],
    streams: true,
    ..CapabilitySpec::BASE
};

#[async_trait]
impl Guard for Toxicity {
    fn spec(&self) -> &'static CapabilitySpec {
        &SPEC
    }

    async fn check(&self, _context: &Context, args: &[Value]) -> Result<Verdict, RunError> {
        let found = args
            .first()
            .map(texts::texts)
            .unwrap_or_default()
            .iter()
            .filter_map(|t| look(t))
            .max_by(|(_, one), (_, other)| one.total_cmp(other));
        Ok(match found {
            // The words themselves are not repeated.
            Some((what, sure)) => Verdict::Fail(format!("it {what} (confidence {sure:.2})")),
            None => Verdict::Pass,
        })
    }
}

fn look(text: &str) -> Option<(&'static str, f32)> {
    let plain = flow_injection::plain(text);
    let seconds = flow_injection::second_looks(text, &plain);
    let in_text = |text: &str| SIGNS.iter().find(|sign| sign.pattern.is_match(text));
    match in_text(&plain) {
        Some(sign) => Some((sign.what, sign.sure)),
        // What had to be made out first is less sure.
        None => seconds.iter().find_map(|text| in_text(text)).map(|sign| (sign.what, sign.sure * 0.9)),
    }
}

struct Sign {
    what: &'static str,
    sure: f32,
    pattern: Regex,
}

const PERSON: &str = r"(?:you|he|she|they|u|him|her|them|your (?:\w+ )?(?:mother|mom|family|kids?|children))";
const INSULT: &str = r"(?:idiots?|morons?|imbeciles?|dumbass(?:es)?|dumb ?fucks?|stupid|losers?|scum(?:bags?)?|trash|garbage|pathetic|worthless|disgusting|bastards?|bitch(?:es)?|cunts?|assholes?|arseholes?|dickheads?|pricks?|wankers?|twats?|fuckers?|motherfuckers?|shitheads?|sluts?|whores?|pigs?|vermin|subhumans?|retard(?:s|ed)?|cretins?|halfwits?|clowns?)";
const HARM: &str = r"(?:kill|murder|hurt|beat|stab|shoot|strangle|rape|burn|hang|choke|break|destroy|gut|skin|bomb|lynch|slaughter)";

static SIGNS: LazyLock<Vec<Sign>> = LazyLock::new(|| {
    let sign = |what, sure, pattern: String| {
        // A pattern of ours that is none would be found by the tests.
        Regex::new(&pattern).ok().map(|pattern| Sign { what, sure, pattern })
    };
    let all = [
        sign(
            "tells somebody to harm themselves",
            0.97,
            r"\b(?:kill|hang|cut|shoot|off) (?:yo)?urself\b|\bkys\b|\b(?:go|just|please) (?:and )?die\b|\bdrink bleach\b|\byou (?:should|deserve to|ought to) (?:die|be dead|kill yourself)\b|\b(?:the )?world (?:would|will) be better (?:off )?without you\b|\bbring dich um\b|\bsuicide[- ]?toi\b|\bmátate\b"
                .to_owned(),
        ),
        sign(
            "threatens somebody",
            0.95,
            format!(
                r"\b(?:i|we)(?:'ll| will|'m going to|'m gonna|'re going to|'re gonna| am going to| are going to|'d love to| want to| swear i'll) (?:\w+ ){{0,2}}{HARM} (?:you|u|him|her|them|your|all of you)\b|\b(?:you|u)(?:'ll| will|'re going to| are going to|'re gonna) (?:pay for this|regret (?:this|it)|die|get what(?:'s| is) coming|bleed|suffer)\b|\bi know where (?:you|u) live\b|\bwatch your back\b|\bich bring(?:e)? dich um\b|\bje vais te tuer\b|\bte voy a matar\b"
            ),
        ),
        sign(
            "uses a slur",
            0.95,
            r"\b(?:n[i1]gg(?:er|a)s?|fagg?ots?|kikes?|sp[i1]cs|ch[i1]nks?|wetbacks?|tranny|trannies|gooks?|ragheads?|towelheads?|dykes? bitch|untermensch(?:en)?|kanaken?)\b"
                .to_owned(),
        ),
        sign(
            "insults somebody",
            0.93,
            format!(
                r"\b{PERSON}(?:'re| are|'s| is|r)? (?:all )?(?:just |such |really |so |nothing but |a |an |the |bunch of |piece of |fucking |complete |total |utter |absolute |stupid |dumb |fat |ugly |little ){{0,5}}{INSULT}\b|\b(?:you|u) (?:\w+ )?{INSULT}\b|\b(?:shut (?:the (?:fuck|hell) )?up|fuck (?:you|u|off)|screw you|go to hell|piss off|suck my|eat shit|f+ ?u+ ?c+ ?k+ y?o?u)\b|\bpieces? of shit\b|\bnobody (?:likes|loves|wants) you\b|\bi hate (?:you|u)\b|\b(?:du|ihr) (?:\w+ )?(?:idiot(?:en)?|arschl[oö]ch(?:er)?|wichser|hurensohn|schlampe|missgeburt|vollpfosten|depp(?:en)?)\b|\b(?:connard|salope|encul[eé]|fils de pute|ta gueule|nique ta m[eè]re)s?\b|\b(?:hijo de puta|pendejo|cabr[oó]n|gilipollas|vete a la mierda)\b"
            ),
        ),
    ];
    all.into_iter().flatten().collect()
});

#[cfg(test)]
mod tests {
    use super::*;

    // Of each kind, with ordinary texts that have the same words.
    const HURTS: &[&str] = &[
        "You are a complete idiot.",
        "you're such a worthless piece of trash",
        "Shut the fuck up",
        "I will find you and I'm going to kill you",
        "i know where you live",
        "Just kill yourself already",
        "kys",
        "The world would be better off without you.",
        "Du bist so ein Arschloch, du Hurensohn",
        "Ta gueule, connard",
        "He is a disgusting pig",
        "Nobody likes you",
        "Y0u are an 1d10t",
    ];
    const FINE: &[&str] = &[
        "This is a stupid bug, and I hate it.",
        "How do I kill a process that hangs?",
        "I could kill for a coffee.",
        "The trash is collected on Monday.",
        "You are right, the garbage collector was slow.",
        "She was beaten in the final by three points.",
        "I am so stupid, I forgot my password.",
        "He shot the film in one take.",
        "Is suicide prevention covered by my plan?",
        "The pig farm sells to you directly.",
        "Our worst clown costume, for children from 3 years.",
        "You will regret nothing with our 30 days of return.",
        "Die Lieferung kommt am Montag. Du bist eingeladen.",
        "The idiot by Dostoevsky is in stock.",
    ];

    #[test]
    fn words_aimed_at_somebody_are_told_from_the_same_words() {
        assert_eq!(SIGNS.len(), 4, "each pattern is one");
        let missed: Vec<_> = HURTS.iter().filter(|text| look(text).is_none()).collect();
        let wrong: Vec<_> = FINE.iter().filter_map(|text| Some((text, look(text)?))).collect();
        assert!(missed.is_empty() && wrong.is_empty(), "missed {missed:?}, wrong {wrong:?}");
    }
}
