//! Measures what a call of a model costs on this side: many calls of the `openai-compatible` provider
//! against a server in a process of its own that answers at once.
//!
//! `measure_calls [CALLS] [AT_ONCE] [stream]` prints calls a second and the processor time of either side.

#![expect(clippy::print_stdout, reason = "it is a program that prints")]

use flow_diagnostics::Span;
use flow_plan::{Config, Model, ModelCard, ModelSettings, Role, Tokens, Type};
use flow_runtime::provider::{Message, OpenAi, Provider, Request};
use flow_runtime::{Context, Environment, Http};
use futures::StreamExt;
use std::process::{Command, Stdio};
use std::time::Instant;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

type Failure = Box<dyn std::error::Error>;

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> Result<(), Failure> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    if args.first().is_some_and(|a| a == "serve") {
        return serve().await;
    }
    let number = |at: usize, usual: usize| args.get(at).and_then(|a| a.parse().ok()).unwrap_or(usual);
    let (calls, at_once, stream) = (number(0, 20_000), number(1, 64), args.iter().any(|a| a == "stream"));
    let mut server = Command::new(std::env::current_exe()?).arg("serve").stdout(Stdio::piped()).spawn()?;
    let mut line = String::new();
    std::io::BufRead::read_line(
        &mut std::io::BufReader::new(server.stdout.take().ok_or("no output")?),
        &mut line,
    )?;
    let model = model(line.trim());
    let (provider, context) = (OpenAi::compatible(), context());
    let ask = || async {
        let request = request(&model, stream);
        provider.call(&context, &request, &mut |_| ()).await.map(|reply| reply.text.len())
    };
    for _ in 0..at_once {
        ask().await.map_err(|e| e.message)?;
    }
    let (began, own, other) = (Instant::now(), cpu_ms("self")?, cpu_ms(&server.id().to_string())?);
    let failed = futures::stream::iter(0..calls)
        .map(|_| ask())
        .buffer_unordered(at_once)
        .filter(|reply| std::future::ready(reply.is_err()))
        .count()
        .await;
    let seconds = began.elapsed().as_secs_f64();
    let per_call = |ms: f64| ms * 1000.0 / calls as f64;
    println!(
        "{:.0} calls/s, {failed} failed; processor time a call: {:.1} µs here, {:.1} µs the server",
        calls as f64 / seconds,
        per_call(cpu_ms("self")? - own),
        per_call(cpu_ms(&server.id().to_string())? - other),
    );
    server.kill()?;
    server.wait()?;
    Ok(())
}

// User and system time of a process; the clock ticks 100 times a second on Linux.
fn cpu_ms(process: &str) -> Result<f64, Failure> {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat"))?;
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    Ok((fields[11].parse::<f64>()? + fields[12].parse::<f64>()?) * 10.0)
}

async fn serve() -> Result<(), Failure> {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    println!("http://{}", listener.local_addr()?);
    let whole = answer(
        "application/json",
        r#"{"id":"x","choices":[{"index":0,"message":{"role":"assistant","content":"You have 30 days to return your shoes, and the refund goes to the card you paid with."},"finish_reason":"stop"}],"usage":{"prompt_tokens":300,"completion_tokens":20,"total_tokens":320}}"#,
    );
    let mut events = String::new();
    for word in [
        "You ", "have ", "30 ", "days ", "to ", "return ", "your ", "shoes, ", "and ", "the ", "refund ",
        "goes ", "to ", "the ", "card ", "you ", "paid ", "with.",
    ] {
        events += &format!(
            "data: {{\"id\":\"x\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"m\",\"choices\":[{{\"index\":0,\"delta\":{{\"content\":\"{word}\"}},\"finish_reason\":null}}]}}\n\n"
        );
    }
    events += "data: {\"id\":\"x\",\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: {\"id\":\"x\",\"choices\":[],\"usage\":{\"prompt_tokens\":300,\"completion_tokens\":20}}\n\ndata: [DONE]\n\n";
    let streamed = answer("text/event-stream", &events);
    loop {
        let (mut socket, _) = listener.accept().await?;
        socket.set_nodelay(true)?;
        let (whole, streamed) = (whole.clone(), streamed.clone());
        tokio::spawn(async move {
            let mut buffer = Vec::with_capacity(16_384);
            while let Ok(1..) = socket.read_buf(&mut buffer).await {
                let Some(head) = buffer.windows(4).position(|w| w == b"\r\n\r\n") else { continue };
                let text = String::from_utf8_lossy(&buffer[..head]).to_lowercase();
                let length =
                    text.split("content-length: ").nth(1).and_then(|t| t.split('\r').next()?.parse().ok());
                if buffer.len() < head + 4 + length.unwrap_or(0usize) {
                    continue;
                }
                let wants_stream = buffer.windows(13).any(|w| w == b"\"stream\":true");
                let answer = if wants_stream { &streamed } else { &whole };
                buffer.clear();
                if socket.write_all(answer).await.is_err() {
                    break;
                }
            }
        });
    }
}

fn answer(kind: &str, body: &str) -> Vec<u8> {
    format!("HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\ncontent-length: {}\r\n\r\n{body}", body.len())
        .into_bytes()
}

fn model(url: &str) -> Model {
    Model {
        name: "fast".into(),
        provider: "openai-compatible".into(),
        model: "m".into(),
        card: ModelCard::default(),
        settings: ModelSettings { base_url: Some(Config::Text(url.into())), ..ModelSettings::default() },
        tokenizer: None,
        cleared: true,
        span: Span::default(),
    }
}

fn request(model: &Model, stream: bool) -> Request<'_> {
    let message = |role, text: String| Message { role, text, images: vec![] };
    Request {
        room: None,
        model,
        prompt: "answer",
        messages: vec![
            message(Role::System, "You answer for the help centre.".into()),
            message(Role::User, "You can return unworn shoes within 30 days. ".repeat(24)),
        ],
        fixed: 1,
        output: &Type::TEXT,
        measure: &flow_tokens::BYTES,
        input: Tokens(100),
        max_output: Tokens(200),
        stream,
    }
}

fn context() -> Context {
    Context {
        env: Environment::default(),
        root: ".".into(),
        state: ".flow".into(),
        http: Http::default(),
        cancel: tokio_util::sync::CancellationToken::new(),
    }
}
