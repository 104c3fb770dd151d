//! The types that random programs speak of, how they are written, and what fits where.

use super::Draft;

/// A type; enums and records by their index.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Ty {
    Text(Option<Most>),
    Int(Option<(i64, i64)>),
    Float,
    Bool,
    Money,
    Duration,
    Date,
    Json(Option<Most>),
    Enum(usize),
    Record(usize),
    List(Box<Ty>, Option<u64>),
    Map(Box<Ty>, Option<u64>),
    Optional(Box<Ty>),
}

/// The most a text may hold.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) enum Most {
    Tokens(u64),
    Chars(u64),
}

impl Ty {
    pub(super) const TEXT: Ty = Ty::Text(None);
    pub(super) const INT: Ty = Ty::Int(None);

    /// The type without its bounds.
    pub(super) fn loose(&self) -> Ty {
        match self {
            Ty::Text(_) => Ty::TEXT,
            Ty::Int(_) => Ty::INT,
            Ty::Json(_) => Ty::Json(None),
            Ty::List(item, _) => Ty::List(Box::new(item.loose()), None),
            Ty::Map(item, _) => Ty::Map(Box::new(item.loose()), None),
            Ty::Optional(present) => Ty::Optional(Box::new(present.loose())),
            other => other.clone(),
        }
    }

    /// Whether a value of `have` may stand where this is wanted.
    pub(super) fn takes(&self, have: &Ty) -> bool {
        match (self, have) {
            (Ty::Json(_), _) => true,
            (Ty::Text(_), Ty::Enum(_)) | (Ty::Float, Ty::Int(_)) => true,
            (Ty::Optional(a), Ty::Optional(b)) => a.takes(b),
            (Ty::Optional(a), b) => a.takes(b),
            (Ty::List(a, _), Ty::List(b, _)) | (Ty::Map(a, _), Ty::Map(b, _)) => {
                matches!(**a, Ty::Json(_)) || a.loose() == b.loose()
            }
            (a, b) => a.loose() == b.loose(),
        }
    }

    /// Whether every value of `have`, which it takes, keeps to its bounds as well.
    pub(super) fn holds(&self, have: &Ty) -> bool {
        match (self, have) {
            (Ty::Text(most), Ty::Text(has)) => match (most, has) {
                (None, _) => true,
                (Some(Most::Tokens(most)), Some(Most::Tokens(has)))
                | (Some(Most::Chars(most)), Some(Most::Chars(has))) => has <= most,
                _ => false,
            },
            (Ty::Json(Some(_)) | Ty::Text(Some(_)), have) => self == have,
            (Ty::Int(Some(range)), have) => *have == Ty::Int(Some(*range)),
            (Ty::List(item, most), Ty::List(has_item, has))
            | (Ty::Map(item, most), Ty::Map(has_item, has)) => {
                item.holds(has_item) && most.is_none_or(|most| has.is_some_and(|has| has <= most))
            }
            (Ty::Optional(present), Ty::Optional(has)) => present.holds(has),
            (Ty::Optional(present), has) => present.holds(has),
            _ => true,
        }
    }

    /// Whether it is pasted over several lines, in fences of its own.
    pub(super) fn is_laid_out(&self) -> bool {
        match self {
            Ty::Record(_) | Ty::Map(..) => true,
            Ty::List(item, _) => {
                let item = if let Ty::Optional(present) = &**item { &**present } else { &**item };
                matches!(item, Ty::Text(_) | Ty::Json(_)) || item.is_laid_out()
            }
            _ => false,
        }
    }

    /// Whether it is written in one word when it is pasted.
    pub(super) fn is_plain(&self) -> bool {
        matches!(self, Ty::Text(_) | Ty::Int(_) | Ty::Float | Ty::Bool | Ty::Enum(_))
    }
}

impl Draft {
    /// A type as the program writes it.
    pub(super) fn written(&self, ty: &Ty) -> String {
        match ty {
            Ty::Text(most) => format!("text{}", bound(*most)),
            Ty::Int(None) => "int".to_owned(),
            Ty::Int(Some((low, high))) => format!("int {low}..{high}"),
            Ty::Float => "float".to_owned(),
            Ty::Bool => "bool".to_owned(),
            Ty::Money => "money".to_owned(),
            Ty::Duration => "duration".to_owned(),
            Ty::Date => "date".to_owned(),
            Ty::Json(most) => format!("json{}", bound(*most)),
            Ty::Enum(index) => format!("Kind{index}"),
            Ty::Record(index) => format!("Thing{index}"),
            Ty::List(item, most) => format!("[{}]{}", self.written(item), count(*most)),
            Ty::Map(item, most) => format!("{{text: {}}}{}", self.written(item), count(*most)),
            Ty::Optional(present) => match self.written(present) {
                words if words.contains(' ') => format!("({words})?"),
                word => format!("{word}?"),
            },
        }
    }

