#![expect(clippy::unwrap_used, reason = "a failing test should panic")]

use super::*;
use flow_diagnostics::FileId;
use flow_plan::{EnumType, Field, Labels, RecordType, Variant};
use std::sync::Arc;

struct Known(Vec<(&'static str, Type)>);

impl Names for Known {
    fn ty(&self, name: &str) -> Option<Type> {
        self.0.iter().find(|(n, _)| *n == name).map(|(_, ty)| ty.clone())
    }
    fn candidates(&self) -> Vec<EcoString> {
        self.0.iter().map(|(n, _)| (*n).into()).collect()
    }
}

fn tokens(n: u64) -> Type {
    Type::Text { bound: Some(flow_plan::Bound::Tokens(n)), truncate: false }
}

fn record(name: &str, fields: Vec<(&str, Type)>) -> Type {
    let fields = fields
        .into_iter()
        .map(|(name, ty)| Field {
            name: name.into(),
            ty,
            doc: "".into(),
            labels: Labels::default(),
            default: None,
        })
        .collect();
    Type::Record(Arc::new(RecordType { name: Some(name.into()), doc: "".into(), fields }))
}

fn optional(ty: Type) -> Type {
    Type::Optional(Box::new(ty))
}

fn names() -> Known {
    let passage = record("Passage", vec![("id", tokens(12)), ("title", tokens(24)), ("score", Type::FLOAT)]);
    let customer = record("Customer", vec![("name", optional(tokens(9))), ("age", Type::INT)]);
    let kind = Type::Enum(Arc::new(EnumType {
        name: "Kind".into(),
        doc: "".into(),
        variants: vec![Variant { name: "billing".into(), doc: "".into() }],
    }));
    Known(vec![
        ("question", tokens(300)),
        ("passages", Type::List(Box::new(passage.clone()), Some(5))),
        ("best", optional(passage)),
        ("tags", optional(Type::List(Box::new(Type::TEXT), None))),
        ("customer", customer),
        ("scores", Type::Map(Box::new(Type::INT), Some(7))),
        ("data", Type::Json(None)),
        ("count", Type::Int(Some((0, 9)))),
        ("price", Type::Money),
        ("kind", kind),
        ("photo", Type::Image),
        ("note", optional(Type::TEXT)),
    ])
}

// A literal that stands 100 bytes into the file, with an escape of two bytes for each line end.
fn literal(text: &str) -> StringLit {
    let mut pieces = vec![(0, 100)];
    let mut at = 100;
    for (i, byte) in text.bytes().enumerate() {
        at += 1;
        if byte == b'\n' {
            at += 1;
            pieces.push((i as u32 + 1, at));
        }
    }
    StringLit { value: text.into(), pieces, span: Span::new(FileId(0), 99, at as usize + 1) }
}

fn checked(text: &str) -> (TemplateCheck, Diagnostics) {
    let mut diagnostics = Diagnostics::default();
    let check = check(&literal(text), &names(), &mut diagnostics);
    (check, diagnostics)
}

/// `E0204 [qestion] unknown name … | did you mean …`, one a line.
fn said(text: &str) -> String {
    let source = text.replace('\n', "\\n");
    let (_, diagnostics) = checked(text);
    let lines: Vec<String> = diagnostics
        .iter()
        .map(|d| {
            let range = d.span().range();
            let under = source.get(range.start - 100..range.end - 100).unwrap_or("?");
            let help = d.help.as_ref().map(|h| format!(" | {h}")).unwrap_or_default();
            format!("{} [{under}] {}{help}", d.code.short(), d.message)
        })
        .collect();
    lines.join("\n")
}

fn hole_types(text: &str) -> Vec<String> {
    let (check, diagnostics) = checked(text);
    let found: Vec<_> = diagnostics.iter().map(|d| d.message.clone()).collect();
    assert!(found.is_empty(), "{text}: {found:?}");
    check.holes.iter().map(|h| h.ty.to_string()).collect()
}

#[test]
fn a_prompt_gives_its_names_holes_and_parts() {
    let text = "{% for p in passages %}\n[{{ p.id }}] {{ p.title }}\n{% endfor %}\nQuestion: {{ question }}";
    let (check, diagnostics) = checked(text);
    assert!(diagnostics.is_empty());
    assert_eq!(check.free, ["passages", "question"]);
    assert!(!check.is_static);
    let shown: Vec<String> = check.holes.iter().map(|h| h.ty.to_string()).collect();
    assert_eq!(shown, ["text <= 12 tokens", "text <= 24 tokens", "text <= 300 tokens"]);
    // Line ends take two bytes in the file.
    assert_eq!(check.holes[0].span.range(), 100 + 24 + 1 + 4..100 + 24 + 1 + 8);
    assert_eq!(
        check.parts,
        [
            Part::Repeat(
                Some(5),
                vec![
                    Part::Text("[".into()),
                    Part::Hole(0),
                    Part::Text("] ".into()),
                    Part::Hole(1),
                    Part::Text("\n".into())
                ],
                vec![],
            ),
            Part::Text("Question: ".into()),
            Part::Hole(2),
        ]
    );
}

#[test]
fn a_template_without_holes_is_static() {
    let (check, diagnostics) = checked("a {# note #}{% raw %}{{ b }}{% endraw %}");
    assert!(check.is_static && diagnostics.is_empty() && check.free.is_empty());
    assert!(!checked("{% if count %}a{% endif %}").0.is_static);
}

#[test]
fn expressions_have_types_and_bounds() {
    for (text, wanted) in [
        ("{{ passages | length }}", "int 0..5"),
        ("{{ len(passages) + 1 }}", "int"),
        ("{{ passages[0].title }}", "text <= 24 tokens"),
        ("{{ passages | map(attribute=\"title\") | join(\", \") }}", "text <= 240 tokens"),
        ("{{ (passages | sort(attribute=\"score\", reverse=true))[0].id }}", "text <= 12 tokens"),
        ("{{ (passages | selectattr(\"score\") | first).id if best else 1 ~ '' }}", ""),
        ("{{ passages[:2] }}", "[Passage] <= 2"),
        ("{{ question | truncate(20) }}", "text <= 80 tokens"),
        ("{{ question | upper }}", "text <= 1200 tokens"),
        ("{{ scores.anna }}", "int?"),
        ("{{ scores[question] | default(0) }}", "int"),
        ("{{ data.a[0].b }}", "json"),
        ("{{ data.a | upper }}", "text"),
        ("{{ count / 2 }}", "float"),
        ("{{ count // 2 }}", "int"),
        ("{{ -count }}", "int -9..0"),
        ("{{ count ~ kind }}", "text <= 8 chars"),
        ("{{ kind == \"billing\" }}", "bool"),
        ("{{ 1 < count < 5 }}", "bool"),
        ("{{ \"a\" in question and count not in [1, 2] }}", "bool"),
        ("{{ note or \"none\" }}", "text"),
        ("{{ note if note else question }}", "text"),
        ("{{ \"yes\" if count is odd else \"no\" }}", "text <= 3 chars"),
        ("{{ \"yes\" if count }}", "(text <= 3 chars)?"),
        ("{{ price }}", "money"),
        ("{{ price > price }}", "bool"),
        ("{{ {\"a\": 1}.a }}", "int 1..1"),
        ("{{ max(count, 3) }}", "int 0..9"),
        ("{{ note is none }}", "bool"),
        ("{{ tags | default([]) | length }}", "int"),
    ] {
        if !wanted.is_empty() {
            assert_eq!(hole_types(text), [wanted], "{text}");
        }
    }
}

#[test]
fn loops_and_assignments() {
    assert_eq!(
        hole_types("{% for p in passages if p.score > 0.5 %}{{ loop.index }}{{ loop.last }}{% endfor %}"),
        ["int 1..5", "bool"]
    );
    assert_eq!(
        hole_types("{% for k, v in scores | items %}{{ k }}{{ v }}{% endfor %}"),
        ["text <= 64 tokens truncate", "int"]
    );
    assert_eq!(
        hole_types("{% for k in scores %}{{ k }}{% else %}none{% endfor %}"),
        ["text <= 64 tokens truncate"]
    );
    assert_eq!(hole_types("{% for i in range(1, 4) %}{{ i }}{% endfor %}"), ["int 1..4"]);
    assert_eq!(hole_types("{% for x in data %}{{ x.a }}{% endfor %}"), ["json"]);
    assert_eq!(hole_types("{% for x in data %}{{ loop.cycle('a', 'bc') }}{% endfor %}"), ["text <= 2 chars"]);
    assert_eq!(hole_types("{% set n = count %}{{ n }}"), ["int 0..9"]);
    assert_eq!(hole_types("{% with n = 3 %}{{ n }}{% endwith %}"), ["int 3..3"]);
    assert_eq!(
        hole_types("{% if count %}{% set n = 1 %}{% else %}{% set n = 5 %}{% endif %}{{ n }}"),
        ["int 1..5"]
    );
    // A name of the template hides one from around it.
    let (check, _) =
        checked("{% set question = 1 %}{{ question }}{% for count in [1] %}{{ count }}{% endfor %}");
    assert!(check.free.is_empty());
    let (check, diagnostics) = checked("{% if count %}{% set question = 1 ~ '' %}{% endif %}{{ question }}");
    assert!(diagnostics.is_empty());
    assert_eq!(check.holes[0].ty.to_string(), "text <= 300 tokens");
    assert_eq!(check.free, ["count", "question"]);
}

#[test]
fn conditions_show_what_is_there() {
    for text in [
        "{% if best %}{{ best.title }}{% endif %}",
        "{% if best is defined %}{{ best.title }}{% endif %}",
        "{% if best is not none and best.score > 1 %}{{ best.title }}{% endif %}",
        "{% if best != none %}{{ best.title }}{% endif %}",
        "{% if not best %}none{% else %}{{ best.title }}{% endif %}",
        "{% if best is none %}none{% else %}{{ best.title }}{% endif %}",
        "{% if not best or best.score < 1 %}none{% else %}{{ best.title }}{% endif %}",
        "{% if count %}a{% elif best %}{{ best.title }}{% endif %}",
        "{% if customer.name %}{{ customer.name | upper }}{% endif %}",
        "{{ best.title if best else '' }}",
        "{% if tags %}{% for t in tags %}{{ t }}{% endfor %}{% endif %}",
        "{{ customer.name | default('friend') | upper }}",
    ] {
        assert_eq!(said(text), "", "{text}");
    }
    let gone = "E0201 [title] `best` may be null, so it may have no `title` | put this into `{% if best %} … {% endif %}`";
    assert_eq!(said("{{ best.title }}"), gone);
    assert_eq!(said("{% if best or count %}{{ best.title }}{% endif %}"), gone);
    assert_eq!(said("{% if best %}a{% endif %}{{ best.title }}"), gone);
    assert_eq!(said("{% if best %}{% else %}{{ best.title }}{% endif %}"), gone);
    assert_eq!(said("{% if best %}{% set best = none %}{{ best }}{% endif %}"), "");
    assert_eq!(
        said("{% for t in tags %}{{ t }}{% endfor %}"),
        "E0201 [tags] a loop goes through a list, found `[text]?` | it may be null: put the loop into `{% if tags %}`"
    );
    assert_eq!(
        said("{{ note | upper }}"),
        "E0201 [note] `upper` expects text, found `text?`, which may be null | put this into `{% if note %}`, or give it a value: `note | default(…)`"
    );
}

#[test]
fn names_and_fields_that_are_not_there() {
    for (text, wanted) in [
        (
            "a\n{{ qestion }}",
            "E0204 [qestion] unknown name `qestion` in the template | did you mean `question`?",
        ),
        (
            "{% for p in passages %}\n{{ p.titel }}{% endfor %}",
            "E0204 [titel] `Passage` has no field `titel` | did you mean `title`? the fields are `id`, `title` or `score`",
        ),
        (
            "{{ passages[0]['titel'] }}",
            "E0204 ['titel'] `Passage` has no field `titel` | did you mean `title`? the fields are `id`, `title` or `score`",
        ),
        (
            "{{ passages | map(attribute='titel') | join }}",
            "E0204 [titel] `Passage` has no field `titel` | did you mean `title`? the fields are `id`, `title` or `score`",
        ),
        (
            "{{ passages.title }}",
            "E0204 [title] `[Passage]` has no field `title` | go through the list with `{% for item in … %}`",
        ),
        ("{{ question.text }}", "E0204 [text] `text` has no field `text`"),
        (
            "{{ zzz }}{{ zzz }}",
            "E0204 [zzz] unknown name `zzz` in the template | the names here are `best`, `count`, `customer`, `data`, `kind`, `note`, `passages`, `photo`, `price`, `question`, `scores` and `tags`",
        ),
        ("{{ loop.index }}", "E0204 [loop] `loop` is only there inside `{% for … %}`"),
        (
            "{% for p in passages %}{{ loop.indx }}{% endfor %}",
            "E0204 [indx] `loop` has no field `indx` | did you mean `index`?",
        ),
        (
            "{% for p in passages %}{% endfor %}{{ p }}",
            "E0204 [p] unknown name `p` in the template | the names here are `best`, `count`, `customer`, `data`, `kind`, `note`, `passages`, `photo`, `price`, `question`, `scores` and `tags`",
        ),
        (
            "{% if count %}{% set n = 1 %}{% endif %}{{ n }}",
            "E0204 [n] `n` is not set in every branch before this | set it before the `{% if %}`, too",
        ),
    ] {
        assert_eq!(said(text), wanted, "{text}");
    }
}

#[test]
fn filters_tests_and_functions_that_are_not_there() {
    for (text, wanted) in [
        ("{{ question | uper }}", "E0205 [uper] unknown filter `uper` | did you mean `upper`?"),
        ("{{ question | strip }}", "E0205 [strip] unknown filter `strip` | did you mean `trim`?"),
        (
            "{{ question | safe }}",
            "E0205 [safe] unknown filter `safe` | leave it out: text is pasted as it is",
        ),
        ("{% if count is od %}{% endif %}", "E0205 [od] unknown test `od` | did you mean `odd`?"),
        (
            "{{ frist(passages) }}",
            "E0205 [frist] unknown function `frist` in the template | did you mean `first`?",
        ),
        (
            "{{ lookup(question) }}",
            "E0205 [lookup] unknown function `lookup` in the template | call it in a step of the flow and pass the result on",
        ),
        (
            "{{ question.upper() }}",
            "E0205 [upper] values have no methods in a template | use the filter: `| upper`",
        ),
        ("{{ question(1) }}", "E0205 [question] `question` is a value, not a function"),
        (
            "{{ passages | map('upper') }}",
            "E0203 [map] `map` goes by a field of the elements | write `map(attribute=\"title\")`",
        ),
        (
            "{{ passages | join(1, 2, 3) }}",
            "E0203 [join] `join` takes 2 arguments, found 4: `join(list, sep?)`",
        ),
        ("{{ question | replace('a') }}", "E0203 [replace] `replace` needs `to`: `replace(text, from, to)`"),
        (
            "{{ question | truncate(length=3) }}",
            "E0203 [3] `truncate` takes no `length=` here | it is `truncate(text, chars, mark?)`",
        ),
        ("{{ question | truncate(chars=3) }}", ""),
        ("{{ matches(question, '(') }}", "E0201 ['('] the pattern does not parse: unclosed group"),
    ] {
        assert_eq!(said(text), wanted, "{text}");
    }
}

#[test]
fn types_that_do_not_fit() {
    for (text, wanted) in [
        ("{% for c in question %}{% endfor %}", "E0201 [question] a loop goes through a list, found `text`"),
        (
            "{% for c in customer %}{% endfor %}",
            "E0201 [customer] a loop goes through a list, found `Customer` | a record is not gone through; its fields are `name` or `age`",
        ),
        (
            "{% for c in count %}{% endfor %}",
            "E0201 [count] a loop goes through a list, found `int` | to count, write `range(5)`",
        ),
        (
            "{% for c in range(count) %}{% endfor %}",
            "E0306 [count] the ends of `range` are written as numbers | a loop over a list is bounded by the list",
        ),
        (
            "{% for c in range(1000000) %}{% endfor %}",
            "E0306 [range(1000000)] `range` gives 10000 numbers at most",
        ),
        (
            "{{ count + question }}",
            "E0201 [count + question] `+` does not go between `int` and `text` | `~` joins any two values into text",
        ),
        (
            "{{ 1 + (count - price) }}",
            "E0201 [count - price] `-` does not go between `int` and `money` | compute it in a step of the flow and paste the result",
        ),
        (
            "{{ note ~ 'a' }}",
            "E0201 [note ~ 'a'] `~` does not go between `text?` and `text` | `note` may be null: put this into `{% if note %}`, or pipe it through `default`",
        ),
        ("{{ count == question }}", "E0201 [count == question] `==` does not go between `int` and `text`"),
        (
            "{{ passages < passages }}",
            "E0201 [passages < passages] `<` does not go between `[Passage]` and `[Passage]`",
        ),
        ("{{ count in question }}", "E0201 [count in question] `in` does not go between `int` and `text`"),
        ("{{ count | upper }}", "E0201 [count] `upper` expects text, found `int`"),
        ("{{ question | replace('a', 2) }}", "E0201 [2] `replace` expects text for `to`, found `int`"),
        ("{{ question is odd }}", "E0201 [question] `is odd` asks of a whole number, found `text`"),
        ("{{ photo }}", "E0201 [photo] an image cannot be pasted into text | send it along with `images:`"),
        ("{{ customer[question] }}", "E0201 [question] a field of a record is named, not computed"),
        ("{{ passages['a'] }}", "E0201 ['a'] `[Passage]` cannot be indexed by `text`"),
        (
            "{{ [1, 'a'] }}",
            "E0201 ['a'] this is `text`, the elements before it are `int` | the elements of a list have one type",
        ),
        (
            "{{ 1 if count else 'a' }}",
            "E0201 [1 if count else 'a'] one side is `int`, the other `text` | use `{% if %}` and `{% else %}` to paste different things",
        ),
        ("{{ passages | sort }}", "E0201 [sort] `sort` expects something with an order, found `Passage`"),
        ("{{ -question }}", "E0201 [question] `-` needs a number, found `text`"),
        (
            "{{ scores | items }}",
            "E0201 [items] `items` belongs into the head of a loop | write `{% for key, value in map | items %}`",
        ),
    ] {
        assert_eq!(said(text), wanted, "{text}");
    }
}

#[test]
fn what_is_not_understood_or_not_supported() {
    for (text, wanted) in [
        ("a {{ question ", "E0001 [question] template: unexpected end of the text, expected `}}`"),
        ("a {{ question }", "E0001 [}] template: unexpected `}`, expected `}}`"),
        ("{% if count", "E0001 [count] template: unexpected end of the text, expected `%}`"),
        ("{% if count %}a", "E0001 [if] template: `{% if %}` has no `{% endif %}`"),
        (
            "{% if count %}{% for p in passages %}{% endif %}",
            "E0001 [for] template: `{% for %}` has no `{% endfor %}`",
        ),
        (
            "a {% endif %}",
            "E0001 [endif] template: unknown statement `endif` | there is nothing to close here",
        ),
        ("{{ question | }}", "E0001 [}}] template: unexpected `}}`, expected a name"),
        ("{% fro p in passages %}", "E0001 [fro] template: unknown statement `fro` | did you mean `for`?"),
        (
            "{% include 'a' %}",
            "E0002 [include] `include` is not yet supported in a template | a prompt is one text; write what is needed where it is needed",
        ),
        (
            "{% macro a(b) %}{{ b }}{% endmacro %}",
            "E0002 [macro] `macro` is not yet supported in a template | a prompt is one text; write what is needed where it is needed",
        ),
        (
            "{% extends 'a' %}",
            "E0002 [extends] `extends` is not yet supported in a template | a prompt is one text; write what is needed where it is needed",
        ),
        (
            "{% set a %}b{% endset %}",
            "E0002 [set] a `set` around text is not yet supported in a template | write `{% set name = value %}`",
        ),
        (
            "{% for a, b in passages %}{{ a }}{% endfor %}",
            "E0002 [a, b] unpacking anything but a map is not yet supported in a template | write `{% for item in list %}` or `{% for key, value in map | items %}`",
        ),
        (
            "{% for a in passages recursive %}{% endfor %}",
            "E0002 [passages] a `recursive` loop is not yet supported in a template | write one loop for each level",
        ),
    ] {
        assert_eq!(said(text), wanted, "{text}");
    }
}

#[test]
fn a_known_name_is_offered_as_a_fix() {
    let (_, diagnostics) = checked("{{ qestion | uper }}");
    let fixes: Vec<_> = diagnostics.iter().map(|d| d.fixes[0].edits[0].text.clone()).collect();
    assert_eq!(fixes, ["question", "upper"]);
    assert_eq!(diagnostics.iter().next().unwrap().span().range(), 103..110);
}

#[test]
fn hostile_templates_end() {
    let deep = format!("{{{{ {}1{} }}}}", "(".repeat(5_000), ")".repeat(5_000));
    assert!(said(&deep).contains("recursion"), "{}", said(&deep));
    for text in
        ["{{", "{%", "{{ ' }}", "{{ \u{0} }}", "{{ a.b.c.d[0](1)|x is y }}", "{% endfor %}", "{{ 1/0 }}"]
    {
        checked(text);
    }
}
