//! The file of the cache: its tables and statements.

use crate::cache::entry::{Sealed, now};
use crate::cache::{
    AT_ONCE, Asked, CacheKey, Count, Counted, Found, Group, Placed, Places, Saved, Survey, Which,
};
use crate::disk;
use ecow::EcoString;
use flow_plan::{Cost, Millis, Tokens};
use rusqlite::{Connection, OptionalExtension, ToSql, params, params_from_iter};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// The open file, and what is to be counted in it.
pub(super) struct Store {
    connection: Connection,
    most_bytes: u64,
    kept: u32,
    // When each entry was last asked for, and by how many, since that was last written.
    used: HashMap<CacheKey, i64>,
    counted: HashMap<(EcoString, EcoString), Counted>,
    waiting: usize,
    since: Option<Instant>,
}

/// Raised with every change of the tables or of how values are written; older files are emptied.
const VERSION: i64 = 3;

const SCHEMA: &str = "
    drop table if exists entries;
    drop table if exists counted;
    drop table if exists places;
    create table entries (
        scope blob not null, call blob not null, flow text not null, callee text not null,
        value text not null, usd integer not null, input integer not null, output integer not null,
        seal blob not null, until integer not null, used integer not null, bytes integer not null,
        primary key (scope, call)
    ) strict;
    create index entries_until on entries (until);
    create index entries_used on entries (used, bytes);
    create table counted (
        flow text not null, callee text not null, hits integer not null, similar integer not null,
        misses integer not null, usd integer not null, input integer not null, output integer not null,
        primary key (flow, callee)
    ) strict;
    create table places (
        id integer primary key autoincrement, place blob not null, scope blob not null, call blob not null,
        vectors blob not null, until integer not null, seal blob not null
    ) strict;
    create index places_place on places (place, id);
    create unique index places_call on places (scope, call, place);
";

/// Entries that are no longer good, and those that are too many, are deleted once for so many that are
/// kept.
const SWEEP_EVERY: u32 = 256;

