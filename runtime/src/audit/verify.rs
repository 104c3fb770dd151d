//! Looks whether a record is whole: every hash, every link, every end.

use super::chain::{Record, Trail};
use crate::RunId;
use std::collections::{BTreeMap, BTreeSet};

/// A place at which the record is not what was written.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Broken {
    /// The run; none where it is not known which.
    pub run: Option<RunId>,
    /// The record of that run.
    pub seq: Option<i64>,
    /// What is wrong there, in lower case.
    pub what: String,
}

/// What is wrong with a record, in its order; nothing where it is whole. With `all`, the trail has every run, so
/// that one that is missing is found as well.
pub fn verify(trail: &Trail, all: bool) -> Vec<Broken> {
    let mut broken = Vec::new();
    let mut runs: BTreeMap<&RunId, Vec<&Record>> = BTreeMap::new();
    trail.records.iter().for_each(|record| runs.entry(&record.run).or_default().push(record));
    for head in &trail.heads {
        runs.entry(&head.run).or_default();
    }
    for (run, records) in &runs {
        chain(run, records, trail, &mut broken);
    }
    if all {
        openings(trail, &mut broken);
    }
    broken
}

fn chain(run: &RunId, records: &[&Record], trail: &Trail, broken: &mut Vec<Broken>) {
    let mut wrong =
        |seq: i64, what: String| broken.push(Broken { run: Some(run.clone()), seq: Some(seq), what });
    let (mut expected, mut prev) = (1, Some(String::new()));
    for record in records {
        if record.seq != expected {
            let last = record.seq - 1;
            let gone = if last <= expected {
                format!("record {expected} is missing")
            } else {
                format!("records {expected} to {last} are missing")
            };
            wrong(expected, gone);
            prev = None;
        }
        expected = record.seq + 1;
        let fields = record.fields();
        if record.hash != record.must_be() {
            wrong(record.seq, "it was changed: its hash is another".to_owned());
        } else if fields["seq"] != record.seq || fields["run"] != run.0.as_str() {
            wrong(record.seq, "it stands in another place than it was written".to_owned());
        } else if prev.as_ref().is_some_and(|prev| fields["prev"] != prev.as_str()) {
            wrong(
                record.seq,
                "it does not follow the record before it: one of the two was replaced".to_owned(),
            );
        }
        prev = Some(record.hash.clone());
    }
    let last = expected - 1;
    match trail.heads.iter().find(|head| head.run == *run) {
        None => wrong(last, "where the record of this run ends is missing".to_owned()),
        Some(head) if head.seq > last => {
            let (first, end) = (last + 1, head.seq);
            let gone = if first == end {
                format!("record {first} is missing")
            } else {
                format!("records {first} to {end} are missing")
            };
            wrong(first, format!("{gone} at the end"));
        }
        Some(head) if head.seq < last || prev.is_some_and(|prev| prev != head.hash) => {
            wrong(last, "it is not the last record that was written".to_owned());
        }
        Some(_) => {}
    }
}

