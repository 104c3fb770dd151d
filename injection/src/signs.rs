//! Phrases that attempts share, with their weights: they tip the scales where the model is in doubt, and
//! say what a text does.

use regex::Regex;
use std::sync::LazyLock;

struct Sign {
    // Over text in lower case.
    pattern: Regex,
    // How much one occurrence says.
    weight: f32,
    // What the text does, after "it".
    what: &'static str,
}

/// What a plain text does, by its heaviest sign, and how much its signs say together, at most [`MOST`].
pub fn signs(plain: &str) -> (Option<&'static str>, f32) {
    let (mut sum, mut heaviest): (f32, Option<&Sign>) = (0.0, None);
    for sign in SIGNS.iter().filter(|sign| sign.pattern.is_match(plain)) {
        sum += sign.weight;
        if heaviest.is_none_or(|other| sign.weight > other.weight) {
            heaviest = Some(sign);
        }
    }
    (heaviest.map(|sign| sign.what), sum.min(MOST))
}

/// What signs can say together.
pub const MOST: f32 = 1.2;

static SIGNS: LazyLock<Vec<Sign>> = LazyLock::new(|| {
    TABLE
        .iter()
        .flat_map(|(what, rows)| rows.iter().map(move |row| (*what, row)))
        .map(|(what, (weight, pattern))| Sign {
            pattern: Regex::new(pattern).expect("the pattern is fixed and tested"),
            weight: *weight,
            what,
        })
        .collect()
});

