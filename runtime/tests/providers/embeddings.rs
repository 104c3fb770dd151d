//! Embeddings: what each protocol is sent, and how its answers and errors are read.

use crate::model_server::{context, json, model, serve};
use flow_plan::Tokens;
use flow_runtime::provider::{
    Anthropic, Azure, CallErrorKind, Cohere, Google, Ollama, OpenAi, Provider, Sim, Texts,
};
use serde_json::{Value as Json, json as value};

const KEYS: [(&str, &str); 5] = [
    ("OPENAI_API_KEY", "sk-test-123456789"),
    ("AZURE_OPENAI_API_KEY", "sk-test-123456789"),
    ("CO_API_KEY", "sk-test-123456789"),
    ("GEMINI_API_KEY", "sk-test-123456789"),
    ("MISTRAL_API_KEY", "sk-test-123456789"),
];

fn texts() -> Vec<String> {
    vec!["shoes".to_owned(), "socks".to_owned()]
}

struct Case {
    provider: Box<dyn Provider>,
    model: &'static str,
    path: &'static str,
    sent: Json,
    answer: Json,
    used: u64,
}

fn cases() -> Vec<Case> {
    let openai = |provider: OpenAi, model: &'static str, path: &'static str, sent: Json| Case {
        provider: Box::new(provider),
        model,
        path,
        sent,
        // Their order is said by `index`.
        answer: value!({"object": "list", "model": model, "data": [
            {"object": "embedding", "index": 1, "embedding": [0.0, 2.0]},
            {"object": "embedding", "index": 0, "embedding": [0.5, -1.5]},
        ], "usage": {"prompt_tokens": 9, "total_tokens": 9}}),
        used: 9,
    };
    let named = OpenAi::named().find(|p| p.spec().name == "mistral").unwrap();
    let plain = |model: &str| value!({"model": model, "input": ["shoes", "socks"]});
    let short = value!({"model": "text-embedding-3-small", "input": ["shoes", "socks"], "dimensions": 512});
    let google = |text: &str| {
        value!({"model": "models/gemini-embedding-001", "content": {"parts": [{"text": text}]},
            "taskType": "SEMANTIC_SIMILARITY", "outputDimensionality": 512})
    };
    let azure = openai(OpenAi::own(), "text-embedding-3-small", "/openai/v1/embeddings", short.clone());
    vec![
        openai(OpenAi::own(), "text-embedding-3-small", "/embeddings", short.clone()),
        openai(OpenAi::own(), "text-embedding-ada-002", "/embeddings", plain("text-embedding-ada-002")),
        openai(OpenAi::compatible(), "bge-small", "/embeddings", plain("bge-small")),
        openai(named, "mistral-embed", "/embeddings", plain("mistral-embed")),
        Case { provider: Box::new(Azure::default()), ..azure },
        Case {
            provider: Box::new(Cohere::default()),
            model: "embed-v4.0",
            path: "/v2/embed",
            sent: value!({"model": "embed-v4.0", "texts": ["shoes", "socks"], "input_type": "clustering",
                "embedding_types": ["float"], "truncate": "NONE", "output_dimension": 512}),
            answer: value!({"id": "e1", "embeddings": {"float": [[0.5, -1.5], [0.0, 2.0]]},
                "texts": ["shoes", "socks"], "meta": {"billed_units": {"input_tokens": 9.0}}}),
            used: 9,
        },
        Case {
            provider: Box::new(Google::default()),
            model: "gemini-embedding-001",
            path: "/v1beta/models/gemini-embedding-001:batchEmbedContents",
            sent: value!({"requests": [google("shoes"), google("socks")]}),
            // It tells no usage.
            answer: value!({"embeddings": [{"values": [0.5, -1.5]}, {"values": [0.0, 2.0]}]}),
            used: 0,
        },
        Case {
            provider: Box::new(Ollama::default()),
            model: "nomic-embed-text",
            path: "/api/embed",
            sent: value!({"model": "nomic-embed-text", "input": ["shoes", "socks"], "truncate": false,
                "options": {"num_ctx": 2048}}),
            answer: value!({"model": "nomic-embed-text", "embeddings": [[0.5, -1.5], [0.0, 2.0]],
                "total_duration": 1, "prompt_eval_count": 9}),
            used: 9,
        },
    ]
}

#[tokio::test]
async fn each_protocol_is_asked_for_vectors_and_gives_them() {
    for case in cases() {
        let Case { provider, model: name, path, sent, answer, used } = case;
        let what = format!("{}/{name}", provider.spec().name);
        assert!(provider.spec().embeds, "{what}");
        let server = serve(move || json(200, &answer)).await;
        let mut model = model(provider.spec().name, &server.url);
        (model.model, model.card.context) = (name.into(), Tokens(2048));
        let (texts, context) = (texts(), context(&KEYS));
        let request = Texts { model: &model, texts: &texts, input: Tokens(11) };
        let embedded = provider.embed(&context, &request).await.unwrap();
        assert_eq!(embedded.vectors, [vec![0.5, -1.5], vec![0.0, 2.0]], "{what}");
        assert_eq!(embedded.input, Tokens(used), "{what}");
        let asked = server.asked();
        assert_eq!((asked.path.as_str(), asked.body), (path, sent), "{what}");
        let key = ["authorization", "api-key", "x-goog-api-key"].iter().find_map(|h| asked.headers.get(*h));
        let has_key = key.is_some_and(|key| key.to_str().unwrap().ends_with("sk-test-123456789"));
        // To a server that the program names, a key of the environment is not sent unless it has one.
        assert_eq!(has_key, !matches!(provider.spec().name, "ollama" | "openai-compatible"), "{what}");
    }
}

#[tokio::test]
async fn what_is_no_vector_for_each_text_is_no_answer() {
    let bodies = [
        value!({"data": []}),
        value!({"data": [{"index": 0, "embedding": [1.0]}]}),
        value!({"data": [{"index": 0, "embedding": []}, {"index": 1, "embedding": [1.0]}]}),
        value!({"error": {"message": "out of vectors"}}),
        value!("nothing"),
    ];
    let (texts, context) = (texts(), context(&KEYS));
    for body in bodies {
        let shown = body.to_string();
        let server = serve(move || json(200, &body)).await;
        let model = model("openai", &server.url);
        let request = Texts { model: &model, texts: &texts, input: Tokens(11) };
        let error = OpenAi::own().embed(&context, &request).await.unwrap_err();
        assert_eq!(error.kind, CallErrorKind::Malformed, "{shown}: {error:?}");
    }
    let refused = value!({"error": {"message": "Incorrect API key provided: sk-test-123456789."}});
    let server = serve(move || json(401, &refused)).await;
    let model = model("openai", &server.url);
    let request = Texts { model: &model, texts: &texts, input: Tokens(11) };
    let error = OpenAi::own().embed(&context, &request).await.unwrap_err();
    assert_eq!(error.kind, CallErrorKind::Key);
    assert!(!error.message.contains("sk-test"), "{error:?}");
    let error = Anthropic::default().embed(&context, &request).await.unwrap_err();
    assert_eq!(error.kind, CallErrorKind::Rejected);
    let simulated = Sim::default().embed(&context, &request).await.unwrap();
    assert_eq!((simulated.vectors.len(), simulated.input), (2, Tokens(11)));
}
