//! `language(value, is)`: texts must be in a language.
//!
//! Told by the trigrams and letters of the text, with `whatlang`, which knows 70 languages. A short
//! text may be of several languages: it fails only where its script is none of theirs. What has many of the
//! little words of its language needs no such look, and of a long text three pieces are enough.

use super::{Guard, Verdict, texts};
use crate::{Context, RunError};
use async_trait::async_trait;
use flow_diagnostics::Code;
use flow_plan::{CapabilityKind, CapabilitySpec, ParamSpec, TypeSpec, Value};
use std::borrow::Cow;
use whatlang::{Lang, detect};

mod little;

/// The language of a text.
#[derive(Debug)]
pub(super) struct Language;

const SPEC: CapabilitySpec = CapabilitySpec {
    kind: CapabilityKind::Guard,
    name: "language",
    params: &[
        ParamSpec {
            name: "value",
            ty: TypeSpec::Any,
            required: true,
            doc: "What is looked through, however deep: all its texts as one.",
        },
        ParamSpec {
            name: "is",
            ty: TypeSpec::Any,
            required: true,
            doc: "A language or a list of them, by code or English name: `\"de\"`, `[\"en\", \"French\"]`.",
        },
    ],
    returns: TypeSpec::First,
    doc: "Fails where a text is not in a language, and says which it seems to be in, and how sure that is. \
          70 languages are known. \
          A text that is too short to be sure of passes, unless it is in another script.",
    examples: &["checked = language(reply, \"de\") else retry 1"],
    ..CapabilitySpec::BASE
};

#[async_trait]
impl Guard for Language {
    fn spec(&self) -> &'static CapabilitySpec {
        &SPEC
    }

    async fn check(&self, _context: &Context, args: &[Value]) -> Result<Verdict, RunError> {
        let wanted = args.get(1).map(texts::texts).unwrap_or_default();
        let wanted = wanted.iter().map(|name| named(name)).collect::<Result<Vec<Lang>, _>>()?;
        let text = args.first().map(texts::texts).unwrap_or_default().join("\n");
        let pieces = pieces(&text);
        if little::is_plainly(&pieces, &wanted) {
            return Ok(Verdict::Pass);
        }
        let Some(found) = detect(&pieces) else { return Ok(Verdict::Pass) };
        let (lang, sure) = (found.lang(), found.confidence());
        let in_script = wanted.iter().any(|lang| found.script().langs().contains(lang));
        if wanted.contains(&lang) || in_script && !found.is_reliable() {
            return Ok(Verdict::Pass);
        }
        let names: Vec<&str> = wanted.iter().map(|lang| lang.eng_name()).collect();
        let names = names.join(" or ");
        Ok(Verdict::Fail(match found.is_reliable() {
            true => format!("it seems to be in {} (confidence {sure:.2}), not in {names}", lang.eng_name()),
            false => format!("it is in {} letters, not in {names}", found.script().name()),
        }))
    }
}

// The beginning, the middle and the end of a long text.
fn pieces(text: &str) -> Cow<'_, str> {
    if text.len() <= 4 * PIECE {
        return Cow::Borrowed(text);
    }
    let piece = |from: usize| {
        let from = text.ceil_char_boundary(from);
        &text[from..text.ceil_char_boundary(from + PIECE)]
    };
    let last = text.floor_char_boundary(text.len() - PIECE);
    Cow::Owned([piece(0), piece((text.len() - PIECE) / 2), &text[last..]].join(" "))
}

/// Bytes.
const PIECE: usize = 400;

fn named(name: &str) -> Result<Lang, RunError> {
    let wanted = name.trim();
    let short = SHORT.iter().find(|(short, _)| short.eq_ignore_ascii_case(wanted)).map(|(_, code)| *code);
    let by_name = || Lang::all().iter().copied().find(|l| l.eng_name().eq_ignore_ascii_case(wanted));
    Lang::from_code(short.unwrap_or(wanted)).or_else(by_name).ok_or_else(|| {
        RunError::new(Code::E0813, format!("`{name}` is no language that can be told"))
            .help("write its code or English name: `de`, `deu` or `German`")
    })
}

