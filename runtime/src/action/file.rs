//! `file(path)`: appends one line of JSON to a file: the action's parameters and the key of the act.
//!
//! An act that is already in the file, by its key, is not written again, so repeating is safe.

use super::{Channel, Unacted};
use crate::journal::InDoubt;
use crate::{Context, RunError};
use async_trait::async_trait;
use ecow::EcoString;
use flow_diagnostics::Code;
use flow_plan::{Action, Arg, CapabilityKind, CapabilitySpec, Expr, ParamSpec, TypeSpec, Value};
use serde_json::{Map, Value as Json};
use std::fs::OpenOptions;
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::path::{Component, Path, PathBuf};

/// A file that is appended to.
#[derive(Debug)]
pub(super) struct File;

const SPEC: CapabilitySpec = CapabilitySpec {
    kind: CapabilityKind::Action,
    name: "file",
    params: &[ParamSpec {
        name: "path",
        ty: TypeSpec::Text,
        required: true,
        doc: "The file, from the program's folder; made with its folders where it is missing.",
    }],
    returns: TypeSpec::Null,
    doc: "Appends one line of JSON with the action's parameters to a file. \
          The line carries the `key` of the act, and an act that is already there is not written again.",
    examples: &["channel: file(\"outbox/mails.jsonl\")"],
    ..CapabilitySpec::BASE
};

#[async_trait]
impl Channel for File {
    fn spec(&self) -> &'static CapabilitySpec {
        &SPEC
    }

    fn in_doubt(&self, _: &Action) -> InDoubt {
        InDoubt::Repeat
    }

    async fn act(
        &self,
        context: &Context,
        action: &Action,
        args: &[(EcoString, Value)],
        params: &[(EcoString, Value)],
        key: &str,
    ) -> Result<Value, Unacted> {
        let written = args.iter().find(|(name, _)| name == "path").and_then(|(_, path)| path.as_text());
        let Some(written) = written.filter(|path| !path.is_empty()) else {
            return Err(failed(action, "it has no path").into());
        };
        let fixed =
            action.args.iter().all(|(_, arg)| matches!(arg, Arg::Expr(Expr::Literal(_)) | Arg::Env(_)));
        let inside =
            Path::new(written).components().all(|c| matches!(c, Component::Normal(_) | Component::CurDir));
        if !fixed && !inside {
            // What is computed may come from outside, so it may not walk out of the folder.
            return Err(
                failed(action, &format!("the path `{written}` leads out of the program's folder")).into()
            );
        }
        let path = context.root.join(written);
        let line = line(params, key);
        let key = key.to_owned();
        let done = tokio::task::spawn_blocking(move || append(&path, &line, &key)).await;
        match done {
            Ok(Ok(())) => Ok(Value::Null),
            Ok(Err(error)) => Err(failed(action, &format!("`{written}` can't be written: {error}")).into()),
            Err(error) => Err(Unacted::Unknown(failed(action, &format!("writing broke off: {error}")))),
        }
    }
}

fn line(params: &[(EcoString, Value)], key: &str) -> String {
    let mut object = Map::new();
    object.insert("key".into(), key.into());
    object.extend(
        params.iter().filter(|(name, _)| name != "key").map(|(name, v)| (name.to_string(), v.to_json())),
    );
    // A parameter named `key` gives way to the key of the act, and keeps its value under another name.
    if let Some((_, own)) = params.iter().find(|(name, _)| name == "key") {
        object.insert("key_parameter".into(), own.to_json());
    }
    format!("{}\n", Json::Object(object))
}

fn append(path: &PathBuf, line: &str, key: &str) -> std::io::Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let mut file = OpenOptions::new().read(true).append(true).create(true).open(path)?;
    // Another process may be at the same act.
    file.lock()?;
    if !holds(&file, key)? {
        let torn = ends_torn(&mut file)?;
        file.write_all(format!("{}{line}", if torn { "\n" } else { "" }).as_bytes())?;
        file.sync_all()?;
    }
    file.unlock()
}

fn holds(file: &std::fs::File, key: &str) -> std::io::Result<bool> {
    #[derive(serde::Deserialize)]
    struct Keyed<'a> {
        #[serde(borrow)]
        key: std::borrow::Cow<'a, str>,
    }
    for line in BufReader::new(file).split(b'\n') {
        // A line that was cut short by a crash is no act.
        if serde_json::from_slice::<Keyed<'_>>(&line?).is_ok_and(|l| l.key == key) {
            return Ok(true);
        }
    }
    Ok(false)
}

// Whether a crash left a line without its end.
fn ends_torn(file: &mut std::fs::File) -> std::io::Result<bool> {
    if file.seek(SeekFrom::End(0))? == 0 {
        return Ok(false);
    }
    file.seek(SeekFrom::End(-1))?;
    let mut last = [0];
    file.read_exact(&mut last)?;
    Ok(last != *b"\n")
}

fn failed(action: &Action, reason: &str) -> RunError {
    RunError::new(Code::E0811, format!("action `{}` failed: {reason}", action.name))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a failing test should panic")]

    use super::*;

    #[test]
    fn an_act_is_written_once_even_after_a_torn_line() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out/acts.jsonl");
        let params = [("to".into(), Value::text("ann")), ("key".into(), Value::Int(7))];
        append(&path, &line(&params, "k1"), "k1").unwrap();
        append(&path, &line(&params, "k1"), "k1").unwrap();
        std::fs::write(&path, std::fs::read_to_string(&path).unwrap() + "{\"key\":\"k2\",\"to\":\"a")
            .unwrap();
        append(&path, &line(&params, "k2"), "k2").unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[0], r#"{"key":"k1","to":"ann","key_parameter":7}"#);
        assert_eq!(lines[2], r#"{"key":"k2","to":"ann","key_parameter":7}"#);
        assert_eq!(lines.len(), 3);
    }
}
