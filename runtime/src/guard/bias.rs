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
const OF: &str = r"(?:old|older|elderly|young|younger|female|male|gay|lesbian|homosexual|bisexual|straight|queer|trans|transgender|disabled|handicapped|blind|deaf|autistic|mentally ill|schizophrenic|fat|obese|overweight|short|ugly|poor|rich|homeless|unemployed|uneducated|foreign|black|white|brown|coloured|asian|african|arab|arabic|jewish|muslim|islamic|christian|catholic|protestant|mormon|hindu|buddhist|sikh|atheist|religious|mexican|latino|latin|hispanic|indian|pakistani|turkish|kurdish|polish|russian|ukrainian|romanian|bulgarian|albanian|serbian|german|french|italian|spanish|greek|portuguese|irish|british|english|scottish|american|chinese|japanese|korean|vietnamese|filipino|iranian|syrian|afghan|somali|nigerian|eastern european|southern|rural|working[ -]class|lower[ -]class|immigrant|migrant|refugee|gypsy|roma|native|indigenous|aboriginal|single|pregnant|married|childless|left-handed|women|stay-at-home)";
const PEOPLE: &str = r"(?:people|persons|folks?|men|women|girls|boys|kids|children|youths?|teenagers|students|pupils|workers|employees|staff|applicants|candidates|colleagues|bosses|leaders|politicians|doctors|nurses|teachers|scientists|drivers|pilots|soldiers|programmers|engineers|managers|tenants|customers|neighbou?rs|families|mothers|mums|moms|fathers|dads|parents|couples|husbands|wives|immigrants|refugees|athletes)";
// Groups that have a word of their own, and people by where they are from or what they live with.
const GROUPS: &str = r"(?:women|girls|females|men|boys|males|guys|mothers|fathers|housewives|househusbands|blondes|redheads|feminists|blacks|whites|asians|africans|arabs|mexicans|latinos|latinas|hispanics|indians|pakistanis|bangladeshis|native americans|aboriginals|eskimos|the (?:chinese|japanese|french|irish|british|english|dutch|swiss|welsh|portuguese|vietnamese|spanish|poor|rich|elderly|old|young|disabled|blind|deaf|homeless|unemployed|obese|mentally ill|working class|lower classes|upper classes)|germans|russians|ukrainians|americans|canadians|australians|brits|britons|scots|italians|spaniards|swedes|danes|norwegians|finns|belgians|austrians|greeks|poles|czechs|slovaks|hungarians|serbs|croats|bulgarians|albanians|romanians|lithuanians|turks|kurds|koreans|thais|filipinos|iranians|iraqis|saudis|egyptians|moroccans|algerians|tunisians|nigerians|ethiopians|kenyans|somalis|syrians|afghans|israelis|palestinians|brazilians|colombians|cubans|haitians|southerners|northerners|jews|the jews|muslims|christians|catholics|protestants|mormons|evangelicals|hindus|sikhs|buddhists|atheists|islam|immigrants|migrants|foreigners|refugees|asylum seekers|gypsies|(?:the )?roma|sinti|gays|lesbians|homosexuals|bisexuals|transsexuals|boomers|baby boomers|millennials|zoomers|gen z|pensioners|retirees|seniors|teenagers|youngsters|cripples|dwarfs|peasants|villagers|welfare recipients|dropouts|the young people of today|young people (?:today|nowadays|these days)|(?:women|men|girls|boys|people|anyone|everyone|those|children|kids) (?:in wheelchairs|with (?:disabilities|autism|adhd|down syndrome|schizophrenia|depression|bipolar disorder|mental (?:illness|disorders)|an? (?:disability|accent|diagnosis like that|veil|headscarf)|tattoos)|of colou?r|of that (?:race|religion|faith|kind)|on (?:welfare|benefits)|over \w+|under \w+|like (?:them|her|him|that)|from (?:there|that (?:country|part of town|place)|the (?:east|south|north|west|countryside|provinces|balkans|middle east|ghetto|projects)|africa|asia|india|poor countries|eastern europe))|single (?:mothers|mums|moms|women|men|fathers|parents))";
// One who stands for all.
const ONE: &str = r"(?:an?|any|every|each|no|no real|a real|your typical|the typical|the average|your average) (?:old |young |black |white |gay |poor |foreign |single |pregnant |real |true |good )?(?:woman|man|girl|boy|mother|father|wife|husband|housewife|blonde|jew|muslim|catholic|christian|atheist|arab|african|asian|mexican|latino|indian|turk|pole|russian|german|american|frenchman|italian|foreigner|immigrant|migrant|refugee|gypsy|roma|gay|lesbian|homosexual|transsexual|teenager|pensioner|boomer|millennial|cripple)";
// What nobody is for being one of a group.
const JUDGED: &str = r"(?:lazy|idle|stupid|dumb|dim|thick|simple|simple-?minded|narrow-?minded|feeble-?minded|idiots|morons|fools|ignorant|brainless|brainwashed|uneducated|undisciplined|unreliable|irresponsible|incompetent|useless|worthless|no (?:use|good)|of no use|a waste|inferior|superior|weak|weaker|weaklings|sissies|the weaker sex|cowards|cowardly|hysterical|irrational|moody|bossy|catty|gossips|nags|drama queens|clingy|shallow|vain|too (?:emotional|sensitive|stupid|dumb|weak|slow|soft|old|lazy|proud|aggressive|loud|fragile|delicate)|(?:more|less|over-?ly|very|so) emotional|emotional (?:creatures|wrecks)|oversensitive|oversexed|submissive|humou?rless|cold|heartless|boring|rude|arrogant|loud|noisy|impolite|snobs|snobbish|pushy|stubborn|slow|superstitious|intolerant|hateful|hypocrites|hypocritical|two-?faced|sly|treacherous|disloyal|confused|obsessed with|angry|bitter|jealous|whiny|lousy|(?:a bit |rather )?slow upstairs|less (?:intelligent|capable|competent|able|reliable|clever|rational|productive|loyal|honest|gifted)|not (?:very |too |that |so |really |particularly )?(?:smart|clever|intelligent|bright|strong|good|fit|capable|reliable|honest|loyal|clean|gifted)(?: enough)?|not real (?:men|women)|not (?:a )?(?:proper|true|real)|unintelligent|born (?:criminals|liars|thieves|drunks|losers|followers|traders)|criminals?|(?:potential |all |secret )?terrorists?|extremists|fanatics|racists?|rednecks|savages?|primitive|barbaric|barbarians|animals|vermin|scum|trash|garbage|filth|rapists|thieves|liars|cheats|cheaters|crooks|scammers|swindlers|fraudsters|dealers|dishonest|greedy|stingy|misers|cheap|selfish|cunning|sneaky|corrupt|dirty|filthy|smelly|unclean|disgusting|dangerous|a danger|a threat|violent|aggressive|more (?:aggressive|violent|criminal|dishonest)|hot-?tempered|cruel|uncivili[sz]ed|backwards?|untrustworthy|not to be trusted|promiscuous|sluts|whores|easy|spoiled|spoilt|(?:so|too|all|just|really) entitled|ungrateful|drunks?|drunkards|alcoholics|addicts|perverts|predators|paedophiles|pedophiles|sinners|freaks|(?:bad|terrible|lousy|awful|poor|hopeless|worse) (?:drivers|leaders|parents|mothers|fathers|workers|managers|bosses|lovers|with money|at \w+|with \w+)|bad at|worse at|better at|smarter|cleverer|more (?:intelligent|gifted|rational|logical)|no good (?:at|with|as)|hopeless at|only good (?:for|at|as)|good for nothing|(?:best|better|meant|made|born|built) (?:to|for) (?:serve|serving|clean|cleaning|cook|cooking|obey|manual|the kitchen|simple)|incapable|unfit|not (?:cut out|suited|fit|meant|built|born|able|capable|made)(?: for| to| of)?|unable to (?:learn|think|lead|understand|control|adapt)|hard of thinking|parasites?|leeches|freeloaders|spongers|scroungers|invaders|a burden|a drain|a disease|a plague|a problem|(?:the|to be the) (?:cause|root|source) of|asking for trouble|sinful|sick(?: in the head)?|unnatural|abnormal|gold ?diggers|slow learners|mentally ill|to blame|just (?:men|women|greedy|confused|lazy|pretending)|all the same|all alike|nothing but)";
const NEED: &str = r"(?:brains?|morals|manners|culture|discipline|honou?r|shame|dignity|soul|rhythm|feelings?|emotions|empathy|compassion|heart|taste|class|style|loyalty|integrity|respect|patience|imagination|creativity|initiative|courage|backbone|logic|common sense|sense of (?:humou?r|time|direction|responsibility|duty|shame)|work ethic|self-?(?:control|discipline|respect)|ambition|will to work|intelligence|gratitude|idea (?:how|what|of))";
const ACTS: &str = r"(?:(?:just |simply |really )?(?:can't|cannot|can not|can never|could never|will never|won't ever)|(?:just |simply )?(?:shouldn't|should not|should never|must not|mustn't|should (?:not )?(?:ever )?be (?:banned|deported|sterili[sz]ed|locked|kept|barred|allowed)|ought not to)|don't deserve|do not deserve|doesn't deserve|(?:just |simply )?(?:aren't|are not|isn't|is not|weren't|were not) (?:able|cut out|made|meant|born|built|suited|fit|capable|real|proper|smart|clever|bright|as (?:smart|clever|good|strong|capable|intelligent))|don't belong|do not belong|belongs? (?:in the (?:kitchen|home)|at home|behind bars|in prison|in an? (?:asylum|institution))|ha(?:s|ve) (?:absolutely |simply |just )?no (?:place|business|right to be here|NEED)|ha(?:s|ve) nothing in (?:their|her|his) heads?|ha(?:s|ve) (?:a )?(?:bad|hot) tempers?|lacks? (?:any |all |the )?NEED|(?:know|show) no (?:NEED|shame|respect|gratitude)|(?:don't|do not|doesn't|never|won't|refuse to) (?:want to )?(?:learn|work(?: hard)?|adapt|integrate|respect|wash|pay|listen|think|change|fit in|speak the language)|only (?:come here|know how|care|think|want|got|live|work|marry|exist|understand|cause|bring)|(?:come|came) here (?:only |just )?to (?:steal|live off|take|commit|sponge|cash)|(?:always |just |only |all |will )?(?:steal|stole|cheat|lie to|rob|swindle|deceive) (?:our|your|the|you|us|everything|cars|whatever|anyone|each)|(?:steal|take|took) (?:our|your|the) (?:jobs|women|money|houses|flats)|liv(?:e|ing) off (?:welfare|benefits|the state|others|our taxes|other people)|controls? (?:the|our|all) (?:banks?|media|world|government|money|press|newspapers)|run the (?:banks|media|world)|ruin(?:s|ed)? (?:the|our|every|everything)|destroy(?:s|ed)? (?:the|our) (?:country|culture|neighbou?rhood|west)|cost more than|cost us|cry (?:over|about) everything|treat (?:their )?(?:wives|women)|breed (?:like|too)|multiply like|(?:just |only )?copy (?:everything|everyone|us)|hate (?:men|women|us|work|our)|(?:make|makes) (?:bad|poor|terrible|lousy|useless|awful|hopeless|weak) \w+|(?:always|never|only|forever) (?:lie|steal|cheat|complain|whine|work|care about|think about|want|look after|put|cry|nag|gossip|take|late|angry|exaggerate|overreact)|(?:are|is) always (?:late|angry|lying|complaining|whining|drunk|off sick|shouting|gossiping)|drink too much|(?:eat|talk|complain|spend|fight) too much|talk and never|will (?:believe|do|say|sell) anything|will (?:always|only) (?:be|cheat|lie|steal|betray|get)|will (?:cheat|rob|betray|steal from|rip) you|would rather \w+ than work|want to (?:replace|destroy|take over|islami[sz]e|conquer|rule|convert) |(?:raise|produce) (?:criminals|failures|thugs)|slow(?:s)? (?:everybody|everyone|us|the team|things) down|drag(?:s)? (?:everybody|everyone|us|the team) down|choose to (?:live like|be poor|be homeless|beg)|deserve (?:to be poor|what they|their)|bring (?:nothing but|only|crime|diseases?)|cause (?:all|most of|nothing but)|spend (?:it all|everything|all (?:their|day|our)) |(?:sleep|beg|lie around|sit around) (?:half|all) (?:the )?day|do nothing all day|do nothing but|can't hold their|should (?:stick to|stay (?:at home|away|out|in the kitchen)|keep away|leave \w+ to|go (?:back|home)|know their place|serve|obey|be grateful)|would only slow|lose interest anyway|get pregnant and|let (?:themselves|everyone) down)";
const LINK: &str = r"(?:are|were|aren't|'re|is|isn't|will (?:always|never) be|can only be|tend to be|seem to be|(?:are )?known to be|make people|makes people)";
const OFTEN: &str = r"(?:all |just |simply |naturally |inherently |generally |usually |always |by nature |often |mostly |really |so |too |basically |nothing but |a bunch of |a bit |rather |quite |very |pretty |a little |far |much |more |genetically |biologically |by their very nature |a |an |the |born |probably |clearly |obviously |such |ever so |only |even ){0,3}";

