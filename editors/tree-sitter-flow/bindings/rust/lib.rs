//! The grammar of Flow for tree-sitter, for programs that are written in Rust.
//!
//! In: `src/parser.c`, which is generated from `grammar.js`, and `src/scanner.c`. Out: [`LANGUAGE`] and
//! the queries. Not here: what is right or wrong, which the compiler says; it reads `flow.pest`.

use tree_sitter_language::LanguageFn;

#[expect(unsafe_code, reason = "the parser is C, as all of tree-sitter's are")]
mod parser {
    unsafe extern "C" {
        pub(crate) fn tree_sitter_flow() -> *const ();
    }
}

/// The language.
#[expect(unsafe_code, reason = "the function is the one that tree-sitter has generated for this")]
pub const LANGUAGE: LanguageFn = unsafe { LanguageFn::from_raw(parser::tree_sitter_flow) };

/// What each word is, in the names of Neovim, Zed and tree-sitter's own tools.
pub const HIGHLIGHTS: &str = include_str!("../../queries/highlights.scm");

/// The queries of this folder by their names, for those who want to know whether they fit.
pub const QUERIES: [(&str, &str); 6] = [
    ("highlights", HIGHLIGHTS),
    ("folds", include_str!("../../queries/folds.scm")),
    ("indents", include_str!("../../queries/indents.scm")),
    ("injections", include_str!("../../queries/injections.scm")),
    ("locals", include_str!("../../queries/locals.scm")),
    ("textobjects", include_str!("../../queries/textobjects.scm")),
];
