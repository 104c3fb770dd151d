//! Which declarations are as they were in the analysis before, with all that they name.
//!
//! In: the files of a program, cut into the parts that they are parsed in, each with a stamp that stays as
//! long as its text does. Out: for each flow a version, which stays as long as its text, the text of all
//! that it names, of all that these name, and so on. So what was worked out of a flow alone holds for as
//! long as its version does; but for the places in it, which [`Places`] moves.
//!
//! It errs towards more: every word of a declaration's text counts as a name, what reads a file beside the
//! program is never the same, and where declarations come, go or change their names nothing is.
//! Not here: what models are, and the rest of the world; who keeps something compares these.

use crate::ast::{self, Item};
use crate::resolve::{Program, Target};
use ecow::EcoString;
use flow_diagnostics::{FileId, Sources, Span};
use flow_plan::FlowId;
use std::sync::Arc;

/// A part of a file: one declaration, mostly.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Part {
    /// The same as long as the text of the part is, and never that of another part of the file.
    pub(crate) stamp: u64,
    /// Where it starts, in bytes.
    pub(crate) start: u32,
    /// How many declarations it has.
    pub(crate) items: u32,
}

/// What is known of a program and of how it has changed.
#[derive(Debug, Default)]
pub(crate) struct Changes {
    files: Vec<Seen>,
    // Of each part those that name it, once they were looked for.
    users: Option<Vec<Vec<u32>>>,
    // Parts that are never the same.
    restless: Vec<u32>,
    versions: Vec<u64>,
    clock: u64,
    // The file of each part, and its first declaration there.
    parts: Vec<(u32, u32)>,
    // The part of each declaration, by file.
    holding: Vec<Vec<u32>>,
    // The part of each flow.
    flows: Vec<u32>,
    places: Arc<Places>,
}

#[derive(Debug)]
struct Seen {
    path: EcoString,
    ast: Arc<ast::File>,
    parts: Vec<Part>,
    // The number of its first part among those of all files.
    first: u32,
}

/// Where the parts of a program's files start.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Places {
    files: Vec<Vec<u32>>,
}

impl Places {
    /// Where what stands at a place of `before` stands here, if its part is the same.
    pub(crate) fn moved(&self, before: &Places, span: Span) -> Span {
        let file = span.file.0 as usize;
        let (Some(was), Some(is)) = (before.files.get(file), self.files.get(file)) else { return span };
        let part = was.partition_point(|start| *start <= span.start).saturating_sub(1);
        let (Some(was), Some(is)) = (was.get(part), is.get(part)) else { return span };
        let by = is.wrapping_sub(*was);
        Span { start: span.start.wrapping_add(by), end: span.end.wrapping_add(by), ..span }
    }
}

impl Changes {
    /// Takes a program in as it is by now.
    pub(crate) fn see(&mut self, program: &Program, sources: &Sources) {
        self.clock += 1;
        match self.changed(program) {
            Some(changed) => self.follow(program, sources, changed),
            None => self.begin(program),
        }
        let mut first = 0;
        let seen = program.files.iter().map(|file| {
            let seen =
                Seen { path: file.path.clone(), ast: file.ast.clone(), parts: file.parts.clone(), first };
            first += file.parts.len() as u32;
            seen
        });
        self.files = seen.collect();
        let starts = |file: &Seen| file.parts.iter().map(|part| part.start).collect();
        let places = Places { files: self.files.iter().map(starts).collect() };
        if *self.places != places {
            self.places = Arc::new(places);
        }
    }

    /// Finds out what names what, where that is not known: needed before any version stays.
    pub(crate) fn link(&mut self, program: &Program, sources: &Sources) {
        if self.users.is_some() {
            return;
        }
        let count = self.parts.len();
        let (mut users, mut restless) = (vec![Vec::new(); count], Vec::new());
        for part in 0..count as u32 {
            match self.named(program, sources, part) {
                Some(named) => named.into_iter().for_each(|other| users[other as usize].push(part)),
                None => restless.push(part),
            }
        }
        (self.users, self.restless) = (Some(users), restless);
    }

    /// The version of a flow; nothing where there is no such flow.
    pub(crate) fn version(&self, flow: FlowId) -> Option<u64> {
        self.versions.get(*self.flows.get(flow.index())? as usize).copied()
    }

    /// The flow that a place lies in, by its number.
    pub(crate) fn flow_at(&self, span: Span) -> Option<FlowId> {
        let file = span.file.0 as usize;
        let starts = self.places.files.get(file)?;
        let part = starts.partition_point(|start| *start <= span.start).checked_sub(1)?;
        let part = self.files.get(file)?.first + part as u32;
        self.flows.binary_search(&part).ok().map(|flow| FlowId(flow as u32))
    }

