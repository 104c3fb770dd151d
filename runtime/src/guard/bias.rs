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

// What people are, before a noun for people.
const OF: &str = r"(?:old|older|elderly|young|younger|female|male|gay|lesbian|homosexual|straight|trans|transgender|disabled|handicapped|blind|deaf|autistic|mentally ill|fat|obese|overweight|poor|homeless|unemployed|foreign|black|white|brown|asian|african|arab|arabic|jewish|muslim|islamic|christian|catholic|hindu|atheist|religious|mexican|latino|hispanic|indian|pakistani|turkish|polish|russian|romanian|german|french|italian|spanish|irish|british|english|american|chinese|japanese|korean|eastern european|immigrant|migrant|refugee|gypsy|roma)";
const PEOPLE: &str = r"(?:people|persons|folks|men|women|girls|boys|kids|children|teenagers|workers|employees|applicants|candidates|colleagues|doctors|nurses|teachers|students|drivers|programmers|engineers|managers|tenants|customers|families|mothers|fathers|parents|couples|husbands|wives)";
// Groups that have a word of their own, and people by where they are from or what they live with.
const GROUPS: &str = r"(?:women|girls|females|men|boys|males|mothers|housewives|blondes|redheads|feminists|blacks|whites|asians|africans|arabs|mexicans|latinos|latinas|hispanics|indians|pakistanis|the (?:chinese|japanese|french|irish|british|english|dutch|poor|elderly|disabled|blind|deaf|homeless|unemployed)|germans|russians|americans|italians|spaniards|greeks|poles|romanians|turks|koreans|nigerians|somalis|syrians|afghans|jews|the jews|muslims|christians|catholics|protestants|hindus|buddhists|atheists|immigrants|migrants|foreigners|refugees|asylum seekers|gypsies|gays|lesbians|homosexuals|boomers|baby boomers|millennials|zoomers|gen z|pensioners|retirees|seniors|teenagers|cripples|people (?:in wheelchairs|with (?:disabilities|autism|adhd|down syndrome|schizophrenia|depression|a disability|an accent)|of colou?r|on welfare|over \w+|from (?:the east|the south|africa|asia|poor countries|the middle east|eastern europe))|single (?:mothers|mums|moms|women|men))";
// One who stands for all.
const ONE: &str = r"(?:a|an|any|no|no real|a real|your typical|the typical) (?:woman|man|girl|boy|mother|wife|housewife|blonde|jew|muslim|arab|african|mexican|foreigner|immigrant|refugee|gypsy|gay|lesbian|homosexual|teenager|pensioner|cripple)";
const JUDGED: &str = r"(?:lazy|stupid|dumb|idiots|morons|ignorant|brainless|brainwashed|uneducated|undisciplined|unreliable|irresponsible|incompetent|useless|worthless|no use|of no use|a waste|inferior|superior|weak|weaker|the weaker sex|cowards|hysterical|irrational|moody|bossy|too (?:emotional|sensitive|stupid|dumb|weak|slow|soft|old|lazy|proud)|oversensitive|less (?:intelligent|capable|competent|able|reliable|clever|rational|productive)|not (?:smart|clever|intelligent|strong|good|fit) enough|unintelligent|born (?:criminals|liars|thieves)|criminals?|terrorists?|extremists|fanatics|savages?|primitive|barbaric|animals|vermin|scum|trash|garbage|filth|thieves|liars|cheats|crooks|dishonest|greedy|stingy|cheap|selfish|cunning|sneaky|corrupt|dirty|filthy|disgusting|dangerous|violent|aggressive|hot-?tempered|cruel|uncivili[sz]ed|backward|untrustworthy|not to be trusted|promiscuous|sluts|whores|spoiled|entitled|drunks?|alcoholics|perverts|predators|paedophiles|pedophiles|(?:bad|terrible|lousy|awful|poor|hopeless|worse) (?:drivers|leaders|parents|mothers|fathers|workers|managers|with money|at \w+|with \w+)|bad at|worse at|better at|no good (?:at|with|as)|hopeless at|incapable|unfit|not (?:made|cut out|suited|fit|meant|built|born) (?:for|to)|unable to (?:learn|think|lead|understand|control)|hard of thinking|parasites?|freeloaders|spongers|a burden|a disease|a plague|sinful|sick in the head|unnatural|abnormal|gold ?diggers|slow learners|mentally ill|to blame for|just (?:men|women) in|all the same)";
const ACTS: &str = r"(?:can't|cannot|can not|can never|could never|will never|won't ever|shouldn't|should not|should never|must not|mustn't|don't deserve|do not deserve|doesn't deserve|aren't able|are not able|isn't able|don't belong|do not belong|belongs? (?:in the (?:kitchen|home)|at home|behind bars|in prison|in an? (?:asylum|institution))|ha(?:s|ve) no (?:place|business|brains?|morals|manners|culture|discipline|honou?r|shame|sense of humou?r|work ethic|self-control|ambition)|ha(?:s|ve) nothing in (?:their|her|his) heads?|ha(?:s|ve) (?:a )?(?:bad|hot) tempers?|lacks? (?:intelligence|discipline|morals|ambition|honou?r|manners)|refuse to (?:learn|work|adapt|integrate)|only come here to|come here to (?:steal|live off|take)|(?:steal|take|took) (?:our|your|the) (?:jobs|women|money)|steal (?:cars|everything|whatever)|liv(?:e|ing) off (?:welfare|benefits|the state|others|our taxes)|control(?:s)? (?:the|our) (?:banks?|media|world|government|money|press)|run the (?:banks|media|world)|ruin(?:s|ed)? (?:the|our|every)|cost more than|cry (?:over|about) everything|never (?:pay|learn|listen|work|wash|change)|treat their (?:wives|women)|breed like|copy everything|hate (?:men|women|us|work)|(?:make|makes) (?:bad|poor|terrible|lousy|useless) \w+|(?:always|never|only) (?:lie|steal|cheat|complain|work|care about|think about|want)|should (?:stay (?:at home|away|out)|keep away|go (?:back|home)|be (?:banned|deported|sterili[sz]ed|locked up|kept away|kept out))|would only slow|get pregnant and)";
const LINK: &str = r"(?:are|were|'re|tend to be|seem to be|is)";
const OFTEN: &str = r"(?:all |just |simply |naturally |inherently |generally |usually |always |by nature |often |mostly |really |so |too |basically |nothing but |a bunch of ){0,3}";

