//! The forms of national numbers: how each is written, what it must satisfy, and what it is called.

use super::checks;

/// How a national number is written and told from others.
pub(super) struct Form {
    /// Shapes that nothing else has, together with the check; `shape_end` says how they are read.
    pub(super) sure: &'static [&'static str],
    /// Shapes that other numbers have too: a word must name them.
    pub(super) unsure: &'static [&'static str],
    pub(super) check: fn(&[u8]) -> bool,
    /// The number's names, in its country's language and English, as a pattern.
    pub(super) words: &'static str,
}

const fn form(
    (sure, unsure): (&'static [&'static str], &'static [&'static str]),
    check: fn(&[u8]) -> bool,
    words: &'static str,
) -> Form {
    Form { sure, unsure, check, words }
}

/// Those with signs of their own come first.
pub(super) const FORMS: [Form; 27] = [
    form(
        (&["AAAAAAXXAXXAXXXA", "AAA AAA XXAXX AXXXA"], &[]),
        checks::codice_fiscale,
        r"\bcodice fiscale\b|\bcod\.? ?fisc\b",
    ),
    form((&["AAAA999999AAAAAAX9"], &[]), checks::curp, r"\bcurp\b"),
    form(
        (&["99999999999999999X"], &["999999 99999999 999X"]),
        checks::chinese,
        r"身份证|身份證|公民身份|\b(?:id|identity) (?:card|number|no)|\bresident (?:id|identity)",
    ),
    form(
        (
            &[
                "999999X99999999",
                "9 99 99 9X 999 999 99",
                "9 99 99 9X 999 999 / 99",
                "9 99 99 9X 999 999-99",
                "9.99.99.9X.999.999.99",
                "9-99-99-9X-999-999-99",
                "999999X999999 99",
            ],
            &[],
        ),
        checks::nir,
        r"\bnir\b|s[ée]curit[ée] sociale|\bn[°o]? ?s[ée]cu\b|\bnum[ée]ro de s[ée]cu\b|\binsee\b|\bsocial security\b",
    ),
    form(
        (&["999.9999.9999.99", "999 9999 9999 99", "999-9999-9999-99"], &["9999999999999"]),
        checks::ahv,
        r"\bahv|\bavs\b|\bnavs\b|sozialversicherungsnummer|num[ée]ro avs|\bsocial (?:security|insurance)",
    ),
    form(
        (&["999.999.999-99"], &["99999999999", "999 999 999 99", "999999999-99"]),
        checks::cpf,
        r"\bcpf\b|cadastro de pessoas? f[ií]sicas?",
    ),
    form(
        (
            &["99.99.99-999.99"],
            &["99999999999", "99 99 99 999 99", "999999-999-99", "999999-999.99", "999999 999 99"],
        ),
        checks::belgian,
        r"rijksregister\w*|registre national|\bnum[ée]ro national|national (?:register |registry )?(?:number|no)\b|\bniss\b|\binsz\b|\bbis[- ]?n",
    ),
    form(
        (&[], &["9999999999999", "999999 9999 99 9", "999999 9999 999"]),
        checks::south_african,
        r"\b(?:sa|south african|rsa) id|\bidentity (?:number|no)|\bid (?:number|no)|\bidentiteitsnommer",
    ),
    form(
        (&[], &["AA 99 99 99 A", "AA999999A", "AA 999999 A", "AA-99-99-99-A"]),
        checks::nino,
        r"\bnational insurance|\bnino\b|\bn\.?i\.? ?(?:no|number|num)\b",
    ),
    form(
        (&["999999-999A", "999999+999A", "999999A999A"], &["999999-9999", "999999+9999", "999999A9999"]),
        checks::hetu,
        r"\bhetu\b|henkil[öo]tunnu\w*|\bpersonal identity code|\bpersonbeteckning",
    ),
    form(
        (
            &[],
            &[
                "99999999A",
                "99999999-A",
                "99999999 A",
                "99.999.999-A",
                "99.999.999A",
                "99.999.999 A",
                "A9999999A",
                "A-9999999-A",
                "A9999999-A",
            ],
        ),
        checks::dni,
        r"\bdni\b|\bnie\b|\bnif\b|documento nacional|n[úu]mero de identidad|identificaci[óo]n de extranjero|\bspanish id",
    ),
    form((&[], &["A9999999A"]), checks::nric, r"\bnric\b|\bfin\b|\bidentity card|\bic (?:no|number)"),
    form(
        (&[], &["AAAAA9999A"]),
        checks::pan,
        r"(?-i:\bPAN\b)|permanent account (?:number|no)|\bpan (?:card|no|number)",
    ),
    form((&[], &["999_999_9999"]), checks::nhs, r"\bnhs\b|national health service"),
    form(
        (&[], &["99999999999", "99 999 999 999", "99 999 999999"]),
        checks::steuer_id,
        r"\bsteuer-?(?:id\b|identifikations\w*|ident\w*|nummer)|\bidnr\b|\btin\b|\bidentifikationsnummer|\bgerman tax|\btax (?:id|identification)",
    ),
    form(
        (&[], &["999999999", "9999.99.999", "9999 99 999", "999 999 999", "999-999-999", "999.999.999"]),
        checks::bsn,
        r"\bbsn\b|burger ?service ?nummer|\bsofi-?nummer|citizen service number",
    ),
    form((&[], &["99999999999"]), checks::pesel, r"\bpesel\w*"),
    form(
        (
            &[],
            &[
                "999999-9999",
                "999999+9999",
                "99999999-9999",
                "9999999999",
                "999999999999",
                "999999 9999",
                "99999999 9999",
            ],
        ),
        checks::personnummer,
        r"personnummer|person-?nr\b|\bpersnr\b|samordningsnummer|personal identity number|swedish (?:id|personal)",
    ),
    form(
        (&[], &["999999-9999", "9999999999", "999999 9999"]),
        checks::cpr,
        r"(?-i:\bCPR[- ]?(?:[Nn]r|[Nn]ummer|[Nn]umber|[Nn]o)\b|\bCPR\b)|\bcpr-(?:nr|nummer)|central person register",
    ),
    form(
        (&[], &["999999999", "999 999 999", "999.999.999"]),
        checks::nif,
        r"(?-i:\bNIF\b)|\bnif\b|n[úu]mero de contribuinte|\bcontribuinte\b|n[úu]mero de identifica[çc][ãa]o fiscal|\bportuguese tax",
    ),
    form(
        (&[], &["999999999999", "9999 9999 9999", "9999-9999-9999"]),
        checks::aadhaar,
        r"\baadh?aar\b|\buidai\b|आधार",
    ),
    form(
        (&[], &["999999999", "999 999 999", "999-999-999"]),
        checks::sin,
        r"(?-i:\bSIN\b)|social insurance|assurance sociale|(?-i:\bNAS\b)",
    ),
    form((&[], &["999999999", "999 999 999", "999-999-999"]), checks::tfn, r"(?-i:\bTFN\b)|\btax file\b"),
    form(
        (
            &[],
            &[
                "9999999999",
                "9999 99999 9",
                "9999-99999-9",
                "99999999999",
                "9999 99999 9 9",
                "9999 99999 9/9",
                "9999 99999 9-9",
                "9999999999/9",
            ],
        ),
        checks::medicare,
        r"\bmedicare\b",
    ),
    form(
        (&[], &["999999-9999999", "9999999999999", "999999 9999999"]),
        checks::korean,
        r"주민등록번호|주민번호|(?-i:\bRRN\b)|resident registration",
    ),
    form(
        (&[], &["999999999999", "9999 9999 9999", "9999-9999-9999"]),
        checks::my_number,
        r"マイナンバー|個人番号|\bmy number|\bindividual number",
    ),
    form(
        (&[], &["99999999999", "999 999 999 99", "999 99 999 999"]),
        checks::tckn,
        r"\bt\.?c\.? ?kimlik|\btckn\b|kimlik (?:no|numara)|\bturkish id",
    ),
];
