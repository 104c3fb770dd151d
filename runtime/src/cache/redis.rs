//! A cache in Redis, so that several machines share answers.
//!
//! An entry is one string that Redis forgets by itself when its time is over: its first line has the
//! seal and the numbers, the rest is the value. Hits and misses are gathered in the process and added to
//! one hash. A server that does not answer is an error within [`PATIENCE`], one that is not reached within
//! [`CONNECTING`]; connecting goes on when who asked has given up.

use super::entry::{Sealed, now};
use super::{
    Asked, Cache, CacheKey, Count, Counted, Entry, Found, Group, Placed, Places, Saved, Survey, Which,
};
use crate::RunError;
use async_trait::async_trait;
use ecow::EcoString;
use flow_diagnostics::Code;
use flow_plan::{Cost, Millis, Tokens};
use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::{AsyncCommands, RedisError};
use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

/// Entries in a Redis server, below the keys `flow:cache:`.
pub struct RedisCache {
    client: redis::Client,
    connection: OnceLock<ConnectionManager>,
    counted: Mutex<Waiting>,
}

#[derive(Default)]
struct Waiting {
    counted: HashMap<(EcoString, EcoString), Counted>,
    since: Option<Instant>,
}

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_millis(200);
/// How long making a connection may take, which goes on behind the questions: with TLS, it takes several
/// turns of the network.
const CONNECTING: Duration = Duration::from_secs(2);
/// What was counted is added to the server's counts when the oldest has waited for so long.
const LONGEST: Duration = Duration::from_secs(1);
const ENTRIES: &str = "flow:cache:entry:";
const PLACES: &str = "flow:cache:places:";
/// About how many places of a group are kept: the oldest make room.
const MOST_PLACES: usize = 100_000;
const COUNTED: &str = "flow:cache:counted";
/// How many keys are looked at with one command.
const AT_ONCE: usize = 500;

impl RedisCache {
    /// A cache at this address: `redis://user:password@host:6379/0`, or `rediss://…` where the connection
    /// is to be with TLS: the server's certificate must then be one that the system trusts, or the
    /// file of `SSL_CERT_FILE`. E0810 where it is no address; the server is first asked when a run asks.
    pub fn new(url: &str) -> Result<RedisCache, RunError> {
        let client = redis::Client::open(url).map_err(|error| failed(&error))?;
        Ok(RedisCache { client, connection: OnceLock::new(), counted: Mutex::default() })
    }

    // Clones share one connection, which is made anew when it is lost.
    fn connection(&self) -> Result<ConnectionManager, RunError> {
        if let Some(connection) = self.connection.get() {
            return Ok(connection.clone());
        }
        let config = ConnectionManagerConfig::new()
            .set_connection_timeout(Some(CONNECTING))
            .set_response_timeout(Some(PATIENCE))
            .set_number_of_retries(0);
        let made = ConnectionManager::new_lazy_with_config(self.client.clone(), config);
        let made = made.map_err(|error| failed(&error))?;
        let connection = self.connection.get_or_init(|| {
            // Who asks may give up before there is a connection, and it would not be made then.
            let mut first = made.clone();
            tokio::spawn(async move { redis::cmd("PING").query_async::<()>(&mut first).await });
            made
        });
        Ok(connection.clone())
    }

    fn waiting(&self) -> std::sync::MutexGuard<'_, Waiting> {
        self.counted.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds what was counted to the server's counts, at once or when it has waited long enough.
    async fn add_counts(&self, at_once: bool) -> Result<(), RunError> {
        let counted = {
            let mut waiting = self.waiting();
            match waiting.since {
                Some(since) if at_once || since.elapsed() >= LONGEST => std::mem::take(&mut *waiting).counted,
                _ => return Ok(()),
            }
        };
        let mut pipe = redis::pipe();
        for c in counted.values() {
            let numbers = [
                c.hits,
                c.similar,
                c.misses,
                c.saved.usd.0.unsigned_abs(),
                c.saved.input.0,
                c.saved.output.0,
            ];
            for (of, number) in OF.iter().zip(numbers).filter(|(_, number)| *number > 0) {
                // Names have no spaces.
                pipe.hincr(COUNTED, format!("{} {} {of}", c.flow, c.callee), number).ignore();
            }
        }
        pipe.query_async(&mut self.connection()?).await.map_err(|error| failed(&error))
    }

