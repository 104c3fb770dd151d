//! The full-text index of one glob: a SQLite file with an FTS5 table, brought up to date file by file.
//!
//! Two processes may use it at once: changes are made in one transaction, and a reader sees either all
//! of them or none. A file is read again only where its size or time has changed.

use super::chunk;
use crate::RunError;
use crate::lookup::files::{self, Glob};
use crate::lookup::shape::Found;
use crate::words::{is_stop_word, is_unspaced, pairs, words};
use flow_diagnostics::Code;
use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior, params};
use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::time::{Duration, UNIX_EPOCH};

/// An open index.
#[derive(Debug)]
pub(super) struct Index {
    connection: Connection,
}

const SCHEMA: &str = "
    create table if not exists files (
        path text primary key, size integer not null, modified integer not null, digest blob not null
    ) strict;
    create table if not exists pieces (
        key integer primary key, file text not null, id text not null, title text not null,
        heading text not null, body text not null, path text not null, row text
    ) strict;
    create index if not exists pieces_of_file on pieces (file);
    create virtual table if not exists words using fts5 (
        title, body, content='', contentless_delete=1, tokenize='porter unicode61 remove_diacritics 2'
    );
";

/// Part of an index's name, to be raised with every change of the schema or of how files are cut.
pub(super) const VERSION: &str = "1";

/// What the path of an index begins with that is nowhere on the disk.
pub(super) const IN_MEMORY: &str = ":memory:";

/// Whether an index of this path is nowhere on the disk.
pub(super) fn is_in_memory(path: &Path) -> bool {
    path.to_str().is_some_and(|path| path.starts_with(IN_MEMORY))
}

/// The words of a question that are looked for, at most.
const MOST_WORDS: usize = 64;

impl Index {
    /// Opens an index, made anew where it is missing or broken.
    pub(super) fn open(path: &Path) -> Result<Index, RunError> {
        if is_in_memory(path) {
            return connect(Path::new(IN_MEMORY))
                .map(|connection| Index { connection })
                .map_err(|error| failed(&error));
        }
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(|error| {
                RunError::new(Code::E0807, format!("`{}` can't be made: {error}", folder.display()))
            })?;
        }
        match connect(path) {
            Ok(connection) => Ok(Index { connection }),
            Err(error) if is_broken(&error) => {
                // Nothing in it is worth more than the time to make it again.
                std::fs::remove_file(path).map_err(|error| failed(&error))?;
                connect(path).map(|connection| Index { connection }).map_err(|error| failed(&error))
            }
            Err(error) => Err(failed(&error)),
        }
    }

    /// Takes in what has changed on disk since the last time. Fails where no file can be read.
    pub(super) fn refresh(&mut self, glob: &Glob, most: u64) -> Result<(), RunError> {
        let files: Vec<Seen> = glob.files()?.into_iter().filter_map(Seen::of).collect();
        if self.known().map_err(|e| failed(&e))? == files.iter().map(Seen::stamp).collect() {
            return self.expect_text(glob, None);
        }
        let transaction = self
            .connection
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(|error| failed(&error))?;
        let unread = update(&transaction, glob, &files, most).map_err(|error| failed(&error))?;
        transaction.commit().map_err(|error| failed(&error))?;
        self.expect_text(glob, unread)
    }

    // One file that can't be read does not hide the others; none that can is an error.
    fn expect_text(&self, glob: &Glob, unread: Option<(PathBuf, String)>) -> Result<(), RunError> {
        let empty = "select not exists (select 1 from pieces)";
        let empty: bool =
            self.connection.query_row(empty, [], |row| row.get(0)).map_err(|error| failed(&error))?;
        match unread {
            Some((path, reason)) if empty => Err(files::unreadable(glob, &path, &reason)),
            None if empty => {
                Err(RunError::new(Code::E0807, format!("no file that matches `{}` holds text", glob.written)))
            }
            _ => Ok(()),
        }
    }

    /// The pieces that fit a question best, the best first.
    pub(super) fn search(&self, question: &str, most: usize) -> Result<Vec<Found>, RunError> {
        let Some(query) = query(question) else { return Ok(vec![]) };
        self.matching(&query, most).map_err(|error| failed(&error))
    }

    fn matching(&self, query: &str, most: usize) -> rusqlite::Result<Vec<Found>> {
        let mut statement = self.connection.prepare_cached(
            "select id, pieces.title, heading, pieces.body, path, row, -rank from words join pieces on key = words.rowid
             where words match ?1 and rank match 'bm25(3.0, 1.0)' order by rank, key limit ?2",
        )?;
        let rows = statement.query_map(params![query, i64::try_from(most).unwrap_or(i64::MAX)], |row| {
            Ok(Found {
                id: row.get(0)?,
                title: row.get(1)?,
                heading: row.get(2)?,
                body: row.get(3)?,
                path: row.get(4)?,
                row: row.get::<_, Option<String>>(5)?.and_then(|json| serde_json::from_str(&json).ok()),
                score: row.get(6)?,
            })
        })?;
        rows.collect()
    }

    fn known(&self) -> rusqlite::Result<BTreeSet<(String, i64, i64)>> {
        let mut statement = self.connection.prepare_cached("select path, size, modified from files")?;
        statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?.collect()
    }
}

/// A file on disk.
struct Seen {
    path: PathBuf,
    name: String,
    size: i64,
    modified: i64,
}

