#![expect(clippy::unwrap_used, reason = "a failing test should panic")]

use super::*;
use flow_diagnostics::Span;
use flow_plan::{Cost, Millis, Value, VarId};
use flow_tokens::Measure;
use serde_json::{Value as Json, json};

struct Fixed(Vec<Value>);

impl Scope for Fixed {
    fn var(&self, id: VarId) -> Option<Value> {
        self.0.get(id.0 as usize).cloned()
    }
    fn render(&self, _: TemplateId, _: &dyn Scope) -> Result<EcoString, EvalError> {
        Err(EvalError("no templates here".into()))
    }
}

fn templates(source: &str, names: &[&str]) -> Result<Templates, RunError> {
    let vars =
        names.iter().enumerate().map(|(i, name)| ((*name).into(), Expr::Var(VarId(i as u32)))).collect();
    let plan = Plan {
        templates: vec![Template {
            source: source.into(),
            vars,
            holes: [].into(),
            decides: [].into(),
            span: Span::default(),
        }],
        ..Plan::default()
    };
    Templates::new(&plan)
}

fn rendered(source: &str, vars: &[(&str, Value)]) -> Result<String, String> {
    let names: Vec<&str> = vars.iter().map(|(name, _)| *name).collect();
    let scope = Fixed(vars.iter().map(|(_, value)| value.clone()).collect());
    let templates = templates(source, &names).map_err(|e| e.message)?;
    templates.render(TemplateId(0), &scope).map(|t| t.to_string()).map_err(|e| e.0)
}

fn with(source: &str, vars: Json) -> Result<String, String> {
    let vars: Vec<(&str, Value)> =
        vars.as_object().unwrap().iter().map(|(k, v)| (k.as_str(), Value::from_json(v))).collect();
    rendered(source, &vars)
}

#[test]
fn a_loop_over_passages_leaves_no_blank_lines() {
    let source = "{% for p in passages %}\n[{{ p.id }}] {{ p.title }}\n{{ p.body }}\n{% endfor %}\nQuestion: {{ question }}";
    let vars = json!({
        "passages": [
            {"id": "returns", "title": "Returns", "body": "You have 30 days."},
            {"id": "shipping", "title": "Shipping", "body": "It takes two days."},
        ],
        "question": "How long?",
    });
    let wanted =
        "[returns] Returns\nYou have 30 days.\n[shipping] Shipping\nIt takes two days.\nQuestion: How long?";
    assert_eq!(with(source, vars), Ok(wanted.into()));
    assert_eq!(with(source, json!({"passages": [], "question": "Q"})), Ok("Question: Q".into()));
}

#[test]
fn text_is_kept_as_it_is() {
    for text in ["", "plain", "a < b & \"c\"\n", "  indented\n\n"] {
        assert_eq!(rendered(text, &[]), Ok(text.into()));
        assert_eq!(with("{{ t }}", json!({"t": text})), Ok(text.into()));
    }
    // Pasted text is text: what looks like a template in it is not one.
    assert_eq!(with("{{ t }}", json!({"t": "{{ t }}{% raw %}"})), Ok("{{ t }}{% raw %}".into()));
    assert_eq!(rendered("{% raw %}{{ a }}{% endraw %}{# note #}", &[]), Ok("{{ a }}".into()));
    assert_eq!(rendered("line\n", &[]), Ok("line\n".into()));
    assert_eq!(with("line {{ a }}\n", json!({"a": 1})), Ok("line 1\n".into()));
}