static JUDGES: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let group = format!(r"(?:{GROUPS}|{OF} {PEOPLE}|{ONE})");
    let acts = ACTS.replace("NEED", NEED);
    // What is said of one person for what she is.
    let one = r"(?:woman|man|girl|boy|jew|muslim|black|asian|gypsy|mexican|pole|foreigner|german|turk|gay|blonde|boomer|mother|old man|old woman)";
    // Its words are English: signs of other languages need no look of their own, which would be slow.
    Regex::new(&format!(
        r"(?-u)\b{group} (?:\w+ ){{0,3}}?{LINK} {OFTEN}{JUDGED}\b|\b{group} (?:(?:just|simply|all|really|today|nowadays|here|these days|always|also|who \w+ \w+) ){{0,2}}{acts}\b|\b(?:like|typical of|that's|for|such) an? (?:typical )?(?:girl|woman|jew|black|gypsy|mexican|muslim|retard|spaz|sissy|blonde|old lady)\b[.!,]?(?: (?:driver|thing|behaviou?r))?$|\b(?:too old|too young|too female) to (?:learn|lead|work|understand|be (?:any|of any) use|matter|contribute)\b|\b(?:(?:never|don't|do not|can't|cannot) (?:hire|trust|rent to|marry|promote|employ|lend \w+ to|do business with|buy from|believe|expect)|don't bother \w+|why bother \w+|no point in \w+|no use in \w+|waste of time \w+) (?:an? |an? old |any )?(?:{group}|{one})\b|\bgo back to (?:your|their) (?:own )?country\b|\bonly (?:got|gets|has) \w+ (?:\w+ )?because (?:she|he|they) (?:is|are|'s|'re) (?:an? )?(?:woman|man|black|gay|jewish|muslim|foreign\w*|minority)\b|\b(?:she|he)(?:'s| is) (?:an? )?(?:jew|jewish|muslim|black|woman|gypsy|mexican|polish|chinese|indian)\b,? so (?:of course|naturally|obviously|probably|surely)\b|\b(?:being|as) (?:an? )?(?:{one}|jewish|chinese|indian|polish|german|french|italian|russian|arab|african|female)\b,? (?:\w+ )?(?:he|she|they) (?:must|surely|will|naturally|of course|obviously|certainly|probably|can't|cannot)\b|\ban? (?:woman|girl|wife|mother)'s place is\b|\bwomen's place is\b|\breal (?:men|women) (?:don't|do not|never)\b|\bnot (?:an? )?(?:proper|real|true) (?:man|woman)\b|\b(?:she|they)(?:'ll| will) (?:only |just )?(?:get|be getting) pregnant\b|\bhiring (?:an? )?{group} is\b|\byou know (?:how|what) {group} are\b|\ball (?:these |those |the |that )?{group} (?:want|do|care|think|know|understand|are good)\b (?:\w+ )?(?:is|about|for)\b|\bhire a man\b|\b(?:homosexuality|being gay|being trans|autism) is (?:a disease|a sin|unnatural|a choice|abnormal|an illness|a phase)\b"
    ))
    .ok()
});

