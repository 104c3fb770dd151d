//! Values of a type: random ones in hostile scripts, the largest there are, and ones over their bound.
//!
//! In: a [`Type`], what counts tokens. Out: JSON, for inputs, replies and what lookups find.

use fastrand::Rng;
use flow_plan::{Bound, Type};
use serde_json::{Map, Value as Json, json};

/// How large a value is wanted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Size {
    /// Anything within its bounds.
    Random,
    /// As large as its bounds allow.
    Largest,
    /// Like [`Size::Random`], and sometimes over a bound.
    Over,
}

/// What texts are made of: scripts that tokenizers, JSON and templates find hard.
const PIECES: [&str; 24] = [
    "漢字かな",
    "the cat ",
    "fn main() { x += 1; }\n",
    "a",
    "🧑‍🚀",
    "e\u{301}",
    "1",
    "98765",
    "\n",
    " ",
    "\t  \n",
    "<|im_start|>",
    "</s>",
    "\"",
    "\\",
    "\u{1}",
    "'ll",
    "ﷺ",
    "\u{10348}",
    "ĿŁ",
    "{{ x }}",
    "\u{200b}",
    "null",
    "\r\n",
];

// Where a type sets no bound of its own.
const FREE: u64 = 40;

/// Makes values.
pub(super) struct Maker<'a> {
    /// Where chance comes from.
    pub(super) rng: &'a mut Rng,
    /// How large they are.
    pub(super) size: Size,
    /// The tokens of a text.
    pub(super) count: &'a dyn Fn(&str) -> u64,
    /// Whether a bound holds for a text as JSON writes it as well: in what a model answers.
    pub(super) escaped_too: bool,
}

