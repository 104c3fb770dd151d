//! `[cache]` of `flow.toml`: where answers are kept for equal calls.
//!
//! In: the table, and `FLOW_CACHE_URL`, which is stronger. Out: a [`CachePlace`].

use super::file::{Reader, Value};
use crate::exit::Failure;
use flow_runtime::Environment;
use flow_runtime::cache::{Cache, Front, SqliteCache};
use std::fmt;
use std::path::Path;
use std::sync::Arc;

/// Where answers are kept: in the state folder, unless a server is named.
#[derive(Debug, Default)]
pub(crate) struct CachePlace {
    url: Option<Url>,
}

/// The address of a server, which may hold a password.
#[cfg_attr(not(feature = "redis"), expect(dead_code, reason = "without Redis it is only refused"))]
struct Url(String);

const WRITTEN: &str = "write it like `redis://user@host:6379/0`, or `rediss://…` for a connection with TLS";

impl CachePlace {
    /// Reads the table; what is wrong in it is left out and reported.
    pub(super) fn read(reader: &mut Reader<'_>, value: &Value<'_>) -> CachePlace {
        let mut out = CachePlace::default();
        for (key, value) in reader.table(value).into_iter().flatten() {
            if key.get_ref() != "url" {
                reader.unknown(key, &["url"]);
                continue;
            }
            let text = reader.text(value);
            out.url = text.as_deref().and_then(Url::read);
            if text.is_some() && out.url.is_none() {
                let message = "this is no address of a Redis server".to_owned();
                reader.report(value.span(), message, Some(WRITTEN.to_owned()));
            }
        }
        out
    }

    /// Puts `FLOW_CACHE_URL` in place of what is written.
    pub(super) fn override_from(self, env: &Environment) -> Result<CachePlace, Failure> {
        let Some(text) = env.get("FLOW_CACHE_URL") else { return Ok(self) };
        let wrong = || Failure::usage("`FLOW_CACHE_URL` is no address of a Redis server").help(WRITTEN);
        Ok(CachePlace { url: Some(Url::read(text).ok_or_else(wrong)?) })
    }

    /// The cache, with memory in front of it.
    pub(crate) fn kept_in(&self, state: &Path) -> Result<Arc<dyn Cache>, Failure> {
        Ok(Arc::new(Front::new(match &self.url {
            Some(url) => in_redis(url)?,
            None => Arc::new(SqliteCache::new(state)),
        })))
    }

    /// The cache where something may have been kept; `None` where nothing has, and nothing is made.
    pub(crate) fn past(&self, state: &Path) -> Result<Option<Arc<dyn Cache>>, Failure> {
        match &self.url {
            None if !state.join("cache.db").exists() => Ok(None),
            _ => self.kept_in(state).map(Some),
        }
    }
}

#[cfg(feature = "redis")]
fn in_redis(url: &Url) -> Result<Arc<dyn Cache>, Failure> {
    Ok(Arc::new(flow_runtime::cache::RedisCache::new(&url.0)?))
}

#[cfg(not(feature = "redis"))]
fn in_redis(_: &Url) -> Result<Arc<dyn Cache>, Failure> {
    Err(Failure::usage("this flowc was built without Redis")
        .help("build it with the feature `redis`, or leave out `[cache] url`"))
}

impl Url {
    fn read(text: &str) -> Option<Url> {
        ["redis://", "rediss://"].iter().any(|scheme| text.starts_with(scheme)).then(|| Url(text.to_owned()))
    }
}

impl fmt::Debug for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}
