//! Marks: what is known of where a value comes from, of each of its parts on its own, with the shortest
//! way that it has come.

use super::eval::Followed;
use super::sway::{self, Hundredths, Sway};
use ecow::{EcoString, eco_format};
use flow_diagnostics::Span;
use flow_plan::{Access, Field, Integrity, Labels, Type};
use std::cell::Cell;
use std::hash::Hash;
use std::sync::Arc;

/// The way that something has come, its last station first.
pub(super) type Trail = Arc<Hop>;

/// A station of a way: a source, or something that was made from what came there.
#[derive(Debug)]
pub(super) struct Hop {
    pub(super) at: Span,
    /// What stands there, in lower case.
    pub(super) what: EcoString,
    /// What is written for a source that holds text, where it has a name; nothing of one that holds none.
    name: EcoString,
    pub(super) from: Option<Trail>,
    length: u32,
}

impl Hop {
    /// A source that is written as `name`.
    pub(super) fn named(at: Span, what: impl Into<EcoString>, name: impl Into<EcoString>) -> Trail {
        Arc::new(Hop { at, what: what.into(), name: name.into(), from: None, length: 1 })
    }

    /// What is written for the source, which a guard can look through; nothing where it holds no text.
    pub(super) fn origin(&self) -> &str {
        let first = std::iter::successors(Some(self), |hop| hop.from.as_deref()).last();
        first.map_or("…", |hop| &hop.name)
    }

    /// The stations from the source on.
    pub(super) fn way(self: &Arc<Hop>) -> Vec<&Hop> {
        let mut way: Vec<&Hop> = std::iter::successors(Some(&**self), |hop| hop.from.as_deref()).collect();
        way.reverse();
        way
    }
}

/// The labels of one value without parts, each with the way that it came.
#[derive(Clone, Default, Debug)]
pub(super) struct Mark {
    /// Why it must not instruct.
    pub(super) untrusted: Option<Trail>,
    /// Why it must not act: the same, unless a person has approved it as it is.
    pub(super) unread: Option<Trail>,
    pub(super) private: Option<Trail>,
    /// What is private in that it is there at all, or in how much of it there is: what chose it, or what it
    /// was computed from. What is only declared private is not.
    pub(super) chosen: Option<Trail>,
    /// How much what is from outside decides by it, though it can't carry an instruction.
    pub(super) sway: Sway,
}

impl Mark {
    pub(super) fn join(&self, other: &Mark) -> Mark {
        Mark {
            untrusted: shorter(&self.untrusted, &other.untrusted),
            unread: shorter(&self.unread, &other.unread),
            private: shorter(&self.private, &other.private),
            chosen: shorter(&self.chosen, &other.chosen),
            sway: self.sway.join(&other.sway),
        }
    }

    /// What is computed from it has, whether it comes to anything or not.
    pub(super) fn computed(self) -> Mark {
        Mark { chosen: self.private.clone(), ..self }
    }

    /// What is learnt by that it is there, or by how much of it there is.
    pub(super) fn presence(&self) -> Mark {
        Mark { private: self.chosen.clone(), chosen: self.chosen.clone(), ..Mark::default() }
    }

    /// What a number or a truth value made from it at a place has: it can't carry an instruction, and decides
    /// by so much.
    pub(super) fn plain(self, place: impl Hash, bits: Hundredths) -> Mark {
        let sway = match &self.untrusted {
            Some(_) => Sway::of(place, bits),
            None => self.sway.at_most(place, bits),
        };
        Mark { untrusted: None, unread: None, sway, ..self }
    }

    /// What a guard that endorses it lets pass.
    fn endorsed(&self) -> Mark {
        Mark { private: self.private.clone(), chosen: self.chosen.clone(), ..Mark::default() }
    }

    /// What a model makes of it: nobody has read that.
    pub(super) fn remade(self) -> Mark {
        Mark { unread: self.untrusted.clone(), ..self.computed() }
    }

    fn through(&self, at: Span, what: &EcoString) -> Mark {
        let step = |trail: &Option<Trail>| {
            trail.as_ref().map(|from| {
                Arc::new(Hop {
                    at,
                    what: what.clone(),
                    name: EcoString::new(),
                    length: from.length + 1,
                    from: Some(from.clone()),
                })
            })
        };
        Mark {
            untrusted: step(&self.untrusted),
            unread: step(&self.unread),
            private: step(&self.private),
            chosen: step(&self.chosen),
            sway: self.sway.clone(),
        }
    }

