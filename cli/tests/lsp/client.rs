//! A client for the language server: starts the real binary and speaks the protocol with it over its
//! standard streams, as an editor does.

use serde_json::{Value, json};
use std::cell::{Cell, RefCell};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

/// How long anything may take before it counts as lost.
const PATIENCE: Duration = Duration::from_secs(60);

/// A running server with a folder of its own.
pub struct Client {
    child: Child,
    stdin: RefCell<ChildStdin>,
    incoming: Receiver<Value>,
    // What came while something else was waited for.
    aside: RefCell<Vec<Value>>,
    next: Cell<i64>,
    /// The folder.
    pub folder: tempfile::TempDir,
    /// What the server said that it can do.
    pub capabilities: Value,
}

impl Client {
    /// A server for a client that says nothing of itself.
    pub fn start() -> Client {
        Client::with(json!({}))
    }

    /// A server for a client with these capabilities.
    pub fn with(capabilities: Value) -> Client {
        let folder = tempfile::tempdir().expect("a folder can be made");
        std::fs::create_dir(folder.path().join(".git")).expect("a folder can be made");
        let root = uri(folder.path());
        Client::initialize(
            folder,
            &json!({
                "processId": null, "capabilities": capabilities,
                "workspaceFolders": [{ "uri": root, "name": "test" }],
            }),
        )
    }

    /// A server that is started with these parameters.
    pub fn initialize(folder: tempfile::TempDir, params: &Value) -> Client {
        let mut child = Command::new(env!("CARGO_BIN_EXE_flowc"))
            .arg("lsp")
            .current_dir(folder.path())
            .env("XDG_CACHE_HOME", folder.path().join("cache"))
            .env("SOURCE_DATE_EPOCH", "1795500000")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("flowc starts");
        let stdin = RefCell::new(child.stdin.take().expect("it has a standard input"));
        let mut stdout = BufReader::new(child.stdout.take().expect("it has a standard output"));
        let (sender, incoming) = channel();
        std::thread::spawn(move || {
            while let Some(message) = read(&mut stdout) {
                if sender.send(message).is_err() {
                    return;
                }
            }
        });
        let mut client = Client {
            child,
            stdin,
            incoming,
            aside: RefCell::default(),
            next: Cell::new(0),
            folder,
            capabilities: Value::Null,
        };
        let answer = client.request("initialize", params);
        client.capabilities = answer["capabilities"].clone();
        client.notify("initialized", &json!({}));
        client
    }

    /// The path of a file in the folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The address of a file in the folder.
    pub fn uri(&self, name: &str) -> String {
        uri(&self.path(name))
    }

