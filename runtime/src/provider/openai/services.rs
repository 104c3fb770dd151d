//! Who speaks the chat completions protocol: one line each, with the little in which they differ.

use flow_plan::{CapabilityKind, CapabilitySpec, ParamSpec, Service, TypeSpec};

/// A service that speaks the protocol.
#[derive(Debug)]
pub(crate) struct Dialect {
    /// What it is called and how it is reached.
    pub(crate) spec: CapabilitySpec,
    /// What it calls the output cap: the protocol's newer name, or its older one.
    pub(crate) newer_cap: bool,
    /// Whether the seed is `random_seed` here.
    pub(crate) random_seed: bool,
    /// Whether it has to be told that a stream ends with its usage; the rest do so unasked, and may
    /// refuse a request that has more fields than they know.
    pub(crate) asks_usage: bool,
    /// Whether shorter vectors are asked for of the models that make them.
    pub(crate) shortens: bool,
    /// Whether an answer is held to a schema beside tools that may be called; most who speak the protocol
    /// refuse that, or call no tool then.
    pub(crate) both: bool,
    /// Whether it can be told to call one tool at a time.
    pub(crate) one_by_one: bool,
}

/// `openai/…`.
pub(super) static OPENAI: Dialect = Dialect {
    spec: spec(
        "openai",
        "OpenAI's models, over the chat completions protocol. \
         The key comes from OPENAI_API_KEY, the address from OPENAI_BASE_URL where it is set. \
         For the responses protocol write `openai-responses/…`.",
        &["model fast = \"openai/gpt-4o-mini\" { max_output: 600 tokens }"],
        Service {
            keys: &["OPENAI_API_KEY"],
            key_needed: true,
            bases: &["OPENAI_BASE_URL"],
            usual: Some("https://api.openai.com/v1"),
            models_of: None,
        },
    ),
    newer_cap: true,
    shortens: true,
    both: true,
    one_by_one: true,
    ..Dialect::BASE
};

/// `openai-compatible/…`.
pub(super) static COMPATIBLE: Dialect = Dialect {
    spec: spec(
        "openai-compatible",
        "Any server that speaks OpenAI's chat completions protocol: vLLM, llama.cpp, LM Studio, LiteLLM and others. \
         The address is the model's `base_url`, or OPENAI_BASE_URL. A key is sent where the model has an `api_key`; \
         OPENAI_API_KEY goes only to the server of OPENAI_BASE_URL.",
        &["model local = \"openai-compatible/llama-3.1-8b-instruct\" { base_url: env(\"VLLM_URL\") }"],
        Service {
            keys: &["OPENAI_API_KEY"],
            key_needed: false,
            bases: &["OPENAI_BASE_URL"],
            usual: None,
            models_of: None,
        },
    ),
    ..Dialect::BASE
};