    async fn keys(&self, connection: &mut ConnectionManager, below: &str) -> Result<Vec<String>, RedisError> {
        let (mut keys, mut cursor) = (Vec::new(), 0u64);
        loop {
            let mut scan = redis::cmd("SCAN");
            scan.arg(cursor).arg("MATCH").arg(format!("{below}*")).arg("COUNT").arg(AT_ONCE);
            let (next, some): (u64, Vec<String>) = scan.query_async(connection).await?;
            keys.extend(some);
            cursor = next;
            if cursor == 0 {
                // One that is moved while they are listed may be listed twice.
                keys.sort_unstable();
                keys.dedup();
                return Ok(keys);
            }
        }
    }

    /// Every entry's key, and what stands on its first line.
    async fn heads(
        &self,
        connection: &mut ConnectionManager,
    ) -> Result<Vec<(String, Head, u64)>, RedisError> {
        let keys = self.keys(connection, ENTRIES).await?;
        let mut heads = Vec::with_capacity(keys.len());
        for keys in keys.chunks(AT_ONCE) {
            let values: Vec<Option<Vec<u8>>> = redis::cmd("MGET").arg(keys).query_async(connection).await?;
            for (key, value) in keys.iter().zip(values) {
                let Some(value) = value else { continue };
                let head = Head::read(&value).map(|(head, _)| head).unwrap_or_default();
                heads.push((key.clone(), head, value.len() as u64));
            }
        }
        Ok(heads)
    }
}

const OF: [&str; 6] = ["hits", "similar", "misses", "usd", "input", "output"];

#[async_trait]
impl Cache for RedisCache {
    async fn get(&self, asked: &Asked) -> Result<Found, RunError> {
        let mut connection = self.connection()?;
        let value: Option<Vec<u8>> =
            connection.get(name(&asked.key)).await.map_err(|error| failed(&error))?;
        let found = match &value {
            None => Found::Miss,
            Some(value) => match opened(asked, value) {
                Some((_, until)) if until <= now() => Found::Miss,
                Some((entry, until)) => {
                    Found::Hit(entry, Millis(u64::try_from(until - now()).unwrap_or_default()))
                }
                None => {
                    let gone: Result<(), RedisError> = connection.del(name(&asked.key)).await;
                    gone.map_err(|error| failed(&error))?;
                    Found::Spoilt
                }
            },
        };
        self.add_counts(false).await?;
        Ok(found)
    }

    async fn put(&self, asked: &Asked, entry: &Entry, ttl: Millis) -> Result<(), RunError> {
        let until = now().saturating_add(i64::try_from(ttl.0).unwrap_or(i64::MAX));
        let sealed = Sealed::of(entry, until);
        let value = Head::of(asked, &sealed).written(&sealed.text);
        // Redis takes no time beyond its own clock.
        let ttl = ttl.0.clamp(1, 1 << 50);
        let put: Result<(), RedisError> = self.connection()?.pset_ex(name(&asked.key), value, ttl).await;
        put.map_err(|error| failed(&error))
    }

    fn count(&self, asked: &Asked, count: Count) {
        let mut waiting = self.waiting();
        waiting.since.get_or_insert_with(Instant::now);
        let whose = (asked.flow.clone(), asked.callee.clone());
        waiting.counted.entry(whose).or_insert_with(|| Counted::none(asked)).add(count);
    }

    async fn place(&self, group: &[u8; 32], _: &Asked, placed: &Placed) -> Result<(), RunError> {
        let stream = format!("{PLACES}{}", hex(group));
        let left = placed.until.saturating_sub(now()).clamp(1, 1 << 50);
        let mut pipe = redis::pipe();
        pipe.cmd("XADD").arg(&stream).arg("MAXLEN").arg("~").arg(MOST_PLACES).arg("*");
        pipe.arg("call").arg(&placed.call).arg("vectors").arg(placed.vectors.to_bytes());
        pipe.arg("until").arg(placed.until).arg("seal").arg(&placed.seal(group)).ignore();
        // It is gone when the last of them is; those before it are passed over when their time is up.
        pipe.cmd("PEXPIRE").arg(&stream).arg(left).ignore();
        pipe.query_async(&mut self.connection()?).await.map_err(|error| failed(&error))
    }

