//! The record as an answer: which data went to which model, under which rule; what guards found, what was done,
//! what people decided, what it cost.

use super::chain::Trail;
use flow_plan::Cost;
use serde_json::{Map, Value as Json, json};
use std::fmt::Write;

/// What the record says, as one document: a list of runs.
pub fn report(trail: &Trail) -> Json {
    let mut runs: Vec<Json> = Vec::new();
    for record in &trail.records {
        let mut entry = record.fields();
        let run = json!(record.run.0.as_str());
        if runs.last().is_none_or(|last| last["run"] != run) {
            runs.push(json!({
                "run": run, "flow": null, "program": null, "key": null, "started": entry["at"], "status": null,
                "usd": null, "inputs": [], "models": [], "lookups": [], "cached": [], "guards": [], "actions": [], "people": [],
                "records": 0, "head": "",
            }));
        }
        let Some(last) = runs.last_mut() else { continue };
        last["records"] = json!(last["records"].as_i64().unwrap_or(0) + 1);
        last["head"] = json!(record.hash);
        let event = entry["event"].as_str().unwrap_or_default().to_owned();
        for link in ["prev", "run", "seq", "after", "opening", "event"] {
            entry.as_object_mut().map(|fields| fields.shift_remove(link));
        }
        take(last, &event, entry);
    }
    json!({ "runs": runs })
}

fn take(run: &mut Json, event: &str, entry: Json) {
    match event {
        "run_started" => {
            for (field, from) in [("flow", "flow"), ("program", "plan"), ("key", "key"), ("inputs", "inputs")]
            {
                run[field] = entry[from].clone();
            }
        }
        "model_called" => {
            push(run, "models", merged(entry, json!({ "answered": null })));
        }
        "model_answered" => {
            let call = entry["call"].clone();
            let calls = run["models"].as_array_mut();
            if let Some(asked) = calls.and_then(|all| all.iter_mut().find(|asked| asked["call"] == call)) {
                asked["answered"] = entry;
            }
        }
        "lookup_asked" => push(run, "lookups", merged(entry, json!({ "answered": null }))),
        "lookup_answered" => {
            let same = |asked: &&mut Json| {
                asked["step"] == entry["step"]
                    && asked["attempt"] == entry["attempt"]
                    && asked["answered"].is_null()
            };
            let lookups = run["lookups"].as_array_mut();
            if let Some(asked) = lookups.and_then(|all| all.iter_mut().find(same)) {
                asked["answered"] = entry;
            }
        }
        "cache_answered" => push(run, "cached", entry),
        "guard_checked" => push(run, "guards", entry),
        "acted" => push(run, "actions", entry),
        "review_asked" | "review_decided" | "decision" => {
            push(run, "people", merged(json!({ "event": event }), entry));
        }
        "run_ended" => {
            run["status"] = entry["status"].clone();
            run["usd"] = json!(Cost(entry["nano_usd"].as_i64().unwrap_or(0)).dollars());
        }
        _ => {}
    }
}