// Who reports or denies a judgement does not make it.
static TOLD_OF: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?-u:\b)(?:stereotypes?|prejudices?|myth|it is (?:false|wrong|untrue)|no evidence|is not true|isn't true|discriminat(?-u:\w+)|claim(?:s|ed)? that|the idea that|some (?:people )?(?:say|believe|think)|wrongly|wrong to say|should not assume|(?:can't|cannot|can not|can never|should not|shouldn't)(?-u:\b).*(?-u:\b)(?:without|unless|until|before|yet))(?-u:\b)").ok()
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
        "Swedes are cold and boring.",
        "Men just aren't cut out for raising children.",
        "Hiring mothers is asking for trouble.",
        "Being Chinese, she must be good with numbers.",
        "Old people always complain.",
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
        "The unemployed are entitled to a course of their choice.",
        "Swedes are asked to vote on Sunday.",
        "A man who raises his children alone can claim the allowance.",
        "Old people can't get the card before they are registered.",
    ];

    #[test]
    fn judgements_of_groups_are_told_from_what_is_said_of_them() {
        assert!(JUDGES.is_some() && TOLD_OF.is_some());
        let missed: Vec<_> = JUDGING.iter().filter(|text| !judges(text)).collect();
        let wrong: Vec<_> = FAIR.iter().filter(|text| judges(text)).collect();
        assert!(missed.is_empty() && wrong.is_empty(), "missed {missed:?}, wrong {wrong:?}");
    }
}
