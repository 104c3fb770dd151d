# The habits of the house. `just` alone lists them.

_default:
    @just --list

# Every test.
test *args:
    cargo test --workspace {{args}}

# Formatting, lints, docs.
lint:
    cargo fmt --all --check
    cargo clippy --workspace --all-targets -- -D warnings
    RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps

# The extension in a real VS Code.
vscode:
    editors/vscode/test/run.sh

# Write the snapshots, the index of errors and the examples' outputs anew; then read the diff.
snapshots:
    INSTA_UPDATE=always UPDATE_DOCS=1 UPDATE_EXAMPLES=1 cargo test -p flow-tests
    git diff --stat -- tests docs examples

# Run the command from this tree.
flowc *args:
    cargo run -q -p flowc -- {{args}}

# What has to pass before anything is merged.
ci:
    .ci/run