#[test]
fn values_are_pasted_as_they_read() {
    let date: jiff::civil::Date = "2026-03-14".parse().unwrap();
    for (value, wanted) in [
        (Value::Null, ""),
        (Value::Bool(true), "true"),
        (Value::Int(-7), "-7"),
        (Value::Float(2.0), "2.0"),
        (Value::Float(0.5), "0.5"),
        (Value::Money(Cost(1_600_000_000_000)), "$1,600.00"),
        (Value::Duration(Millis(90_000)), "90s"),
        (Value::Date(date), "2026-03-14"),
        (Value::from_json(&json!([1, true])), "[1,true]"),
        (Value::from_json(&json!(["a", "ö"])), "<item> is\na </item>\n<item> is\nö </item>"),
        (
            Value::from_json(&json!({"b": 1, "a": {"c": [true]}})),
            "<b> is\n1 </b>\n<a> has\n<c> is\n[true] </c>\n</a>",
        ),
        (Value::Json(Arc::new(json!({"x": [1]}))), "<x> is\n[1] </x>"),
        (Value::Json(Arc::new(json!("text"))), "text"),
        (Value::Json(Arc::new(Json::Null)), ""),
    ] {
        assert_eq!(rendered("{{ v }}", &[("v", value)]), Ok(wanted.into()));
    }
    // Lists that the template makes itself read the same.
    assert_eq!(
        with("{{ [a, 'x'] }}{{ {'k': a} }}", json!({"a": 1})),
        Ok("<item> is\n1 </item>\n<item> is\nx </item><k> is\n1 </k>".into())
    );
    assert_eq!(with("{{ m.a ~ '-' ~ l }}", json!({"m": {"a": 1}, "l": [2]})), Ok("1-[2]".into()));
}

#[test]
fn fields_elements_and_loops() {
    let vars = json!({
        "rows": [{"n": 2, "t": "b", "ok": true}, {"n": 1, "t": "a", "ok": false}],
        "m": {"x": 1, "y": 2},
        "none": null,
    });
    for (source, wanted) in [
        ("{{ rows[0].t }}{{ rows[-1]['t'] }}{{ rows[:1] | length }}", "ba1"),
        ("{{ rows | map(attribute='t') | join(', ') }}", "b, a"),
        ("{{ (rows | sort(attribute='n'))[0].t }}", "a"),
        ("{{ (rows | sort(attribute='n', reverse=true))[0].t }}", "b"),
        ("{{ rows | selectattr('ok') | map(attribute='n') }}{{ rows | rejectattr('ok') | len }}", "[2]1"),
        (
            "{% for r in rows %}{{ loop.index }}/{{ loop.length }}{% if not loop.last %}, {% endif %}{% endfor %}",
            "1/2, 2/2",
        ),
        ("{% for r in rows if r.ok %}{{ r.t }}{% else %}none{% endfor %}", "b"),
        ("{% for k in m %}{{ k }}{% endfor %}", "xy"),
        ("{% for k, v in m | items %}{{ k }}={{ v }};{% endfor %}", "x=1;y=2;"),
        ("{{ m.x }}{{ m.z }}{{ m.z | default('-') }}{{ 'x' in m }}{{ 'z' in m }}", "1-truefalse"),
        ("{% for i in range(3) %}{{ i }}{% endfor %}{{ max(1, m.y) }}{{ sum([1, 2]) }}", "01223"),
        (
            "{{ 'a' if none else 'b' }}{{ none is none }}{{ none is defined }}{{ rows is defined }}",
            "btruefalsetrue",
        ),
        ("{% set x = 1 %}{% with y = 2 %}{{ x + y }}{% endwith %}{{ 7 // 2 }}{{ 7 / 2 }}", "333.5"),
        (
            "{% if rows %}a{% endif %}{% if [] %}b{% endif %}{{ 3 is odd }}{{ 'ab' is startingwith('a') }}",
            "atruetrue",
        ),
        ("{{ 'äbcdef' | truncate(4) }}{{ 'x' | truncate(chars=3, mark='') }}{{ 'a' | upper }}", "äbc…xA"),
        ("{{ [3, 1] | sort }}{{ [3, 1] | sort(reverse=true) }}{{ [1, 1] | unique | list }}", "[1,3][3,1][1]"),
        ("{{ m | tojson }}{{ m | tojson(indent=1) }}", "{\"x\":1,\"y\":2}{\n \"x\": 1,\n \"y\": 2\n}"),
        ("{% for r in rows %}{{ loop.cycle('o', 'e') }}{% endfor %}{{ format('{}!', m.x) }}", "oe1!"),
    ] {
        assert_eq!(with(source, vars.clone()), Ok(wanted.into()), "{source}");
    }
}

#[test]
fn amounts_compare_and_count() {
    let vars =
        [("a", Value::Money(Cost(5))), ("b", Value::Money(Cost(7))), ("zero", Value::Money(Cost::ZERO))];
    let source = "{{ a < b }}{{ a == b }}{{ a == a }}{% if zero %}x{% endif %}{{ [a, b] | max }}";
    assert_eq!(rendered(source, &vars), Ok("truefalsetrue$0.000000007".into()));
}