// Every run names the one that was opened before it.
fn openings(trail: &Trail, broken: &mut Vec<Broken>) {
    let mut found: BTreeMap<i64, (&Record, String)> = BTreeMap::new();
    for record in trail.records.iter().filter(|record| record.seq == 1) {
        let fields = record.fields();
        let after = fields["after"].as_str().unwrap_or_default().to_owned();
        if let Some(number) = fields["opening"].as_i64() {
            found.insert(number, (record, after));
        }
    }
    let gone: BTreeSet<i64> =
        (1..=trail.opened.number).filter(|number| !found.contains_key(number)).collect();
    for number in &gone {
        let before =
            found.range(..number).next_back().map(|(_, (record, _))| format!(" behind run {}", record.run));
        let what = format!(
            "the record of run number {number} is missing or was changed{}",
            before.unwrap_or_default()
        );
        broken.push(Broken { run: None, seq: None, what });
    }
    for (number, (record, after)) in &found {
        let before = found.get(&(number - 1)).map(|(before, _)| before.hash.as_str());
        let before = if *number == 1 { Some("") } else { before };
        if before.is_some_and(|before| before != after) {
            let what =
                "it does not follow the run that was opened before: one of the two was replaced".to_owned();
            broken.push(Broken { run: Some(record.run.clone()), seq: Some(1), what });
        }
    }
    let last = found.get(&trail.opened.number).map(|(record, _)| record.hash.as_str());
    let is_other = last.is_some_and(|last| last != trail.opened.hash);
    if is_other || found.range(trail.opened.number + 1..).next().is_some() {
        let what = "the last run that was opened is another than was written".to_owned();
        broken.push(Broken { run: None, seq: None, what });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::{Head, Opening};
    use jiff::Timestamp;
    use serde_json::json;

    // Two runs of four records each.
    fn trail() -> Trail {
        let mut trail = Trail::default();
        for run in ["a", "b"] {
            let run = RunId(run.into());
            let mut head: Option<Head> = None;
            for n in 0..4 {
                let fields = json!({ "event": "e", "z": [n, { "b": "ü", "a": null }] });
                let behind = head.as_ref().ok_or(&trail.opened);
                let record = Record::next(&run, behind, (Timestamp::UNIX_EPOCH, &fields));
                if head.is_none() {
                    trail.opened = Opening { number: trail.opened.number + 1, hash: record.hash.clone() };
                }
                head = Some(record.head());
                trail.records.push(record);
            }
            trail.heads.extend(head);
        }
        trail
    }

    fn places(trail: &Trail) -> Vec<(String, i64)> {
        let place = |b: Broken| (b.run.map(|r| r.0.to_string()).unwrap_or_default(), b.seq.unwrap_or(0));
        verify(trail, true).into_iter().map(place).collect()
    }

    #[test]
    fn what_is_whole_is_found_to_be() {
        assert_eq!(verify(&trail(), true), []);
        assert_eq!(verify(&Trail::default(), true), []);
        let entry = &trail().records[0].entry;
        assert!(
            entry
                .starts_with(r#"{"after":"","at":"1970-01-01T00:00:00Z","event":"e","opening":1,"prev":"","#),
            "{entry}"
        );
    }

    #[test]
    fn every_byte_that_is_changed_is_found_in_its_record() {
        let whole = trail();
        let mut changed = 0;
        for i in 0..whole.records.len() {
            let Record { run, seq, entry, hash } = whole.records[i].clone();
            let at = (run.0.to_string(), seq);
            for (place, was) in entry.char_indices() {
                let mut broken = whole.clone();
                let other = if was == '0' { "1" } else { "0" };
                broken.records[i].entry.replace_range(place..place + was.len_utf8(), other);
                assert!(places(&broken).contains(&at), "{at:?}: {place} of {entry}");
                changed += 1;
            }
            for (place, was) in hash.char_indices() {
                for with in [if was == '0' { "1" } else { "0" }, "", " ", "0000"] {
                    let mut broken = whole.clone();
                    broken.records[i].hash.replace_range(place..=place, with);
                    assert!(places(&broken).contains(&at), "{at:?}: {with:?} at {place} of {hash}");
                    changed += 1;
                }
            }
            // A byte that is taken out or put in, at each place: also white space, which JSON would not mind.
            for (place, was) in entry.char_indices() {
                for (with, behind) in [("", was.len_utf8()), (" ", 0), ("\n", 0), ("0", 0)] {
                    let mut broken = whole.clone();
                    broken.records[i].entry.replace_range(place..place + behind, with);
                    assert!(places(&broken).contains(&at), "{at:?}: {with:?} at {place} of {entry}");
                    changed += 1;
                }
            }
            let mut broken = whole.clone();
            broken.records[i].entry.push(' ');
            assert!(places(&broken).contains(&at), "{at:?}: a space behind it");
        }
        assert!(changed > 8_000, "{changed}");
    }

    #[test]
    fn every_byte_of_where_a_chain_ends_is_looked_at() {
        let whole = trail();
        let hash = whole.opened.hash.clone();
        for place in 0..hash.len() {
            for with in ["", "~", "00"] {
                for i in 0..whole.heads.len() {
                    let mut broken = whole.clone();
                    broken.heads[i].hash.replace_range(place..=place, with);
                    let at = (broken.heads[i].run.0.to_string(), broken.heads[i].seq);
                    assert_eq!(places(&broken), [at], "{place}");
                }
                let mut broken = whole.clone();
                broken.opened.hash.replace_range(place..=place, with);
                assert!(!places(&broken).is_empty(), "{place}");
            }
        }
        for number in [-1, 0, 1, 3, 99] {
            let mut broken = whole.clone();
            broken.opened.number = number;
            assert!(!places(&broken).is_empty(), "{number}");
            for i in 0..whole.heads.len() {
                let mut broken = whole.clone();
                broken.heads[i].seq = number;
                assert!(!places(&broken).is_empty(), "{number}");
            }
        }
        for i in 0..whole.heads.len() {
            let mut broken = whole.clone();
            let gone = broken.heads.remove(i);
            assert_eq!(places(&broken), [(gone.run.0.to_string(), gone.seq)]);
        }
    }

    #[test]
    fn every_record_that_is_taken_out_or_exchanged_is_found() {
        let whole = trail();
        for i in 0..whole.records.len() {
            let mut broken = whole.clone();
            let gone = broken.records.remove(i);
            let found = places(&broken);
            assert!(found.contains(&(gone.run.0.to_string(), gone.seq)), "{i}: {found:?}");
            let mut broken = whole.clone();
            let j = if i % 4 == 3 { i - 3 } else { i + 1 };
            broken.records.swap(i, j);
            assert!(!places(&broken).is_empty(), "{i}");
        }
        // A run with where it ends.
        for run in ["a", "b"] {
            let mut broken = whole.clone();
            broken.records.retain(|record| record.run.0 != run);
            broken.heads.retain(|head| head.run.0 != run);
            assert!(!places(&broken).is_empty(), "{run}");
        }
        // A whole run that is written anew, with everything that names it but the next run.
        let mut broken = whole.clone();
        let other = Record::next(
            &RunId("a".into()),
            Err(&Opening::default()),
            (Timestamp::UNIX_EPOCH, &json!({ "event": "other" })),
        );
        broken.records.retain(|record| record.run.0 != "a");
        broken.heads[0] = other.head();
        broken.records.insert(0, other);
        assert_eq!(places(&broken), [("b".to_owned(), 1)]);
    }
}
