//! The words of the language with what they mean, for hover and completion.
//!
//! Not here: functions, guards, sources and channels, which say themselves what they are. A test
//! holds these tables against the compiler: it knows each setting, and no other.

/// A setting: its key, what stands behind it, and what it means.
pub(crate) type Word = (&'static str, &'static str, &'static str);

const MODEL: &[Word] = &[
    ("max_output", "600 tokens", "The most tokens of an answer; it is sent along with each call."),
    ("temperature", "0", "How freely the model chooses its words; 0 is the least."),
    ("top_p", "1", "From how much of the likely words the model chooses."),
    ("seed", "1", "Makes answers repeatable, where the provider can."),
    ("context", "8192 tokens", "The model's window: input and output together."),
    ("price", "$0.10 in, $0.40 out", "What a million tokens cost."),
    ("tokenizer", "\"tokenizers/model.json\"", "How its tokens are counted."),
    ("base_url", "env(\"BASE_URL\")", "Where it is reached."),
    ("api_key", "env(\"API_KEY\")", "The key that is sent."),
    ("clearance", "private", "Private data may go there."),
    ("region", "\"eu\"", "Where it runs."),
    ("latency", "200ms", "A simulated model: how long an answer takes."),
    ("failure_rate", "5%", "A simulated model: how often a call fails."),
    ("malformed_rate", "5%", "A simulated model: how often an answer has the wrong shape."),
];

const PROMPT: &[Word] = &[
    ("system", "\"\"\"\n    $0\n    \"\"\"", "The instructions, which untrusted text may not enter."),
    ("user", "\"\"\"\n    $0\n    \"\"\"", "What the user says: a template over the parameters."),
    ("assistant", "\"\"\"\n    $0\n    \"\"\"", "An answer that is shown to the model as its own."),
    ("examples", "\"examples.jsonl\"", "A file of examples, shown before the user's message."),
    ("images", "photo", "Images that go with the user's message."),
    ("model", "fast", "The model that is asked, unless the step says another."),
];

const LOOKUP: &[Word] = &[
    ("source", "search(\"help/**/*.md\")", "Where it looks."),
    ("trusted", "true", "What it finds may instruct."),
];

const GUARD: &[Word] = &[
    ("require", "len(text) < 1000", "What must hold; on as many lines as there are requirements."),
    ("endorses", "true", "What passes is trusted."),
];

const ACTION: &[Word] = &[
    ("channel", "http(\"https://…\")", "How it acts."),
    ("clearance", "private", "Private data may go there."),
    ("influence", "4 bits", "How much of what it does may be decided by what is from outside."),
];

const FLOW: &[Word] = &[
    ("budget", "$0.10", "The most a run may spend; the compiler proves that no run spends more."),
    ("deadline", "60s", "The most time a run may take; the compiler proves that no run takes more."),
    ("assume", "len(rows) <= 200", "What cannot be proven: a size that is checked when it runs, or a rate."),
];

const STEP: &[Word] = &[
    ("model", "fast", "The model that is asked."),
    ("fallback", "careful", "A model or a list of them, tried in turn when the one before has failed."),
    ("escalate", "careful unless it.confident", "The model that is asked when the answer leaves doubt."),
    ("retry", "1", "Further attempts, for each model that is tried."),
    ("timeout", "10s", "The most time one attempt may take."),
    ("hedge", "800ms", "When to start a second attempt beside a slow one."),
    ("cache", "1h", "For how long an equal call is answered from the cache."),
    ("tools", "[search] rounds 4", "Lookups that the model may ask for before it answers, and how often."),
    ("key", "id", "By what an action or a cached step is the same step."),
];

const EACH: &[Word] =
    &[("parallel", "8", "How many elements are worked on at the same time; 8 unless said.")];

/// The settings of a kind of declaration; `step` are those behind a call, `each` those of a loop.
pub(crate) fn settings(kind: &str) -> Vec<Word> {
    let both = |own: &[Word], others: &[Word]| [own, others].concat();
    match kind {
        "model" => MODEL.to_vec(),
        "prompt" => PROMPT.to_vec(),
        "lookup" => LOOKUP.to_vec(),
        "guard" => GUARD.to_vec(),
        "action" => ACTION.to_vec(),
        "flow" => both(FLOW, &STEP[..STEP.len() - 1]),
        "step" => STEP.to_vec(),
        "each" => EACH.to_vec(),
        _ => Vec::new(),
    }
}

/// What a setting of a declaration, or of a step in it, means.
pub(crate) fn setting(kind: &str, key: &str) -> Option<&'static str> {
    let kinds: &[&str] = if matches!(kind, "flow" | "test") { &["flow", "step", "each"] } else { &[kind] };
    kinds.iter().flat_map(|k| settings(k)).find(|(name, ..)| *name == key).map(|(.., doc)| doc)
}

