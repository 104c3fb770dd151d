//! The registry of codes. A code is stable once released; its page explains it.

use crate::Severity;

/// What a code's page says, from `errors/<code>.md`.
#[derive(Clone, Copy, Debug)]
pub struct Page {
    /// The whole page in Markdown, with its wrong and right snippets.
    pub text: &'static str,
}

macro_rules! codes {
    ($($code:ident $title:literal,)*) => {
        /// A diagnostic's code, such as `flow::E0101`.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
        #[expect(missing_docs, reason = "the title beside each code in the table says it, and its page explains it")]
        pub enum Code { $($code,)* }

        impl Code {
            /// Every code, in order.
            pub const ALL: &'static [Code] = &[$(Code::$code,)*];

            /// The name other programs see: `flow::E0101`.
            pub fn name(self) -> &'static str {
                match self { $(Code::$code => concat!("flow::", stringify!($code)),)* }
            }

            /// What the code stands for, in a few words.
            pub fn title(self) -> &'static str {
                match self { $(Code::$code => $title,)* }
            }

            /// The page `flowc explain` prints.
            pub fn page(self) -> Page {
                match self {
                    $(Code::$code => Page {
                        text: include_str!(concat!("../errors/", stringify!($code), ".md")),
                    },)*
                }
            }
        }
    };
}

codes! {
    E0001 "syntax: this region is not understood",
    E0002 "not yet supported",
    E0101 "unknown name",
    E0102 "name defined twice",
    E0103 "import not found",
    E0104 "import cycle",
    E0201 "type mismatch",
    E0202 "unknown field",
    E0203 "wrong arguments",
    E0204 "unknown template name or field",
    E0205 "unknown filter or function",
    E0206 "unknown, missing or repeated setting",
    E0207 "`match` does not cover every value",
    E0301 "prompt can exceed the model's context window",
    E0302 "flow can exceed its budget",
    E0303 "unbounded value at an edge",
    E0304 "output type can exceed `max_output`",
    E0305 "flow can exceed its deadline",
    E0306 "unbounded loop",
    E0401 "unknown model, or a needed setting is missing",
    E0402 "model lacks an ability",
    E0403 "`else` or `fallback` that can never run",
    E0501 "untrusted text in system instructions",
    E0502 "untrusted text in an action",
    E0503 "private data to a model that is not cleared",
    E0504 "private data in a shared cache",
    E0505 "private data in an action that is not cleared",
    E0506 "untrusted text and private data leave together",
    E0601 "steps depend on one another in a circle",
    W0701 "unused declaration or step",
    W0702 "name style",
    W0703 "guard that can't fail",
    W0704 "cache on a step that never repeats",
    W0705 "changing text before fixed text in a prompt",
    W0706 "price of a model is old",
    W0707 "assumption of what is known anyway",
    E0801 "the run was refused",
    E0802 "a guard failed",
    E0803 "over budget",
    E0804 "over deadline",
    E0805 "the provider failed",
    E0806 "the output does not have its type",
    E0807 "a lookup failed",
    E0808 "a review failed",
    E0809 "the input does not have its type",
    E0810 "configuration",
    E0811 "an action failed",
    E0812 "interrupted",
    E0813 "a value cannot be computed",
    E0814 "an assumption does not hold",
    E0815 "a call is not on the cassette",
}

impl Code {
    /// Errors begin with E, warnings with W.
    pub fn severity(self) -> Severity {
        if self.short().starts_with('W') { Severity::Warning } else { Severity::Error }
    }

    /// The name without its prefix: `E0101`.
    pub fn short(self) -> &'static str {
        self.name().trim_start_matches("flow::")
    }

    /// The code of a name as people type it: `E0101`, `e0101` or `flow::E0101`.
    pub fn parse(name: &str) -> Option<Code> {
        let name = name.trim().trim_start_matches("flow::");
        Code::ALL.iter().copied().find(|c| c.short().eq_ignore_ascii_case(name))
    }
}