    async fn placed(&self, group: &[u8; 32], after: u64) -> Result<Places, RunError> {
        let mut connection = self.connection()?;
        let stream = format!("{PLACES}{}", hex(group));
        // The server's clock gives the numbers, in milliseconds; what was placed in the last one that
        // was read may not have been read whole, and being read again does no harm.
        let from = format!("{after}-0");
        let mut range = redis::cmd("XRANGE");
        range.arg(&stream).arg(from).arg("+").arg("COUNT").arg(crate::cache::AT_ONCE);
        let rows: Vec<Row> = range.query_async(&mut connection).await.map_err(|error| failed(&error))?;
        let mut places = Places { upto: after, ..Places::default() };
        let (at, mut spoilt) = (now(), Vec::new());
        for (id, fields) in &rows {
            let number = id.split('-').next().and_then(|n| n.parse().ok()).unwrap_or(places.upto);
            places.more |= number > after;
            places.upto = number;
            match placed_in(group, fields) {
                Some(placed) if placed.until > at => places.placed.push(placed),
                Some(_) => {}
                None => spoilt.push(id.as_str()),
            }
        }
        places.more &= rows.len() >= crate::cache::AT_ONCE;
        places.spoilt = spoilt.len();
        if !spoilt.is_empty() {
            let mut gone = redis::cmd("XDEL");
            gone.arg(&stream).arg(&spoilt);
            let gone: Result<(), RedisError> = gone.query_async(&mut connection).await;
            gone.map_err(|error| failed(&error))?;
        }
        Ok(places)
    }

    async fn flush(&self) -> Result<(), RunError> {
        self.add_counts(true).await
    }

    async fn survey(&self) -> Result<Survey, RunError> {
        self.add_counts(true).await?;
        let mut connection = self.connection()?;
        let heads = self.heads(&mut connection).await.map_err(|error| failed(&error))?;
        let mut groups: BTreeMap<_, (u64, u64)> = BTreeMap::new();
        for (key, head, bytes) in heads {
            let group = groups.entry((head.flow, head.callee, scope_in(&key))).or_default();
            *group = (group.0 + 1, group.1 + bytes);
        }
        let all: BTreeMap<String, u64> = connection.hgetall(COUNTED).await.map_err(|error| failed(&error))?;
        let groups = groups.into_iter();
        let groups = groups.map(|((flow, callee, scope), (entries, bytes))| Group {
            flow,
            callee,
            scope,
            entries,
            bytes,
        });
        Ok(Survey { groups: groups.collect(), counted: counted(&all) })
    }

    async fn clear(&self, which: &Which) -> Result<u64, RunError> {
        self.add_counts(true).await?;
        let mut connection = self.connection()?;
        let heads = self.heads(&mut connection).await.map_err(|error| failed(&error))?;
        let means =
            |(key, head, _): &&(String, Head, u64)| which.means(&head.flow, &head.callee, scope_in(key));
        let keys: Vec<&str> = heads.iter().filter(means).map(|(key, ..)| key.as_str()).collect();
        let mut gone = 0;
        for keys in keys.chunks(AT_ONCE) {
            let some: u64 = connection.unlink(keys).await.map_err(|error| failed(&error))?;
            gone += some;
        }
        if which.is_all() {
            let counted: Result<(), RedisError> = connection.del(COUNTED).await;
            counted.map_err(|error| failed(&error))?;
            // Where answers stood is of no use without them; of others it is passed over.
            let places = self.keys(&mut connection, PLACES).await.map_err(|error| failed(&error))?;
            for keys in places.chunks(AT_ONCE) {
                let gone: Result<u64, RedisError> = connection.unlink(keys).await;
                gone.map_err(|error| failed(&error))?;
            }
        }
        Ok(gone)
    }
}