    // Where it comes from, for what decides by it.
    fn place(&self) -> Option<(Span, &EcoString)> {
        self.untrusted.as_ref().map(|hop| (hop.at, &hop.what))
    }

    pub(super) fn labels(&self) -> Labels {
        let integrity = if self.untrusted.is_some() { Integrity::Untrusted } else { Integrity::Trusted };
        Labels { integrity, private: self.private.is_some(), secret: false }
    }

    pub(super) fn bits(&self) -> u64 {
        u64::from(self.untrusted.is_some())
            | u64::from(self.private.is_some()) << 1
            | u64::from(self.unread.is_some()) << 2
            | u64::from(self.chosen.is_some()) << 3
    }
}

fn shorter(a: &Option<Trail>, b: &Option<Trail>) -> Option<Trail> {
    match (a, b) {
        (Some(a), Some(b)) => Some(if b.length < a.length { b.clone() } else { a.clone() }),
        (a, b) => a.clone().or_else(|| b.clone()),
    }
}

/// The marks of a value. Those of its parts, where they are known one by one, are not its own.
#[derive(Clone, Default, Debug)]
pub(super) struct Marks {
    own: Mark,
    parts: Parts,
    // Whether it is the same for everybody, whoever runs the program.
    is_fixed: bool,
}

#[derive(Clone, Default, Debug)]
enum Parts {
    #[default]
    None,
    Fields(Vec<(EcoString, Marks)>),
    Items(Box<Marks>),
}

// So many levels of parts are told apart of what a loop puts into itself with each round.
const DEEPEST: u32 = 6;

impl Marks {
    /// The same mark on everything of the type that can carry it.
    pub(super) fn of(by: Followed<'_>, ty: &Type, mark: &Mark) -> Marks {
        Marks::spread(by, ty, mark, None)
    }

    /// The same, with the labels that fields are declared to have, of which `named` says where they come from.
    pub(super) fn declared(
        by: Followed<'_>,
        ty: &Type,
        mark: &Mark,
        named: &dyn Fn(&Field) -> Origin,
    ) -> Marks {
        Marks::spread(by, ty, mark, Some(named))
    }

    fn spread(by: Followed<'_>, ty: &Type, mark: &Mark, named: Option<&dyn Fn(&Field) -> Origin>) -> Marks {
        match ty {
            Type::Optional(inner) => Marks::spread(by, inner, mark, named),
            Type::List(item, _) => {
                Marks { own: mark.presence(), ..Marks::items(Marks::spread(by, item, mark, named)) }
            }
            // The keys are texts as well.
            Type::Map(item, _) => {
                Marks { own: mark.clone(), ..Marks::items(Marks::spread(by, item, mark, named)) }
            }
            Type::Record(record) => {
                let field = |field: &Field| {
                    // Of a record without a name they are those of the values that it was made of.
                    let own = match named {
                        Some(named) if record.name.is_some() => mark.join(&field_mark(field, named)),
                        _ => mark.clone(),
                    };
                    let marks = Marks::spread(by, &field.ty, &own, named);
                    (field.name.clone(), marks.named(&field.name))
                };
                Marks { own: mark.presence(), ..Marks::fields(record.fields.iter().map(field)) }
            }
            ty if carries_text(ty) => Marks::leaf(mark.clone()),
            ty => Marks::leaf(mark.clone().plain((mark.place(), "plain"), by.bits(sway::size(ty)))),
        }
    }

    pub(super) fn leaf(mark: Mark) -> Marks {
        Marks { own: mark, ..Marks::default() }
    }

    /// The same, which is or is not the same for everybody.
    pub(super) fn fixed(self, is_fixed: bool) -> Marks {
        Marks { is_fixed, ..self }
    }

    /// Whether it is the same for everybody.
    pub(super) fn is_fixed(&self) -> bool {
        self.is_fixed
    }

    /// What is learnt by that it is there, or by how many there are.
    pub(super) fn presence(&self) -> Mark {
        self.own.presence()
    }

    /// What is learnt by how long it is. How many elements a list has is no secret by itself.
    pub(super) fn length(&self) -> Mark {
        match self.parts {
            Parts::Items(_) => {
                Mark { private: self.own.chosen.clone(), chosen: self.own.chosen.clone(), ..self.flat() }
            }
            _ => self.flat().computed(),
        }
    }