    /// Writes a file.
    pub fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().expect("it has a folder")).expect("a folder can be made");
        std::fs::write(path, text).expect("a file can be written");
    }

    /// Opens a document.
    pub fn open(&self, name: &str, text: &str) {
        let document = json!({ "uri": self.uri(name), "languageId": "flowc", "version": 1, "text": text });
        self.notify("textDocument/didOpen", &json!({ "textDocument": document }));
    }

    /// Changes a document: replaces what is between two positions, each `[line, column]`.
    pub fn edit(&self, name: &str, version: i64, (from, to): ([u32; 2], [u32; 2]), text: &str) {
        let place = |[line, character]: [u32; 2]| json!({ "line": line, "character": character });
        let change = json!({ "range": { "start": place(from), "end": place(to) }, "text": text });
        self.changes(name, version, &json!([change]));
    }

    /// Changes the whole text of a document.
    pub fn replace(&self, name: &str, version: i64, text: &str) {
        self.changes(name, version, &json!([{ "text": text }]));
    }

    /// Sends changes as they are.
    pub fn changes(&self, name: &str, version: i64, changes: &Value) {
        let document = json!({ "uri": self.uri(name), "version": version });
        let params = json!({ "textDocument": document, "contentChanges": changes });
        self.notify("textDocument/didChange", &params);
    }

    /// The diagnostics of a document at this version, when they come.
    pub fn diagnostics(&self, name: &str, version: i64) -> Vec<Value> {
        let uri = self.uri(name);
        let params = self.wait(|message| {
            let params = &message["params"];
            message["method"] == "textDocument/publishDiagnostics"
                && params["uri"] == uri
                && params["version"] == version
        });
        params["params"]["diagnostics"].as_array().cloned().unwrap_or_default()
    }

    /// The next notification of a method that the server sends, or has sent and nobody has looked at.
    pub fn notification(&self, method: &str, fits: impl Fn(&Value) -> bool) -> Value {
        self.wait(|m| m["method"] == method && fits(&m["params"]))["params"].clone()
    }

    /// Asks, and waits for the answer, which is no error.
    pub fn request(&self, method: &str, params: &Value) -> Value {
        let id = self.send(method, params);
        self.answer(id).unwrap_or_else(|error| panic!("{method}: {error}"))
    }

    /// Asks, and does not wait.
    pub fn send(&self, method: &str, params: &Value) -> i64 {
        let id = self.next.get();
        self.next.set(id + 1);
        self.post(&json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }));
        id
    }

    /// The answer to a question, or its error.
    pub fn answer(&self, id: i64) -> Result<Value, Value> {
        let message = self.wait(|m| m["id"] == id && m.get("method").is_none());
        match message.get("error") {
            Some(error) => Err(error.clone()),
            None => Ok(message["result"].clone()),
        }
    }

    /// Asks about a place in a document.
    pub fn at(&self, method: &str, name: &str, [line, character]: [u32; 2]) -> Value {
        self.request(method, &self.place(name, [line, character]))
    }

    /// A document and a position in it.
    pub fn place(&self, name: &str, [line, character]: [u32; 2]) -> Value {
        json!({
            "textDocument": { "uri": self.uri(name) },
            "position": { "line": line, "character": character },
        })
    }

    /// Says something.
    pub fn notify(&self, method: &str, params: &Value) {
        self.post(&json!({ "jsonrpc": "2.0", "method": method, "params": params }));
    }

    /// Whether the process still runs.
    pub fn runs(&mut self) -> bool {
        self.child.try_wait().expect("it can be asked").is_none()
    }

    /// The most memory that the process has had, in megabytes, where that is known.
    pub fn peak(&self) -> Option<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).ok()?;
        let line = status.lines().find_map(|l| l.strip_prefix("VmHWM:"))?;
        line.trim().trim_end_matches(" kB").parse::<u64>().ok().map(|kb| kb / 1024)
    }

    /// Ends the server as an editor does; the code it ends with.
    pub fn quit(mut self) -> Option<i32> {
        self.request("shutdown", &Value::Null);
        self.notify("exit", &Value::Null);
        self.child.wait().expect("it ends").code()
    }

    fn wait(&self, fits: impl Fn(&Value) -> bool) -> Value {
        let found = self.aside.borrow().iter().position(&fits);
        if let Some(at) = found {
            return self.aside.borrow_mut().remove(at);
        }
        let until = Instant::now() + PATIENCE;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            let message = self.incoming.recv_timeout(left).unwrap_or_else(|error| {
                panic!("the server says nothing of it: {error}; it said {:?}", self.aside.borrow())
            });
            // What the server asks of the client is granted.
            if let (Some(id), Some(_)) = (message.get("id"), message.get("method")) {
                self.post(&json!({ "jsonrpc": "2.0", "id": id, "result": null }));
            }
            if fits(&message) {
                return message;
            }
            self.aside.borrow_mut().push(message);
        }
    }

    fn post(&self, message: &Value) {
        let body = message.to_string();
        let mut stdin = self.stdin.borrow_mut();
        let written = write!(stdin, "Content-Length: {}\r\n\r\n{body}", body.len());
        written.and_then(|()| stdin.flush()).expect("the server listens");
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The address of a path.
pub fn uri(path: &Path) -> String {
    format!("file://{}", path.display())
}

/// The position of the first place where a text has `what`, and so many bytes further on. For
/// texts without characters of several bytes before it on its line.
pub fn find(text: &str, what: &str, further: usize) -> [u32; 2] {
    let at = text.find(what).unwrap_or_else(|| panic!("there is no `{what}`")) + further;
    let line = text[..at].matches('\n').count();
    let start = text[..at].rfind('\n').map_or(0, |n| n + 1);
    [line as u32, (at - start) as u32]
}

fn read(stdout: &mut impl BufRead) -> Option<Value> {
    let mut length = 0;
    loop {
        let mut line = String::new();
        if stdout.read_line(&mut line).ok()? == 0 {
            return None;
        }
        match line.trim_end() {
            "" => break,
            line => {
                if let Some(n) = line.strip_prefix("Content-Length: ") {
                    length = n.parse().ok()?;
                }
            }
        }
    }
    let mut body = vec![0; length];
    stdout.read_exact(&mut body).ok()?;
    serde_json::from_slice(&body).ok()
}
