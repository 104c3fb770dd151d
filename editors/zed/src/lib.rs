//! The extension for Zed: how the language server is started. What it looks like stands in `languages/`.

use zed_extension_api::{register_extension, Command, Extension, LanguageServerId, Result, Worktree};

struct Flow;

impl Extension for Flow {
    fn new() -> Self {
        Flow
    }

    fn language_server_command(&mut self, _: &LanguageServerId, worktree: &Worktree) -> Result<Command> {
        let command = worktree
            .which("flowc")
            .ok_or("flowc is not on the path: `cargo install --path cli` in a clone of Flow puts it there")?;
        Ok(Command { command, args: vec!["lsp".to_owned()], env: worktree.shell_env() })
    }
}

register_extension!(Flow);
