//! What a comparison gives: [`Diff`], with one [`Item`] for each declaration or step that changed and
//! one [`FlowCost`] for each flow. Plain data, for whoever prints it.

use flow_compiler::bounds::Amount;
use flow_plan::{Cost, Integrity, Labels, Millis};

/// What changed between two states of some programs.
#[derive(Clone, Debug, Default)]
pub struct Diff {
    /// The declarations and steps that changed, by file and place.
    pub items: Vec<Item>,
    /// The flows of both sides, changed or not, by file and place.
    pub flows: Vec<FlowCost>,
    /// What comes of it for labels: calls that are given, and flows that give back, what has others now.
    pub labels: Vec<LabelChange>,
}

impl Diff {
    /// How much it changes at most; nothing where nothing changed.
    pub fn class(&self) -> Option<Class> {
        let of_items = self.items.iter().map(|i| i.class).max();
        // A cost may move without any fact of the program: the catalogue's prices.
        let moved = self.flows.iter().any(FlowCost::is_changed).then_some(Class::Behaviour);
        of_items.max(moved)
    }

    /// Items of this status.
    pub fn count(&self, status: Status) -> usize {
        self.items.iter().filter(|i| i.status == status).count()
    }

    /// Changes that break callers; an item that is one change as a whole counts once.
    pub fn breaking(&self) -> usize {
        let of = |item: &Item| match item.changes.iter().filter(|c| c.class == Class::Breaking).count() {
            0 => usize::from(item.class == Class::Breaking),
            n => n,
        };
        self.items.iter().map(of).sum()
    }

    /// The guards that are gone: a call that was taken out, a requirement that was.
    pub fn guards_removed(&self) -> Vec<&Lost> {
        self.items
            .iter()
            .flat_map(|i| i.lost.iter().chain(i.changes.iter().filter_map(|c| c.lost.as_ref())))
            .collect()
    }
}

/// How much a change matters.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Class {
    /// No run is different: a comment that no model reads, the name of a step.
    Cosmetic,
    /// Runs may be different.
    Behaviour,
    /// Who calls a flow may have to change, too.
    Breaking,
}

impl Class {
    /// As programs read it.
    pub fn word(self) -> &'static str {
        match self {
            Class::Cosmetic => "cosmetic",
            Class::Behaviour => "behaviour",
            Class::Breaking => "breaking",
        }
    }
}

/// What became of a declaration or a step.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[expect(missing_docs, reason = "the words say it")]
pub enum Status {
    Added,
    Removed,
    Changed,
}

impl Status {
    /// As programs read it.
    pub fn word(self) -> &'static str {
        match self {
            Status::Added => "added",
            Status::Removed => "removed",
            Status::Changed => "changed",
        }
    }
}

/// What kind of thing changed.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
#[expect(missing_docs, reason = "the keywords of the language")]
pub enum Kind {
    Model,
    Type,
    Prompt,
    Lookup,
    Guard,
    Action,
    Flow,
    Step,
    Test,
}

impl Kind {
    /// Its keyword.
    pub fn word(self) -> &'static str {
        match self {
            Kind::Model => "model",
            Kind::Type => "type",
            Kind::Prompt => "prompt",
            Kind::Lookup => "lookup",
            Kind::Guard => "guard",
            Kind::Action => "action",
            Kind::Flow => "flow",
            Kind::Step => "step",
            Kind::Test => "test",
        }
    }
}

/// A place on one side.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Place {
    /// The file, as people see it.
    pub file: String,
    /// First line, from 1.
    pub line: usize,
    /// First column in characters, from 1.
    pub column: usize,
    /// First byte, from 0.
    pub offset: usize,
    /// Last line, from 1.
    pub end_line: usize,
    /// The column behind the last character, from 1.
    pub end_column: usize,
    /// The offset behind the last byte.
    pub end_offset: usize,
}

