//! Compiles the parser, which is C.

fn main() {
    let sources = ["src/parser.c", "src/scanner.c"];
    cc::Build::new().std("c11").include("src").files(sources).warnings(false).compile("tree-sitter-flow");
    sources.iter().for_each(|source| println!("cargo::rerun-if-changed={source}"));
}
