//! Daily budgets: what processes share, what a killed one leaves behind, and what is said of them.

#![expect(clippy::unwrap_used, reason = "a failing test should panic")]

mod sandbox;

use sandbox::Sandbox;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::Stdio;
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

const PROGRAM: &str = "model paid = \"openai-compatible/paid\" {
  base_url: env(\"BILLING_URL\")
  context: 8192 tokens
  price: $10.00 in, $100.00 out
  max_output: 50 tokens
}

prompt say(row: text) -> text <= 50 tokens {
  user: \"Say {{ row }}.\"
}

flow main(rows: [text <= 20 tokens] <= 300) -> [text <= 50 tokens] <= 300 {
  all = each row in rows {
    parallel: 8
    said = say(row)
    yield said
  }
  return all
}
";

// Ten tokens of input and twenty of output.
const BILLED_NANOS: i64 = 10 * 10_000 + 20 * 100_000;
const BUDGET_NANOS: i64 = 300_000_000;

const REPLY: &str = "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Hi\"},\"finish_reason\":\"stop\"}]}\n\n\
                     data: {\"choices\":[],\"usage\":{\"prompt_tokens\":10,\"completion_tokens\":20}}\n\n\
                     data: [DONE]\n\n";

/// A provider that bills every request it hears, whoever is still there to read the answer.
struct Billing {
    url: String,
    heard: Arc<(Mutex<Heard>, Condvar)>,
}

#[derive(Default)]
struct Heard {
    requests: i64,
    // Requests beyond this many are answered once it is raised.
    gate: i64,
}

impl Billing {
    fn start(gate: i64) -> Billing {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/v1", listener.local_addr().unwrap());
        let heard = Arc::new((Mutex::new(Heard { requests: 0, gate }), Condvar::new()));
        let shared = heard.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let heard = shared.clone();
                std::thread::spawn(move || answer(stream, &heard));
            }
        });
        Billing { url, heard }
    }

    fn requests(&self) -> i64 {
        self.heard.0.lock().unwrap().requests
    }

    /// Waits until the gate is reached, and a little for those behind it.
    fn wait_at_the_gate(&self) {
        for _ in 0..500 {
            let heard = self.heard.0.lock().unwrap();
            if heard.requests > heard.gate {
                break;
            }
            drop(heard);
            std::thread::sleep(Duration::from_millis(10));
        }
        std::thread::sleep(Duration::from_millis(300));
    }

    fn open(&self) {
        self.heard.0.lock().unwrap().gate = i64::MAX;
        self.heard.1.notify_all();
    }
}

// One connection, until the other side is gone.
fn answer(stream: TcpStream, (heard, changed): &(Mutex<Heard>, Condvar)) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut writer = stream;
    loop {
        let mut length = 0;
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line).unwrap_or(0) == 0 {
                return;
            }
            if let Some(n) = line.to_lowercase().strip_prefix("content-length:") {
                length = n.trim().parse().unwrap();
            }
            if line == "\r\n" {
                break;
            }
        }
        if reader.read_exact(&mut vec![0; length]).is_err() {
            return;
        }
        let mut state = heard.lock().unwrap();
        state.requests += 1;
        let mine = state.requests;
        while mine > state.gate {
            state = changed.wait(state).unwrap();
        }
        drop(state);
        let head = format!(
            "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncontent-length: {}\r\n\r\n",
            REPLY.len()
        );
        if writer.write_all(format!("{head}{REPLY}").as_bytes()).is_err() {
            return;
        }
    }
}

fn rows(count: usize) -> String {
    let rows: Vec<String> = (0..count).map(|i| format!("row {i}")).collect();
    format!("rows={}", serde_json::json!(rows))
}

fn budgets(sandbox: &Sandbox) -> Vec<serde_json::Value> {
    let document = sandbox.flowc(&["doctor", "--format", "json"]).json();
    let checks = document["checks"].as_array().unwrap().iter();
    checks.filter(|c| c["check"] == "budget").cloned().collect()
}

