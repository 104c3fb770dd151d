//! The cases of `tests/corpus/diff`: a program of its `data` and what is edited in it.
//!
//! What a case `says:` is all that may be said of it, and the costs are those of `flowc cost`.

use crate::sandbox::{Done, Sandbox};
use flow_tests::cases::{Case, cases, compare_all};
use serde_json::Value;
use std::collections::BTreeMap;

// The programs of both sides, in the folders `old` and `new`.
pub(crate) fn pair(case: &Case) -> Sandbox {
    let sandbox = Sandbox::new();
    let on = case.headers("on").next().unwrap();
    let mut files = BTreeMap::new();
    for entry in std::fs::read_dir(case.folder().join("data").join(on)).unwrap().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let text = std::fs::read_to_string(entry.path()).unwrap();
        sandbox.write(&format!("old/{name}"), &text);
        files.insert(name, text);
    }
    for (file, old, new) in edits(case) {
        match old.as_str() {
            "*\n" => {
                files.remove(&file).unwrap();
                continue;
            }
            "+\n" => {
                assert!(files.insert(file, new).is_none(), "{}: a new file is there already", case.name);
                continue;
            }
            _ => {}
        }
        let text = files.get_mut(&file).unwrap();
        assert_eq!(text.matches(&*old).count(), 1, "{}: `{old}` stands once in {file}", case.name);
        *text = text.replace(&*old, &new);
    }
    files.iter().for_each(|(name, text)| sandbox.write(&format!("new/{name}"), text));
    sandbox
}

// `<<<<` old `====` new `>>>>`, in the file of the last `---`. Lines that are taken out go as a whole,
// `*` is a whole file, and `+` a new one.
fn edits(case: &Case) -> Vec<(String, String, String)> {
    let mut out = Vec::new();
    let mut file = String::new();
    let mut rest = case.text.as_str();
    while let Some((before, after)) = rest.split_once("<<<<\n") {
        if let Some(name) = before.lines().rev().find_map(|l| l.strip_prefix("--- ")) {
            file = name.to_owned();
        }
        let (edit, after) = after.split_once(">>>>\n").unwrap();
        let (old, new) = edit.split_once("====\n").unwrap();
        let whole = old == "*\n" || old == "+\n" || new.is_empty();
        let end = |text: &str| if whole { text } else { text.strip_suffix('\n').unwrap_or(text) }.to_owned();
        out.push((file.clone(), end(old), end(new)));
        rest = after;
    }
    out
}

#[test]
fn every_pair_prints_what_its_snapshot_says() {
    compare_all(&cases("diff", "edit"), |case| {
        let sandbox = pair(case);
        let mut out = String::new();
        let fails = case.headers("fails").next();
        let mut args = vec!["diff", "old", "new"];
        fails.iter().for_each(|gates| args.extend(["--fail-on", gates]));
        let done = sandbox.flowc(&args);
        out.push_str(&format!("{}[standard error]\n{}[exit {}]\n", done.out, done.err, done.code));
        assert_eq!(done.code, if fails.is_some() { 3 } else { 0 }, "{}: {done:?}", case.name);
        out
    });
}