    /// A type with bounds, for an edge of the world; nothing of `depth` 0 has parts.
    pub(super) fn bounded(&mut self, depth: u32) -> Ty {
        match self.rng.u32(0..if depth == 0 { 12 } else { 20 }) {
            0..=4 => self.bounded_text(),
            5 | 6 => {
                // Wide enough for every number that the expressions are made of.
                let (low, high) = (self.rng.i64(-900..1), self.rng.i64(100..99_999));
                Ty::Int(self.chance(70).then_some((low, high)))
            }
            7 => Ty::Float,
            8 => Ty::Bool,
            9 => self.pick(&[&Ty::Money, &Ty::Duration]).clone(),
            10 if !self.enums.is_empty() => Ty::Enum(self.rng.usize(0..self.enums.len())),
            10 | 11 => self.bounded_text(),
            12..=14 if !self.records.is_empty() => Ty::Record(self.rng.usize(0..self.records.len())),
            12..=16 => {
                let most = self.rng.u64(1..5);
                Ty::List(Box::new(self.bounded(depth - 1)), Some(most))
            }
            17 => Ty::Map(Box::new(self.bounded(0)), Some(self.rng.u64(1..4))),
            18 => match self.rng.u32(0..4) {
                0 => Ty::Json(Some(Most::Tokens(self.rng.u64(4..30)))),
                1 => Ty::Optional(Box::new(Ty::Date)),
                _ => Ty::Optional(Box::new(self.bounded_text())),
            },
            _ => match self.bounded(depth - 1) {
                optional @ (Ty::Optional(_) | Ty::Json(_)) => optional,
                present => Ty::Optional(Box::new(present)),
            },
        }
    }

    pub(super) fn bounded_text(&mut self) -> Ty {
        let most = self.rng.u64(1..60);
        Ty::Text(Some(if self.chance(65) { Most::Tokens(most) } else { Most::Chars(most) }))
    }

    /// What a prompt answers: a type with bounds, or a text that the model's cap bounds.
    pub(super) fn answered(&mut self) -> Ty {
        match self.rng.u32(0..10) {
            0..=2 => Ty::TEXT,
            3 => self.bounded_text(),
            4 | 5 if !self.records.is_empty() => Ty::Record(self.rng.usize(0..self.records.len())),
            6 if !self.enums.is_empty() => Ty::Enum(self.rng.usize(0..self.enums.len())),
            7 => Ty::Bool,
            _ => self.bounded(2),
        }
    }

    /// About the most tokens of a value as JSON, to give models enough room for their answers.
    pub(super) fn room(&self, ty: &Ty) -> u64 {
        match ty {
            Ty::Text(most) | Ty::Json(most) => match most {
                Some(Most::Tokens(n)) => n + 8,
                Some(Most::Chars(n)) => 6 * n + 8,
                None => 40,
            },
            Ty::Enum(_) | Ty::Date | Ty::Bool => 16,
            Ty::Int(_) | Ty::Float | Ty::Money | Ty::Duration => 28,
            Ty::Record(index) => {
                self.records[*index].iter().map(|(_, ty)| self.room(ty) + 12).sum::<u64>() + 8
            }
            Ty::List(item, most) => most.unwrap_or(4) * (self.room(item) + 4) + 8,
            Ty::Map(item, most) => most.unwrap_or(4) * (self.room(item) + 80) + 8,
            Ty::Optional(present) => self.room(present) + 4,
        }
    }
}

fn bound(most: Option<Most>) -> String {
    match most {
        Some(Most::Tokens(1)) => " <= 1 tokens".to_owned(),
        Some(Most::Tokens(n)) => format!(" <= {n} tokens"),
        Some(Most::Chars(n)) => format!(" <= {n} chars"),
        None => String::new(),
    }
}

fn count(most: Option<u64>) -> String {
    most.map_or(String::new(), |n| format!(" <= {n}"))
}
