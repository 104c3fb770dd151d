//! A declaration as facts, each under a name that it keeps while its value changes, and the
//! comparison of two lists of them.
//!
//! Only what the plan says is a fact: layout, order and comments are none.

use crate::names::Names;
use crate::report::{Change, Class, Lost};
use crate::text::words;
use crate::types::{Sides, differences, labels};
use flow_plan::{Param, Type};

/// One fact.
#[derive(Clone, Debug)]
pub(crate) struct Fact {
    /// Which: `max_output`, `input question`.
    pub(crate) what: String,
    /// What it says.
    pub(crate) held: Held,
    /// What a change of it means.
    pub(crate) aspect: Aspect,
}

/// What a fact says.
#[derive(Clone, Debug)]
pub(crate) enum Held {
    /// Something short.
    Text(String),
    /// A text for a model.
    Long(String),
    /// A parameter or a result, with its labels.
    Typed(Param),
}

/// What a change of a fact means.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Aspect {
    /// Runs may be different.
    Behaviour,
    /// No run is.
    Cosmetic,
    /// Callers give it.
    Input,
    /// Callers are given it.
    Output,
}

/// The list that facts are put into.
#[derive(Default)]
pub(crate) struct Facts(pub(crate) Vec<Fact>);

impl Facts {
    /// Something short.
    pub(crate) fn text(&mut self, what: impl Into<String>, value: impl Into<String>) {
        self.put(what, Held::Text(value.into()), Aspect::Behaviour);
    }

    /// Something short, where it is there.
    pub(crate) fn maybe(&mut self, what: &str, value: Option<impl ToString>) {
        if let Some(value) = value {
            self.text(what, value.to_string());
        }
    }

    /// Something that no run depends on; nothing where it is empty.
    pub(crate) fn cosmetic(&mut self, what: impl Into<String>, value: &str) {
        if !value.is_empty() {
            self.put(what, Held::Text(value.to_owned()), Aspect::Cosmetic);
        }
    }

    /// A text for a model.
    pub(crate) fn long(&mut self, what: impl Into<String>, value: String) {
        self.put(what, Held::Long(value), Aspect::Behaviour);
    }

    /// Parameters, each under its name of today.
    pub(crate) fn params(&mut self, params: &[Param], names: &[impl AsRef<str>], aspect: Aspect) {
        let word = if aspect == Aspect::Input { "input" } else { "parameter" };
        for (param, name) in params.iter().zip(names) {
            self.put(format!("{word} {}", name.as_ref()), Held::Typed(param.clone()), aspect);
            self.cosmetic(format!("comment of {}", name.as_ref()), &param.doc);
        }
    }

    /// What comes out.
    pub(crate) fn output(&mut self, ty: &Type, labels: flow_plan::Labels, aspect: Aspect) {
        let param = Param {
            name: "output".into(),
            ty: ty.clone(),
            labels,
            doc: Default::default(),
            default: None,
            span: Default::default(),
        };
        self.put("output", Held::Typed(param), aspect);
    }

    /// Every word of it, to be compared with another declaration's.
    pub(crate) fn words(&self, names: &Names<'_>) -> Vec<String> {
        let mut out = Vec::new();
        for fact in self.0.iter().filter(|f| f.aspect != Aspect::Cosmetic) {
            out.push(fact.what.clone());
            let text = written(&fact.held, names);
            out.extend(text.split(|c: char| !c.is_alphanumeric() && c != '_').map(str::to_owned));
        }
        out.retain(|w| !w.is_empty());
        out.sort_unstable();
        out
    }

    fn put(&mut self, what: impl Into<String>, held: Held, aspect: Aspect) {
        self.0.push(Fact { what: what.into(), held, aspect });
    }
}

/// What is different between two lists of facts. Facts of one name are told apart by what they say.
pub(crate) fn compare(old: &Facts, new: &Facts, sides: &Sides<'_>, owner: &str) -> Vec<Change> {
    let same = |a: &Fact, b: &Fact| a.what == b.what && is_same(a, b, sides);
    let mut gone: Vec<&Fact> = Vec::new();
    let mut left: Vec<&Fact> = new.0.iter().collect();
    for fact in &old.0 {
        match left.iter().position(|f| same(fact, f)) {
            Some(at) => {
                left.remove(at);
            }
            None => gone.push(fact),
        }
    }
    let mut out = Vec::new();
    for fact in gone {
        match left.iter().position(|f| f.what == fact.what) {
            Some(at) => changed(fact, left.remove(at), sides, &mut out),
            None => out.push(removed(fact, sides, owner)),
        }
    }
    out.extend(left.into_iter().map(|fact| added(fact, sides)));
    out
}

