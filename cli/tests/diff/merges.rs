//! `flowc git-setup` in a real merge.

use crate::action::with_flowc;
use crate::revisions::{git, repository};

#[test]
fn git_merges_changes_to_neighbouring_steps() {
    let sandbox = repository();
    // As git does it, neighbouring lines are a conflict.
    let base =
        "flow two(a: text <= 9 tokens) -> text {\n  one = upper(a)\n  two = lower(one)\n  return two\n}\n";
    let branch = |name: &str, from: &str, to: &str| {
        git(&sandbox, &["checkout", "-q", "-b", name, "start"]);
        sandbox.write("app/two.flow", &base.replace(from, to));
        git(&sandbox, &["commit", "-qam", name]);
    };
    sandbox.write("app/two.flow", base);
    let set = sandbox.flowc_with(&["git-setup"], &[("PATH", &with_flowc())]);
    set.is_fine();
    assert_eq!(sandbox.read(".gitattributes"), "*.flow diff=flow merge=flow\n");
    // The driver is called by its name: the one under test is given with its path.
    let driver = git(&sandbox, &["config", "merge.flow.driver"]).trim().replacen(
        "flowc",
        env!("CARGO_BIN_EXE_flowc"),
        1,
    );
    git(&sandbox, &["config", "merge.flow.driver", &driver]);
    let shown = format!("{} git-textconv", env!("CARGO_BIN_EXE_flowc"));
    git(&sandbox, &["config", "diff.flow.textconv", &shown]);
    git(&sandbox, &["checkout", "-q", "-b", "start"]);
    git(&sandbox, &["add", "-A"]);
    git(&sandbox, &["commit", "-qm", "two"]);
    branch("ours", "upper(a)", "trim(a)");
    branch("theirs", "lower(one)", "upper(one)");
    git(&sandbox, &["checkout", "-q", "ours"]);
    git(&sandbox, &["merge", "-q", "--no-edit", "theirs"]);
    let merged = base.replace("lower(one)", "upper(one)").replace("upper(a)", "trim(a)");
    assert_eq!(sandbox.read("app/two.flow"), merged);
    // And layout alone is no difference.
    sandbox.write("app/two.flow", &merged.replace("one = trim(a)", "one   =  trim( a )"));
    assert_eq!(git(&sandbox, &["diff", "--", "app/two.flow"]), "");
    sandbox.flowc_with(&["git-setup", "--undo"], &[("PATH", &with_flowc())]).is_fine();
    assert_eq!(sandbox.read(".gitattributes"), "");
}
