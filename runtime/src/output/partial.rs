//! The value of a reply while it still arrives.
//!
//! In: pieces of text. Out: what is complete so far, by its type; a field that is not complete is
//! absent. Each byte is looked at once. Only plain JSON is followed, with prose, fences and thoughts
//! before it: a reply that needs mending shows less, and is judged when it is whole. A partial value is
//! for showing; it is never passed on.

use ecow::EcoString;
use flow_plan::{Entries, RecordType, Type, Value};
use serde_json::Value as Json;
use std::sync::Arc;

/// How many lists and records may stand inside one another.
const DEEPEST: usize = 96;

/// A value that grows with its reply.
#[derive(Debug)]
pub struct Partial {
    ty: Type,
    at: At,
    stack: Vec<Frame>,
    /// What is read at the moment: a text, a number, a word, or JSON of any kind.
    token: String,
    /// How many pieces have been completed.
    completed: u64,
    whole: Option<Value>,
    /// The last characters before the value, among which a thought may begin or end.
    before: String,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum At {
    /// Before the value; inside a thought or not.
    Before { thinking: bool },
    /// Where a value, a key, a comma or an end may come.
    Between,
    /// Inside a key or a text.
    Text { is_key: bool, escaped: bool },
    /// Inside a number or a word.
    Word,
    /// Inside JSON that is taken whole.
    Raw { depth: usize, text: bool, escaped: bool },
    /// Behind the value, or where it is no plain JSON.
    End,
}

#[derive(Debug)]
enum Frame {
    Record { ty: Arc<RecordType>, fields: Entries, key: Option<EcoString> },
    Map { item: Type, entries: Entries, key: Option<EcoString> },
    List { item: Type, items: Vec<Value>, broken: bool },
}

impl Partial {
    /// Nothing yet of a type.
    pub fn new(ty: Type) -> Partial {
        Partial {
            ty,
            at: At::Before { thinking: false },
            stack: Vec::new(),
            token: String::new(),
            completed: 0,
            whole: None,
            before: String::new(),
        }
    }

    /// Takes the next piece of the reply. Says whether there is more to show than before.
    pub fn feed(&mut self, piece: &str) -> bool {
        let completed = self.completed;
        for c in piece.chars() {
            self.take(c);
        }
        self.completed > completed
    }

    /// What is complete: records with the fields that are, lists with the elements that are. `None`
    /// while there is nothing.
    pub fn value(&self) -> Option<Value> {
        if let Some(whole) = &self.whole {
            return Some(whole.clone());
        }
        // From the innermost outwards: each holds what is inside it as its last part.
        let mut inner: Option<Value> = None;
        for frame in self.stack.iter().rev() {
            inner = Some(match frame {
                Frame::Record { fields: entries, key, .. } | Frame::Map { entries, key, .. } => {
                    let mut entries = entries.clone();
                    if let (Some(key), Some(inner)) = (key, inner) {
                        entries.insert(key.clone(), inner);
                    }
                    Value::Record(Arc::new(entries))
                }
                Frame::List { items, broken, .. } => {
                    let last = inner.filter(|_| !broken);
                    Value::List(items.iter().cloned().chain(last).collect())
                }
            });
        }
        inner.filter(|_| self.completed > 0)
    }

    /// Whether the value is complete.
    pub fn is_whole(&self) -> bool {
        self.whole.is_some()
    }

    fn take(&mut self, c: char) {
        match self.at {
            At::Before { thinking } => self.before(c, thinking),
            At::Between => self.between(c),
            At::Text { is_key, escaped } => {
                self.token.push(c);
                if escaped || c == '\\' {
                    self.at = At::Text { is_key, escaped: !escaped };
                } else if c == '"' {
                    self.at = At::Between;
                    self.text(is_key);
                }
            }
            At::Word => match c {
                ',' | '}' | ']' | ' ' | '\n' | '\r' | '\t' => {
                    self.at = At::Between;
                    self.word();
                    self.take(c);
                }
                _ => self.token.push(c),
            },
            At::Raw { depth, text, escaped } => self.raw(c, (depth, text, escaped)),
            At::End => {}
        }
    }

    fn before(&mut self, c: char, thinking: bool) {
        let opens = match self.ty.present() {
            Type::Record(_) | Type::Map(..) => c == '{',
            Type::List(..) => c == '[',
            _ => false,
        };
        if opens && !thinking {
            self.at = At::Between;
            return self.open(self.ty.clone(), c);
        }
        self.before.push(c);
        if c != '>' {
            if self.before.len() > 64 {
                let cut = self.before.char_indices().nth_back(15).map_or(0, |(at, _)| at);
                self.before.drain(..cut);
            }
            return;
        }
        let ends = |tags: [&str; 3]| tags.iter().any(|tag| self.before.ends_with(tag));
        if ends(["<think>", "<thinking>", "<reasoning>"]) {
            self.at = At::Before { thinking: true };
        } else if ends(["</think>", "</thinking>", "</reasoning>"]) {
            self.at = At::Before { thinking: false };
        }
        self.before.clear();
    }