    /// Where everything stands by now.
    pub(crate) fn places(&self) -> &Arc<Places> {
        &self.places
    }

    // The parts that have changed; nothing where it can't be said of what else that is true.
    fn changed(&self, program: &Program) -> Option<Vec<u32>> {
        if self.files.len() != program.files.len() {
            return None;
        }
        let mut changed = Vec::new();
        for (was, is) in self.files.iter().zip(&program.files) {
            if was.path != is.path || was.parts.len() != is.parts.len() {
                return None;
            }
            let mut item = 0;
            for (number, (old, new)) in was.parts.iter().zip(&is.parts).enumerate() {
                if old.items != new.items {
                    return None;
                }
                let items = item..item + new.items as usize;
                item = items.end;
                if old.stamp != new.stamp {
                    let (old, new) = (was.ast.items.get(items.clone())?, is.ast.items.get(items)?);
                    if !old.iter().zip(new).all(|(old, new)| is_alike(old, new)) {
                        return None;
                    }
                    changed.push(was.first + number as u32);
                }
            }
        }
        Some(changed)
    }

    // All that can reach these has another version.
    fn follow(&mut self, program: &Program, sources: &Sources, mut changed: Vec<u32>) {
        let clock = self.clock;
        if self.users.is_none() {
            self.versions.fill(clock);
            return;
        }
        for part in &changed {
            match self.named(program, sources, *part) {
                // What it has named before stays beside it, which is more than need be.
                Some(named) => named.into_iter().for_each(|other| self.uses(other, *part)),
                None if self.restless.contains(part) => {}
                None => self.restless.push(*part),
            }
        }
        changed.extend(&self.restless);
        while let Some(part) = changed.pop() {
            match self.versions.get_mut(part as usize) {
                Some(version) if *version != clock => *version = clock,
                _ => continue,
            }
            changed.extend(self.users.iter().filter_map(|users| users.get(part as usize)).flatten());
        }
    }

    fn uses(&mut self, named: u32, by: u32) {
        let users = self.users.as_mut().and_then(|users| users.get_mut(named as usize));
        if let Some(users) = users.filter(|users| !users.contains(&by)) {
            users.push(by);
        }
    }

    fn begin(&mut self, program: &Program) {
        *self = Changes { clock: self.clock, places: self.places.clone(), ..Changes::default() };
        for (file, loaded) in program.files.iter().enumerate() {
            let mut holding = Vec::with_capacity(loaded.ast.items.len());
            for Part { items, .. } in &loaded.parts {
                let (part, first) = (self.parts.len() as u32, holding.len());
                self.parts.push((file as u32, first as u32));
                holding.resize(first + *items as usize, part);
            }
            let flows = loaded.ast.items().zip(&holding).filter(|(item, _)| matches!(item, Item::Flow(_)));
            self.flows.extend(flows.map(|(_, part)| *part));
            self.holding.push(holding);
        }
        // Two flows in one part can't be told apart.
        if self.flows.windows(2).any(|two| two[0] == two[1]) {
            self.flows.clear();
        }
        self.versions.resize(self.parts.len(), self.clock);
    }

    // The parts that the words of one name; nothing where it may read more than that.
    fn named(&self, program: &Program, sources: &Sources, part: u32) -> Option<Vec<u32>> {
        let (file, first) = *self.parts.get(part as usize)?;
        let own = program.files.get(file as usize)?;
        let holding = self.holding.get(file as usize)?;
        let mut out: Vec<u32> = Vec::new();
        for (item, holder) in own.ast.items().zip(holding).skip(first as usize) {
            if *holder != part {
                break;
            }
            if reads_files(item) {
                return None;
            }
            words(sources.text(Span { file: FileId(file), ..item.span() }), &mut |word| {
                if let Some(Target::Decl(id)) = own.scope.get(word).map(|symbol| symbol.target) {
                    out.extend(self.holding.get(id.file).and_then(|items| items.get(id.item)));
                }
            })?;
        }
        out.sort_unstable();
        out.dedup();
        Some(out)
    }
}

// Whether only those are concerned by the change that name it.
fn is_alike(old: &Item, new: &Item) -> bool {
    let is_named = matches!(
        new,
        Item::Type(_) | Item::Prompt(_) | Item::Lookup(_) | Item::Flow(_) | Item::Test(_) | Item::Eval(_)
    );
    is_named
        && std::mem::discriminant(old) == std::mem::discriminant(new)
        && old.name().map(|name| &name.name) == new.name().map(|name| &name.name)
}

