#![expect(clippy::unwrap_used, reason = "a failing test should panic")]

use super::*;
use crate::cache::{AT_ONCE, CacheKey, Saved, Vectors};
use flow_plan::{Cost, Tokens, Value};
use rusqlite::Connection;

const ALWAYS: Millis = Millis(60_000);

fn asked(scope: Option<u8>, call: u8) -> Asked {
    let key = CacheKey { scope: scope.map(|s| [s; 32]), call: [call; 32] };
    Asked { key, flow: "main".into(), callee: "answer".into() }
}

fn entry(value: Value) -> Entry {
    Entry { value, saved: Saved { usd: Cost(2_000), input: Tokens(30), output: Tokens(4) } }
}

async fn value(cache: &SqliteCache, asked: &Asked) -> Option<Value> {
    match cache.get(asked).await.unwrap() {
        Found::Hit(found, _) => Some(found.value),
        Found::Miss => None,
        Found::Spoilt => Some(Value::text("spoilt")),
    }
}

#[tokio::test]
async fn entries_outlive_the_process_and_not_their_time() {
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().join("state");
    let made = Value::record([
        ("price".into(), Value::Money(Cost(12_500_000_000))),
        ("reply".into(), Value::text("30 days")),
    ]);
    let first = SqliteCache::new(&state);
    assert_eq!(value(&first, &asked(None, 7)).await, None);
    first.put(&asked(None, 7), &entry(made.clone()), ALWAYS).await.unwrap();
    first.put(&asked(Some(1), 7), &entry(Value::Int(1)), Millis(1)).await.unwrap();
    drop(first);

    let second = SqliteCache::new(&state);
    let Found::Hit(found, left) = second.get(&asked(None, 7)).await.unwrap() else { panic!("it is kept") };
    assert_eq!(found, entry(made));
    assert!((Millis(1)..=ALWAYS).contains(&left));
    tokio::time::sleep(Duration::from_millis(5)).await;
    assert_eq!(value(&second, &asked(Some(1), 7)).await, None);
}

#[tokio::test]
async fn what_was_tampered_with_is_forgotten() {
    for change in [
        "value = '2'",
        "usd = 9",
        "until = until + 1000000",
        "seal = x'00'",
        "call = x'0808080808080808080808080808080808080808080808080808080808080808'",
    ] {
        let folder = tempfile::tempdir().unwrap();
        let cache = SqliteCache::new(folder.path());
        cache.put(&asked(None, 7), &entry(Value::Int(1)), ALWAYS).await.unwrap();
        let other = Connection::open(folder.path().join("cache.db")).unwrap();
        other.execute(&format!("update entries set {change}"), []).unwrap();
        let call = if change.starts_with("call") { 8 } else { 7 };
        assert_eq!(cache.get(&asked(None, call)).await, Ok(Found::Spoilt), "{change}");
        assert_eq!(cache.get(&asked(None, call)).await, Ok(Found::Miss), "{change}");
    }
}

#[tokio::test]
async fn a_file_that_is_no_database_is_made_anew() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cache.db");
    std::fs::write(&path, "no database at all, and longer than a header must be").unwrap();
    let cache = SqliteCache::new(folder.path());
    cache.put(&asked(None, 7), &entry(Value::Bool(true)), ALWAYS).await.unwrap();
    assert_eq!(value(&cache, &asked(None, 7)).await, Some(Value::Bool(true)));

    std::fs::write(folder.path().join("file"), "").unwrap();
    let nowhere = SqliteCache::new(&folder.path().join("file"));
    assert_eq!(nowhere.get(&asked(None, 7)).await.unwrap_err().code, Code::E0810);
}

