#[test]
fn show() {
    for f in ["support", "pieces", "everything"] {
        let text = std::fs::read_to_string(format!("tests/programs/{f}.flow")).unwrap();
        let p = flow_grammar::parse(&text);
        if std::env::var("DUMP").is_ok() {
            println!("{}", p.cst.dump(&text));
        }
        for e in &p.errors {
            let line = text[..e.range.start].lines().count();
            println!("{f}:{line} {e:?}");
        }
    }
}
