//! The names of what was mended in a reply.
//!
//! A closed list: each name stands in events and reports as it is here, so that a team can count which
//! model needs which. What is not in it is not mended.

use serde::{Serialize, Serializer};

/// One kind of thing that was mended.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[repr(u8)]
pub enum Repair {
    /// A byte order mark or another invisible character outside of texts was left out.
    Invisible,
    /// What the model thought before its answer was left out.
    Thinking,
    /// A Markdown fence was taken off.
    Fence,
    /// Text before or behind the value was left out.
    TextAround,
    /// Markdown's marks (`**`, backticks, bullets) were taken off.
    Markdown,
    /// A tag around the answer was taken off.
    Tag,
    /// The answer stood several times, each time the same.
    SaidTwice,
    /// Comments were left out.
    Comment,
    /// Single, smart, triple or backtick quotes stood for double ones.
    Quotes,
    /// A key had no quotes.
    BareKey,
    /// A text had no quotes.
    BareText,
    /// A quote inside a text was not escaped.
    InnerQuote,
    /// The quote that ends a text was missing, right before the next field.
    MissingQuote,
    /// A line break or another control character inside a text was not escaped.
    ControlCharacter,
    /// An escape that JSON does not have was read as in other languages, or as it stands.
    Escape,
    /// The whole value was escaped once too often, or stood in a text.
    DoubleEncoded,
    /// A comma stood where nothing follows.
    ExtraComma,
    /// A comma was missing.
    MissingComma,
    /// A colon was missing, or another sign stood for it.
    MissingColon,
    /// Nothing stood behind a colon, where the type allows nothing.
    MissingValue,
    /// A brace or a bracket was missing.
    MissingBrace,
    /// A brace or a bracket was too many.
    ExtraBrace,
    /// A tuple stood for a list.
    Tuple,
    /// Words stood between two fields.
    StrayText,
    /// Fields were written as lines, without braces.
    Lines,
    /// `True`, `None`, `yes` and the like stood for JSON's words.
    Literal,
    /// A number was written in another form: as text, with separators, with a sign of its unit.
    Number,
    /// A number or a truth value stood for a text.
    TextOfValue,
    /// A date, a moment or a length of time was written in another form.
    Moment,
    /// A name of an enum was written in another form.
    Name,
    /// The name of an enum was found in a sentence.
    NameInSentence,
    /// A key was written in another form: `Full Name` for `full_name`.
    Key,
    /// A key stood twice with the same value.
    KeyTwice,
    /// A field that the type does not have was left out.
    ExtraField,
    /// A word for nothing stood for `null`.
    NullWord,
    /// The value stood in an object of its own.
    Wrapped,
    /// A value stood where a list of it is wanted.
    SingleAsList,
    /// A list of one stood where its element is wanted.
    ListOfOne,
    /// A value stood where a record with this one field is wanted.
    ValueAsRecord,
}

impl Repair {
    /// Every kind, in the order in which they are reported.
    pub const ALL: [Repair; 39] = [
        Repair::Invisible,
        Repair::Thinking,
        Repair::Fence,
        Repair::TextAround,
        Repair::Markdown,
        Repair::Tag,
        Repair::SaidTwice,
        Repair::Comment,
        Repair::Quotes,
        Repair::BareKey,
        Repair::BareText,
        Repair::InnerQuote,
        Repair::MissingQuote,
        Repair::ControlCharacter,
        Repair::Escape,
        Repair::DoubleEncoded,
        Repair::ExtraComma,
        Repair::MissingComma,
        Repair::MissingColon,
        Repair::MissingValue,
        Repair::MissingBrace,
        Repair::ExtraBrace,
        Repair::Tuple,
        Repair::StrayText,
        Repair::Lines,
        Repair::Literal,
        Repair::Number,
        Repair::TextOfValue,
        Repair::Moment,
        Repair::Name,
        Repair::NameInSentence,
        Repair::Key,
        Repair::KeyTwice,
        Repair::ExtraField,
        Repair::NullWord,
        Repair::Wrapped,
        Repair::SingleAsList,
        Repair::ListOfOne,
        Repair::ValueAsRecord,
    ];

    /// Its name in events and reports: `missing_comma`.
    pub fn name(self) -> &'static str {
        match self {
            Repair::Invisible => "invisible",
            Repair::Thinking => "thinking",
            Repair::Fence => "fence",
            Repair::TextAround => "text_around",
            Repair::Markdown => "markdown",
            Repair::Tag => "tag",
            Repair::SaidTwice => "said_twice",
            Repair::Comment => "comment",
            Repair::Quotes => "quotes",
            Repair::BareKey => "bare_key",
            Repair::BareText => "bare_text",
            Repair::InnerQuote => "inner_quote",
            Repair::MissingQuote => "missing_quote",
            Repair::ControlCharacter => "control_character",
            Repair::Escape => "escape",
            Repair::DoubleEncoded => "double_encoded",
            Repair::ExtraComma => "extra_comma",
            Repair::MissingComma => "missing_comma",
            Repair::MissingColon => "missing_colon",
            Repair::MissingValue => "missing_value",
            Repair::MissingBrace => "missing_brace",
            Repair::ExtraBrace => "extra_brace",
            Repair::Tuple => "tuple",
            Repair::StrayText => "stray_text",
            Repair::Lines => "lines",
            Repair::Literal => "literal",
            Repair::Number => "number",
            Repair::TextOfValue => "text_of_value",
            Repair::Moment => "moment",
            Repair::Name => "name",
            Repair::NameInSentence => "name_in_sentence",
            Repair::Key => "key",
            Repair::KeyTwice => "key_twice",
            Repair::ExtraField => "extra_field",
            Repair::NullWord => "null_word",
            Repair::Wrapped => "wrapped",
            Repair::SingleAsList => "single_as_list",
            Repair::ListOfOne => "list_of_one",
            Repair::ValueAsRecord => "value_as_record",
        }
    }
}

impl Serialize for Repair {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

/// No repair of its own: the name that a value stood under is guessed to be one.
const GUESSED: u64 = 1 << 63;

/// A set of repairs.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(super) struct Repairs(u64);

impl Repairs {
    pub(super) fn add(&mut self, repair: Repair) {
        self.0 |= 1 << repair as u8;
    }

    pub(super) fn join(&mut self, other: Repairs) {
        self.0 |= other.0;
    }

    pub(super) fn has(self, repair: Repair) -> bool {
        self.0 & (1 << repair as u8) != 0
    }

    /// Notes that the value stood under a name that says nothing of it.
    pub(super) fn guess(&mut self) {
        self.0 |= GUESSED;
    }

    /// Whether it did.
    pub(super) fn is_guessed(self) -> bool {
        self.0 & GUESSED != 0
    }

    pub(super) fn is_any(self) -> bool {
        self.0 != 0
    }

    /// Whether the value stands in another shape than the type's: one for a list, a list for one.
    pub(super) fn change_shape(self) -> bool {
        let shapes = [Repair::SingleAsList, Repair::ListOfOne, Repair::ValueAsRecord];
        self.is_guessed() || shapes.into_iter().any(|r| self.has(r))
    }

    pub(super) fn list(self) -> Vec<Repair> {
        Repair::ALL.into_iter().filter(|r| self.has(*r)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_repair_has_its_place_and_its_name() {
        let mut all = Repairs::default();
        Repair::ALL.into_iter().for_each(|r| all.add(r));
        assert_eq!(all.list(), Repair::ALL);
        let mut names: Vec<_> = Repair::ALL.map(Repair::name).into();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), Repair::ALL.len());
    }
}