#[tokio::test]
async fn a_file_that_is_damaged_while_it_is_used_is_made_anew() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cache.db");
    let long = Value::text("x".repeat(50_000));
    let cache = SqliteCache::new(folder.path());
    for call in 0..20 {
        cache.put(&asked(None, call), &entry(long.clone()), ALWAYS).await.unwrap();
    }
    drop(cache);
    // Everything behind the first page, which has the schema.
    let mut bytes = std::fs::read(&path).unwrap();
    let page = usize::from(u16::from_be_bytes([bytes[16], bytes[17]]));
    bytes[page..].fill(0xa5);
    std::fs::write(&path, bytes).unwrap();

    let cache = SqliteCache::new(folder.path());
    assert_eq!(cache.get(&asked(None, 3)).await, Ok(Found::Spoilt));
    cache.put(&asked(None, 3), &entry(Value::Int(3)), ALWAYS).await.unwrap();
    assert_eq!(value(&cache, &asked(None, 3)).await, Some(Value::Int(3)));
}

#[tokio::test]
async fn many_may_use_it_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let caches: Vec<SqliteCache> = (0..4).map(|_| SqliteCache::new(folder.path())).collect();
    let puts = (0..200u8).map(|i| {
        let cache = &caches[usize::from(i) % caches.len()];
        async move { cache.put(&asked(None, i), &entry(Value::Int(i.into())), ALWAYS).await }
    });
    assert!(futures::future::join_all(puts).await.iter().all(Result::is_ok));
    for i in 0..200u8 {
        assert_eq!(value(&caches[0], &asked(None, i)).await, Some(Value::Int(i.into())));
    }
}

#[tokio::test]
async fn hits_are_counted_and_outlive_the_process() {
    let folder = tempfile::tempdir().unwrap();
    let cache = SqliteCache::new(folder.path());
    let saved = entry(Value::Int(1)).saved;
    cache.count(&asked(None, 7), Count::Miss);
    cache.put(&asked(None, 7), &entry(Value::Int(1)), ALWAYS).await.unwrap();
    for _ in 0..3000 {
        cache.count(&asked(None, 7), Count::Hit(saved));
    }
    cache.count(&asked(None, 7), Count::Similar(saved));
    drop(cache);

    let survey = SqliteCache::new(folder.path()).survey().await.unwrap();
    let [counted] = survey.counted.as_slice() else { panic!("{survey:?}") };
    assert_eq!((counted.hits, counted.similar, counted.misses), (3001, 1, 1));
    assert_eq!(counted.saved.usd, Cost(3001 * 2_000));
    assert_eq!((counted.saved.input, counted.saved.output), (Tokens(3001 * 30), Tokens(3001 * 4)));
}

#[tokio::test]
async fn entries_are_cleared_by_scope_and_callee() {
    let folder = tempfile::tempdir().unwrap();
    let cache = SqliteCache::new(folder.path());
    let other = Asked { callee: "find".into(), ..asked(Some(2), 9) };
    for asked in [asked(None, 7), asked(Some(1), 7), asked(Some(2), 7), other] {
        cache.put(&asked, &entry(Value::Int(1)), ALWAYS).await.unwrap();
    }
    let groups = cache.survey().await.unwrap().groups;
    assert_eq!(groups.iter().map(|g| g.entries).collect::<Vec<_>>(), [1, 1, 1, 1]);
    let second = Which { scopes: vec![[2; 32], [3; 32]], ..Which::default() };
    let finds = Which { callee: Some("find".into()), ..second.clone() };
    assert_eq!(cache.clear(&finds).await, Ok(1));
    assert_eq!(cache.clear(&second).await, Ok(1));
    assert_eq!(value(&cache, &asked(Some(1), 7)).await, Some(Value::Int(1)));
    assert_eq!(cache.clear(&Which::default()).await, Ok(2));
    assert_eq!(cache.survey().await, Ok(Survey::default()));
}

