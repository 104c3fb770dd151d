//! The chain: each record of a run names the hash of the one before, and the first one of a run that of the
//! run that was opened before it, so that a run can't be taken out either. Where a chain ends stands apart from
//! it, so that its end can't be cut off.

use super::sha256;
use crate::RunId;
use jiff::Timestamp;
use serde_json::{Map, Value as Json, json};

/// A record as it is stored.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Record {
    /// The run.
    pub run: RunId,
    /// Its number in the run, from 1.
    pub seq: i64,
    /// Canonical JSON: keys in order, no spaces.
    pub entry: String,
    /// SHA-256 of `entry`, in hexadecimal digits.
    pub hash: String,
}

/// Records with where their chains end.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Trail {
    /// The records, those of a run behind one another, in their order.
    pub records: Vec<Record>,
    /// The last record of each run: its number and its hash.
    pub heads: Vec<Head>,
    /// The last run that was opened.
    pub opened: Opening,
}

/// Where the chain of a run ends.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Head {
    /// The run.
    pub run: RunId,
    /// The number of its last record.
    pub seq: i64,
    /// The hash of that.
    pub hash: String,
}

/// Where the chain of runs ends.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Opening {
    /// How many runs were opened.
    pub number: i64,
    /// The hash of the first record of the last one; empty before any.
    pub hash: String,
}

impl Record {
    /// The next record of a run; `first` where it is the first one, behind the run that was opened before.
    pub(crate) fn next(
        run: &RunId,
        behind: Result<&Head, &Opening>,
        (at, fields): (Timestamp, &Json),
    ) -> Record {
        let mut entry = fields.as_object().cloned().unwrap_or_else(Map::new);
        let seq = match behind {
            Ok(head) => {
                entry.insert("prev".into(), json!(head.hash));
                head.seq + 1
            }
            Err(opening) => {
                entry.insert("prev".into(), json!(""));
                entry.insert("opening".into(), json!(opening.number + 1));
                entry.insert("after".into(), json!(opening.hash));
                1
            }
        };
        entry.insert("run".into(), json!(run.0.as_str()));
        entry.insert("seq".into(), json!(seq));
        entry.insert("at".into(), json!(at.to_string()));
        let entry = canonical(&Json::Object(entry));
        let hash = sha256(&entry);
        Record { run: run.clone(), seq, entry, hash }
    }

    /// What it says.
    pub fn fields(&self) -> Json {
        serde_json::from_str(&self.entry).unwrap_or_default()
    }

    /// Where its chain ends with it.
    pub(crate) fn head(&self) -> Head {
        Head { run: self.run.clone(), seq: self.seq, hash: self.hash.clone() }
    }

    /// Its hash, as it must be.
    pub(super) fn must_be(&self) -> String {
        sha256(&self.entry)
    }
}

/// JSON in one form alone: keys in the order of their bytes, no spaces. Numbers are whole here.
fn canonical(json: &Json) -> String {
    match json {
        Json::Array(items) => {
            format!("[{}]", items.iter().map(canonical).collect::<Vec<_>>().join(","))
        }
        Json::Object(entries) => {
            let mut entries: Vec<_> = entries.iter().collect();
            entries.sort_by_key(|(key, _)| key.as_str());
            let one = |(key, value): &(&String, &Json)| format!("{}:{}", json!(key), canonical(value));
            format!("{{{}}}", entries.iter().map(one).collect::<Vec<_>>().join(","))
        }
        plain => plain.to_string(),
    }
}
