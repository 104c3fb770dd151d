//! The kinds of personal data, and which of them a guard is to look for.

use flow_plan::{Names, ParamSpec, TypeSpec, Value};

/// A kind of personal data.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::guard) enum Kind {
    Email,
    Iban,
    Card,
    Ssn,
    NationalNumber,
    Ip,
    Phone,
    BirthDate,
    Person,
    Address,
}

const ALL: [Kind; 10] = [
    Kind::Email,
    Kind::Iban,
    Kind::Card,
    Kind::Ssn,
    Kind::NationalNumber,
    Kind::Ip,
    Kind::Phone,
    Kind::BirthDate,
    Kind::Person,
    Kind::Address,
];

impl Kind {
    // As a program names it.
    fn name(self) -> &'static str {
        NAMES.known[self as usize]
    }

    /// What stands for a datum of this kind.
    pub(in crate::guard) fn placeholder(self) -> &'static str {
        match self {
            Kind::Email => "[email]",
            Kind::Iban => "[iban]",
            Kind::Card => "[card]",
            Kind::Ssn => "[ssn]",
            Kind::NationalNumber => "[national id]",
            Kind::Ip => "[ip]",
            Kind::Phone => "[phone]",
            Kind::BirthDate => "[date of birth]",
            Kind::Person => "[person]",
            Kind::Address => "[address]",
        }
    }

    /// What a datum of this kind is called in a sentence.
    pub(in crate::guard) fn shown(self) -> &'static str {
        match self {
            Kind::Email => "an e-mail address",
            Kind::Iban => "an IBAN",
            Kind::Card => "a card number",
            Kind::Ssn => "a social security number",
            Kind::NationalNumber => "a national number",
            Kind::Ip => "an IP address",
            Kind::Phone => "a phone number",
            Kind::BirthDate => "a date of birth",
            Kind::Person => "a name",
            Kind::Address => "a street address",
        }
    }
}

// In the order of the kinds; the first ones can be told by their shape.
const KNOWN: [&str; 10] =
    ["email", "iban", "card", "ssn", "national_id", "ip", "phone", "date_of_birth", "person", "address"];

const NAMES: Names = Names { of: "kind of personal data", known: &KNOWN, clearing: KNOWN.split_at(8).0 };

/// The parameter that says which kinds are looked for.
pub(in crate::guard) const KINDS: ParamSpec = ParamSpec {
    name: "kinds",
    ty: TypeSpec::Names(&NAMES),
    required: false,
    doc: "Which kinds to look for, written out: `\"email\"`, `\"iban\"`, `\"card\"`, `\"ssn\"`, \
          `\"national_id\"`, `\"ip\"`, `\"phone\"` and `\"date_of_birth\"`, which can be told by their shape \
          and are looked for unless something else is said; `\"person\"` and `\"address\"`, which are known by \
          the words around them; `\"all\"` of these. Where one of the first eight is left out, what passes \
          stays private.",
};

/// Which kinds are looked for.
#[derive(Clone, Copy, Debug)]
pub(in crate::guard) struct Kinds(u16);

impl Kinds {
    /// All of them.
    pub(in crate::guard) const ALL: Kinds = Kinds(u16::MAX);

    /// Those that are named; without names, all that can be told by their shape.
    pub(in crate::guard) fn of(named: Option<&Value>) -> Kinds {
        let Some(Value::List(named)) = named else { return Kinds::named(NAMES.clearing) };
        let named: Vec<&str> = named.iter().filter_map(Value::as_text).collect();
        if named.contains(&Names::ALL) { Kinds::ALL } else { Kinds::named(&named) }
    }

    fn named(names: &[&str]) -> Kinds {
        Kinds::those(|kind| names.contains(&kind.name()))
    }

    /// Those of which a numbered placeholder stands in a text: `[email 1]`.
    pub(in crate::guard) fn placed(texts: &[String]) -> Kinds {
        Kinds::those(|kind| {
            let place = kind.placeholder().replace(']', " ");
            texts.iter().any(|text| text.contains(&place))
        })
    }

    fn those(are: impl Fn(Kind) -> bool) -> Kinds {
        Kinds(ALL.iter().filter(|kind| are(**kind)).fold(0, |all, kind| all | 1 << *kind as u16))
    }

    /// Whether this kind is looked for.
    pub(in crate::guard) fn has(self, kind: Kind) -> bool {
        self.0 >> (kind as u16) & 1 == 1
    }
}