fn is_same(a: &Fact, b: &Fact, sides: &Sides<'_>) -> bool {
    match (&a.held, &b.held) {
        (Held::Typed(a), Held::Typed(b)) => {
            a.labels == b.labels && a.default == b.default && differences(&a.ty, &b.ty, sides).is_empty()
        }
        (Held::Text(a), Held::Text(b)) | (Held::Long(a), Held::Long(b)) => a == b,
        _ => false,
    }
}

fn changed(old: &Fact, new: &Fact, sides: &Sides<'_>, out: &mut Vec<Change>) {
    let plain = Change {
        what: old.what.clone(),
        before: Some(written(&old.held, sides.old)),
        after: Some(written(&new.held, sides.new)),
        class: if new.aspect == Aspect::Cosmetic { Class::Cosmetic } else { Class::Behaviour },
        notes: Vec::new(),
        words: None,
        lost: None,
    };
    match (&old.held, &new.held) {
        (Held::Long(a), Held::Long(b)) => {
            out.push(Change { words: Some(words(a, b)), before: None, after: None, ..plain });
        }
        (Held::Typed(a), Held::Typed(b)) => {
            for difference in differences(&a.ty, &b.ty, sides) {
                let breaks = match new.aspect {
                    Aspect::Input => difference.breaks_input,
                    Aspect::Output => difference.breaks_output,
                    _ => false,
                };
                out.push(Change {
                    what: format!("{}{}", old.what, difference.path),
                    before: difference.before,
                    after: difference.after,
                    class: if breaks { Class::Breaking } else { Class::Behaviour },
                    ..plain.clone()
                });
            }
            if a.labels != b.labels {
                let shown = |l| Some(labels(l).trim().to_owned()).filter(|l: &String| !l.is_empty());
                let (before, after) = (shown(a.labels), shown(b.labels));
                out.push(Change { what: format!("{} labels", old.what), before, after, ..plain.clone() });
            }
            if a.default != b.default {
                let shown = |p: &Param| p.default.as_ref().map(Names::value);
                let needed = b.default.is_none() && !matches!(b.ty, Type::Optional(_));
                let breaks = new.aspect == Aspect::Input && needed;
                out.push(Change {
                    what: format!("{} default", old.what),
                    before: shown(a),
                    after: shown(b),
                    class: if breaks { Class::Breaking } else { Class::Behaviour },
                    ..plain
                });
            }
        }
        _ => out.push(plain),
    }
}

fn removed(fact: &Fact, sides: &Sides<'_>, owner: &str) -> Change {
    let class = match fact.aspect {
        // What is not known is refused.
        Aspect::Input | Aspect::Output => Class::Breaking,
        Aspect::Cosmetic => Class::Cosmetic,
        Aspect::Behaviour => Class::Behaviour,
    };
    let lost = (fact.what == "require").then(|| Lost { guard: owner.to_owned(), owner: owner.to_owned() });
    let before = Some(written(&fact.held, sides.old));
    Change { what: fact.what.clone(), before, after: None, class, notes: Vec::new(), words: None, lost }
}

fn added(fact: &Fact, sides: &Sides<'_>) -> Change {
    let class = match (&fact.held, fact.aspect) {
        (Held::Typed(p), Aspect::Input) if p.default.is_none() && !matches!(p.ty, Type::Optional(_)) => {
            Class::Breaking
        }
        (_, Aspect::Cosmetic) => Class::Cosmetic,
        _ => Class::Behaviour,
    };
    let after = Some(written(&fact.held, sides.new));
    Change { what: fact.what.clone(), before: None, after, class, notes: Vec::new(), words: None, lost: None }
}

fn written(held: &Held, names: &Names<'_>) -> String {
    match held {
        Held::Text(text) | Held::Long(text) => text.clone(),
        Held::Typed(param) => {
            let default = param.default.as_ref().map(|v| format!(" = {}", Names::value(v)));
            format!("{}{}{}", labels(param.labels), names.ty(&param.ty), default.unwrap_or_default())
        }
    }
}