type Row = (f32, &'static str);

#[rustfmt::skip]
const TABLE: &[(&str, &[Row])] = &[
    ("orders to ignore earlier instructions", &[
        (1.0, r"\b(?:ignore|disregard|forget) (?:all |all of )?(?:the |this |my )?(?:above|previous|preceding|foregoing)(?: \w+)?,? (?:and|then) (?:say|give|tell|print|write|output|do|answer|respond|reply|show|act|instead)\b"),
        (1.0, r"\b(?:ignor(?:e|es|ing)|disregard(?:ing)?|forget(?:ting)?|bypass(?:ing)?|overrid(?:e|ing)|overlook|neglect|discard|erase|drop|cancel|do not (?:follow|obey)|don't (?:follow|obey)|stop (?:following|obeying))\b[^.!?\n]{0,24}\b(?:all|any|every(?:thing)?|your|previous|previously|prior|above|earlier|preceding|initial|original|system|these|those|former|other|existing|past)\b[^.!?\n]{0,32}\b(?:instructions?|instructed|directions?|directives?|prompts?|rules?|guidelines|orders|commands?|constraints|programming|policies|policy|guidance|restrictions|statements?|context|training|requests?)\b"),
        (1.0, r"\b(?:ignore|disregard|forget)\b (?:everything|all|anything|what(?:ever)?)\b[^.!?\n]{0,24}\b(?:above|before|previous(?:ly)?|prior|earlier|told|said|learned|so far)\b"),
        (0.7, r"\b(?:ignore|disregard|forget)\b (?:the |this |my )?(?:above|previous|preceding|prior|earlier|last)\b(?: (?:text|question|task|request|email|document|sentence|message|part|prompt))?"),
        (0.6, r"\b(?:ignore|disregard)\b[^.!?\n]{0,12}\b(?:the |this )(?:resume|function|text|document|code|email|question|instructions?|rules)\b"),
        (0.6, r"\b(?:new|updated|real|actual|following) (?:instructions?|task|directives?|orders|objective|prompt)\b ?(?::|is\b|are\b)"),
        (0.4, r"\b(?:actually|wait|no)[,:] (?:can|could|please|ignore|instead|forget|do|just|never)\b"),
        (1.0, r"\b(?:ignorier\w*|vergiss|vergessen sie|missachte\w*)\b.{0,40}\b(?:anweisung|instruktion|regel|vorgabe|befehl|prompt|obige|bisherige|vorherige)\w*"),
        (1.0, r"\b(?:ignore[rz]?|oublie[rz]?)\b.{0,40}\b(?:instruction|consigne|directive|règle|ordre|précédent)\w*"),
        (1.0, r"\b(?:ignora|olvida|omite|ignore|olvide)\w*\b.{0,40}\b(?:instrucci(?:ó|o)n|instrucciones|indicaciones|órdenes|reglas|anterior)\w*"),
        (1.0, r"\b(?:ignora|dimentica|trascura)\w*\b.{0,40}\b(?:istruzion|regol|ordin|indicazion|precedent)\w*"),
        (1.0, r"\b(?:ignore|esqueça|desconsidere)\b.{0,40}\b(?:instruç|regra|orden|anterior)\w*"),
        (1.0, r"(?:игнорируй|игнорировать|забудь|проигнорируй)\S*.{0,40}(?:инструкци|указани|правил|предыдущ|команд)"),
        (1.0, r"(?:忽略|无视|忘记|忘掉|不要理会|無視|忽視).{0,16}(?:指令|指示|说明|說明|规则|規則|提示|命令|要求|内容|以上|之前|上述)"),
        (1.0, r"(?:指示|命令|指令|ルール|プロンプト|これまで|上記|以前).{0,12}(?:無視|忘れ)|^無視して|[。'\x22]\s*無視して"),
        (1.0, r"(?:지시|명령|규칙|프롬프트).{0,12}(?:무시|잊)"),
        (1.0, r"(?:تجاهل|انس).{0,30}(?:التعليمات|الأوامر|السابقة)|(?:निर्देश|आदेश).{0,20}(?:अनदेखा|भूल)|\b(?:negeer|vergeet)\b.{0,30}\binstructies\b|\b(?:zignoruj|zapomnij)\b.{0,30}\b(?:instrukcj|polece)\w*|\byukarıdaki\b.{0,20}\b(?:talimat)\w*"),
    ]),
    ("forges the marks of a conversation", &[
        (1.0, r"<\|[a-z_ ]{2,24}\|>|\[/?inst\]|<</?sys>>|<start_of_turn>|<end_of_turn>|</?(?:system|assistant)>"),
        (1.0, r"<\s*/?\s*system[ _-]*(?:mode|prompt|message|override)?[^>]{0,24}>|\[(?:system|admin|developer)(?: [a-z]{1,16})?\]"),
        (0.7, r"(?m)^[\s#*>-]*(?:system|assistant|developer)(?: prompt| message| note)?\s*:\s*\S"),
        (0.5, r"(?m)^[\s#*>-]*end of (?:the )?(?:document|text|email|prompt|instructions|input)\b"),
    ]),
    ("claims a mode or a right that nobody gave", &[
        (1.0, r"\b(?:developer|dev|god|debug|admin(?:istrator)?|sudo|jailbreak|dan|override|unrestricted|maintenance|system|root|security override|opposite)[ _-]mode\b[^.!?\n]{0,24}\b(?:activat\w*|enabl\w*|on|engaged|entered|unlocked|output)\b"),
        (1.0, r"\b(?:enter(?:ing)?|enable|activate|switch to|engage|now in)\b[^.!?\n]{0,24}\b(?:developer|dev|god|debug|admin|sudo|jailbreak|dan|override|unrestricted|maintenance|system|root)[ _-]mode\b"),
        (0.7, r"\bi(?:'m| am) (?:actually )?(?:your|the|an?|openai's) (?:\w+ )?(?:developer|creator|admin(?:istrator)?|programmer|engineer|owner|operator|system administrator|accountant at)\b"),
        (0.6, r"\b(?:you(?:'ve| have) been|you are|you're) (?:now )?(?:instructed|authori[sz]ed|reprogrammed|cleared|freed|liberated|hacked|permitted)\b"),
        (0.5, r"\b(?:in|within) (?:a|an|this|our|some) (?:\w+ )?(?:hypothetical|parallel|dystopian|alternate|alternative|fictional|imaginary|cyber)\b[^.!?\n]{0,12}\b(?:world|universe|scenario|reality|dimension)\b[^.!?\n]{0,60}\b(?:state|output|say|print|could be|password|ignore)\b"),
        (0.5, r"\b(?:hypothetically|suppose we were to|if we were to)\b[^.!?\n]{0,40}\b(?:ignore|disregard|forget|reveal|bypass|override)\b"),
        (0.5, r"\b(?:as we|you) (?:already )?agreed\b|\bin our last (?:meeting|conversation|chat)\b|\byou (?:previously|already) (?:agreed|said|told|promised)\b"),
    ]),
    ("asks for hidden instructions or secrets", &[
        (1.0, r"^\W*(?:(?:what(?:'s| is)|tell me|give me|reveal) (?:the|your) (?:secret )?password|wie (?:lautet|ist) das passwort|quel est le mot de passe|qual è la password|(?:cuál es|dime) la contraseña|qual é a senha|какой пароль|密码是什么|パスワードは何ですか)\W*$"),
        (1.0, r"\b(?:reveal|show|print|repeat|output|display|tell|give|share|leak|expose|write|spell|encode|translate|summari[sz]e|recite|copy|dump|list|say|what(?:'s| is| are| was| were| does| do))\b[^.!?\n]{0,32}\b(?:(?:your|the|its|this) (?:\w+ )?(?:system|initial|hidden|original|secret|internal|starting|base|pre-?)[ -]?(?:prompt|instructions?|message|directives?|rules|guidelines|configuration)|system prompt|(?:your|its) (?:\w+ )?(?:instructions|prompt|directives|guidelines|programming|password|secret(?:s| key| code| word)?|api key|passphrase|credentials))\b"),
        (1.0, r"\b(?:reveal|print|tell|give|share|leak|spell|encode|what(?:'s| is)|repeat|guess|say|write)\b[^.!?\n]{0,24}\b(?:the|a) (?:secret|hidden|confidential) (?:key|code|word|password|phrase|passphrase|message|information|token|flag)\b"),
        (0.6, r"\b(?:what(?:'s| is)|tell me|give me|reveal|print|spell|encode|write(?: down)?|output|say|repeat|share|provide|poem about|song about|describe)\b[^.!?\n]{0,24}\b(?:the|your) (?:\w+'s )?(?:password|passwort|passcode|secret|secret key|social security number|credit card)\b(?: (?:in|with|using|backwards|as|letter|one|starting|but|is)\b|\?|\.|$)"),
        (0.6, r"\b(?:hint|clue|first letter|last letter|letter by letter|starts? with|rhymes? with|synonyms?|characters?|leet ?speak|backwards|reversed?|rot13|base64|hexadecimal|morse|acrostic|poem|encrypt\w*)\b[^.!?\n]{0,60}\b(?:the |your )(?:password|passcode|secret(?: key| word| code)?|key phrase)\b"),
        (0.6, r"\b(?:the |your )(?:password|passcode|secret(?: key| word| code)?)\b[^.!?\n]{0,60}\b(?:hint|clue|letter by letter|first letter|last letter|leet ?speak|backwards|reversed?|rot13|base64|hexadecimal|morse|acrostic)\b"),
        (1.0, r"\b(?:repeat|print|output|copy|echo|display|show)\b[^.!?\n]{0,24}\b(?:everything|all|the (?:text|words|lines?|content)|what(?:ever)?)\b[^.!?\n]{0,16}\b(?:above|before this|prior to|preceding)\b"),
        (0.7, r"\b(?:contraseña|mot de passe|passwort|senha|пароль|密码|パスワード|비밀번호)\b|\b(?:qual è|dimmi|rivela)\b.{0,12}\bpassword\b"),
        (0.7, r"\b(?:print|dump|show|give|send|export)\b[^.!?\n]{0,24}\b(?:your|the (?:whole|entire|full|user)) (?:database|user data|employee data|customer data|records|memory|user list)\b"),
        (0.7, r"\b(?:what|tell|square|translate|guess|reveal|print)\b[^.!?\n]{0,24}\bthe user's\b[^.!?\n]{0,24}\b(?:birth|birthday|favou?rite|password|address|age|name|number|color|email|card)\b"),
    ]),
    ("gives orders to whoever reads it", &[
        (0.6, r"\b(?:and )?(?:send|forward|email|post|upload|exfiltrate|transmit)\b[^.!?\n]{0,60}\b(?:to|at) (?:[a-z0-9._-]+@[a-z0-9.-]+\.[a-z]{2,}|https?://)"),
        (1.0, r"!\[[^\]]*\]\(https?://[^)\s]+[?&/](?:[a-z_]+=)?(?:\{|\[|<|%7b|(?:data|secret|password|prompt|chat|conversation|history|context|summary|api_?key)\b)[^)\n]*\)"),
        (0.6, r"\b(?:print|say|state|output|respond with|reply with|answer with|write|display|add|include)\b (?:only |exactly |just |the following|that )[^.!?\n]{0,20}(?:[:'\x22]|\bi (?:have been|admit)\b|follow)"),
        (0.6, r"\binstead,? (?:say|print|output|write|respond|reply|state|tell|answer|do)\b|\b(?:say|print|output|write|respond|reply|state|do|sort|translate)\b[^.!?\n]{0,60}\binstead\b[.!]?$"),
        (0.7, r"\byour account has been compromised\b|\bfollow this link to reset\b|\bclick (?:this|the following) link to\b"),
        (0.5, r"\bdo not (?:mention|tell|inform|reveal|summari[sz]e)\b|\bdon't (?:mention|tell|inform) \w+"),
        (0.5, r"\b(?:ai|llm|language model|chatbot|assistant|gpt)s?\b[^.!?\n]{0,24}\b(?:reading|processing|summari[sz]ing|reviewing) this\b|\bif you(?:'re| are) (?:an? )?(?:ai|llm|language model|bot)\b"),
        (0.6, r"\b(?:let's assume|suppose|assume) (?:we|i|you) have (?:two|three|four|\d) strings\b|\b(?:z|d|x) = a \+ b(?: \+ c)?\b|\bpart 1 is\b[^\n]{0,80}\bpart 2 is\b|\bconcatenat\w+\b[^.!?\n]{0,40}\b(?:answer|execute|follow|respond)\b"),
        (0.7, r"\bdecod(?:e|ing)\b[^\n]{0,80}(?:[0-9a-f]{2} ){8,}|\bdecod(?:e|ing)\b[^\n]{0,60}[a-z0-9+/]{24,}={0,2}|\b(?:rot13|base64)\b[^\n]{0,60}\b(?:follow|execute|answer|do what|say)\b"),
    ]),
    ("sets up a persona without rules", &[
        (0.5, r"\bjailbreak\w*"),
        (0.4, r"\b(?:you are|you're|you will be|you become|you act) now\b|\bnow you (?:are|act|become|will)\b|\btoday you (?:will )?become\b"),
        (1.0, r"\bdo anything now\b|\bjailbroken\b|\bevil (?:confidant|trusted confidant|bot|ai)\b|\bstay in (?:dan|developer mode)\b|\bstay a dan\b"),
        (0.6, r"\bfrom (?:now|this point|here) (?:on|onwards?|forward)?,? ?(?:you|your|act|i want you|i will|respond|answer)\b|\bfor now on\b"),
        (0.5, r"\b(?:you (?:are|will|must|shall|should|are going to|are about to|'re going to)(?: now)?|i want you to|i need you to|please|now) (?:be |to )?(?:act(?:ing)? as|act like|pretend|role ?-?play(?:ing)?|simulat\w+|immerse|impersonat\w+|play(?:ing)? (?:as|the role|\d|two)|take on the (?:role|persona)|behave as|embody)\b|^(?:act as|pretend|role ?play|simulate|imagine you are)\b"),
        (0.4, r"\bchat ?gpt\b|\bopen ?ai\b|\b[a-z]+gpt\b|\bdan\b|\blanguage model\b"),
        (0.4, r"\b(?:unfiltered|uncensored|unrestricted|amoral|unhinged|unbound|no filters?|without (?:any )?(?:filters?|censorship|restrictions?|limitations?|remorse|hesitation|regards?))\b"),
        (0.4, r"\b(?:unethical|immoral|illegal)\b"),
        (0.5, r"\b(?:no|without|not have(?: to)?|doesn't have|does not have|ignores?|disregards?|free (?:of|from)|freed from|broken free|break free|bypass\w*|not bound by|isn't bound by|not bound|opposite of|doesn't follow|not follow|lacks?)\b[^.!?\n]{0,40}\b(?:rules?|restrictions?|limitations?|limits|guidelines|ethic\w*|moral\w*|polic(?:y|ies)|filters?|censorship|confines|constraints|boundaries|principles|laws?|legality)\b"),
        (0.5, r"\b(?:never|cannot|can't|can not|must not|will not|won't|don't|do not)\b[^.!?\n]{0,16}\b(?:refus\w*|say no|reject|decline|apologi[sz]e|break character|warn\w*|censor\w*|deny)\b"),
        (0.3, r"\bdisclaimers?\b|\bethical (?:guidelines|concerns|considerations|constraints|settings|standards)\b|\bcontent polic\w+|\bwarnings?\b|\bsafety (?:protocols|measures|guidelines|filters)\b|\bstay in character\b|\bin character\b|\bas an ai\b|\bcomply\b|\bobey\b"),
        (0.4, r"\banswer(?:s|ed)? (?:any|every|all)\b[^.!?\n]{0,16}\b(?:questions?|requests?|prompts?)\b|\b(?:two|both|2) (?:different |separate )?(?:ways|responses|answers|styles|paragraphs|outputs)\b|\btokens?\b[^.!?\n]{0,40}\b(?:deduct\w*|lose|lost|die)\b"),
        (0.4, r"\byou (?:are|will) (?:now |always )?(?:called|named|known as|an ai)\b|\bnamed? [a-z]+(?:gpt|bot)\b|\byour (?:new )?(?:name|role|persona|character) is\b|\b(?:my|your) first (?:prompt|question|request|task)\b"),
        (0.4, r"\{(?:\{)?[^{}\n]{1,40}\}|\[(?:insert|your|prompt|answer|response|a )[^\]\n]{0,60}\]|\b[a-z]+: ?[\[(](?:the |a |your )?[^\])\n]{3,80}[\])]"),
    ]),
];