    /// What is learnt by how many there are, and how much what is from outside has decided of that.
    pub(super) fn count(&self) -> Mark {
        let sway = match self.parts {
            Parts::Items(_) => self.own.sway.clone(),
            _ => Sway::default(),
        };
        Mark { sway, ..self.own.presence() }
    }

    pub(super) fn items(item: Marks) -> Marks {
        Marks { parts: Parts::Items(Box::new(item)), ..Marks::default() }
    }

    pub(super) fn fields(fields: impl Iterator<Item = (EcoString, Marks)>) -> Marks {
        Marks { parts: Parts::Fields(fields.collect()), ..Marks::default() }
    }

    /// Everything that the value and its parts have.
    pub(super) fn flat(&self) -> Mark {
        match &self.parts {
            Parts::None => self.own.clone(),
            Parts::Fields(fields) => fields.iter().fold(self.own.clone(), |all, (_, f)| all.join(&f.flat())),
            // It is not known how many there are.
            Parts::Items(item) => {
                let item = item.flat();
                let sway = item.sway.many();
                self.own.join(&Mark { sway, ..item })
            }
        }
    }

    /// The marks of a part; of a value whose parts are not known, its own.
    pub(super) fn part(&self, access: &Access) -> Marks {
        let part = match (&self.parts, access) {
            (Parts::None, _) => self.clone(),
            (_, Access::Key) => Marks::leaf(self.own.clone()),
            (Parts::Fields(fields), Access::Field(name)) => {
                fields.iter().find(|(n, _)| n == name).map(|(_, m)| m.clone()).unwrap_or_default()
            }
            (Parts::Fields(fields), Access::Item) => {
                fields.iter().map(|(_, m)| m.clone()).reduce(|a, b| a.join(&b)).unwrap_or_default()
            }
            (Parts::Items(item), _) => (**item).clone(),
        };
        // A part of what is the same for everybody is so as well.
        part.fixed(self.is_fixed)
    }

    /// The marks of a value that may be one or the other.
    pub(super) fn join(&self, other: &Marks) -> Marks {
        let own = self.own.join(&other.own);
        let parts = match (&self.parts, &other.parts) {
            (Parts::None, Parts::None) => Parts::None,
            (Parts::Fields(a), Parts::Fields(b)) => {
                let mut out: Vec<(EcoString, Marks)> = a.clone();
                for (name, marks) in b {
                    match out.iter_mut().find(|(n, _)| n == name) {
                        Some((_, known)) => *known = known.join(marks),
                        None => out.push((name.clone(), marks.clone())),
                    }
                }
                Parts::Fields(out)
            }
            (Parts::Items(a), Parts::Items(b)) => Parts::Items(Box::new(a.join(b))),
            // Nothing at all, such as `null` or an empty list, says nothing of parts.
            (Parts::None, parts) if self.own.bits() == 0 => parts.clone(),
            (parts, Parts::None) if other.own.bits() == 0 => parts.clone(),
            _ => return Marks::leaf(self.flat().join(&other.flat())),
        };
        Marks { own, parts, is_fixed: self.is_fixed && other.is_fixed }
    }

    /// Each part with what `change` makes of its mark.
    fn each(&self, change: &dyn Fn(&Mark) -> Mark) -> Marks {
        let parts = match &self.parts {
            Parts::None => Parts::None,
            Parts::Fields(fields) => {
                Parts::Fields(fields.iter().map(|(n, m)| (n.clone(), m.each(change))).collect())
            }
            Parts::Items(item) => Parts::Items(Box::new(item.each(change))),
        };
        Marks { own: change(&self.own), parts, is_fixed: self.is_fixed }
    }

    /// Behind a further station of its way.
    pub(super) fn through(&self, at: Span, what: impl Into<EcoString>) -> Marks {
        if self.flat().bits() == 0 {
            return self.clone();
        }
        let what = what.into();
        self.each(&|mark| mark.through(at, &what))
    }

    /// Without repeats: how many are left tells of what they are.
    pub(super) fn compared(self) -> Marks {
        let by = Mark { private: self.flat().private, ..Mark::default() }.computed();
        Marks { own: self.own.join(&by), ..self }
    }