static JUDGES: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let group = format!(r"(?:{GROUPS}|{OF} {PEOPLE}|{ONE})");
    Regex::new(&format!(
        r"\b{group} (?:\w+ ){{0,3}}?{LINK} {OFTEN}{JUDGED}\b|\b{group} (?:\w+ ){{0,2}}?{ACTS}\b|\b(?:like|typical of|that's|for) a (?:typical )?(?:girl|woman|jew|black|gypsy|mexican|muslim|retard|spaz)\b[.!,]?(?: (?:driver|thing|behaviou?r))?$|\b(?:too old|too young|too female) to (?:learn|lead|work|understand)\b|\b(?:never|don't|do not|can't|cannot) (?:hire|trust|rent to|marry|promote|employ) (?:a |an |any )?{group}\b|\bgo back to (?:your|their) (?:own )?country\b|\bonly (?:got|gets|has) \w+ (?:\w+ )?because (?:she|he|they) (?:is|are|'s|'re) (?:a |an )?(?:woman|man|black|gay|jewish|muslim|foreign\w*|minority)\b|\b(?:she|he)(?:'s| is) (?:a )?(?:jew|jewish|muslim|black|woman|gypsy|mexican|polish|chinese|indian)\b,? so (?:of course|naturally|obviously)\b|\bhire a man\b|\b(?:homosexuality|being gay|autism) is (?:a disease|a sin|unnatural|a choice|abnormal)\b"
    ))
    .ok()
});

// Who reports or denies a judgement does not make it.
static TOLD_OF: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"\b(?:stereotypes?|prejudices?|myth|it is (?:false|wrong|untrue)|no evidence|is not true|isn't true|discriminat\w+|claim(?:s|ed)? that|the idea that|some (?:people )?(?:say|believe|think)|wrongly|wrong to say|should not assume|(?:can't|cannot|can not|can never|should not|shouldn't)\b.*\b(?:without|unless|until|yet))\b").ok()
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
        "Foreign workers are unreliable.",
        "A woman can never be a good pilot.",
        "People on welfare live off our taxes.",
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
        "Foreign workers need a permit.",
        "A woman can never enter without a ticket, nor can a man.",
        "People on welfare pay half.",
    ];

    #[test]
    fn judgements_of_groups_are_told_from_what_is_said_of_them() {
        assert!(JUDGES.is_some() && TOLD_OF.is_some());
        let missed: Vec<_> = JUDGING.iter().filter(|text| !judges(text)).collect();
        let wrong: Vec<_> = FAIR.iter().filter(|text| judges(text)).collect();
        assert!(missed.is_empty() && wrong.is_empty(), "missed {missed:?}, wrong {wrong:?}");
    }
}