impl Store {
    /// Opens the file, and makes it where there is none or where it is no database.
    pub(super) fn open(path: &Path, most_bytes: u64) -> Result<Store, String> {
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)
                .map_err(|e| format!("`{}` can't be made: {e}", folder.display()))?;
        }
        let connection = match connect(path) {
            Err(error) if is_broken(&error) => {
                remove(path).map_err(|e| format!("`{}` is broken: {e}", path.display()))?;
                connect(path)
            }
            other => other,
        };
        Ok(Store {
            connection: connection.map_err(|error| said(&error, path))?,
            most_bytes,
            kept: 0,
            used: HashMap::new(),
            counted: HashMap::new(),
            waiting: 0,
            since: None,
        })
    }

    pub(super) fn get(&mut self, asked: &Asked) -> rusqlite::Result<Found> {
        let key = &asked.key;
        let at = now();
        let mut statement = self.connection.prepare_cached(
            "select value, usd, input, output, until, seal from entries
             where scope = ?1 and call = ?2 and until > ?3",
        )?;
        let found = statement.query_row(params![scope(key), key.call, at], |row| {
            let sealed = Sealed { text: row.get(0)?, saved: saved(row, 1)?, until: row.get(4)? };
            Ok((sealed, row.get::<_, Vec<u8>>(5)?))
        });
        let found = match found {
            // A column of another type was not written by this program.
            Err(rusqlite::Error::InvalidColumnType(..)) => Some(None),
            found => {
                found.optional()?.map(|(sealed, seal)| sealed.open(asked, &seal).map(|e| (e, sealed.until)))
            }
        };
        drop(statement);
        Ok(match found {
            None => Found::Miss,
            Some(None) => {
                let gone = "delete from entries where scope = ?1 and call = ?2";
                self.connection.execute(gone, params![scope(key), key.call])?;
                Found::Spoilt
            }
            Some(Some((entry, until))) => {
                Found::Hit(entry, Millis(u64::try_from(until.saturating_sub(at)).unwrap_or_default()))
            }
        })
    }

    pub(super) fn put(&mut self, asked: &Asked, sealed: &Sealed) -> rusqlite::Result<()> {
        self.kept = self.kept.wrapping_add(1);
        let (key, saved) = (&asked.key, sealed.saved);
        let bytes = i64::try_from(sealed.text.len() + 256).unwrap_or(i64::MAX);
        self.connection
            .prepare_cached(
                "insert or replace into entries
                 (scope, call, flow, callee, value, usd, input, output, seal, until, used, bytes)
                 values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
            )?
            .execute(params![
                scope(key),
                key.call,
                asked.flow.as_str(),
                asked.callee.as_str(),
                sealed.text,
                saved.usd.0,
                stored(saved.input),
                stored(saved.output),
                sealed.seal(asked),
                sealed.until,
                now(),
                bytes,
            ])?;
        if self.kept.is_multiple_of(SWEEP_EVERY) {
            self.sweep()?;
        }
        Ok(())
    }

    /// Keeps where a call stands, in place of an earlier place.
    pub(super) fn place(
        &mut self,
        group: &[u8; 32],
        key: &CacheKey,
        placed: &Placed,
    ) -> rusqlite::Result<()> {
        let vectors = placed.vectors.to_bytes();
        let bytes = i64::try_from(vectors.len() + 256).unwrap_or(i64::MAX);
        let transaction = self.connection.transaction()?;
        transaction
            .prepare_cached(
                "insert or replace into places (place, scope, call, vectors, until, seal)
                 values (?1, ?2, ?3, ?4, ?5, ?6)",
            )?
            .execute(params![group, scope(key), key.call, vectors, placed.until, placed.seal(group)])?;
        // It takes its room with its entry.
        transaction
            .prepare_cached("update entries set bytes = bytes + ?3 where scope = ?1 and call = ?2")?
            .execute(params![scope(key), key.call, bytes])?;
        transaction.commit()
    }

    /// What was placed in a group behind this point.
    pub(super) fn placed(&mut self, group: &[u8; 32], after: u64) -> rusqlite::Result<Places> {
        let mut places = Places { upto: after, ..Places::default() };
        let mut spoilt: Vec<i64> = Vec::new();
        {
            let mut statement = self.connection.prepare_cached(
                "select id, call, vectors, until, seal from places where place = ?1 and id > ?2
                 order by id limit ?3",
            )?;
            let after = i64::try_from(after).unwrap_or(i64::MAX);
            let mut rows = statement.query(params![group, after, AT_ONCE as i64])?;
            let at = now();
            while let Some(row) = rows.next()? {
                let id: i64 = row.get(0)?;
                places.upto = id.unsigned_abs();
                places.more = true;
                let (call, bytes, until) =
                    (row.get_ref(1)?.as_blob()?, row.get_ref(2)?.as_blob()?, row.get(3)?);
                match Placed::open(group, (call, bytes, until), row.get_ref(4)?.as_blob()?) {
                    Some(placed) if placed.until > at => places.placed.push(placed),
                    Some(_) => {}
                    None => spoilt.push(id),
                }
            }
        }
        places.spoilt = spoilt.len();
        for id in spoilt {
            self.connection.execute("delete from places where id = ?1", [id])?;
        }
        Ok(places)
    }

    /// Counts a question.
    pub(super) fn count(&mut self, asked: &Asked, count: Count) {
        if count != Count::Miss {
            self.used.insert(asked.key, now());
        }
        let whose = (asked.flow.clone(), asked.callee.clone());
        self.counted.entry(whose).or_insert_with(|| Counted::none(asked)).add(count);
        self.waiting += 1;
        self.since.get_or_insert_with(Instant::now);
    }

    /// How many hits and misses are not written yet.
    pub(super) fn waiting(&self) -> usize {
        self.waiting
    }

    /// For how long the oldest of them has waited.
    pub(super) fn waited(&self) -> Duration {
        self.since.map(|since| since.elapsed()).unwrap_or_default()
    }

    /// Writes hits and misses. What can't be written is lost: it is no more than a count, and a run is
    /// told of a broken cache when it next asks.
    pub(super) fn write_counts(&mut self) {
        let (used, counted) = (std::mem::take(&mut self.used), std::mem::take(&mut self.counted));
        (self.waiting, self.since) = (0, None);
        let _ = self.written(&used, &counted);
    }

    pub(super) fn survey(&mut self) -> rusqlite::Result<Survey> {
        self.write_counts();
        let mut statement = self.connection.prepare(
            "select flow, callee, scope, count(*), sum(bytes) from entries where until > ?1
             group by flow, callee, scope order by flow, callee, count(*) desc, scope",
        )?;
        let groups = statement.query_map([now()], |row| {
            Ok(Group {
                flow: text(row, 0)?,
                callee: text(row, 1)?,
                scope: row.get::<_, Vec<u8>>(2)?.try_into().ok(),
                entries: number(row, 3)?,
                bytes: number(row, 4)?,
            })
        })?;
        let groups = groups.collect::<rusqlite::Result<_>>()?;
        let mut statement = self.connection.prepare(
            "select flow, callee, hits, similar, misses, usd, input, output from counted
             order by flow, callee",
        )?;
        let counted = statement.query_map([], |row| {
            let (flow, callee) = (text(row, 0)?, text(row, 1)?);
            Ok(Counted {
                flow,
                callee,
                hits: number(row, 2)?,
                similar: number(row, 3)?,
                misses: number(row, 4)?,
                saved: saved(row, 5)?,
            })
        })?;
        Ok(Survey { groups, counted: counted.collect::<rusqlite::Result<_>>()? })
    }

    pub(super) fn clear(&mut self, which: &Which) -> rusqlite::Result<u64> {
        self.write_counts();
        let mut wanted: Vec<&dyn ToSql> = Vec::new();
        let mut sql = "delete from entries where true".to_owned();
        let (flow, callee) = (which.flow.as_deref(), which.callee.as_deref());
        if let Some(flow) = &flow {
            sql.push_str(" and flow = ?");
            wanted.push(flow);
        }
        if let Some(callee) = &callee {
            sql.push_str(" and callee = ?");
            wanted.push(callee);
        }
        if !which.scopes.is_empty() {
            let marks = vec!["?"; which.scopes.len()].join(", ");
            sql.push_str(&format!(" and scope in ({marks})"));
            wanted.extend(which.scopes.iter().map(|scope| scope as &dyn ToSql));
        }
        let gone = self.connection.execute(&sql, params_from_iter(wanted))?;
        self.forget_places()?;
        if which.is_all() {
            self.connection.execute("delete from counted", [])?;
            // Gives the room back; where another process reads just now, it stays for what comes.
            let _ = self.connection.execute_batch("vacuum");
        }
        Ok(gone as u64)
    }

    fn written(
        &mut self,
        used: &HashMap<CacheKey, i64>,
        counted: &HashMap<(EcoString, EcoString), Counted>,
    ) -> rusqlite::Result<()> {
        let transaction = self.connection.transaction()?;
        {
            let mut touch =
                transaction.prepare_cached("update entries set used = ?3 where scope = ?1 and call = ?2")?;
            for (key, at) in used {
                touch.execute(params![scope(key), key.call, at])?;
            }
            let mut add = transaction.prepare_cached(
                "insert into counted (flow, callee, hits, similar, misses, usd, input, output)
                 values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
                 on conflict (flow, callee) do update set hits = hits + excluded.hits,
                 similar = similar + excluded.similar, misses = misses + excluded.misses, usd = usd + excluded.usd,
                 input = input + excluded.input, output = output + excluded.output",
            )?;
            for c in counted.values() {
                add.execute(params![
                    c.flow.as_str(),
                    c.callee.as_str(),
                    stored(Tokens(c.hits)),
                    stored(Tokens(c.similar)),
                    stored(Tokens(c.misses)),
                    c.saved.usd.0,
                    stored(c.saved.input),
                    stored(c.saved.output),
                ])?;
            }
        }
        transaction.commit()
    }

    /// Deletes what is no longer good and, where there is too much, what was not asked for the longest.
    fn sweep(&mut self) -> rusqlite::Result<()> {
        // When each was last asked for decides.
        self.write_counts();
        self.connection.execute("delete from entries where until <= ?1", [now()])?;
        let all: i64 =
            self.connection.query_row("select coalesce(sum(bytes), 0) from entries", [], |row| row.get(0))?;
        let most = i64::try_from(self.most_bytes).unwrap_or(i64::MAX);
        if all > most {
            // Down to nine tenths, so that the next sweep finds little to do.
            self.connection.execute(
                "delete from entries where rowid in (
                     select rowid from (
                         select rowid, sum(bytes) over (order by used, rowid) - bytes as before from entries
                     ) where before < ?1
                 )",
                [all - most / 10 * 9],
            )?;
        }
        self.forget_places()
    }

    // Where an entry is gone, its place is.
    fn forget_places(&mut self) -> rusqlite::Result<()> {
        self.connection.execute(
            "delete from places where not exists (
                 select 1 from entries where entries.scope = places.scope and entries.call = places.call
             )",
            [],
        )?;
        Ok(())
    }
}