/// A declaration or a step that changed.
#[derive(Clone, Debug)]
pub struct Item {
    /// What it is.
    pub kind: Kind,
    /// Its name; of a step, with the steps around it: `checked.tone`.
    pub name: String,
    /// The flow, guard or test that a step belongs to.
    pub owner: Option<String>,
    /// What a step does, where that says more than its name: `guard tone`.
    pub does: Option<String>,
    /// Its name before, where it has another one now.
    pub was: Option<String>,
    /// The file before, where it stands in another one now.
    pub moved_from: Option<String>,
    /// What became of it.
    pub status: Status,
    /// The most that any of its changes matters.
    pub class: Class,
    /// Where it stood.
    pub old: Option<Place>,
    /// Where it stands.
    pub new: Option<Place>,
    /// What is different.
    pub changes: Vec<Change>,
    /// What it costs at worst in a run of its flow, where that changed.
    pub cost: Option<(Cost, Cost)>,
    /// The guards that it took along when it was removed.
    pub lost: Vec<Lost>,
}

impl Item {
    /// Where it is best looked at: the new side, or else the old one.
    pub fn place(&self) -> Option<&Place> {
        self.new.as_ref().or(self.old.as_ref())
    }
}

/// A guard that no longer looks.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Lost {
    /// The guard.
    pub guard: String,
    /// The flow or guard that had it.
    pub owner: String,
}

/// One fact that is different.
#[derive(Clone, Debug)]
pub struct Change {
    /// Which: `model`, `input question`, `prompt`.
    pub what: String,
    /// What it was; nothing where it was not there.
    pub before: Option<String>,
    /// What it is; nothing where it is gone.
    pub after: Option<String>,
    /// How much it matters.
    pub class: Class,
    /// What else there is to know, a few words each.
    pub notes: Vec<String>,
    /// The words of a text that changed.
    pub words: Option<Words>,
    /// A guard that no longer looks because of it.
    pub lost: Option<Lost>,
}

/// A text that changed, word by word.
#[derive(Clone, Debug)]
pub struct Words {
    /// The text in pieces.
    pub pieces: Vec<(Piece, String)>,
    /// Lines of the new text in which something changed, and its lines.
    pub lines: (usize, usize),
    /// Holes that are new, and those that are gone, as they are written.
    pub holes: (Vec<String>, Vec<String>),
    /// Tokens of fixed text, more or less.
    pub tokens: i64,
}

/// What became of a piece of a text.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[expect(missing_docs, reason = "the words say it")]
pub enum Piece {
    Same,
    Added,
    Removed,
}

/// A call that is given something with other labels than before, or a flow that gives such a thing back.
#[derive(Clone, Debug)]
pub struct LabelChange {
    /// The flow or guard.
    pub owner: String,
    /// The step of the call, with the steps around it; nothing for what the flow gives back.
    pub step: Option<String>,
    /// The labels before.
    pub before: Labels,
    /// The labels now.
    pub after: Labels,
    /// Where the step or the flow stands.
    pub place: Place,
}

impl LabelChange {
    /// The labels that came, and those that went.
    pub fn words(&self) -> (Vec<&'static str>, Vec<&'static str>) {
        let of = |l: Labels| {
            [("private", l.private), ("untrusted", l.integrity == Integrity::Untrusted), ("secret", l.secret)]
        };
        let (mut came, mut went) = (Vec::new(), Vec::new());
        for ((word, was), (_, is)) in of(self.before).into_iter().zip(of(self.after)) {
            match (was, is) {
                (false, true) => came.push(word),
                (true, false) => went.push(word),
                _ => {}
            }
        }
        (came, went)
    }
}

/// What a flow takes at worst, before and after.
#[derive(Clone, Debug)]
pub struct FlowCost {
    /// Its name now, or its last one.
    pub name: String,
    /// The file it stands in now, or stood in.
    pub file: String,
    /// Before; nothing for a new flow.
    pub before: Option<FlowWorst>,
    /// After; nothing for a flow that is gone.
    pub after: Option<FlowWorst>,
}

/// What a flow takes at worst, and what it may take.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct FlowWorst {
    /// The most of each measure, as `flowc cost` says it.
    pub worst: Amount,
    /// The most a run may spend.
    pub budget: Option<Cost>,
    /// The most a run may take.
    pub deadline: Option<Millis>,
}

impl FlowCost {
    /// Whether a measure is different; of a flow on one side alone, it is.
    pub fn is_changed(&self) -> bool {
        self.before.map(|f| f.worst) != self.after.map(|f| f.worst)
    }
}