/// The codes of two letters (ISO 639-1) and of three (ISO 639-3) of the same languages.
const SHORT: &[(&str, &str)] = &[
    ("af", "afr"),
    ("ak", "aka"),
    ("am", "amh"),
    ("ar", "ara"),
    ("az", "aze"),
    ("be", "bel"),
    ("bg", "bul"),
    ("bn", "ben"),
    ("ca", "cat"),
    ("cs", "ces"),
    ("cy", "cym"),
    ("da", "dan"),
    ("de", "deu"),
    ("el", "ell"),
    ("en", "eng"),
    ("eo", "epo"),
    ("es", "spa"),
    ("et", "est"),
    ("fa", "pes"),
    ("fi", "fin"),
    ("fr", "fra"),
    ("gu", "guj"),
    ("he", "heb"),
    ("hi", "hin"),
    ("hr", "hrv"),
    ("hu", "hun"),
    ("hy", "hye"),
    ("id", "ind"),
    ("it", "ita"),
    ("ja", "jpn"),
    ("jv", "jav"),
    ("ka", "kat"),
    ("km", "khm"),
    ("kn", "kan"),
    ("ko", "kor"),
    ("la", "lat"),
    ("lt", "lit"),
    ("lv", "lav"),
    ("mk", "mkd"),
    ("ml", "mal"),
    ("mr", "mar"),
    ("my", "mya"),
    ("nb", "nob"),
    ("ne", "nep"),
    ("nl", "nld"),
    ("no", "nob"),
    ("or", "ori"),
    ("pa", "pan"),
    ("pl", "pol"),
    ("pt", "por"),
    ("ro", "ron"),
    ("ru", "rus"),
    ("si", "sin"),
    ("sk", "slk"),
    ("sl", "slv"),
    ("sn", "sna"),
    ("sr", "srp"),
    ("sv", "swe"),
    ("ta", "tam"),
    ("te", "tel"),
    ("th", "tha"),
    ("tk", "tuk"),
    ("tl", "tgl"),
    ("tr", "tur"),
    ("uk", "ukr"),
    ("ur", "urd"),
    ("uz", "uzb"),
    ("vi", "vie"),
    ("yi", "yid"),
    ("zh", "cmn"),
    ("zu", "zul"),
];

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a failing test should panic")]

    use super::*;
    use crate::Environment;
    use futures::FutureExt;

    fn check(text: &str, is: &str) -> Result<Verdict, RunError> {
        let context = Context::new(Environment::default(), ".", ".flow");
        Language.check(&context, &[Value::text(text), Value::text(is)]).now_or_never().unwrap()
    }

    #[test]
    fn a_text_in_another_language_fails_and_a_short_one_does_not() {
        let german = "Sie können die Schuhe innerhalb von dreißig Tagen nach der Lieferung zurückgeben.";
        assert_eq!(check(german, "de"), Ok(Verdict::Pass));
        assert_eq!(check(german, "German"), Ok(Verdict::Pass));
        let Ok(Verdict::Fail(reason)) = check(german, "en") else { panic!("it is German") };
        assert!(reason.starts_with("it seems to be in German"), "{reason}");
        assert_eq!(check("OK", "de"), Ok(Verdict::Pass));
        assert!(matches!(check("да", "de"), Ok(Verdict::Fail(_))));
        assert_eq!(check("", "de"), Ok(Verdict::Pass));
        assert!(check(german, "klingon").unwrap_err().message.contains("`klingon` is no language"));
    }

    #[test]
    fn a_long_text_is_known_by_its_pieces() {
        let german = "Die Brücke über den Fluß wurde im vorigen Jahr wieder geöffnet. ";
        let russian = "Мост через реку снова открыт. ";
        let long = [german.repeat(40), russian.to_owned(), german.repeat(40)].concat();
        assert_eq!(check(&long, "de"), Ok(Verdict::Pass));
        assert!(matches!(check(&long, "es"), Ok(Verdict::Fail(_))));
        assert!(matches!(check(&russian.repeat(100), "de"), Ok(Verdict::Fail(_))));
        assert!(pieces(&russian.repeat(100)).len() < 4 * PIECE);
    }

    #[test]
    fn every_short_code_is_known() {
        for (short, code) in SHORT {
            assert!(named(short).is_ok(), "{short} {code}");
        }
    }
}
