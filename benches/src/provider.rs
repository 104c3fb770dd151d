//! A provider that costs next to nothing: HTTP/1.1 with keep-alive, one fixed answer a request.
//!
//! It speaks as much of OpenAI's chat completions as the benchmark's two clients need, streamed or
//! whole, after a fixed delay. It runs in a process of its own, so that its work is not counted as theirs.

use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

const WHOLE: &str = r#"{"id":"chatcmpl-1","object":"chat.completion","created":1,"model":"gpt-4o-mini","choices":[{"index":0,"message":{"role":"assistant","content":"Foxes are small to medium-sized omnivores."},"finish_reason":"stop"}],"usage":{"prompt_tokens":24,"completion_tokens":9,"total_tokens":33}}"#;

/// Serves until the process is ended.
pub async fn serve(port: u16, delay: Duration) -> std::io::Result<()> {
    let listener = TcpListener::bind(("127.0.0.1", port)).await?;
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        tokio::spawn(async move {
            // A client that hangs up has had what it wanted.
            let _ = connection(stream, delay).await;
        });
    }
}

async fn connection(mut stream: TcpStream, delay: Duration) -> std::io::Result<()> {
    let mut buffer = Vec::with_capacity(8192);
    let (whole, streamed) = (whole(), streamed());
    loop {
        let end = loop {
            if let Some(end) = request_end(&buffer) {
                break end;
            }
            if stream.read_buf(&mut buffer).await? == 0 {
                return Ok(());
            }
        };
        let wants_stream = contains(&buffer[..end], br#""stream":true"#);
        buffer.drain(..end);
        if !delay.is_zero() {
            tokio::time::sleep(delay).await;
        }
        stream.write_all(if wants_stream { &streamed } else { &whole }).await?;
    }
}

// Where the request that begins the buffer ends, once all of it is there.
fn request_end(buffer: &[u8]) -> Option<usize> {
    let head = buffer.windows(4).position(|w| w == b"\r\n\r\n")? + 4;
    let text = std::str::from_utf8(&buffer[..head]).ok()?;
    let length = text
        .lines()
        .find_map(|l| {
            l.to_ascii_lowercase()
                .strip_prefix("content-length:")
                .and_then(|v| v.trim().parse::<usize>().ok())
        })
        .unwrap_or(0);
    (buffer.len() >= head + length).then_some(head + length)
}

fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    haystack.windows(needle.len()).any(|w| w == needle)
}

fn whole() -> Vec<u8> {
    response("application/json", WHOLE)
}

fn streamed() -> Vec<u8> {
    let mut body = String::new();
    for word in ["Foxes ", "are ", "small ", "to ", "medium-sized ", "omnivores."] {
        let chunk = serde_json::json!({"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1,
            "model": "gpt-4o-mini", "choices": [{"index": 0, "delta": {"content": word}, "finish_reason": null}]});
        body.push_str(&format!("data: {chunk}\n\n"));
    }
    body.push_str("data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n");
    body.push_str("data: {\"choices\":[],\"usage\":{\"prompt_tokens\":24,\"completion_tokens\":9}}\n\n");
    body.push_str("data: [DONE]\n\n");
    response("text/event-stream", &body)
}

fn response(kind: &str, body: &str) -> Vec<u8> {
    format!("HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\ncontent-length: {}\r\n\r\n{body}", body.len())
        .into_bytes()
}