/// Those that have a name of their own.
pub(super) static NAMED: &[Dialect] = &[
    Dialect {
        spec: spec(
            "mistral",
            "Mistral's models. The key comes from MISTRAL_API_KEY.",
            &["model fast = \"mistral/mistral-small-latest\" { max_output: 600 tokens }"],
            hosted(&["MISTRAL_API_KEY"], &["MISTRAL_BASE_URL"], "https://api.mistral.ai/v1"),
        ),
        random_seed: true,
        asks_usage: false,
        one_by_one: true,
        ..Dialect::BASE
    },
    Dialect {
        spec: spec(
            "groq",
            "Models that Groq hosts. The key comes from GROQ_API_KEY.",
            &["model fast = \"groq/openai/gpt-oss-20b\" { max_output: 600 tokens }"],
            hosted(&["GROQ_API_KEY"], &["GROQ_BASE_URL"], "https://api.groq.com/openai/v1"),
        ),
        one_by_one: true,
        newer_cap: true,
        ..Dialect::BASE
    },
    Dialect {
        spec: spec(
            "together",
            "Models that Together hosts. The key comes from TOGETHER_API_KEY.",
            &["model fast = \"together/openai/gpt-oss-120b\" { max_output: 600 tokens }"],
            hosted(&["TOGETHER_API_KEY"], &["TOGETHER_BASE_URL"], "https://api.together.xyz/v1"),
        ),
        ..Dialect::BASE
    },
    Dialect {
        spec: spec(
            "openrouter",
            "Models of many providers through OpenRouter. The key comes from OPENROUTER_API_KEY. \
             Its prices are not in the catalogue, so the model needs `context` and `price`.",
            &[
                "model fast = \"openrouter/qwen/qwen3-coder\" { context: 128k tokens, price: $0.30 in, $1.20 out }",
            ],
            hosted(&["OPENROUTER_API_KEY"], &["OPENROUTER_BASE_URL"], "https://openrouter.ai/api/v1"),
        ),
        ..Dialect::BASE
    },
    Dialect {
        spec: spec(
            "deepseek",
            "DeepSeek's models. The key comes from DEEPSEEK_API_KEY.",
            &["model fast = \"deepseek/deepseek-v4-flash\" { max_output: 600 tokens }"],
            hosted(&["DEEPSEEK_API_KEY"], &["DEEPSEEK_BASE_URL"], "https://api.deepseek.com/v1"),
        ),
        ..Dialect::BASE
    },
    Dialect {
        spec: spec(
            "xai",
            "xAI's models. The key comes from XAI_API_KEY.",
            &["model fast = \"xai/grok-4.5\" { max_output: 600 tokens }"],
            hosted(&["XAI_API_KEY"], &["XAI_BASE_URL"], "https://api.x.ai/v1"),
        ),
        newer_cap: true,
        ..Dialect::BASE
    },
    Dialect {
        spec: spec(
            "cerebras",
            "Models that Cerebras hosts. The key comes from CEREBRAS_API_KEY.",
            &["model fast = \"cerebras/gpt-oss-120b\" { max_output: 600 tokens }"],
            hosted(&["CEREBRAS_API_KEY"], &["CEREBRAS_BASE_URL"], "https://api.cerebras.ai/v1"),
        ),
        newer_cap: true,
        ..Dialect::BASE
    },
    Dialect {
        spec: spec(
            "qwen",
            "Alibaba's models, through Model Studio. The key comes from DASHSCOPE_API_KEY.",
            &["model fast = \"qwen/qwen-flash\" { max_output: 600 tokens }"],
            hosted(
                &["DASHSCOPE_API_KEY"],
                &["DASHSCOPE_BASE_URL"],
                "https://dashscope-intl.aliyuncs.com/compatible-mode/v1",
            ),
        ),
        ..Dialect::BASE
    },
];

/// The settings that the protocol has beside those of every model.
pub(crate) const PARAMS: &[ParamSpec] = &[
    ParamSpec {
        name: "base_url",
        ty: TypeSpec::Text,
        required: false,
        doc: "Where the provider answers, up to `/v1`.",
    },
    ParamSpec { name: "api_key", ty: TypeSpec::Text, required: false, doc: "The key, as `env(\"…\")`." },
    ParamSpec {
        name: "reasoning",
        ty: TypeSpec::Text,
        required: false,
        doc: "How much a reasoning model thinks: `low`, `medium`, `high`.",
    },
];

impl Dialect {
    /// The older protocol, as most servers speak it.
    pub(crate) const BASE: Dialect = Dialect {
        spec: CapabilitySpec::BASE,
        newer_cap: false,
        random_seed: false,
        asks_usage: true,
        shortens: false,
        both: false,
        one_by_one: false,
    };
}

const fn spec(
    name: &'static str,
    doc: &'static str,
    examples: &'static [&'static str],
    service: Service,
) -> CapabilitySpec {
    CapabilitySpec {
        kind: CapabilityKind::Provider,
        name,
        params: PARAMS,
        returns: TypeSpec::Declared,
        doc,
        examples,
        embeds: true,
        service: Some(service),
        ..CapabilitySpec::BASE
    }
}

const fn hosted(
    keys: &'static [&'static str],
    bases: &'static [&'static str],
    usual: &'static str,
) -> Service {
    Service { keys, key_needed: true, bases, usual: Some(usual), models_of: None }
}