impl Seen {
    fn of(path: PathBuf) -> Option<Seen> {
        let meta = std::fs::metadata(&path).ok()?;
        let modified = meta.modified().ok()?.duration_since(UNIX_EPOCH).unwrap_or_default();
        Some(Seen {
            name: path.to_string_lossy().into_owned(),
            path,
            size: i64::try_from(meta.len()).unwrap_or(i64::MAX),
            modified: i64::try_from(modified.as_nanos()).unwrap_or(i64::MAX),
        })
    }

    fn stamp(&self) -> (String, i64, i64) {
        (self.name.clone(), self.size, self.modified)
    }
}

fn connect(path: &Path) -> rusqlite::Result<Connection> {
    let connection = Connection::open(path)?;
    connection.busy_timeout(Duration::from_secs(30))?;
    connection.pragma_update(None, "journal_mode", "wal")?;
    // A crash may lose the last refresh, which is then done again.
    connection.pragma_update(None, "synchronous", "off")?;
    connection.execute_batch(SCHEMA)?;
    Ok(connection)
}

// Gives the first file that could not be read, with the reason.
fn update(
    transaction: &Transaction<'_>,
    glob: &Glob,
    files: &[Seen],
    most: u64,
) -> rusqlite::Result<Option<(PathBuf, String)>> {
    let mut unread = None;
    let mut known: HashMap<String, (i64, i64)> = HashMap::new();
    {
        let mut statement = transaction.prepare("select path, size, modified from files")?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            known.insert(row.get(0)?, (row.get(1)?, row.get(2)?));
        }
    }
    for file in files {
        if known.remove(&file.name) == Some((file.size, file.modified)) {
            continue;
        }
        let bytes = std::fs::read(&file.path).unwrap_or_default();
        let digest = blake3::hash(&bytes);
        let old: Option<Vec<u8>> = transaction
            .query_row("select digest from files where path = ?1", [&file.name], |row| row.get(0))
            .optional()?;
        if old.as_deref() != Some(digest.as_bytes().as_slice()) {
            forget(transaction, &file.name)?;
            match String::from_utf8(bytes) {
                Ok(text) => take_in(transaction, glob, file, (&text, most))?,
                Err(error) => {
                    let reason = error.utf8_error().to_string();
                    unread.get_or_insert_with(|| (file.path.clone(), reason));
                }
            }
        }
        transaction.execute(
            "insert or replace into files (path, size, modified, digest) values (?1, ?2, ?3, ?4)",
            params![file.name, file.size, file.modified, digest.as_bytes().as_slice()],
        )?;
    }
    for gone in known.keys() {
        forget(transaction, gone)?;
        transaction.execute("delete from files where path = ?1", [gone])?;
    }
    Ok(unread)
}

fn take_in(
    transaction: &Transaction<'_>,
    glob: &Glob,
    file: &Seen,
    (text, most): (&str, u64),
) -> rusqlite::Result<()> {
    let (id, path) = (glob.id(&file.path), glob.shown(&file.path));
    let mut piece_in = transaction.prepare_cached(
        "insert into pieces (file, id, title, heading, body, path, row) values (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )?;
    let mut words_in =
        transaction.prepare_cached("insert into words (rowid, title, body) values (?1, ?2, ?3)")?;
    for piece in chunk::pieces(chunk::File { id: &id, path: &path, text }, most) {
        let row = piece.row.map(|row| serde_json::Value::Object(row).to_string());
        piece_in.execute(params![
            file.name,
            piece.id,
            piece.title,
            piece.heading,
            piece.body,
            piece.path,
            row
        ])?;
        let key = transaction.last_insert_rowid();
        let title = spaced(&format!("{} {}", piece.title, piece.heading));
        words_in.execute(params![key, title, spaced(&piece.body)])?;
    }
    Ok(())
}

fn forget(transaction: &Transaction<'_>, file: &str) -> rusqlite::Result<()> {
    transaction
        .execute("delete from words where rowid in (select key from pieces where file = ?1)", [file])?;
    transaction.execute("delete from pieces where file = ?1", [file])?;
    Ok(())
}

// Any of the words that say something; all of them where none does. Quoted, so that none is an operator.
fn query(question: &str) -> Option<String> {
    let spaced = spaced(question);
    let all: Vec<String> = words(&spaced).map(str::to_lowercase).collect();
    let telling: Vec<&String> = all.iter().filter(|w| !is_stop_word(w)).collect();
    let chosen = if telling.is_empty() { all.iter().collect() } else { telling };
    let distinct: BTreeSet<&String> = chosen.into_iter().take(MOST_WORDS).collect();
    let quoted: Vec<String> = distinct.iter().map(|w| format!("\"{}\"", w.replace('"', "\"\""))).collect();
    (!quoted.is_empty()).then(|| quoted.join(" OR "))
}

// FTS5 knows words by the spaces between them, so writing without spaces is given some.
fn spaced(text: &str) -> String {
    if !text.chars().any(is_unspaced) {
        return text.to_owned();
    }
    let spread =
        |word: &str| if word.chars().any(is_unspaced) { pairs(word).join(" ") } else { word.to_owned() };
    words(text).map(spread).collect::<Vec<_>>().join(" ")
}

fn is_broken(error: &rusqlite::Error) -> bool {
    matches!(
        error.sqlite_error_code(),
        Some(rusqlite::ErrorCode::NotADatabase | rusqlite::ErrorCode::DatabaseCorrupt)
    )
}

fn failed(error: &dyn std::fmt::Display) -> RunError {
    RunError::new(Code::E0807, format!("the search index failed: {error}"))
}
