//! Guards that the language names and this version does not have: each needs a model to be honest.

use flow_plan::{CapabilityKind, CapabilitySpec, TypeSpec};

/// Their specs: enough to say so.
pub const UNSUPPORTED: &[&CapabilitySpec] = &[
    &guard("toxicity", "Fails where a text is hurtful."),
    &guard("on_topic", "Fails where a text is not about a matter."),
    &guard("language", "Fails where a text is not in a language."),
    &guard("json_schema", "Fails where a value does not fit a JSON schema."),
    &guard("bias", "Fails where a text judges people by what they are."),
    &guard("copyright", "Fails where a text repeats a known work."),
];

const fn guard(name: &'static str, doc: &'static str) -> CapabilitySpec {
    CapabilitySpec {
        kind: CapabilityKind::Guard,
        name,
        doc,
        returns: TypeSpec::First,
        supported: false,
        ..CapabilitySpec::BASE
    }
}