    fn between(&mut self, c: char) {
        let wants_key = match self.stack.last() {
            Some(Frame::Record { key, .. } | Frame::Map { key, .. }) => key.is_none(),
            Some(Frame::List { .. }) => false,
            None => return self.at = At::End,
        };
        match c {
            ' ' | '\n' | '\r' | '\t' | ',' | ':' => {}
            '}' | ']' => self.close(c),
            '"' => {
                self.token.clear();
                self.token.push(c);
                self.at = At::Text { is_key: wants_key, escaped: false };
            }
            _ if wants_key => self.lost(),
            '{' | '[' => match self.wanted() {
                Some(ty) => self.open(ty, c),
                None => self.start_raw(c),
            },
            _ => {
                self.token.clear();
                self.token.push(c);
                self.at = At::Word;
            }
        }
    }

    // The type of the value that comes next; `None` for a field that the type does not have.
    fn wanted(&self) -> Option<Type> {
        match self.stack.last()? {
            Frame::Record { ty, key, .. } => Some(ty.field(key.as_deref()?)?.ty.clone()),
            Frame::Map { item, .. } | Frame::List { item, .. } => Some(item.clone()),
        }
    }

    fn open(&mut self, ty: Type, c: char) {
        if self.stack.len() >= DEEPEST {
            return self.lost();
        }
        let frame = match (ty.present(), c) {
            (Type::Record(record), '{') => {
                Frame::Record { ty: record.clone(), fields: Entries::default(), key: None }
            }
            (Type::Map(item, _), '{') => {
                Frame::Map { item: (**item).clone(), entries: Entries::default(), key: None }
            }
            (Type::List(item, _), '[') => {
                Frame::List { item: (**item).clone(), items: Vec::new(), broken: false }
            }
            _ => return self.start_raw(c),
        };
        self.stack.push(frame);
    }

    fn close(&mut self, c: char) {
        let fits = match self.stack.last() {
            Some(Frame::List { .. }) => c == ']',
            Some(_) => c == '}',
            None => false,
        };
        if !fits {
            return self.lost();
        }
        let Some(frame) = self.stack.pop() else { return };
        let value = match frame {
            Frame::Record { ty, mut fields, .. } => {
                for field in &ty.fields {
                    if let (Some(value), false) = (missing(field), fields.contains_key(&field.name)) {
                        fields.insert(field.name.clone(), value);
                    }
                }
                Value::Record(Arc::new(fields))
            }
            Frame::Map { entries, .. } => Value::Record(Arc::new(entries)),
            Frame::List { items, .. } => Value::List(items.into()),
        };
        self.completed += 1;
        match self.stack.is_empty() {
            true => {
                self.whole = Some(value);
                self.at = At::End;
            }
            false => self.put(Some(value)),
        }
    }

    fn text(&mut self, is_key: bool) {
        let token = std::mem::take(&mut self.token);
        // A line break that is not escaped is one all the same.
        let escaped = token.replace('\n', "\\n").replace('\r', "\\r").replace('\t', "\\t");
        let Ok(text) = serde_json::from_str::<String>(&escaped) else { return self.lost() };
        match (is_key, self.stack.last_mut()) {
            (true, Some(Frame::Record { key, .. } | Frame::Map { key, .. })) => *key = Some(text.into()),
            _ => self.leaf(&text.into()),
        }
    }

    fn word(&mut self) {
        let token = std::mem::take(&mut self.token);
        match serde_json::from_str::<Json>(&token) {
            Ok(json) => self.leaf(&json),
            Err(_) => self.lost(),
        }
    }

    fn start_raw(&mut self, c: char) {
        self.token.clear();
        self.at = At::Raw { depth: 0, text: false, escaped: false };
        self.take(c);
    }

    fn raw(&mut self, c: char, (depth, text, escaped): (usize, bool, bool)) {
        self.token.push(c);
        let (depth, text, escaped) = match (text, c) {
            (true, _) if escaped => (depth, true, false),
            (true, '\\') => (depth, true, true),
            (true, '"') => (depth, false, false),
            (true, _) => (depth, true, false),
            (false, '"') => (depth, true, false),
            (false, '{' | '[') => (depth + 1, false, false),
            (false, '}' | ']') => (depth - 1, false, false),
            (false, _) => (depth, false, false),
        };
        self.at = At::Raw { depth, text, escaped };
        if depth == 0 && !text {
            self.at = At::Between;
            self.word();
        }
    }

    fn leaf(&mut self, json: &Json) {
        let value = self.wanted().and_then(|ty| ty.read(json).ok());
        self.put(value);
    }