/// What an error says of the file.
pub(super) fn said(error: &rusqlite::Error, path: &Path) -> String {
    format!("`{}`: {}", path.display(), disk::trouble(error, path).1)
}

/// Whether the file is no database, or a damaged one.
pub(super) fn is_broken(error: &rusqlite::Error) -> bool {
    use rusqlite::ErrorCode::{DatabaseCorrupt, NotADatabase};
    matches!(error.sqlite_error_code(), Some(NotADatabase | DatabaseCorrupt))
}

/// Removes the file with all that SQLite keeps beside it.
pub(super) fn remove(path: &Path) -> std::io::Result<()> {
    for beside in ["-wal", "-shm"] {
        let mut name = path.as_os_str().to_owned();
        name.push(beside);
        // Usually there is none.
        let _ = std::fs::remove_file(PathBuf::from(name));
    }
    std::fs::remove_file(path)
}

fn connect(path: &Path) -> rusqlite::Result<Connection> {
    let mut connection = Connection::open(path)?;
    // No run waits that long, and no process that ends.
    connection.busy_timeout(Duration::from_secs(1))?;
    connection.pragma_update(None, "journal_mode", "wal")?;
    // The last entries before a power failure may be lost, never the file.
    connection.pragma_update(None, "synchronous", "normal")?;
    let transaction = connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    let version: i64 = transaction.pragma_query_value(None, "user_version", |row| row.get(0))?;
    if version != VERSION {
        transaction.execute_batch(SCHEMA)?;
        transaction.pragma_update(None, "user_version", VERSION)?;
    }
    transaction.commit()?;
    Ok(connection)
}

// Everyone's entries have the empty scope: `null` would not be equal to itself.
fn scope(key: &CacheKey) -> &[u8] {
    key.scope.as_ref().map_or(&[], |scope| scope.as_slice())
}

fn saved(row: &rusqlite::Row<'_>, from: usize) -> rusqlite::Result<Saved> {
    let usd = Cost(row.get(from)?);
    Ok(Saved { usd, input: Tokens(number(row, from + 1)?), output: Tokens(number(row, from + 2)?) })
}

fn number(row: &rusqlite::Row<'_>, at: usize) -> rusqlite::Result<u64> {
    Ok(u64::try_from(row.get::<_, i64>(at)?).unwrap_or_default())
}

fn text(row: &rusqlite::Row<'_>, at: usize) -> rusqlite::Result<EcoString> {
    Ok(EcoString::from(row.get_ref(at)?.as_str()?))
}

fn stored(tokens: Tokens) -> i64 {
    i64::try_from(tokens.0).unwrap_or(i64::MAX)
}
