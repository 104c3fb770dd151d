//! Diagnostics as SARIF 2.1.0 (OASIS, 2020), the form in which forges and dashboards take what a check
//! found.

use crate::{Diagnostics, FlowDiagnostic, Severity, Sources, Span};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// The whole log, with one run of `flowc` in this version. Files are relative to the working directory.
pub fn log(diagnostics: &Diagnostics, sources: &Sources, version: &str) -> Value {
    let codes: BTreeSet<_> = diagnostics.iter().map(|d| d.code).collect();
    let rules: Vec<Value> = codes
        .iter()
        .map(|code| {
            json!({
                "id": code.name(),
                "shortDescription": {"text": code.title()},
                "help": {"text": format!("flowc explain {}", code.short()), "markdown": code.page().text},
                "defaultConfiguration": {"level": level(code.severity())},
            })
        })
        .collect();
    let results: Vec<Value> = diagnostics.iter().map(|d| result(d, sources)).collect();
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {"name": "flowc", "version": version, "rules": rules}},
            "columnKind": "unicodeCodePoints",
            "originalUriBaseIds": {"SRCROOT": {"description": {"text": "the folder that flowc was run in"}}},
            "results": results,
        }],
    })
}

fn result(diagnostic: &FlowDiagnostic, sources: &Sources) -> Value {
    let said = match &diagnostic.help {
        Some(help) => format!("{}. {help}", diagnostic.message),
        None => diagnostic.message.clone(),
    };
    let related: Vec<Value> = diagnostic
        .labels
        .iter()
        .skip(1)
        .enumerate()
        .map(|(i, label)| {
            let mut place = location(label.span, sources);
            place["id"] = (i + 1).into();
            place["message"] = json!({"text": label.message});
            place
        })
        .collect();
    let fixes: Vec<Value> = diagnostic
        .fixes
        .iter()
        .map(|fix| {
            let changes: Vec<Value> = fix
                .edits
                .iter()
                .map(|edit| {
                    json!({
                        "artifactLocation": artifact(edit.span, sources),
                        "replacements": [{
                            "deletedRegion": region(edit.span, sources),
                            "insertedContent": {"text": edit.text},
                        }],
                    })
                })
                .collect();
            json!({"description": {"text": fix.title}, "artifactChanges": changes})
        })
        .collect();
    let mut out = json!({
        "ruleId": diagnostic.code.name(),
        "level": level(diagnostic.severity),
        "message": {"text": said},
        "locations": [location(diagnostic.span(), sources)],
    });
    // An empty list of fixes is not allowed.
    if !related.is_empty() {
        out["relatedLocations"] = related.into();
    }
    if !fixes.is_empty() {
        out["fixes"] = fixes.into();
    }
    out
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    }
}

fn location(span: Span, sources: &Sources) -> Value {
    json!({"physicalLocation": {
        "artifactLocation": artifact(span, sources),
        "region": region(span, sources),
    }})
}

fn artifact(span: Span, sources: &Sources) -> Value {
    json!({"uri": uri(sources.file(span.file).name()), "uriBaseId": "SRCROOT"})
}

fn region(span: Span, sources: &Sources) -> Value {
    let (start, end) = sources.range(span);
    json!({
        "startLine": start.line, "startColumn": start.column, "endLine": end.line, "endColumn": end.column,
    })
}

// RFC 3986: what is not unreserved is written in percent; slashes part a path.
fn uri(path: &str) -> String {
    let mut out = String::new();
    for byte in path.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                out.push(char::from(byte))
            }
            byte => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Code;

    #[test]
    fn a_finding_has_its_place_its_rule_and_its_fix() {
        let mut sources = Sources::default();
        let file = sources.add("my flows/é.flow", "é = x\n");
        let mut found = Diagnostics::default();
        let at = Span::new(file, 5, 6);
        found.push(
            FlowDiagnostic::new(Code::E0101, at, "unknown name `x`")
                .help("take it out")
                .fix("take `x`", at, "y"),
        );
        let log = log(&found, &sources, "1.0.0");
        let result = &log["runs"][0]["results"][0];
        assert_eq!((&result["ruleId"], &result["level"]), (&json!("flow::E0101"), &json!("error")));
        let place = &result["locations"][0]["physicalLocation"];
        assert_eq!(place["artifactLocation"]["uri"], "my%20flows/%C3%A9.flow");
        assert_eq!(place["region"], json!({"startLine": 1, "startColumn": 5, "endLine": 1, "endColumn": 6}));
        assert_eq!(
            result["fixes"][0]["artifactChanges"][0]["replacements"][0]["insertedContent"]["text"],
            "y"
        );
        assert_eq!(log["runs"][0]["tool"]["driver"]["rules"][0]["id"], "flow::E0101");
    }
}
