//! Pure expressions of a wanted type, over the names in sight.

use super::types::Ty;
use super::{Draft, Sight};

/// Words that stand in programs: plain ones, and ones that tokenizers find hard.
const WORDS: [&str; 14] = [
    "and so on",
    "Ünï-cödé",
    "1234567890123",
    "日本語の文章",
    "🙂🙃 🧑‍🚀",
    "a  b   c",
    "don't",
    "<|im_start|>",
    "...!!??",
    "e\u{301}e\u{301}",
    "HTTPServer_v2",
    "x",
    " padded ",
    "tab\tand more",
];

/// What stands in the place of a word now and then: where it is one of two values, the other is far shorter.
const SENTENCE: &str = "Nobody has asked for this sentence, which is here to be far longer than any word, \
    and to be left out again: 0123456789, 日本語の文章, HTTPServer_v2, and so on, until there is no more of it.";

impl Draft {
    pub(super) fn words(&mut self) -> &'static str {
        // A constant says of itself how long it is, and a witness makes nothing of that.
        if !self.wishes.fenced && self.chance(6) {
            return SENTENCE;
        }
        self.pick(&WORDS)
    }

    /// An expression of this type.
    pub(super) fn expr(&mut self, sight: &mut Sight, want: &Ty, depth: u32) -> String {
        // What is computed has seldom the largest size that its type allows.
        let depth = if self.wishes.fenced { 0 } else { depth };
        if self.wishes.fenced && *want == Ty::Bool {
            return self.decider();
        }
        if self.chance(if depth == 0 { 95 } else { 65 })
            && let Some(name) = self.known(sight, want)
        {
            return name;
        }
        match want {
            Ty::Text(Some(_)) if self.wishes.fenced => "\"x\"".to_owned(),
            Ty::Text(_) => self.text(sight, depth),
            Ty::Int(_) => self.int(sight, depth),
            Ty::Float => match self.rng.u32(0..3) {
                0 if depth > 0 => format!("({} / 3)", self.expr(sight, &Ty::INT, depth - 1)),
                _ => format!("{}.5", self.rng.u32(0..90)),
            },
            Ty::Bool => self.condition(sight, depth),
            Ty::Money => format!("$0.{:02}", self.rng.u32(0..100)),
            Ty::Duration => format!("{}s", self.rng.u32(1..90)),
            Ty::Date => "null".to_owned(),
            Ty::Json(_) => match self.any(sight) {
                Some((name, _)) => name,
                None => format!("{}", self.rng.u32(0..9)),
            },
            Ty::Enum(index) => {
                let variants = self.enums[*index].clone();
                format!("Kind{index}.{}", variants[self.rng.usize(0..variants.len())])
            }
            Ty::Record(index) => {
                let fields = self.records[*index].clone();
                let parts: Vec<String> = fields
                    .iter()
                    .map(|(name, ty)| format!("{name}: {}", self.expr(sight, ty, depth.saturating_sub(1))))
                    .collect();
                format!("Thing{index} {{ {} }}", parts.join(", "))
            }
            Ty::List(item, most) => self.list(sight, item, *most, depth),
            Ty::Map(item, most) => {
                let most = self.rng.u64(1..=most.unwrap_or(2));
                let item = if matches!(**item, Ty::Json(_)) { &Ty::INT } else { &**item };
                let parts: Vec<String> = (0..most)
                    .map(|i| format!("\"k{i}\": {}", self.expr(sight, item, depth.saturating_sub(1))))
                    .collect();
                format!("{{ {} }}", parts.join(", "))
            }
            Ty::Optional(present) => match self.chance(50) {
                true => "null".to_owned(),
                false => self.expr(sight, present, depth.saturating_sub(1)),
            },
        }
    }

    /// A name in sight, or a field of one, that fits; those that nothing has used come first.
    pub(super) fn known(&mut self, sight: &mut Sight, want: &Ty) -> Option<String> {
        let mut fits: Vec<(usize, String)> = vec![];
        // The largest values are refused where they do not fit, and go no further.
        let fenced = self.wishes.fenced;
        let takes = |ty: &Ty| want.takes(ty) && (!fenced || want.holds(ty));
        for (place, name) in sight.iter().enumerate() {
            if takes(&name.ty) {
                fits.push((place, as_wanted(want, &name.ty, name.name.clone())));
            }
            if let Ty::Record(index) = &name.ty {
                let fields = self.records[*index].iter().filter(|(_, ty)| takes(ty));
                fits.extend(
                    fields.map(|(field, ty)| (place, as_wanted(want, ty, format!("{}.{field}", name.name)))),
                );
            }
        }
        let unused: Vec<_> = fits.iter().filter(|(place, _)| !sight[*place].used).cloned().collect();
        let from = if !unused.is_empty() && self.chance(80) { unused } else { fits };
        if from.is_empty() {
            return None;
        }
        let (place, text) = from[self.rng.usize(0..from.len())].clone();
        sight[place].used = true;
        Some(text)
    }

    /// Any name in sight.
    pub(super) fn any(&mut self, sight: &mut Sight) -> Option<(String, Ty)> {
        if sight.is_empty() {
            return None;
        }
        let unused: Vec<usize> = (0..sight.len()).filter(|i| !sight[*i].used).collect();
        let place = match unused.is_empty() || self.chance(20) {
            true => self.rng.usize(0..sight.len()),
            false => unused[self.rng.usize(0..unused.len())],
        };
        sight[place].used = true;
        Some((sight[place].name.clone(), sight[place].ty.clone()))
    }

    // Most functions say nothing of how long a text they give.
    fn text(&mut self, sight: &mut Sight, depth: u32) -> String {
        let most = self.rng.u32(1..90);
        match self.longer_text(sight, depth) {
            text if self.wild || text.starts_with('"') && !text.contains("{{") => text,
            text => format!("take({text}, {most})"),
        }
    }

    fn longer_text(&mut self, sight: &mut Sight, depth: u32) -> String {
        let word = self.words();
        if depth == 0 {
            return format!("\"{word}\"");
        }
        let n = self.rng.u32(1..30);
        match self.rng.u32(0..16) {
            0 | 1 => format!("\"{word}\""),
            2 | 3 => self.joined_text(sight),
            4 => format!("({} + {})", self.inner(sight, depth), self.inner(sight, depth)),
            5 => format!("upper({})", self.inner(sight, depth)),
            6 => format!("trim({})", self.inner(sight, depth)),
            7 => format!("take({}, {n})", self.inner(sight, depth)),
            8 => format!("truncate({}, {n})", self.inner(sight, depth)),
            9 => format!("replace({}, \"a\", \"{word}\")", self.inner(sight, depth)),
            10 => {
                format!("join({}, \", \")", self.expr(sight, &Ty::List(Box::new(Ty::TEXT), None), depth - 1))
            }
            11 => match self.any(sight) {
                Some((name, _)) => format!("text({name})"),
                None => format!("\"{word}\""),
            },
            12 => match self.any(sight) {
                Some((name, _)) => format!("json({name})"),
                None => format!("\"{word}\""),
            },
            13 => {
                format!("format(\"{{}}: {{}}\", {}, {})", self.inner(sight, depth), self.inner(sight, depth))
            }
            14 => format!("reverse(title({}))", self.inner(sight, depth)),
            _ => format!("indent({}, {})", self.inner(sight, depth), n % 5),
        }
    }

    fn inner(&mut self, sight: &mut Sight, depth: u32) -> String {
        self.expr(sight, &Ty::TEXT, depth - 1)
    }

    /// A text with some of the names in sight as holes.
    pub(super) fn joined_text(&mut self, sight: &mut Sight) -> String {
        let mut out = String::from("\"");
        for _ in 0..self.rng.u32(1..4) {
            match self.any(sight) {
                Some((name, _)) if self.chance(70) => out.push_str(&format!("{{{{ {name} }}}}")),
                _ => {}
            }
            out.push_str(self.words());
        }
        out.push('"');
        out
    }

    fn int(&mut self, sight: &mut Sight, depth: u32) -> String {
        let n = self.rng.u32(0..20);
        if depth == 0 {
            return n.to_string();
        }
        match self.rng.u32(0..6) {
            0 => format!("len({})", self.inner(sight, depth)),
            1 => format!("word_count({})", self.inner(sight, depth)),
            2 => match self.known(sight, &Ty::List(Box::new(Ty::Json(None)), None)) {
                Some(list) => format!("len({list})"),
                None => n.to_string(),
            },
            3 => format!("({} + {n})", self.expr(sight, &Ty::INT, depth - 1)),
            4 => format!("min({}, {n})", self.expr(sight, &Ty::INT, depth - 1)),
            _ => n.to_string(),
        }
    }

    fn list(&mut self, sight: &mut Sight, item: &Ty, most: Option<u64>, depth: u32) -> String {
        let most = most.unwrap_or(3);
        if depth > 0 && self.chance(40) {
            let same = Ty::List(Box::new(item.clone()), None);
            match (self.rng.u32(0..4), item) {
                (0, Ty::Text(_)) => {
                    return format!("take(split({}, \" \"), {most})", self.inner(sight, depth));
                }
                (1, Ty::Text(_)) => {
                    let lines = format!("lines({})", self.inner(sight, depth));
                    return if self.wild { lines } else { format!("take({lines}, {most})") };
                }
                (2, _) => {
                    if let Some(list) = self.known(sight, &same) {
                        return format!("take(reverse({list}), {most})");
                    }
                }
                _ => {
                    if let Some(mapped) = self.mapped(sight, item) {
                        return mapped;
                    }
                }
            }
        }
        let many = self.rng.u64(0..=most);
        // Elements have one type, whatever `json` would take.
        let item = if matches!(item, Ty::Json(_)) { &Ty::INT } else { item };
        let items: Vec<String> =
            (0..many).map(|_| self.expr(sight, item, depth.saturating_sub(1).min(1))).collect();
        format!("[{}]", items.join(", "))
    }

    // A field of each record of a list.
    fn mapped(&mut self, sight: &mut Sight, item: &Ty) -> Option<String> {
        let (index, field) = self.records.iter().enumerate().find_map(|(index, fields)| {
            fields.iter().find(|(_, ty)| item.takes(ty)).map(|(field, _)| (index, field.clone()))
        })?;
        let list = self.known(sight, &Ty::List(Box::new(Ty::Record(index)), None))?;
        let each = self.fresh("o");
        Some(format!("map({list}, {each} => {each}.{field})"))
    }

    /// Something that is true or false.
    pub(super) fn condition(&mut self, sight: &mut Sight, depth: u32) -> String {
        if self.wishes.fenced {
            return self.decider();
        }
        if depth > 0 && self.chance(25) {
            let word = self.pick(&["and", "or"]);
            return format!(
                "({} {word} {})",
                self.condition(sight, depth - 1),
                self.condition(sight, depth - 1)
            );
        }
        match self.any(sight) {
            Some((name, ty)) => self.asked_of(&name, &ty),
            None => self.pick(&["true", "false"]).to_owned(),
        }
    }

    /// An input of the flow that decides this and nothing else.
    fn decider(&mut self) -> String {
        let decider = self.fresh("free");
        self.deciders.push(decider.clone());
        decider
    }

    /// Something to ask of a value.
    pub(super) fn asked_of(&mut self, name: &str, ty: &Ty) -> String {
        let n = self.rng.u32(0..30);
        match ty {
            Ty::Bool => self.pick(&["", "not "]).to_owned() + name,
            Ty::Int(_) | Ty::Float => format!("{name} > {n}"),
            Ty::Money => format!("{name} < $0.{n:02}"),
            Ty::Duration => format!("{name} >= {}s", n + 1),
            Ty::Text(_) => match n % 3 {
                0 => format!("len({name}) > {n}"),
                1 => format!("contains({name}, \"e\")"),
                _ => format!("matches({name}, \"[0-9]\")"),
            },
            Ty::Enum(index) => format!("{name} == Kind{index}.{}", self.enums[*index][0]),
            Ty::Record(index) => {
                let (field, ty) = self.records[*index][0].clone();
                self.asked_of(&format!("{name}.{field}"), &ty)
            }
            Ty::List(..) | Ty::Map(..) => format!("len({name}) >= {}", n % 3),
            Ty::Optional(_) | Ty::Json(_) | Ty::Date => format!("{name} != null"),
        }
    }
}

// An enum fits where text is wanted, and is no text where one is made of others.
fn as_wanted(want: &Ty, have: &Ty, name: String) -> String {
    match (want, have) {
        (Ty::Optional(want), Ty::Enum(_)) => as_wanted(want, have, name),
        (Ty::Text(_), Ty::Enum(_)) => format!("text({name})"),
        _ => name,
    }
}
