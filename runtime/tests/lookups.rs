//! The lookup sources on real folders.

#![expect(clippy::unwrap_used, reason = "a failing test should panic")]

use flow_diagnostics::{Code, Span};
use flow_plan::{Arg, Bound, Expr, Field, Labels, Lookup, Param, RecordType, Type, Value};
use flow_runtime::lookup::{self, Source};
use flow_runtime::{Context, Environment, Http, RunError};
use serde_json::{Value as Json, json};
use std::path::Path;
use std::sync::Arc;

const RETURNS: &str = "# Returning things\n\nYou can return unworn shoes within 30 days of delivery.\n\n## Refunds\n\nRefunds go to the card you paid with.\n";
const SHIPPING: &str = "# Shipping\n\nWe ship within two working days.\n";

fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let help = folder.path().join("app/help/orders");
    std::fs::create_dir_all(&help).unwrap();
    std::fs::write(help.join("returns.md"), RETURNS).unwrap();
    std::fs::write(help.parent().unwrap().join("shipping.md"), SHIPPING).unwrap();
    folder
}

fn context(root: &Path) -> Context {
    Context {
        env: Environment::default(),
        root: root.to_owned(),
        state: root.join(".flow"),
        http: Http::default(),
        cancel: tokio_util::sync::CancellationToken::new(),
        clock: flow_runtime::Clock::default(),
    }
}

fn text(tokens: u64) -> Type {
    Type::Text { bound: Some(Bound::Tokens(tokens)), truncate: false }
}

fn passages(fields: &[(&str, Type)], most: u64) -> Type {
    let fields = fields.iter().map(|(name, ty)| Field {
        name: (*name).into(),
        ty: ty.clone(),
        doc: "".into(),
        labels: Labels::default(),
        default: None,
    });
    let record = RecordType { name: Some("Passage".into()), doc: "".into(), fields: fields.collect() };
    Type::List(Box::new(Type::Record(Arc::new(record))), Some(most))
}

fn usual() -> Type {
    passages(&[("id", text(12)), ("title", text(24)), ("body", text(64))], 3)
}

fn lookup(source: &str, glob: &str, output: Type) -> Lookup {
    Lookup {
        name: "help".into(),
        doc: "".into(),
        params: vec![Param {
            name: "question".into(),
            ty: Type::TEXT,
            labels: Labels::default(),
            doc: "".into(),
            default: None,
            span: Span::default(),
        }],
        output,
        labels: Labels::default(),
        source: source.into(),
        args: vec![("glob".into(), Arg::Expr(Expr::Literal(Value::text(glob))))],
        trusted: false,
        file: "app/main.flow".into(),
        span: Span::default(),
    }
}

fn source(name: &str) -> Box<dyn Source> {
    lookup::builtin().into_iter().find(|s| s.spec().name == name).unwrap()
}

async fn find(
    source: &dyn Source,
    context: &Context,
    lookup: &Lookup,
    question: &str,
) -> Result<Json, RunError> {
    let Some((_, Arg::Expr(Expr::Literal(glob)))) = lookup.args.first() else { panic!("no glob") };
    source.find(context, lookup, &[("glob".into(), glob.clone())], &[Value::text(question)]).await
}

#[tokio::test]
async fn search_finds_the_passage_and_keeps_up_with_the_folder() {
    let folder = folder();
    let (context, lookup) = (context(folder.path()), lookup("search", "help/**/*.md", usual()));
    let found = find(&*source("search"), &context, &lookup, "How long can I return shoes?").await.unwrap();
    assert_eq!(found[0]["id"], "orders/returns");
    assert_eq!(found[0]["title"], "Returning things");
    assert!(found[0]["body"].as_str().unwrap().contains("within 30 days"));
    lookup.output.read(&found).unwrap();

    assert_eq!(find(&*source("search"), &context, &lookup, "zebra \"OR* NEAR(").await.unwrap(), json!([]));
    assert_eq!(find(&*source("search"), &context, &lookup, "").await.unwrap(), json!([]));

    let help = folder.path().join("app/help");
    std::fs::write(help.join("zoo.md"), "# Zoo\n\nThe zebra lives here.\n").unwrap();
    std::fs::remove_file(help.join("shipping.md")).unwrap();
    let zebra = find(&*source("search"), &context, &lookup, "zebras").await.unwrap();
    assert_eq!(zebra, json!([{"id": "zoo", "title": "Zoo", "body": "The zebra lives here."}]));
    assert_eq!(find(&*source("search"), &context, &lookup, "ship").await.unwrap(), json!([]));
}

