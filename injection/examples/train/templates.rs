//! Texts made from templates: `{a|b}` is one of these, `{@name}` one of a list declared as
//! `@name = a | b`, `# family` begins a family, which is never split over folds.

use std::collections::BTreeMap;

/// A made text and its family.
pub(crate) struct Made {
    pub(crate) family: String,
    pub(crate) text: String,
}

/// Fills every template `times` times; what comes out twice counts once.
pub(crate) fn fill(source: &str, times: usize, random: &mut fastrand::Rng) -> Result<Vec<Made>, String> {
    let mut lists: BTreeMap<&str, &str> = BTreeMap::new();
    for line in source.lines().filter_map(|line| line.strip_prefix('@')) {
        let (name, choices) = line.split_once('=').ok_or_else(|| format!("no `=` in `{line}`"))?;
        lists.insert(name.trim(), choices.trim());
    }
    let mut family = "";
    let mut made: BTreeMap<String, String> = BTreeMap::new();
    for line in source.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('@')) {
        if let Some(name) = line.strip_prefix("# ") {
            family = name;
            continue;
        }
        let times = if line.contains('{') { times } else { 1 };
        for _ in 0..times {
            let text = choose(line, &lists, random)?.replace("\\n", "\n");
            made.insert(text.trim().to_owned(), family.to_owned());
        }
    }
    Ok(made.into_iter().map(|(text, family)| Made { family, text }).collect())
}

// The innermost braces first, until there are none.
fn choose(line: &str, lists: &BTreeMap<&str, &str>, random: &mut fastrand::Rng) -> Result<String, String> {
    let mut text = line.to_owned();
    while let Some(end) = text.find('}') {
        let start = text[..end].rfind('{').ok_or_else(|| format!("`}}` without `{{` in `{line}`"))?;
        let inner = &text[start + 1..end];
        let choices = match inner.strip_prefix('@') {
            Some(name) => *lists.get(name).ok_or_else(|| format!("no list `{name}`"))?,
            None => inner,
        };
        let choices: Vec<&str> = choices.split('|').map(|c| if c == " " { "" } else { c }).collect();
        let list = inner.starts_with('@');
        let choice = choices[random.usize(..choices.len())].to_owned();
        text.replace_range(start..=end, if list { choice.trim() } else { &choice });
    }
    Ok(text)
}