    // A value that is complete; one that does not have its type is absent.
    fn put(&mut self, value: Option<Value>) {
        let shown = match (self.stack.last_mut(), value) {
            (Some(Frame::Record { fields: entries, key, .. } | Frame::Map { entries, key, .. }), value) => {
                match (key.take(), value) {
                    (Some(key), Some(value)) => {
                        entries.insert(key, value);
                        true
                    }
                    _ => false,
                }
            }
            (Some(Frame::List { items, broken, .. }), Some(value)) if !*broken => {
                items.push(value);
                true
            }
            (Some(Frame::List { broken, .. }), _) => {
                // Those behind it would stand at the wrong place.
                *broken = true;
                false
            }
            (None, _) => false,
        };
        self.completed += u64::from(shown);
    }

    // No plain JSON. Braces in prose are no value; in a value, what is known stays.
    fn lost(&mut self) {
        self.token.clear();
        if self.completed > 0 {
            self.at = At::End;
        } else {
            self.stack.clear();
            self.at = At::Before { thinking: false };
        }
    }
}

fn missing(field: &flow_plan::Field) -> Option<Value> {
    let null = matches!(field.ty, Type::Optional(_)).then_some(Value::Null);
    field.default.clone().or(null)
}

#[cfg(test)]
mod tests {
    use super::*;
    use flow_plan::{Field, Labels};

    fn field(name: &str, ty: Type) -> Field {
        Field { name: name.into(), ty, doc: "".into(), labels: Labels::default(), default: None }
    }

    fn record(fields: Vec<Field>) -> Type {
        Type::Record(Arc::new(RecordType { name: None, doc: "".into(), fields }))
    }

    fn answer() -> Type {
        let inner = record(vec![field("id", Type::INT), field("any", Type::Json(None))]);
        record(vec![
            field("reply", Type::TEXT),
            field("score", Type::INT),
            field("tags", Type::List(Box::new(Type::TEXT), None)),
            field("inner", inner),
            field("note", Type::Optional(Box::new(Type::TEXT))),
        ])
    }

    const REPLY: &str = "<think>{\"reply\": \"no\"}</think>\n```json\n{\"reply\": \"a \\\"b\\\"\", \"score\": 12, \"tags\": [\"x\", \"y\"], \"other\": {\"a\": [1]}, \"inner\": {\"id\": 7, \"any\": {\"k\": [\"]\"]}}}\n```";

    fn shown(partial: &Partial) -> String {
        partial.value().map(|v| v.to_json().to_string()).unwrap_or_default()
    }

    #[test]
    fn what_is_complete_is_shown_and_nothing_else() {
        let mut partial = Partial::new(answer());
        let mut seen = vec![String::new()];
        for c in REPLY.chars() {
            if partial.feed(&c.to_string()) {
                seen.push(shown(&partial));
            }
        }
        assert_eq!(
            seen[1..8],
            [
                r#"{"reply":"a \"b\""}"#,
                r#"{"reply":"a \"b\"","score":12}"#,
                r#"{"reply":"a \"b\"","score":12,"tags":["x"]}"#,
                r#"{"reply":"a \"b\"","score":12,"tags":["x","y"]}"#,
                r#"{"reply":"a \"b\"","score":12,"tags":["x","y"]}"#,
                r#"{"reply":"a \"b\"","score":12,"tags":["x","y"],"inner":{"id":7}}"#,
                r#"{"reply":"a \"b\"","score":12,"tags":["x","y"],"inner":{"id":7,"any":{"k":["]"]}}}"#,
            ]
        );
        let whole = super::super::read(&answer(), REPLY.rsplit_once("</think>").map_or("", |t| t.1));
        assert!(seen.last().is_some_and(|last| last.contains("\"note\":null")), "{seen:?}");
        assert!(whole.is_ok());
    }

    #[test]
    fn pieces_of_any_size_show_the_same() {
        let mut whole = Partial::new(answer());
        whole.feed(REPLY);
        for size in 1..20 {
            let mut partial = Partial::new(answer());
            let chars: Vec<char> = REPLY.chars().collect();
            for piece in chars.chunks(size) {
                partial.feed(&piece.iter().collect::<String>());
            }
            assert_eq!(shown(&partial), shown(&whole), "pieces of {size}");
        }
    }

    #[test]
    fn a_number_is_absent_until_it_ends() {
        let mut partial = Partial::new(answer());
        partial.feed("{\"reply\": \"x\", \"score\": 1");
        assert_eq!(shown(&partial), r#"{"reply":"x"}"#);
        partial.feed("2,");
        assert_eq!(shown(&partial), r#"{"reply":"x","score":12}"#);
    }

    #[test]
    fn braces_in_prose_are_no_value() {
        let mut partial = Partial::new(answer());
        assert!(!partial.feed("For {player_name}: "));
        assert!(partial.feed("{\"score\": 4, "));
        assert_eq!(shown(&partial), r#"{"score":4}"#);
        // A value of another type is absent.
        assert!(!partial.feed("\"tags\": 5, oops"));
        assert_eq!(shown(&partial), r#"{"score":4}"#);
    }
}
