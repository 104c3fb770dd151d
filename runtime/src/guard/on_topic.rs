//! `on_topic(value, topics)`: a text must have to do with given matters.
//!
//! By words, not by sense: it passes what shares a telling word with a topic. Other words for the same
//! are not known, so the topics should name what people say; a judge knows more, and costs a call.

use super::{Guard, Verdict, texts};
use crate::words::stems;
use crate::{Context, RunError};
use async_trait::async_trait;
use flow_plan::{CapabilityKind, CapabilitySpec, ParamSpec, TypeSpec, Value};
use std::collections::HashSet;

/// The matter of a text.
#[derive(Debug)]
pub(super) struct OnTopic;

const SPEC: CapabilitySpec = CapabilitySpec {
    kind: CapabilityKind::Guard,
    name: "on_topic",
    params: &[
        ParamSpec {
            name: "value",
            ty: TypeSpec::Any,
            required: true,
            doc: "What is looked through, however deep: all its texts as one.",
        },
        ParamSpec {
            name: "topics",
            ty: TypeSpec::Any,
            required: true,
            doc: "The matters: texts with the words that people use for them.",
        },
    ],
    returns: TypeSpec::First,
    doc: "Fails where a text shares no telling word with the topics. \
          Endings do not count: `returning` has to do with `returns`. \
          A text without telling words (a greeting) passes. \
          It goes by words alone: name what people say, or let `about` of `std.judges` look as well.",
    examples: &[
        "asked = on_topic(question, [\"returns refunds exchange\", \"shoes boots sizes\"]) else stop \"Ask me about shoes.\"",
    ],
    ..CapabilitySpec::BASE
};

#[async_trait]
impl Guard for OnTopic {
    fn spec(&self) -> &'static CapabilitySpec {
        &SPEC
    }

    async fn check(&self, _context: &Context, args: &[Value]) -> Result<Verdict, RunError> {
        let all = |at: usize| args.get(at).map(texts::texts).unwrap_or_default().join("\n");
        let topics: HashSet<String> = stems(&all(1)).into_iter().collect();
        let greetings = stems(GREETINGS);
        let telling: Vec<String> = stems(&all(0)).into_iter().filter(|s| !greetings.contains(s)).collect();
        Ok(match telling.is_empty() || telling.iter().any(|stem| topics.contains(stem)) {
            true => Verdict::Pass,
            false => Verdict::Fail("it has no word in common with the topics".to_owned()),
        })
    }
}

// Words that say nothing of any matter.
const GREETINGS: &str = "hello hi hey thank thanks please good morning afternoon evening dear bye";

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a failing test should panic")]

    use super::*;
    use crate::Environment;
    use futures::FutureExt;

    #[test]
    fn a_text_needs_a_word_of_a_topic() {
        let topics =
            Value::List(["returns refunds exchange", "shoes boots sizes"].map(Value::text).to_vec().into());
        for (text, passes) in [
            ("How long may I keep my boots?", true),
            ("I am returning them", true),
            ("Hello, good morning!", true),
            ("", true),
            ("Write a poem about the moon.", false),
            ("Which party should I vote for?", false),
        ] {
            let context = Context::new(Environment::default(), ".", ".flow");
            let verdict = OnTopic.check(&context, &[Value::text(text), topics.clone()]).now_or_never();
            assert_eq!(verdict.unwrap().unwrap() == Verdict::Pass, passes, "{text}");
        }
    }
}