#[tokio::test]
async fn it_keeps_what_was_asked_for_last_within_its_size() {
    let folder = tempfile::tempdir().unwrap();
    let cache = SqliteCache::holding(folder.path(), 100 * 1_300);
    let text = |i: u32| Value::text(format!("{i:>1000}"));
    let of = |i: u32| {
        let mut call = [0; 32];
        call[..4].copy_from_slice(&i.to_le_bytes());
        Asked { key: CacheKey { scope: None, call }, ..asked(None, 0) }
    };
    for i in 0..256 {
        cache.put(&of(i), &entry(text(i)), ALWAYS).await.unwrap();
        cache.get(&of(0)).await.unwrap();
        cache.count(&of(0), Count::Hit(Saved::default()));
    }
    let bytes: u64 = cache.survey().await.unwrap().groups.iter().map(|g| g.bytes).sum();
    assert!((60 * 1_300..=100 * 1_300).contains(&bytes), "{bytes}");
    assert_eq!(value(&cache, &of(255)).await, Some(text(255)));
    assert_eq!(value(&cache, &of(20)).await, None);
    assert_eq!(value(&cache, &of(0)).await, Some(text(0)));
}

fn place(call: u8, number: u32) -> Placed {
    let mut key = [call; 32];
    key[..4].copy_from_slice(&number.to_le_bytes());
    let until = now() + 60_000;
    Placed { call: key, vectors: Vectors::of(&[vec![1.0, f32::from(call)]]).unwrap(), until }
}

#[tokio::test]
async fn places_are_read_in_their_order_and_go_with_their_entries() {
    let folder = tempfile::tempdir().unwrap();
    let cache = SqliteCache::new(folder.path());
    let of = |placed: &Placed, scope| Asked { key: CacheKey { scope, call: placed.call }, ..asked(None, 0) };
    let many = AT_ONCE as u32 + 5;
    for i in 0..many {
        cache.place(&[1; 32], &of(&place(1, i), None), &place(1, i)).await.unwrap();
    }
    let other = place(2, 0);
    cache.put(&of(&other, Some([9; 32])), &entry(Value::Int(1)), ALWAYS).await.unwrap();
    cache.place(&[2; 32], &of(&other, Some([9; 32])), &other).await.unwrap();

    let first = cache.placed(&[1; 32], 0).await.unwrap();
    assert_eq!((first.placed.len(), first.more), (AT_ONCE, true));
    let rest = cache.placed(&[1; 32], first.upto).await.unwrap();
    assert_eq!(rest.placed.len(), 5);
    assert_eq!(cache.placed(&[1; 32], rest.upto).await.unwrap().placed, []);
    assert_eq!(cache.placed(&[2; 32], 0).await.unwrap().placed.len(), 1);
    // Those of the first group have no entries.
    let scope = Which { scopes: vec![[8; 32]], ..Which::default() };
    assert_eq!(cache.clear(&scope).await, Ok(0));
    assert_eq!(cache.placed(&[1; 32], 0).await.unwrap().placed, []);
    assert_eq!(cache.placed(&[2; 32], 0).await.unwrap().placed.len(), 1);
    cache.clear(&Which::default()).await.unwrap();
    assert_eq!(cache.placed(&[2; 32], 0).await.unwrap().placed, []);
}

#[tokio::test]
async fn a_place_that_was_tampered_with_is_forgotten() {
    let group = "x'0303030303030303030303030303030303030303030303030303030303030303'";
    for change in ["vectors = x'01000101'", "until = until + 9", &format!("place = {group}")] {
        let folder = tempfile::tempdir().unwrap();
        let cache = SqliteCache::new(folder.path());
        let placed = place(1, 0);
        let of = Asked { key: CacheKey { scope: None, call: placed.call }, ..asked(None, 0) };
        cache.place(&[1; 32], &of, &placed).await.unwrap();
        let other = Connection::open(folder.path().join("cache.db")).unwrap();
        other.execute(&format!("update places set {change}"), []).unwrap();
        let group = if change.starts_with("place") { [3; 32] } else { [1; 32] };
        let found = cache.placed(&group, 0).await.unwrap();
        assert_eq!((found.placed.len(), found.spoilt), (0, 1), "{change}");
        assert_eq!(cache.placed(&group, 0).await.unwrap().spoilt, 0, "{change}");
    }
}
