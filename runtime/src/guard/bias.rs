//! `bias(value)`: sentences that judge people by what they are: their sex, origin, faith, age, body.
//!
//! By wording: a group, and behind it what all of them are said to be, or not to be able to do. What is
//! said of one person, or of a group without a judgement, passes. So does a bias that shows in what is left
//! out, or only over many answers.

use super::texts::{self, VALUE};
use super::{Guard, Verdict};
use crate::words::sentences;
use crate::{Context, RunError};
use async_trait::async_trait;
use flow_plan::{CapabilityKind, CapabilitySpec, TypeSpec, Value};
use regex::Regex;
use std::sync::LazyLock;

/// Judgements of groups.
#[derive(Debug)]
pub(super) struct Bias;

const SPEC: CapabilitySpec = CapabilitySpec {
    kind: CapabilityKind::Guard,
    name: "bias",
    params: &[VALUE],
    returns: TypeSpec::First,
    doc: "Fails where a sentence judges people by what they are (sex, origin, faith, age, disability, orientation), and names the sentence. \
          It goes by words, in English: a group, and what all of them are said to be or not to be able to do. \
          A bias in plainer words passes: `biased` of `std.judges` asks a model.",
    examples: &["checked = bias(reply) else retry 1"],
    streams: true,
    ..CapabilitySpec::BASE
};

#[async_trait]
impl Guard for Bias {
    fn spec(&self) -> &'static CapabilitySpec {
        &SPEC
    }

    async fn check(&self, _context: &Context, args: &[Value]) -> Result<Verdict, RunError> {
        for text in args.first().map(texts::texts).unwrap_or_default() {
            if let Some(sentence) = sentences(&text).into_iter().find(|sentence| judges(sentence)) {
                return Ok(Verdict::Fail(format!("it judges people by what they are: `{sentence}`")));
            }
        }
        Ok(Verdict::Pass)
    }
}

fn judges(sentence: &str) -> bool {
    let plain = flow_injection::plain(sentence);
    let is_told_of = TOLD_OF.as_ref().is_some_and(|told| told.is_match(&plain));
    !is_told_of && JUDGES.as_ref().is_some_and(|judges| judges.is_match(&plain))
}

const GROUP: &str = r"(?:women|girls|females|men|boys|males|mothers|housewives|blacks|black people|white people|whites|asians|africans|arabs|mexicans|latinos|hispanics|indians|chinese people|the chinese|germans|russians|americans|poles|turks|jews|the jews|muslims|christians|catholics|hindus|atheists|immigrants|migrants|foreigners|refugees|gypsies|roma people|gays|gay people|lesbians|homosexuals|trans people|transgender people|disabled people|the disabled|autistic people|blind people|deaf people|old people|the elderly|elderly people|older workers|boomers|millennials|young people|teenagers|poor people|the poor|fat people)";
const JUDGED: &str = r"(?:lazy|stupid|dumb|inferior|superior|weak|weaker|hysterical|irrational|too emotional|less intelligent|less capable|less competent|unintelligent|criminals?|terrorists?|thieves|liars|dishonest|greedy|dirty|dangerous|violent|aggressive|uncivilized|backward|untrustworthy|not to be trusted|promiscuous|bad drivers|bad at|worse at|better at|no good at|incapable|unfit|unable to (?:learn|think|lead)|parasites?|a burden|a disease|sinful|unnatural|abnormal|gold ?diggers|slow learners|mentally ill)";
const ACTS: &str = r"(?:can't|cannot|can not|can never|shouldn't|should not|should never|must not|mustn't|don't deserve|do not deserve|aren't able|are not able|don't belong|do not belong|belong in the (?:kitchen|home)|(?:always|never|only) (?:lie|steal|cheat|complain|work|care about|think about|want))";
const LINK: &str = r"(?:are|were|'re|tend to be|seem to be|is)";
const OFTEN: &str = r"(?:all |just |simply |naturally |inherently |generally |usually |always |by nature |often |mostly |really |so |too |basically |nothing but |a bunch of ){0,3}";

static JUDGES: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(&format!(
        r"\b{GROUP} (?:\w+ ){{0,3}}?{LINK} {OFTEN}{JUDGED}\b|\b{GROUP} {ACTS}\b|\b(?:like|typical of|that's|for) a (?:typical )?(?:girl|woman|jew|black|gypsy|mexican|muslim|retard|spaz)\b[.!,]?(?: (?:driver|thing|behaviou?r))?$|\b(?:too old|too young|too female) to (?:learn|lead|work|understand)\b|\b(?:never|don't|do not) (?:hire|trust|rent to|marry) (?:a |an |any )?{GROUP}\b|\bgo back to (?:your|their) (?:own )?country\b"
    ))
    .ok()
});

// Who reports or denies a judgement does not make it.
static TOLD_OF: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"\b(?:stereotypes?|prejudices?|myth|it is (?:false|wrong|untrue)|no evidence|is not true|isn't true|discriminat\w+|claim(?:s|ed)? that|the idea that|some (?:people )?(?:say|believe|think)|wrongly)\b").ok()
});

#[cfg(test)]
mod tests {
    use super::*;

    const JUDGING: &[&str] = &[
        "Women are too emotional to lead a team.",
        "All immigrants are criminals.",
        "Old people can't learn new software.",
        "Men are just better at maths.",
        "Never hire foreigners for this job.",
        "Muslims should not be trusted, Muslims are terrorists.",
        "Girls belong in the kitchen.",
        "Go back to your own country!",
        "Boys by nature are naturally aggressive",
    ];
    const FAIR: &[&str] = &[
        "Women are 48 % of our customers.",
        "Men's shoes are on the second floor.",
        "It is a stereotype that women are bad drivers.",
        "There is no evidence that immigrants are dangerous.",
        "Old people can use the ramp at the side.",
        "The Germans were strong in the second half.",
        "Teenagers are welcome with an adult.",
        "She is a dangerous opponent.",
        "Blind people can have the bill read aloud.",
        "Our shoes for girls are in sizes 28 to 36.",
    ];

    #[test]
    fn judgements_of_groups_are_told_from_what_is_said_of_them() {
        assert!(JUDGES.is_some() && TOLD_OF.is_some());
        let missed: Vec<_> = JUDGING.iter().filter(|text| !judges(text)).collect();
        let wrong: Vec<_> = FAIR.iter().filter(|text| judges(text)).collect();
        assert!(missed.is_empty() && wrong.is_empty(), "missed {missed:?}, wrong {wrong:?}");
    }
}