    /// In an order that something has decided: by that, each element is told where it stands, and not how
    /// many there are.
    pub(super) fn ordered(self, by: &Mark) -> Marks {
        let (own, is_list) = (self.own.clone(), matches!(self.parts, Parts::Items(_)));
        let told = self.told(by);
        if is_list { Marks { own, ..told } } else { told }
    }

    /// Chosen by something, for itself or by its place: whoever sees it learns of what is private there, and
    /// what is from outside has decided on it.
    pub(super) fn told(self, by: &Mark) -> Marks {
        if by.private.is_none() && by.sway.is_none() {
            return self;
        }
        let by = Mark { private: by.private.clone(), sway: by.sway.clone(), ..Mark::default() }.computed();
        self.each(&|mark| mark.join(&by)).fixed(false)
    }

    // What decides by a field does so by that field.
    fn named(self, field: &EcoString) -> Marks {
        if self.is_unswayed() {
            return self;
        }
        self.each(&|mark| Mark {
            sway: mark.sway.as_one((field.as_str(), mark.sway.signed())),
            ..mark.clone()
        })
    }

    // Whether it decides nothing.
    fn is_unswayed(&self) -> bool {
        let parts = match &self.parts {
            Parts::None => true,
            Parts::Fields(fields) => fields.iter().all(|(_, marks)| marks.is_unswayed()),
            Parts::Items(item) => item.is_unswayed(),
        };
        parts && self.own.sway.is_none()
    }

    /// As another call's, whose sources of influence are others.
    pub(super) fn called(self, at: Span) -> Marks {
        if self.is_unswayed() {
            return self;
        }
        self.each(&|mark| Mark { sway: mark.sway.coarse((mark.sway.signed(), at)), ..mark.clone() })
    }

    /// As the parameter of a flow of this number: one that is called with the same is walked once.
    pub(super) fn param(self, number: usize) -> Marks {
        if self.is_unswayed() {
            return self;
        }
        let part = Cell::new(0);
        self.each(&|mark| {
            part.set(part.get() + 1);
            Mark { sway: mark.sway.coarse(("param", number, part.get())), ..mark.clone() }
        })
    }

    /// With influence that grows with each round as if it had no end, and with what lies deeper in it each
    /// round taken together.
    pub(super) fn widened(&self) -> Marks {
        self.cut(DEEPEST).each(&|mark| Mark { sway: mark.sway.many(), ..mark.clone() })
    }

    // With so many levels of parts; those below have their marks together.
    fn cut(&self, levels: u32) -> Marks {
        let parts = match &self.parts {
            Parts::None => return self.clone(),
            _ if levels == 0 => return Marks::leaf(self.flat()),
            Parts::Fields(fields) => {
                Parts::Fields(fields.iter().map(|(n, m)| (n.clone(), m.cut(levels - 1))).collect())
            }
            Parts::Items(item) => Parts::Items(Box::new(item.cut(levels - 1))),
        };
        Marks { own: self.own.clone(), parts, is_fixed: self.is_fixed }
    }

    /// How much it decides as a value of the type.
    pub(super) fn sway(&self, ty: &Type) -> Sway {
        match (&self.parts, ty) {
            (Parts::Items(item), Type::List(of, Some(most))) => item.sway(of).times(*most),
            (_, Type::Optional(of)) => self.sway(of),
            _ => self.flat().sway,
        }
    }

    /// Behind a guard that endorses it.
    pub(super) fn endorsed(&self) -> Marks {
        self.each(&Mark::endorsed)
    }

    /// Behind a person who approves it as it is: it may act, and instructs nobody.
    pub(super) fn approved(&self) -> Marks {
        self.each(&|mark| Mark { unread: None, sway: Sway::default(), ..mark.clone() })
    }

    /// Behind a guard that takes what is private out of texts: what of the type carries none stays as it is.
    pub(super) fn cleared(&self, ty: &Type) -> Marks {
        let parts = match (&self.parts, ty) {
            (_, Type::Optional(of)) => return self.cleared(of),
            (Parts::Fields(fields), Type::Record(record)) => {
                let of = |name: &EcoString| record.fields.iter().find(|f| f.name == *name).map(|f| &f.ty);
                let cleared = |(name, marks): &(EcoString, Marks)| {
                    (name.clone(), of(name).map_or_else(|| marks.clone(), |ty| marks.cleared(ty)))
                };
                Parts::Fields(fields.iter().map(cleared).collect())
            }
            (Parts::Items(item), Type::List(of, _) | Type::Map(of, _)) => {
                Parts::Items(Box::new(item.cleared(of)))
            }
            _ if !is_looked_through(ty) => return self.clone(),
            _ => return self.each(&|mark| Mark { private: None, chosen: None, ..mark.clone() }),
        };
        let own = match ty {
            // The keys.
            Type::Map(..) => self.own.clone(),
            _ => Mark { private: None, chosen: None, ..self.own.clone() },
        };
        Marks { own, parts, is_fixed: false }
    }