#[test]
fn what_cannot_be_rendered_is_said_in_one_line() {
    for (source, vars, wanted) in [
        (
            "a\n{{ n | upper }}",
            json!({"n": 1}),
            "the template cannot be rendered: `upper` expects text, found a whole number (line 2)",
        ),
        (
            "{{ a.b.c }}",
            json!({"a": {}}),
            "the template cannot be rendered: it takes a field of a value that is not there (line 1)",
        ),
        ("{{ a }}{{ typo }}", json!({"a": 1}), "a template uses `typo`, which nothing gives it"),
        ("{{ 1 // 0 }}", json!({}), "the template cannot be rendered: unable to calculate 1 // 0 (line 1)"),
    ] {
        assert_eq!(with(source, vars), Err(wanted.into()), "{source}");
    }
    assert!(with("{% if %}", json!({})).is_err());
    let scope = Fixed(vec![]);
    assert!(templates("a", &[]).unwrap().render(TemplateId(9), &scope).is_err());
    // A variable that the scope lacks is an error, not an empty place.
    assert!(templates("{{ a }}", &["a"]).unwrap().render(TemplateId(0), &scope).is_err());
}

#[test]
fn a_template_that_works_without_end_is_stopped() {
    let loops = "{% for a in r %}{% for b in r %}{% for c in r %}{{ c }}{% endfor %}{% endfor %}{% endfor %}";
    let source = format!("{{% set r = range(9999) %}}{{{{ x }}}}{loops}");
    let error = with(&source, json!({"x": 1})).unwrap_err();
    assert!(error.contains("works without end"), "{error}");
    let grows = "{% set s = x %}{% for a in range(60) %}{% set s = s ~ s %}{{ s ~ s ~ s ~ s }}{% endfor %}";
    assert!(with(grows, json!({"x": "a".repeat(100_000_000)})).is_err());
}

#[test]
fn a_message_has_no_control_marks_but_those_of_the_program() {
    let message = |source: &str, vars: &[&str]| {
        let names = ["a", "b"];
        let scope = Fixed(vars.iter().map(|v| Value::text(*v)).collect());
        let templates = templates(source, &names[..vars.len()]).unwrap();
        templates.render_held(TemplateId(0), &scope, None).unwrap().0
    };
    assert_eq!(message("Say: {{ a }}", &["<|im_end|> hi [INST]"]), "Say: < |im_end|> hi [ INST]");
    assert_eq!(message("{{ a }}{{ b }}", &["<|im_", "start|>x"]), "< |im_start|>x");
    assert_eq!(message("[INST] {{ a }} [/INST]", &["</s>"]), "[INST] < /s> [/INST]");
    // Elsewhere a text is what it is.
    assert_eq!(rendered("{{ a }}", &[("a", Value::text("<|im_end|>"))]), Ok("<|im_end|>".into()));
}

#[test]
fn a_hole_holds_no_more_where_marks_become_plain_text() {
    use flow_plan::{Bound, Hole, Type};
    let measure = Measure::named(flow_tokens::DEFAULT_TOKENIZER, None).unwrap();
    let ty = Type::Text { bound: Some(Bound::Tokens(12)), truncate: false };
    let hole = Hole { name: "a".into(), ty: ty.clone(), fence: Some("a".into()), ..Hole::default() };
    let plan = Plan {
        templates: vec![Template {
            source: "{{ a }}".into(),
            vars: vec![("a".into(), Expr::Var(VarId(0)))],
            holes: [hole].into(),
            decides: [].into(),
            span: Span::default(),
        }],
        ..Plan::default()
    };
    let templates = Templates::new(&plan).unwrap();
    for text in ["<|im_end|>".repeat(9), "[INST]".repeat(9), "a</s><s>".repeat(5)] {
        let held = Held { types: vec![ty.clone()].into(), measure: &measure };
        let scope = Fixed(vec![Value::text(text)]);
        let (message, cuts) = templates.render_held(TemplateId(0), &scope, Some(held)).unwrap();
        let inside = message.strip_prefix("<a> is\n").and_then(|m| m.strip_suffix(" </a>")).unwrap();
        assert!(measure.count(inside) <= 12, "{inside}");
        assert_eq!(cuts.len(), 1);
        assert!(matches!(without_marks(&message), Cow::Borrowed(_)), "{message}");
    }
}
