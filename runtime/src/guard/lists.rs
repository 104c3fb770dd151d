//! `competitors(value, names)` and `words(value, list)`: names and words that must not stand in a text.

use super::phrases::{find, phrases, replaced};
use super::texts::{self, VALUE};
use super::{Guard, Verdict};
use crate::{Context, RunError};
use async_trait::async_trait;
use flow_plan::{CapabilityKind, CapabilitySpec, ParamSpec, TypeSpec, Value};

/// A list of what must not stand in a text.
#[derive(Debug)]
pub(super) struct List {
    spec: &'static CapabilitySpec,
    placeholder: &'static str,
}

/// Names of others.
pub(super) const COMPETITORS: List = List {
    spec: &CapabilitySpec {
        kind: CapabilityKind::Guard,
        name: "competitors",
        params: &[VALUE, NAMES],
        returns: TypeSpec::First,
        doc: "Fails where a text names somebody of a list, and says whom. \
              Case, accents written apart and look-alike letters do not hide a name; a name inside another word is none. \
              `else redact` replaces each with `[competitor]`.",
        examples: &["checked = competitors(reply, [\"Acme\", \"Globex Corporation\"]) else redact"],
        can_redact: true,
        streams: true,
        ..CapabilitySpec::BASE
    },
    placeholder: "[competitor]",
};

/// Words of any kind.
pub(super) const WORDS: List = List {
    spec: &CapabilitySpec {
        kind: CapabilityKind::Guard,
        name: "words",
        params: &[VALUE, WORD_LIST],
        returns: TypeSpec::First,
        doc: "Fails where a text has a word or phrase of a list, and says which. \
              They are whole words, in any case; `refund*` stands for every word that begins so. \
              `else redact` replaces each with `[…]`.",
        examples: &["checked = words(reply, [\"guarantee*\", \"risk free\"]) else retry 1"],
        can_redact: true,
        streams: true,
        ..CapabilitySpec::BASE
    },
    placeholder: "[…]",
};

const NAMES: ParamSpec =
    ParamSpec { name: "names", ty: TypeSpec::List(&TypeSpec::Text), required: true, doc: "The names." };
const WORD_LIST: ParamSpec = ParamSpec {
    name: "list",
    ty: TypeSpec::List(&TypeSpec::Text),
    required: true,
    doc: "The words and phrases.",
};

#[async_trait]
impl Guard for List {
    fn spec(&self) -> &'static CapabilitySpec {
        self.spec
    }

    async fn check(&self, _context: &Context, args: &[Value]) -> Result<Verdict, RunError> {
        let phrases = phrases(args.get(1));
        let mut found: Vec<&str> = Vec::new();
        for text in args.first().map(texts::texts).unwrap_or_default() {
            for (_, phrase) in find(&text, &phrases) {
                if !found.contains(&phrase.written.as_str()) {
                    found.push(&phrase.written);
                }
            }
        }
        Ok(match found.is_empty() {
            true => Verdict::Pass,
            false => Verdict::Fail(format!("it has `{}`", found.join("`, `"))),
        })
    }

    fn redact(&self, args: &[Value]) -> Value {
        let phrases = phrases(args.get(1));
        let redacted =
            |text: &str| replaced(text, find(text, &phrases).into_iter().map(|(at, _)| at), self.placeholder);
        args.first().map(|value| texts::map(value, &redacted)).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a failing test should panic")]

    use super::*;
    use crate::Environment;
    use futures::FutureExt;

    #[test]
    fn names_are_found_as_words_of_their_own() {
        let names =
            Value::List(["Acme", "Globex Corporation", "refund*", "华为"].map(Value::text).to_vec().into());
        for (text, redacted) in [
            ("Buy it at ACME's shop.", "Buy it at [competitor] shop."),
            ("Аcme is cheaper", "[competitor] is cheaper"),
            ("the globex\ncorporation", "the [competitor]"),
            ("Globex alone, an acmeist", "Globex alone, an acmeist"),
            ("No refunds, refunding or fundraising", "No [competitor], [competitor] or fundraising"),
            ("我用华为手机", "我用[competitor]手机"),
        ] {
            let args = [Value::text(text), names.clone()];
            let context = Context::new(Environment::default(), ".", ".flow");
            let verdict = COMPETITORS.check(&context, &args).now_or_never().unwrap().unwrap();
            assert_eq!(verdict == Verdict::Pass, text == redacted, "{text}: {verdict:?}");
            assert_eq!(COMPETITORS.redact(&args), Value::text(redacted));
        }
    }

    #[test]
    fn what_nobody_sees_hides_no_word_and_a_sign_belongs_to_it() {
        let list = Value::List(["100 %", "C++", "guarantee*"].map(Value::text).to_vec().into());
        for (text, redacted) in [
            ("gua\u{200b}ran\u{ad}tees all", "[…] all"),
            ("It is 100% cotton, 100 % wool, 100 pieces", "It is […] cotton, […] wool, 100 pieces"),
            ("C++ and C, C#", "[…] and C, C#"),
        ] {
            assert_eq!(WORDS.redact(&[Value::text(text), list.clone()]), Value::text(redacted));
        }
    }
}