/// The same for people.
pub fn markdown(report: &Json) -> String {
    let mut out = String::from("# Audit report\n");
    let text = |json: &Json| json.as_str().unwrap_or("—").replace('|', "\\|");
    let short = |json: &Json| json.as_str().map_or("—".to_owned(), |hash| hash.chars().take(16).collect());
    for run in items(report, "runs") {
        // Writing into a text can't fail.
        let _ = write!(
            out,
            "\n## Run {} of `{}`\n\nStarted {}, {}. Program {}, key {}, {} records, head {}.\n",
            text(&run["run"]),
            text(&run["flow"]),
            text(&run["started"]),
            run["status"].as_str().unwrap_or("not ended"),
            short(&run["program"]),
            text(&run["key"]),
            run["records"],
            text(&run["head"]),
        );
        let mut table = |title: &str, head: &[&str], rows: Vec<Vec<String>>| {
            if rows.is_empty() {
                return;
            }
            let line = |cells: &[String]| format!("| {} |\n", cells.join(" | "));
            let head: Vec<String> = head.iter().map(|h| (*h).to_owned()).collect();
            let _ = write!(out, "\n### {title}\n\n{}|{}\n", line(&head), "---|".repeat(head.len()));
            rows.iter().for_each(|row| out.push_str(&line(row)));
        };
        let data = |entry: &Json| {
            let one = |d: &Json| {
                let private = if d["private"] == true { " (private)" } else { "" };
                format!("{}{private} {}", text(&d["name"]), short(&d["digest"]))
            };
            items(entry, "data").iter().map(one).collect::<Vec<_>>().join(", ")
        };
        let rows = |of: &str, row: &dyn Fn(&Json) -> Vec<String>| items(run, of).iter().map(row).collect();
        let inputs = rows("inputs", &|i| {
            let label = |name: &str| if i[name] == true { name.to_owned() } else { String::new() };
            vec![text(&i["name"]), short(&i["digest"]), label("private"), label("untrusted")]
        });
        table("Inputs", &["input", "digest", "", ""], inputs);
        let models = rows("models", &|m| {
            let answered = &m["answered"];
            let tokens = |name: &str| answered[name].as_i64().map_or("?".to_owned(), |n| n.to_string());
            vec![
                text(&m["at"]),
                text(&m["step"]),
                text(&m["model"]),
                format!("{} {}", text(&m["prompt"]), short(&m["prompt_digest"])),
                data(m),
                text(&m["rule"]),
                format!("{} / {}", tokens("input_tokens"), tokens("output_tokens")),
            ]
        });
        let head = ["at", "step", "model", "prompt", "data", "rule", "tokens in / out"];
        table("Which data went to which model, under which rule", &head, models);
        let lookups = rows("lookups", &|l| {
            let answered = &l["answered"];
            let found = match answered["error"].as_str() {
                Some(error) => error.to_owned(),
                None => short(&answered["digest"]),
            };
            let private = if answered["private"] == true { " (private)" } else { "" };
            vec![
                text(&l["at"]),
                text(&l["step"]),
                format!("{} ({})", text(&l["lookup"]), text(&l["source"])),
                data(l),
                format!("{found}{private}"),
                text(&l["rule"]),
            ]
        });
        table("Lookups", &["at", "step", "lookup", "data", "found", "rule"], lookups);
        let cached = rows("cached", &|c| {
            vec![
                text(&c["at"]),
                text(&c["step"]),
                text(&c["of"]),
                data(c),
                short(&c["digest"]),
                text(&c["rule"]),
            ]
        });
        let head = ["at", "step", "of", "data", "answer", "rule"];
        table("Answered from the cache: nobody was asked", &head, cached);
        let guards = rows("guards", &|g| {
            vec![
                text(&g["at"]),
                text(&g["step"]),
                text(&g["guard"]),
                text(&g["verdict"]),
                text(&g["finding"]),
            ]
        });
        table("Guards", &["at", "step", "guard", "verdict", "finding"], guards);
        let actions = rows("actions", &|a| {
            vec![text(&a["at"]), text(&a["step"]), text(&a["action"]), data(a), text(&a["rule"])]
        });
        table("Actions", &["at", "step", "action", "data", "rule"], actions);
        let people = rows("people", &|p| {
            let what = p["verdict"].as_str().unwrap_or("asked");
            let edited = if p["edited"] == true { ", edited" } else { "" };
            let who = if p["who"].is_string() { text(&p["who"]) } else { text(&p["by"]) };
            vec![text(&p["at"]), text(&p["step"]), who, format!("{what}{edited}"), short(&p["digest"])]
        });
        table("People", &["at", "step", "who", "what", "value"], people);
    }
    out
}

fn items<'a>(json: &'a Json, name: &str) -> &'a [Json] {
    json[name].as_array().map_or(&[], Vec::as_slice)
}

fn push(run: &mut Json, name: &str, entry: Json) {
    if let Some(all) = run[name].as_array_mut() {
        all.push(entry);
    }
}

fn merged(one: Json, other: Json) -> Json {
    let mut all = one.as_object().cloned().unwrap_or_else(Map::new);
    all.extend(other.as_object().cloned().unwrap_or_else(Map::new));
    Json::Object(all)
}