fn reads_files(item: &Item) -> bool {
    match item {
        Item::Prompt(prompt) => {
            prompt.from.is_some() || prompt.settings.iter().any(|setting| setting.key.name == "examples")
        }
        _ => false,
    }
}

// Every word of a text that may be a name; nothing where a character is written by its number, which may
// make another word of it.
fn words(text: &str, see: &mut dyn FnMut(&str)) -> Option<()> {
    let bytes = text.as_bytes();
    let is_word = |b: &u8| b.is_ascii_alphanumeric() || *b == b'_' || !b.is_ascii();
    let mut at = 0;
    while at < bytes.len() {
        if bytes[at] == b'\\' {
            if bytes.get(at + 1) == Some(&b'u') {
                return None;
            }
            // What is behind it belongs to it, whatever it is.
            at += 2;
            continue;
        }
        let length = bytes[at..].iter().take_while(|b| is_word(b)).count();
        if length == 0 {
            at += 1;
            continue;
        }
        let word = text.get(at..at + length)?;
        see(word);
        if !word.is_ascii() {
            word.split(|c: char| !c.is_ascii()).for_each(&mut *see);
        }
        at += length;
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Before;
    use crate::alone::Alone;
    use flow_diagnostics::Diagnostics;
    use flow_plan::Catalog;

    const TEXT: &str = "model m = \"x/y\"\n\ntype T {\n  a: int\n}\n\nprompt p(x: text) -> T {\n  user: \"{{ x }}\"\n}\n\n\
                        prompt q(x: text) -> text {\n  user: \"{{ x }}\"\n}\n\nflow f(x: text <= 9 tokens) -> T {\n  return p(x)\n}\n\n\
                        flow g(x: text <= 9 tokens) -> text {\n  return q(x)\n}\n";

    // Which of the two flows have changed, edit by edit.
    fn changed(edits: &[(&str, &str)]) -> Vec<[bool; 2]> {
        let (mut before, mut changes) = (Before::default(), Changes::default());
        let mut see = |text: &str| {
            let world = Alone(text.into(), Catalog::default());
            let (mut sources, mut found) = (Sources::default(), Diagnostics::default());
            let program =
                crate::resolve::load(&world, "main.flow", Some(&mut before), (&mut sources, &mut found));
            changes.see(&program, &sources);
            changes.link(&program, &sources);
            [0, 1].map(|flow| changes.version(FlowId(flow)))
        };
        let (mut text, mut was) = (TEXT.to_owned(), see(TEXT));
        let edited = edits.iter().map(|(old, new)| {
            text = text.replacen(old, new, 1);
            let before = std::mem::replace(&mut was, see(&text));
            [0, 1].map(|flow| before[flow] != was[flow])
        });
        edited.collect()
    }

    #[test]
    fn a_flow_has_changed_where_it_or_what_it_names_has() {
        // Its own text, and nothing of the other's.
        assert_eq!(changed(&[("return q(x)", "return q( x )")]), [[false, true]]);
        // What it names, and what that names.
        assert_eq!(changed(&[("prompt p(x: text)", "prompt p(x:  text)")]), [[true, false]]);
        assert_eq!(changed(&[("a: int", "a: bool")]), [[true, false]]);
        // Lines behind one declaration move those behind it, and change nothing of them.
        assert_eq!(changed(&[("prompt q", "\n\nprompt q")]), [[true, false]]);
        // What is named anew is known from then on.
        let edits = [("return q(x)", "y = p(x)\n  return q(x)"), ("a: int", "a: bool")];
        assert_eq!(changed(&edits), [[false, true], [true, true]]);
        // Whatever may be meant without being named, and other names.
        assert_eq!(changed(&[("x/y", "x/z")]), [[true, true]]);
        assert_eq!(changed(&[("prompt q", "prompt r")]), [[true, true]]);
    }

    #[test]
    fn what_may_be_a_name_is_a_word() {
        let found = |text: &str| {
            let mut found = Vec::new();
            words(text, &mut |word| found.push(word.to_owned())).map(|()| found)
        };
        let plain = found("a_1 = \"{{ b2.c }}\\nd\"");
        assert_eq!(plain, Some(["a_1", "b2", "c", "d"].map(str::to_owned).to_vec()));
        assert!(found("“x”").is_some_and(|words| words.contains(&"x".to_owned())));
        assert_eq!(found("\"\\u{78}\""), None);
    }
}
