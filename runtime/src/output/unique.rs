//! JSON in which no key stands twice.
//!
//! serde_json takes the last of two equal keys. Of an answer with two different scores, either may be
//! meant, so such a reply is left to the mending reader, which refuses it. So is a whole number of more
//! than 64 bits, which would be another one as a float.

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value as Json};
use std::fmt;

/// What is said of a key that stands twice.
const TWICE: &str = "a key is given twice";

/// The first whole number that 64 bits do not hold.
const TOO_LONG: f64 = 18_446_744_073_709_551_616.0;

/// Reads a text that is JSON, and nothing else.
pub(super) fn read(text: &str) -> Result<Json, serde_json::Error> {
    serde_json::from_str::<Unique>(text).map(|json| json.0)
}

struct Unique(Json);

impl<'de> Deserialize<'de> for Unique {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Unique, D::Error> {
        deserializer.deserialize_any(Reader).map(Unique)
    }
}

struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = Json;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any valid JSON value")
    }

    fn visit_unit<E: Error>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E: Error>(self, b: bool) -> Result<Json, E> {
        Ok(Json::Bool(b))
    }

    fn visit_i64<E: Error>(self, n: i64) -> Result<Json, E> {
        Ok(Json::Number(n.into()))
    }

    fn visit_u64<E: Error>(self, n: u64) -> Result<Json, E> {
        Ok(Json::Number(n.into()))
    }

    fn visit_f64<E: Error>(self, n: f64) -> Result<Json, E> {
        // A whole number of more than 64 bits, perhaps: what it was is seen in the text alone.
        if n.abs() >= TOO_LONG {
            return Err(E::custom("a number is too long"));
        }
        Ok(Number::from_f64(n).map_or(Json::Null, Json::Number))
    }

    fn visit_str<E: Error>(self, s: &str) -> Result<Json, E> {
        Ok(Json::String(s.to_owned()))
    }

    fn visit_string<E: Error>(self, s: String) -> Result<Json, E> {
        Ok(Json::String(s))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Json, A::Error> {
        let mut out = Vec::new();
        while let Some(Unique(item)) = items.next_element()? {
            out.push(item);
        }
        Ok(Json::Array(out))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Json, A::Error> {
        let mut out = Map::new();
        while let Some(key) = entries.next_key::<String>()? {
            let Unique(value) = entries.next_value()?;
            if out.insert(key, value).is_some() {
                return Err(A::Error::custom(TWICE));
            }
        }
        Ok(Json::Object(out))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_reads_what_serde_json_reads_but_for_keys_that_stand_twice() {
        for text in [
            "null",
            "[1, -2, 3.5, 1e3, true]",
            "{\"a\": {\"b\": [\"\\u00e9\\n\"]}, \"c\": null}",
            "[",
            "{\"a\" 1}",
        ] {
            let theirs = serde_json::from_str::<Json>(text);
            assert_eq!(read(text).ok(), theirs.ok(), "{text}");
        }
        assert!(read("{\"a\": 1, \"a\": 1}").is_err());
        assert!(read("[{\"a\": 1}, {\"a\": 2}]").is_ok());
    }
}