#[test]
fn a_killed_process_leaves_its_calls_charged_and_no_other_overspends() {
    let sandbox = Sandbox::with(&[("app.flow", PROGRAM), ("flow.toml", "[budget]\nper_day = \"$0.30\"\n")]);
    let billing = Billing::start(40);
    let vars = [("BILLING_URL", billing.url.as_str())];
    let spawn = |rows: &str| {
        let mut command = sandbox.command(&["run", "app.flow", rows]);
        command.envs(vars).stdout(Stdio::null()).stderr(Stdio::null());
        command.spawn().unwrap()
    };
    let (mut first, mut second) = (spawn(&rows(60)), spawn(&rows(60)));
    billing.wait_at_the_gate();
    // On Unix, this is SIGKILL.
    first.kill().unwrap();
    first.wait().unwrap();
    billing.open();
    second.wait().unwrap();
    let found = budgets(&sandbox);
    assert!(found[0]["message"].as_str().unwrap().contains("are set aside"), "{found:?}");

    let done = sandbox.flowc_with(&["run", "app.flow", &rows(300)], &vars);
    done.fails(1, "flow::E0803").fails(1, "the budget of $0.30 a day for the project");
    done.fails(1, "wait until 00:00 UTC");
    let billed = billing.requests() * BILLED_NANOS;
    assert!(billed <= BUDGET_NANOS, "{billed}");
    assert!(billed > BUDGET_NANOS / 2, "most of it could be used: {billed}");
}

#[test]
fn no_paid_call_is_made_where_its_budget_cannot_be_kept() {
    let sandbox = Sandbox::with(&[
        ("app.flow", PROGRAM),
        ("flow.toml", "[budget]\nper_day = 5\n"),
        (".flow/budget.db", &"this was never a database ".repeat(100)),
    ]);
    let billing = Billing::start(i64::MAX);
    let vars = [("BILLING_URL", billing.url.as_str())];
    let done = sandbox.flowc_with(&["run", "app.flow", &rows(1)], &vars);
    done.fails(3, "flow::E0810").fails(3, "what was spent today can't be kept in");
    done.fails(3, "restore it, or move it away");
    assert_eq!(billing.requests(), 0);
    assert!(sandbox.read(".flow/budget.db").starts_with("this was never"), "it is left as it is");
    assert_eq!(budgets(&sandbox)[0]["state"], "fail");
}

#[test]
fn the_doctor_shows_what_was_spent_today_and_the_environment_is_stronger() {
    let toml = "[budget]\nper_day = \"$1.00\"\n[budget.flows]\nmain = 0.5\nmian = 1\n";
    let sandbox = Sandbox::with(&[("app.flow", PROGRAM), ("flow.toml", toml)]);
    assert_eq!(budgets(&sandbox)[0]["message"], "the project has spent $0.00 of $1.00 today");
    assert!(!sandbox.path(".flow").exists(), "looking makes nothing");
    let billing = Billing::start(i64::MAX);
    let vars = [("BILLING_URL", billing.url.as_str())];
    sandbox.flowc_with(&["run", "app.flow", &rows(2)], &vars).is_fine();
    let found = budgets(&sandbox);
    assert_eq!(found[0]["message"], "the project has spent $0.0042 of $1.00 today");
    assert_eq!(found[1]["message"], "flow `main` has spent $0.0042 of $0.50 today");

    let less = [vars[0], ("FLOW_BUDGET_FLOWS_MAIN", "$0.0043")];
    let done = sandbox.flowc_with(&["run", "app.flow", &rows(1)], &less);
    done.fails(1, "the budget of $0.0043 a day for flow `main` does not allow the next call: $0.0042 spent");
    let none = [("FLOW_BUDGET_PER_DAY", "0.0042")];
    let done = sandbox.flowc_with(&["doctor"], &none);
    assert!(done.is_fine().out.contains("warn  budget: the project has spent $0.0042 of $0.0042 today"));
    let done = sandbox.flowc_with(&["doctor"], &[("FLOW_BUDGET_PER_DAY", "much")]);
    done.fails(1, "`FLOW_BUDGET_PER_DAY` is not an amount of money: `much`");
}

#[test]
fn a_budget_for_a_misspelt_flow_is_pointed_out() {
    let program = PROGRAM.replace("flow main", "flow support");
    let toml = "[budget.flows]\nsuport = 1\ntriage = 2\n";
    let sandbox = Sandbox::with(&[("app.flow", &program), ("flow.toml", toml)]);
    let says = "warning: there is a budget for flow `suport` and no such flow; did you mean `support`?";
    let done = sandbox.flowc(&["check"]);
    assert!(done.is_fine().err.contains(says) && !done.err.contains("triage"), "{done:?}");
    let vars = [("BILLING_URL", "http://127.0.0.1:9/v1")];
    sandbox.flowc_with(&["run", "app.flow", &rows(1)], &vars).fails(3, says);
}