#[test]
fn every_pair_says_exactly_what_changed() {
    let mut wrong = Vec::new();
    for case in cases("diff", "edit") {
        let done = pair(&case).flowc(&["diff", "old", "new", "--format", "json"]);
        assert_eq!(done.code, 0, "{}: {done:?}", case.name);
        let said = done.json();
        let mut found: Vec<String> = said["items"].as_array().unwrap().iter().map(line).collect();
        let mut expected: Vec<String> = case.headers("says").map(str::to_owned).collect();
        found.sort();
        expected.sort();
        let class = case.headers("class").next().unwrap();
        if found != expected || said["class"] != class {
            let name = &case.name;
            wrong.push(format!("{name}: {found:#?}, {}; and not {expected:#?}, {class}", said["class"]));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

// `changed step support.draft (was first): retry, model`
fn line(item: &Value) -> String {
    let text = |name: &str| item[name].as_str().unwrap_or_default().to_owned();
    let owner = if text("owner").is_empty() { String::new() } else { format!("{}.", text("owner")) };
    let mut out = format!("{} {} {owner}{}", text("status"), text("kind"), text("name"));
    if item["was"].is_string() {
        out.push_str(&format!(" (was {})", text("was")));
    }
    if item["moved_from"].is_string() {
        out.push_str(" (moved)");
    }
    if text("status") != "changed" {
        return out;
    }
    let changes: Vec<&str> =
        item["changes"].as_array().unwrap().iter().map(|c| c["what"].as_str().unwrap()).collect();
    format!("{out}: {}", changes.join(", ")).trim_end().to_owned()
}

#[test]
fn every_form_says_it_at_its_place() {
    for case in cases("diff", "edit") {
        let sandbox = pair(&case);
        let said = sandbox.flowc(&["diff", "old", "new", "--format", "json"]).json();
        let text = sandbox.flowc(&["diff", "old", "new"]).out;
        let page = sandbox.flowc(&["diff", "old", "new", "--format", "markdown"]).out;
        let name = &case.name;
        for item in said["items"].as_array().unwrap() {
            let sides = [&item["old"], &item["new"]];
            sides.iter().filter(|s| !s.is_null()).for_each(|s| is_there(&sandbox, s, item, name));
            let at = if item["new"].is_null() { sides[0] } else { sides[1] };
            let (file, line) = (at["file"].as_str().unwrap(), &at["range"]["start"]["line"]);
            let title = format!("{} {}", item["kind"].as_str().unwrap(), item["name"].as_str().unwrap());
            let told = text.lines().any(|l| l.contains(&title) && l.ends_with(&format!("{file}:{line}")));
            assert!(told, "{name}: {title} at {file}:{line} is not in {text}");
            let told = page.lines().any(|l| l.contains(&title) && l.contains(&format!("({file}:{line})")));
            assert!(told, "{name}: {title} at {file}:{line} is not in {page}");
            for change in item["changes"].as_array().unwrap() {
                let what = change["what"].as_str().unwrap();
                assert!(text.contains(what), "{name}: {what} is not in {text}");
                assert!(
                    page.contains(&format!(
                        "{}:",
                        what.replace('_', "\\_").replace('|', "\\|").replace("[]", "\\[\\]")
                    )),
                    "{name}: {what} is not in {page}"
                );
            }
        }
        let class = said["class"].as_str().unwrap();
        let breaks = |form: &str| form.contains("breaking");
        assert_eq!(breaks(&text.replace("! breaking", "")), class == "breaking", "{name}: {text}");
        assert_eq!(breaks(&page), class == "breaking", "{name}: {page}");
        assert_eq!(text.is_empty(), class == "none", "{name}: {text}");
    }
}

// The place of an item is that of its name, or of the step.
fn is_there(sandbox: &Sandbox, place: &Value, item: &Value, case: &str) {
    let text = sandbox.read(place["file"].as_str().unwrap());
    let (start, end) = (&place["range"]["start"], &place["range"]["end"]);
    let offset = |at: &Value| usize::try_from(at["offset"].as_u64().unwrap()).unwrap();
    let before = &text[..offset(start)];
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap().chars().count() + 1;
    assert_eq!((start["line"].as_u64(), start["column"].as_u64()), (Some(line as u64), Some(column as u64)));
    let shown = &text[offset(start)..offset(end)];
    let is_old = place == &item["old"] && item["was"].is_string();
    let name = item[if is_old { "was" } else { "name" }].as_str().unwrap();
    let last = name.rsplit('.').next().unwrap();
    let is_unnamed = ["return", "yield", "else", "review"].contains(&last) || last.parse::<u32>().is_ok();
    assert!(is_unnamed || shown.trim_matches('"').starts_with(last), "{case}: {name} is at `{shown}`");
}

#[test]
fn costs_are_those_that_flowc_cost_tells() {
    for case in cases("diff", "edit") {
        let sandbox = pair(&case);
        let said = sandbox.flowc(&["diff", "old", "new", "--format", "json"]).json();
        let sides = [("before", costs(&sandbox, "old")), ("after", costs(&sandbox, "new"))];
        let flows = said["flows"].as_array().unwrap();
        for (side, costs) in sides {
            let told = flows.iter().filter(|f| !f[side].is_null());
            assert_eq!(told.clone().count(), costs.len(), "{}: {side}", case.name);
            for flow in told {
                let worst = &costs[&was(&said, flow, side)];
                let usd: f64 = flow[side]["usd"].as_str().unwrap().parse().unwrap();
                assert_eq!(usd, worst["usd"].as_f64().unwrap(), "{}: {side} {flow}", case.name);
                for measure in ["calls", "input_tokens", "output_tokens", "seconds"] {
                    assert_eq!(flow[side][measure], worst[measure], "{}: {side} {flow}", case.name);
                }
            }
        }
    }
}

// The name that a flow had on a side.
fn was(said: &Value, flow: &Value, side: &str) -> String {
    let items = said["items"].as_array().unwrap();
    let renamed =
        items.iter().find(|i| i["kind"] == "flow" && i["name"] == flow["name"] && i["was"].is_string());
    let name = renamed.filter(|_| side == "before").map_or(&flow["name"], |i| &i["was"]);
    name.as_str().unwrap().to_owned()
}

fn costs(sandbox: &Sandbox, folder: &str) -> BTreeMap<String, Value> {
    // A flow over its budget is told with its cost, and exit code 1.
    let done: Done = sandbox.flowc(&["cost", folder, "--format", "json"]);
    let document = done.json();
    let flows = document["flows"].as_array().unwrap();
    flows.iter().map(|f| (f["name"].as_str().unwrap().to_owned(), f["worst"].clone())).collect()
}