/// The first line of an entry.
#[derive(serde::Serialize, serde::Deserialize, Default)]
struct Head {
    seal: String,
    flow: EcoString,
    callee: EcoString,
    until: i64,
    usd: i64,
    input: u64,
    output: u64,
}

impl Head {
    fn of(asked: &Asked, sealed: &Sealed) -> Head {
        Head {
            seal: hex(&sealed.seal(asked)),
            flow: asked.flow.clone(),
            callee: asked.callee.clone(),
            until: sealed.until,
            usd: sealed.saved.usd.0,
            input: sealed.saved.input.0,
            output: sealed.saved.output.0,
        }
    }

    fn written(&self, text: &str) -> String {
        format!("{}\n{text}", serde_json::json!(self))
    }

    fn read(value: &[u8]) -> Option<(Head, &str)> {
        let (head, text) = std::str::from_utf8(value).ok()?.split_once('\n')?;
        Some((serde_json::from_str(head).ok()?, text))
    }
}

// An id and its fields.
type Row = (String, Vec<(String, Vec<u8>)>);

fn placed_in(group: &[u8; 32], fields: &[(String, Vec<u8>)]) -> Option<Placed> {
    let of = |wanted: &str| fields.iter().find(|(name, _)| name == wanted).map(|(_, v)| v.as_slice());
    let until = std::str::from_utf8(of("until")?).ok()?.parse().ok()?;
    Placed::open(group, (of("call")?, of("vectors")?, until), of("seal")?)
}

/// An entry whose seal is its own, and until when it is good.
fn opened(asked: &Asked, value: &[u8]) -> Option<(Entry, i64)> {
    let (head, text) = Head::read(value)?;
    let saved = Saved { usd: Cost(head.usd), input: Tokens(head.input), output: Tokens(head.output) };
    let sealed = Sealed { text: text.to_owned(), saved, until: head.until };
    let seal = blake3::Hash::from_hex(&head.seal).ok()?;
    Some((sealed.open(asked, seal.as_bytes())?, head.until))
}

fn counted(all: &BTreeMap<String, u64>) -> Vec<Counted> {
    let mut out: BTreeMap<(EcoString, EcoString), Counted> = BTreeMap::new();
    for (field, number) in all {
        let mut words = field.splitn(3, ' ');
        let (Some(flow), Some(callee), Some(of)) = (words.next(), words.next(), words.next()) else {
            continue;
        };
        let c = out.entry((flow.into(), callee.into())).or_insert_with(|| Counted {
            flow: flow.into(),
            callee: callee.into(),
            hits: 0,
            similar: 0,
            misses: 0,
            saved: Saved::default(),
        });
        match of {
            "hits" => c.hits = *number,
            "similar" => c.similar = *number,
            "misses" => c.misses = *number,
            "usd" => c.saved.usd = Cost(i64::try_from(*number).unwrap_or(i64::MAX)),
            "input" => c.saved.input = Tokens(*number),
            "output" => c.saved.output = Tokens(*number),
            _ => {}
        }
    }
    out.into_values().collect()
}

/// `flow:cache:entry:SCOPE:CALL`; everyone's scope is `-`.
fn name(key: &CacheKey) -> String {
    let scope = key.scope.as_ref().map_or_else(|| "-".to_owned(), hex);
    format!("{ENTRIES}{scope}:{}", hex(&key.call))
}

fn scope_in(name: &str) -> Option<[u8; 32]> {
    let (scope, _) = name.strip_prefix(ENTRIES)?.split_once(':')?;
    Some(*blake3::Hash::from_hex(scope).ok()?.as_bytes())
}

fn hex(digest: &[u8; 32]) -> String {
    blake3::Hash::from_bytes(*digest).to_hex().to_string()
}

// A message of this library never shows the address, which may hold a password.
fn failed(error: &RedisError) -> RunError {
    RunError::new(Code::E0810, format!("the cache in Redis failed: {error}")).help(
        "check `[cache] url` and that the server is there, or leave it out for a cache in the state folder",
    )
}
