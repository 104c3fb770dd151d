//! The providers' own Python clients: they ask our test servers for the same thing in the same words,
//! and read the same answer out of them. So neither our clients nor our servers are right by their own
//! word alone.

use crate::program::{Program, SYSTEM};
use crate::protocol::{ALL, End, Protocol, Said, USED};
use crate::python;
use crate::server::{Act, Asked, Server, serve};
use flow_plan::{Role, Tokens, Type, Value};
use flow_runtime::provider::{Message, Request};
use serde_json::{Value as Json, json};

const QUESTION: &str = "Say \"hi\" 🙂.";
const PICTURE: &str = "data:image/png;base64,iVBORw0KGgo=";

// The client of a protocol's provider, where it has one.
fn client(protocol: &dyn Protocol, asked: &Asked) -> Option<&'static str> {
    Some(match protocol.provider() {
        "openai" => "openai",
        "azure" if !asked.query.is_empty() => "azure",
        "openai-responses" => "responses",
        "anthropic" => "anthropic",
        "google" => "google",
        "bedrock" if asked.headers.contains_key("x-amz-date") => "bedrock",
        "mistral" => "mistral",
        "cohere" => "cohere",
        "ollama" => "ollama",
        _ => return None,
    })
}

struct Run {
    protocol: &'static dyn Protocol,
    client: &'static str,
    said: Said,
    ours: Asked,
    theirs: Server,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn their_clients_ask_and_read_as_ours_do() {
    let (mut runs, mut told) = (Vec::new(), Vec::new());
    for protocol in ALL.iter().copied() {
        for flow in ["ask", "answer", "look"] {
            for stream in [true, false] {
                let pieces = match flow {
                    "answer" => vec!["{\"reply\": ", "\"Hi 🙂\", ", "\"sure\": true}"],
                    _ => vec!["Hi", " \"you\" 🙂"],
                };
                let said = Said { pieces, typed: flow == "answer", end: End::Done };
                let ours = asked(protocol, flow, (&said, stream)).await;
                let Some(client) = client(protocol, &ours) else { continue };
                let theirs = serve(protocol, Act::Say(said.clone())).await;
                let images = if flow == "look" { vec![PICTURE] } else { vec![] };
                told.push(json!({
                    "client": client, "url": theirs.url, "stream": stream, "images": images,
                    "system": SYSTEM, "user": format!("<question> is\n{QUESTION} </question>"),
                    "schema": schema(&ours.body), "name": "decide",
                }));
                runs.push(Run { protocol, client, said, ours, theirs });
            }
        }
    }
    let answers = tokio::task::spawn_blocking(move || python::clients(&Json::Array(told))).await.unwrap();
    assert_eq!(runs.len(), 9 * 6, "every client, every flow, streamed and not");
    for (run, answer) in runs.iter().zip(answers.as_array().unwrap()) {
        let name = run.client;
        assert_eq!(answer.get("error"), None, "{name} cannot read our server");
        let text = answer["text"].as_str().unwrap();
        match run.said.typed {
            true => assert_eq!(
                serde_json::from_str::<Json>(text).unwrap(),
                json!({"reply": "Hi 🙂", "sure": true}),
                "{name}"
            ),
            false => assert_eq!(text, run.said.pieces.concat(), "{name}"),
        }
        let used = (answer["input"].as_f64().unwrap() as u64, answer["output"].as_f64().unwrap() as u64);
        assert_eq!(used, (USED.input, USED.output), "{name}");
        if run.protocol.tells().0 {
            assert_eq!(answer["cached"].as_f64().unwrap() as u64, USED.cached, "{name}");
        }
        let theirs = &run.theirs.asked()[0];
        assert_eq!((&theirs.path, &theirs.query), (&run.ours.path, &run.ours.query), "{name}");
        assert_eq!(
            normal(name, &theirs.body),
            normal(name, &run.ours.body),
            "{name}: their request and ours"
        );
    }
}

// What our client asks.
async fn asked(protocol: &'static dyn Protocol, flow: &str, (said, stream): (&Said, bool)) -> Asked {
    let server = serve(protocol, Act::Say(said.clone())).await;
    let mut inputs = vec![Value::text(QUESTION)];
    if flow == "look" {
        inputs.push(Value::Image(PICTURE.into()));
    }
    let (report, _) = Program::on(protocol, &server.url).run(flow, inputs, stream).await;
    assert_eq!(report.error, None, "{}", protocol.provider());
    server.asked().remove(0)
}

fn schema(body: &Json) -> Json {
    let places = [
        &body["response_format"]["json_schema"]["schema"],
        &body["response_format"]["json_schema"],
        &body["text"]["format"]["schema"],
        &body["tools"][0]["input_schema"],
        &body["generationConfig"]["responseJsonSchema"],
        &body["toolConfig"]["tools"][0]["toolSpec"]["inputSchema"]["json"],
        &body["format"],
    ];
    places.into_iter().find(|place| !place.is_null()).cloned().unwrap_or_default()
}

// What may differ: fields that say nothing, and what a client says that is so without its saying it.
fn normal(client: &str, body: &Json) -> Json {
    fn tidy(json: &Json) -> Json {
        match json {
            Json::Object(map) => {
                let said = map.iter().filter(|(_, v)| !v.is_null());
                // Google takes names in either way.
                said.map(|(k, v)| (k.replace("mime_type", "mimeType"), tidy(v))).collect()
            }
            Json::Array(items) => items.iter().map(tidy).collect(),
            // 0 and 0.0 are one number.
            Json::Number(number) => json!(number.as_f64()),
            other => other.clone(),
        }
    }
    let mut body = tidy(body);
    let map = body.as_object_mut().unwrap();
    match client {
        // Not streaming is what happens unless it is asked for.
        "openai" | "azure" | "responses" | "mistral" => {
            map.entry("stream").or_insert(json!(false));
        }
        "ollama" => {
            map.remove("tools");
        }
        _ => {}
    }
    body
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn botocore_signs_a_request_as_we_do() {
    let signed: &'static dyn Protocol = ALL
        .iter()
        .copied()
        .find(|p| p.variables("").iter().any(|(name, _)| *name == "AWS_SECRET_ACCESS_KEY"))
        .unwrap();
    let said = Said { pieces: vec!["Hi"], typed: false, end: End::Done };
    let server = serve(signed, Act::Say(said)).await;
    let program = Program::on(signed, &server.url);
    let mut model = program.plan.models[0].clone();
    // Colons and slashes are escaped, and in what is signed once more.
    model.model = "arn:aws:bedrock:eu-central-1:1:inference-profile/eu.anthropic.claude-v1:0".into();
    let request = Request {
        room: None,
        tools: None,
        model: &model,
        prompt: "say",
        messages: vec![Message { role: Role::User, text: "Say \"hi\" 🙂.".into(), images: vec![] }],
        fixed: 0,
        output: &Type::TEXT,
        measure: &flow_tokens::BYTES,
        input: Tokens(100),
        max_output: Tokens(64),
        stream: false,
    };
    program.provider().call(&program.context, &request, &mut |_| {}).await.unwrap();
    let asked = server.asked().remove(0);
    let headers: serde_json::Map<String, Json> = asked
        .headers
        .iter()
        .map(|(name, value)| (name.to_string(), value.to_str().unwrap().into()))
        .collect();
    let told = json!([{
        "client": "signature", "url": format!("{}{}", server.url, asked.path), "headers": headers,
        "body": String::from_utf8(asked.raw).unwrap(),
    }]);
    let answers = tokio::task::spawn_blocking(move || python::clients(&told)).await.unwrap();
    assert_eq!(answers[0].get("error"), None);
    let ours = asked.headers["authorization"].to_str().unwrap().rsplit_once("Signature=").unwrap().1;
    assert_eq!(answers[0]["text"], ours);
}