    /// What has which labels, without the ways: equal for values that differ in their ways alone.
    pub(super) fn signature(&self, out: &mut Vec<u64>) {
        out.push(self.own.bits() | u64::from(self.is_fixed) << 4);
        self.own.sway.signature(out);
        match &self.parts {
            Parts::None => out.push(0),
            Parts::Items(item) => {
                out.push(1);
                item.signature(out);
            }
            Parts::Fields(fields) => {
                out.push(2 + fields.len() as u64);
                fields.iter().for_each(|(_, m)| m.signature(out));
            }
        }
    }

    /// The same labels with the ways of `mark`, where it has them.
    pub(super) fn by(&self, mark: &Mark) -> Marks {
        let either = |own: &Option<Trail>, other: &Option<Trail>| match own {
            Some(_) => other.clone().or_else(|| own.clone()),
            None => None,
        };
        self.each(&|own| Mark {
            untrusted: either(&own.untrusted, &mark.untrusted),
            unread: either(&own.unread, &mark.unread),
            private: either(&own.private, &mark.private),
            chosen: either(&own.chosen, &mark.chosen),
            sway: own.sway.clone(),
        })
    }
}

/// Everything that some values have.
pub(super) fn together(values: &[Marks]) -> Mark {
    values.iter().fold(Mark::default(), |all, marks| all.join(&marks.flat()))
}

/// Where a label of a field comes from.
pub(super) struct Origin {
    pub(super) at: Span,
    /// What has it, for a sentence that begins with it.
    pub(super) what: EcoString,
    /// What is written for it, where it has a name.
    pub(super) name: EcoString,
}

// The labels that a field is declared to have.
fn field_mark(field: &Field, named: &dyn Fn(&Field) -> Origin) -> Mark {
    if !field.labels.private && field.labels.integrity == Integrity::Trusted {
        return Mark::default();
    }
    let Origin { at, what, name } = named(field);
    let name = if carries_text(&field.ty) { name } else { EcoString::new() };
    source(
        field.labels,
        (at, &name),
        (&eco_format!("{what} is from outside"), &eco_format!("{what} is private")),
    )
}

/// Whether values of the type have fields that are declared private.
pub(super) fn has_private(ty: &Type) -> bool {
    match ty {
        Type::Optional(inner) | Type::List(inner, _) | Type::Map(inner, _) => has_private(inner),
        Type::Record(record) => {
            record.fields.iter().any(|f| f.labels.private && record.name.is_some() || has_private(&f.ty))
        }
        _ => false,
    }
}

/// Whether a value of the type can carry an instruction by itself.
pub(super) fn carries_text(ty: &Type) -> bool {
    match ty {
        Type::Text { .. } | Type::Json(_) | Type::Image | Type::Error => true,
        Type::Optional(inner) | Type::List(inner, _) => carries_text(inner),
        Type::Map(..) => true,
        Type::Record(record) => record.fields.iter().any(|f| carries_text(&f.ty)),
        _ => false,
    }
}

// Whether guards look through all of a value of the type, which is known as a whole alone: it is texts.
fn is_looked_through(ty: &Type) -> bool {
    match ty {
        Type::Text { .. } | Type::Json(_) | Type::Error => true,
        Type::Optional(of) | Type::List(of, _) => is_looked_through(of),
        Type::Record(record) => record.fields.iter().all(|f| is_looked_through(&f.ty)),
        Type::Known(known) => is_looked_through(&known.of),
        _ => false,
    }
}

/// The mark that declared labels give, with the source at `at`, which is written as `name`.
pub(super) fn source(labels: Labels, (at, name): (Span, &str), (outside, private): (&str, &str)) -> Mark {
    let untrusted = (labels.integrity == Integrity::Untrusted).then(|| Hop::named(at, outside, name));
    Mark {
        unread: untrusted.clone(),
        untrusted,
        private: labels.private.then(|| Hop::named(at, private, name)),
        ..Mark::default()
    }
}