/// What a filter of its own kind does; the others are functions.
pub(crate) fn filter(name: &str) -> &'static str {
    match name {
        "map" => "The fields of the elements: `passages | map(attribute=\"title\")`.",
        "sort" => "The elements in their order, or in that of a field: `sort(attribute=\"score\")`.",
        "selectattr" => "The elements whose field holds.",
        "rejectattr" => "The elements whose field does not hold.",
        "items" => "The keys and values of a map: `{% for key, value in map | items %}`.",
        "list" => "The list as it is.",
        "fence" => "The value as data, between marks that say where it begins and ends.",
        _ => "",
    }
}

/// The declarations, each with a snippet that begins one.
pub(crate) const ITEMS: &[Word] = &[
    ("import", "import ${1:injection} from ${2:std.guards}", "Brings names of another file or a module in."),
    ("const", "const ${1:limit} = ${2:5}", "A value that is known before anything runs."),
    (
        "type",
        "type ${1:Name} {\n  ${2:field}: ${3:text <= 100 tokens}\n}",
        "A record, or another name for a type.",
    ),
    ("enum", "enum ${1:Name} { ${2:one}, ${3:other} }", "One of some names."),
    (
        "model",
        "model ${1:fast} = \"${2:openai/gpt-4o-mini}\" {\n  max_output: ${3:600 tokens}\n}",
        "A model that steps may ask.",
    ),
    (
        "prompt",
        "prompt ${1:answer}(${2:question}: text) -> ${3:text <= 200 tokens} {\n  user: \"\"\"\n    ${4:{{ question \\}\\}}\n    \"\"\"\n}",
        "What a model is asked, and the type of its answer.",
    ),
    (
        "lookup",
        "lookup ${1:help}(${2:question}: text) -> [${3:Passage}] <= ${4:5} {\n  source: search(\"${5:help/**/*.md}\")\n}",
        "Brings knowledge from outside in.",
    ),
    (
        "guard",
        "guard ${1:polite}(${2:reply}: text) {\n  require: ${3:len(reply) < 1200}\n}",
        "Passes a value on, or fails with a reason.",
    ),
    (
        "action",
        "action ${1:send}(${2:body}: text) {\n  channel: ${3:http(\"https://example.com\")}\n}",
        "Changes the world, at most once for each run.",
    ),
    (
        "flow",
        "flow ${1:main}(${2:question}: text <= ${3:300} tokens) -> ${4:text} {\n  budget: ${5:$0.10}\n  deadline: ${6:60s}\n\n  $0\n}",
        "Steps that run side by side, each as soon as what it names is there.",
    ),
    (
        "test",
        "test \"${1:says what it shows}\" {\n  reply ${2:answer} ${3:\"…\"}\n  let a = ${4:main}(${5:\"…\"})\n  expect ${0:a}\n}",
        "Runs offline, with scripted models.",
    ),
];

/// The types of the language.
pub(crate) const TYPES: &[(&str, &str)] = &[
    ("text", "Text; its bound is written behind it: `text <= 300 tokens`."),
    ("int", "A whole number, also in a range: `int 1..10`."),
    ("float", "A number, also in a range: `float 0..1`."),
    ("bool", "`true` or `false`."),
    ("date", "A day."),
    ("time", "A moment."),
    ("duration", "A length of time."),
    ("money", "Money."),
    ("json", "Any JSON."),
    ("image", "An image."),
];

/// The statements of templates, each with a snippet.
pub(crate) const STATEMENTS: &[Word] = &[
    ("if", "if ${1:condition} %}$0{% endif", "What follows is there only where the condition holds."),
    ("for", "for ${1:item} in ${2:list} %}$0{% endfor", "What follows, once for each element."),
    ("set", "set ${1:name} = ${2:value}", "Gives a value a name."),
    ("elif", "elif ${1:condition}", "Else, where another condition holds."),
    ("else", "else", "Where none of the conditions before holds."),
    ("endif", "endif", "Ends an `if`."),
    ("endfor", "endfor", "Ends a `for`."),
    ("with", "with ${1:name} = ${2:value} %}$0{% endwith", "A name that is known inside only."),
    ("raw", "raw %}$0{% endraw", "Text as it is."),
];

/// The fields of `loop` inside a `for` of a template.
pub(crate) const LOOP: &[(&str, &str)] = &[
    ("index", "The round, from 1."),
    ("index0", "The round, from 0."),
    ("revindex", "How many rounds are left, this one included."),
    ("first", "Whether it is the first round."),
    ("last", "Whether it is the last round."),
    ("length", "How many rounds there are."),
    ("previtem", "The element before."),
    ("nextitem", "The element behind."),
];