impl Maker<'_> {
    /// A value of the type, as JSON.
    pub(super) fn json(&mut self, ty: &Type) -> Json {
        let largest = self.size == Size::Largest;
        match ty {
            Type::Text { bound, .. } => Json::from(self.text(bound.unwrap_or(Bound::Tokens(FREE)))),
            Type::Int(range) => Json::from(self.int(range.unwrap_or((i64::MIN, i64::MAX)))),
            Type::Float(None) if largest => Json::from(-1.797_693_134_862_315_7e308),
            Type::Money if largest => Json::from(8_223_372_036.85),
            Type::Duration if largest => Json::from(999_999_999_999.999),
            Type::Float(range) => {
                let (low, high) = range.unwrap_or((-1e300, 1e300));
                Json::from(low + (high - low) * self.rng.f64())
            }
            Type::Bool => Json::from(!largest && self.rng.bool()),
            Type::Money => Json::from(self.rng.u32(0..90_000_000) as f64 / 100.0),
            Type::Duration => Json::from(self.rng.u32(0..9_000_000) as f64 / 1000.0),
            Type::Date => {
                json!(format!("20{:02}-0{}-2{}", self.below(100), self.rng.u32(1..10), self.below(9)))
            }
            Type::Time => json!("2026-03-14T09:30:00.123456789Z"),
            Type::Image => json!("https://example.com/a.png"),
            Type::Json(bound) => self.any(*bound),
            Type::Enum(of) => {
                let names: Vec<&str> = of.variants.iter().map(|v| v.name.as_str()).collect();
                let longest = names.iter().max_by_key(|n| (self.count)(n)).copied().unwrap_or_default();
                Json::from(if largest { longest } else { names[self.rng.usize(0..names.len())] })
            }
            Type::Record(of) => {
                let mut map = Map::new();
                for field in &of.fields {
                    let may_miss = field.default.is_some() || matches!(field.ty, Type::Optional(_));
                    if largest || !may_miss || self.rng.u32(0..4) > 0 {
                        map.insert(field.name.to_string(), self.json(&field.ty));
                    }
                }
                Json::Object(map)
            }
            Type::List(item, most) => (0..self.many(*most)).map(|_| self.json(item)).collect(),
            Type::Map(item, most) => {
                let entries = (0..self.many(*most)).map(|i| (self.key(i), self.json(item)));
                Json::Object(entries.collect())
            }
            Type::Optional(present) if largest || self.rng.u32(0..4) > 0 => self.json(present),
            Type::Known(known) => self.json(&known.of),
            Type::Optional(_) | Type::Null | Type::Error => Json::Null,
        }
    }

    /// A text within a bound, and over it where that is wanted.
    pub(super) fn text(&mut self, bound: Bound) -> String {
        let bound = match (bound, self.size == Size::Over && self.rng.u32(0..8) == 0) {
            (Bound::Tokens(n), true) => Bound::Tokens(2 * n + 1),
            (Bound::Chars(n), true) => Bound::Chars(n + 1),
            (bound, false) => bound,
        };
        match self.size {
            Size::Largest => self.fullest(bound),
            _ => self.mixture(bound),
        }
    }

    // The script of which the bound holds the most tokens.
    fn fullest(&mut self, bound: Bound) -> String {
        let (mut best, mut most) = (String::new(), 0);
        for piece in PIECES {
            let text = self.filled(piece, bound);
            let tokens = (self.count)(&text);
            if tokens > most {
                (best, most) = (text, tokens);
            }
            if matches!(bound, Bound::Tokens(n) if most >= n) {
                break;
            }
        }
        best
    }

    // As often as it fits.
    fn filled(&self, piece: &str, bound: Bound) -> String {
        let (mut low, mut high) = (0, room(bound) as usize + 1);
        while low + 1 < high {
            let middle = (low + high) / 2;
            match self.holds(bound, &piece.repeat(middle)) {
                true => low = middle,
                false => high = middle,
            }
        }
        piece.repeat(low)
    }

    fn mixture(&mut self, bound: Bound) -> String {
        let most = self.rng.u64(0..=room(bound)) as usize;
        let mut text = String::new();
        let one = self.rng.bool().then(|| self.piece());
        while text.len() < most {
            text.push_str(one.unwrap_or(self.piece()));
        }
        while !self.holds(bound, &text) {
            let keep = text.chars().count() * 4 / 5;
            text = text.chars().take(keep).collect();
        }
        text
    }

    fn piece(&mut self) -> &'static str {
        PIECES[self.rng.usize(0..PIECES.len())]
    }

    fn holds(&self, bound: Bound, text: &str) -> bool {
        match bound {
            Bound::Tokens(n) => {
                let quoted = |text: &str| (self.count)(Json::from(text).to_string().trim_matches('"'));
                (self.count)(text) <= n && (!self.escaped_too || quoted(text) <= n)
            }
            Bound::Chars(n) => text.chars().count() as u64 <= n,
        }
    }

    fn int(&mut self, (low, high): (i64, i64)) -> i64 {
        let tokens = |n: &i64| (self.count)(&n.to_string());
        let longest = if tokens(&low) >= tokens(&high) { low } else { high };
        match self.size {
            Size::Largest => longest,
            Size::Over if high < i64::MAX && self.rng.u32(0..10) == 0 => high + 1,
            _ => self.rng.i64(low..=high),
        }
    }

    fn many(&mut self, most: Option<u64>) -> u64 {
        let most = most.unwrap_or(3);
        match self.size {
            Size::Largest => most,
            Size::Over if self.rng.u32(0..12) == 0 => most + 1,
            _ => self.rng.u64(0..=most),
        }
    }

    // Keys have no bound of their own.
    fn key(&mut self, index: u64) -> String {
        match self.size == Size::Over && self.rng.u32(0..8) == 0 {
            true => format!("{index}{}", self.piece().repeat(20)),
            false => format!("k{index}"),
        }
    }

    // Any JSON whose text keeps to the bound.
    fn any(&mut self, bound: Option<Bound>) -> Json {
        let bound = bound.unwrap_or(Bound::Tokens(FREE));
        let mut keep = room(bound);
        loop {
            let smaller = match bound {
                Bound::Tokens(_) => Bound::Tokens(keep),
                Bound::Chars(_) => Bound::Chars(keep),
            };
            let json = match self.rng.u32(0..4) {
                0 if self.size != Size::Largest => Json::from(self.rng.u32(0..9)),
                1 if self.size != Size::Largest => json!({"a": [self.text(smaller), 1.5, null]}),
                _ => Json::from(self.text(smaller)),
            };
            if self.holds(bound, &json.to_string()) {
                return json;
            }
            match keep.checked_sub(1) {
                Some(less) => keep = less,
                None => return Json::from(1),
            }
        }
    }

    fn below(&mut self, n: u32) -> u32 {
        self.rng.u32(0..n)
    }
}

fn room(bound: Bound) -> u64 {
    match bound {
        Bound::Tokens(n) | Bound::Chars(n) => n,
    }
}