#[tokio::test]
async fn a_long_file_is_found_by_its_part() {
    let folder = folder();
    let output =
        passages(&[("id", text(12)), ("heading", text(24)), ("body", text(24)), ("score", Type::FLOAT)], 1);
    let lookup = lookup("search", "help/**/*.md", output);
    let found =
        find(&*source("search"), &context(folder.path()), &lookup, "refunds to my card").await.unwrap();
    assert_eq!(found[0]["id"], "orders/returns#2");
    assert_eq!(found[0]["heading"], "Refunds");
    assert!(found[0]["score"].as_f64().unwrap() > 0.0);
}

#[tokio::test]
async fn rows_fill_any_field_and_text_without_spaces_is_found() {
    let folder = folder();
    let rows = "{\"id\": \"a\", \"title\": \"Boots\", \"body\": \"Warm boots.\", \"stars\": 5}\n{\"id\": \"b\", \"title\": \"退货\", \"body\": \"三十天内可以退货。\", \"stars\": 4}\n";
    std::fs::write(folder.path().join("app/items.jsonl"), rows).unwrap();
    let output = passages(&[("id", text(12)), ("stars", Type::INT)], 5);
    let lookup = lookup("search", "*.jsonl", output);
    let context = context(folder.path());
    assert_eq!(
        find(&*source("search"), &context, &lookup, "boots").await.unwrap(),
        json!([{"id": "a", "stars": 5}])
    );
    assert_eq!(
        find(&*source("search"), &context, &lookup, "可以退货吗").await.unwrap(),
        json!([{"id": "b", "stars": 4}])
    );
}

#[tokio::test]
async fn a_broken_index_is_made_again_and_many_may_share_it() {
    let folder = folder();
    let (context, lookup) = (context(folder.path()), lookup("search", "help/**/*.md", usual()));
    find(&*source("search"), &context, &lookup, "shoes").await.unwrap();
    let index = std::fs::read_dir(&context.state).unwrap().map(|e| e.unwrap().path());
    let index = index.filter(|p| p.extension().is_some_and(|e| e == "db")).collect::<Vec<_>>();
    assert_eq!(index.len(), 1);
    std::fs::write(&index[0], "this is no database, and long enough to be seen as something else").unwrap();
    let found = find(&*source("search"), &context, &lookup, "shoes").await.unwrap();
    assert_eq!(found.as_array().unwrap().len(), 1);

    std::fs::remove_dir_all(&context.state).unwrap();
    let many = (0..8).map(|_| async {
        let found = find(&*source("search"), &context, &lookup, "shoes").await.unwrap();
        assert_eq!(found.as_array().unwrap().len(), 1);
    });
    futures::future::join_all(many).await;
}

#[tokio::test]
async fn file_reads_what_matches_and_cuts_to_the_bound() {
    let folder = folder();
    let context = context(folder.path());
    let output = passages(&[("id", text(12)), ("path", text(24)), ("text", text(4))], 5);
    let lookup_all = lookup("file", "help/**/*.md", output);
    let found = find(&*source("file"), &context, &lookup_all, "").await.unwrap();
    assert_eq!(found[0]["path"], "help/orders/returns.md");
    assert_eq!(found[0]["text"], "# Returning things");
    assert_eq!(found[1]["id"], "shipping");

    let one = lookup("file", "help/shipping.md", text(64));
    assert_eq!(find(&*source("file"), &context, &one, "").await.unwrap(), json!(SHIPPING));
}

#[tokio::test]
async fn what_cannot_work_says_why() {
    let folder = folder();
    let context = context(folder.path());
    let none =
        find(&*source("search"), &context, &lookup("search", "docs/*.md", usual()), "x").await.unwrap_err();
    assert_eq!(none.code, Code::E0807);
    assert!(none.message.contains("`docs/*.md`") && none.message.contains("docs"), "{none}");

    let stars = passages(&[("stars", Type::INT)], 5);
    let stars =
        find(&*source("file"), &context, &lookup("file", "help/**/*.md", stars), "x").await.unwrap_err();
    assert_eq!(stars.message, "`file` can't fill the field `stars` of `Passage`");

    std::fs::write(folder.path().join("app/photo.bin"), [0xff, 0xfe, 0x00]).unwrap();
    for name in ["file", "search"] {
        let binary = find(&*source(name), &context, &lookup(name, "*.bin", usual()), "x").await.unwrap_err();
        assert!(binary.message.starts_with("`photo.bin` can't be read as text"), "{binary}");
    }

    let mut computed = lookup("file", "../secret.md", usual());
    computed.args[0].1 = Arg::Env("PLACE".into());
    let glob = [("glob".into(), Value::text("../secret.md"))];
    let outside = source("file").find(&context, &computed, &glob, &[]).await.unwrap_err();
    assert!(outside.message.contains("leads out of"), "{outside}");
}
