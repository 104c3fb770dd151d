//! The fenced blocks of Markdown pages, with what their info strings ask of them.
//!
//! | info string | what the block is |
//! |---|---|
//! | `flow` | a whole file |
//! | `flow,fragment` | part of a file; it only has to be understood |
//! | `flow,E0201` | a whole file with exactly that mistake |
//! | `flow,long` | a whole file in which each `…` stands for pages of prose |
//! | `flow,file=prices.flow`, `jsonl,file=x.jsonl` | a file that the next whole file of the section reads |

use std::path::Path;

/// A whole file or a fragment, with the files it reads.
#[derive(Clone, Debug)]
pub struct Snippet {
    /// Where it stands: `docs/tutorial.md:12`.
    pub place: String,
    /// The heading above it, without its signs.
    pub section: String,
    /// The words of the info string after `flow`.
    pub flags: Vec<String>,
    /// What stands in it.
    pub text: String,
    /// The files it reads, by name.
    pub files: Vec<(String, String)>,
}

impl Snippet {
    /// The codes it is expected to give.
    pub fn codes(&self) -> Vec<&str> {
        self.flags.iter().map(String::as_str).filter(|f| f.len() == 5 && f.starts_with(['E', 'W'])).collect()
    }

    /// Whether it is only part of a file.
    pub fn is_fragment(&self) -> bool {
        self.flags.iter().any(|f| f == "fragment")
    }
}

const PROSE: &str = "This is a sentence that stands for another. ";

/// The Flow snippets of a page, in order. `name` is how the page is called in [`Snippet::place`].
pub fn snippets(name: &str, page: &str) -> Vec<Snippet> {
    let mut out = Vec::new();
    let mut section = String::new();
    let mut files: Vec<(String, String)> = Vec::new();
    let mut lines = page.lines().enumerate();
    while let Some((number, line)) = lines.next() {
        if let Some(heading) = line.strip_prefix('#') {
            section = heading.trim_start_matches('#').trim().to_owned();
            files.clear();
        }
        let Some(info) = line.trim_start().strip_prefix("```") else { continue };
        let indent = line.len() - line.trim_start().len();
        let mut text = String::new();
        for (_, line) in lines.by_ref() {
            if line.trim() == "```" {
                break;
            }
            text.push_str(line.get(indent..).unwrap_or_default());
            text.push('\n');
        }
        let mut words = info.split(',').map(str::trim);
        let language = words.next().unwrap_or_default();
        let flags: Vec<String> = words.map(str::to_owned).collect();
        if let Some(file) = flags.iter().find_map(|f| f.strip_prefix("file=")) {
            files.push((file.to_owned(), text));
        } else if language == "flow" {
            let place = format!("{name}:{}", number + 1);
            if flags.iter().any(|f| f == "long") {
                text = text.replace('…', &PROSE.repeat(100));
            }
            out.push(Snippet {
                place,
                section: section.clone(),
                flags,
                text,
                files: std::mem::take(&mut files),
            });
        }
    }
    out
}

/// Every Markdown page below a folder, as its name and its text, in the order of their names.
pub fn pages(root: &Path, folder: &str) -> Vec<(String, String)> {
    let mut out = Vec::new();
    let mut folders = vec![root.join(folder)];
    while let Some(folder) = folders.pop() {
        let entries = std::fs::read_dir(&folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
        for path in entries.flatten().map(|e| e.path()) {
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == "md") {
                let name = path.strip_prefix(root).unwrap_or(&path).to_string_lossy().replace('\\', "/");
                let text = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{name}: {e}"));
                out.push((name, text));
            }
        }
    }
    out.sort();
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_belong_to_the_next_whole_file_of_their_section() {
        let page = "# A\n\n```flow,file=x.flow\nconst a = 1\n```\n\n```flow\nb\n```\n\n## C\n\n```flow,E0101\nd\n```\n```sh\nls\n```\n";
        let found = snippets("p.md", page);
        assert_eq!(found.len(), 2);
        assert_eq!(found[0].files, [("x.flow".to_owned(), "const a = 1\n".to_owned())]);
        assert_eq!(found[0].place, "p.md:7");
        assert_eq!((found[1].section.as_str(), found[1].codes()), ("C", vec!["E0101"]));
        assert!(found[1].files.is_empty());
    }
}
