//! What the worst case counts, and what it leaves out since no run comes to it.

use super::{Worst, bound, witness};
use flow_tests::world::FolderWorld;
use std::sync::Arc;

const MODELS: &str = r#"
model small = "sim/text" { max_output: 10 tokens, price: $1 in, $1 out, context: 8k tokens }
model large = "sim/fast" { max_output: 20 tokens, price: $2 in, $2 out, context: 8k tokens }
prompt judge(p: text) -> int 1..5 {
  model: small
  user: """
    a
    {{ p | fence }}
    """
}
"#;

fn worst(flows: &str) -> Worst {
    let compiled = FolderWorld::empty().with("main.flow", &format!("{MODELS}{flows}")).compile("main.flow");
    let plan = compiled.plan.as_ref().unwrap_or_else(|| panic!("{:?}", compiled.diagnostics));
    bound(&compiled, plan.flow("main").expect("there is one")).expect("it has a bound")
}

#[test]
fn a_flow_that_refuses_is_not_tried_again_and_one_that_fails_is() {
    let main = r#"flow main(a: text <= 9 tokens) -> int 1..5 { return part(a) { retry: 2 } }"#;
    let refuses = r#"flow part(a: text <= 9 tokens) -> int 1..5 { return judge(a) else stop "no" }"#;
    assert_eq!(worst(&format!("{refuses}\n{main}")).calls, 1);
    let fails = r#"flow part(a: text <= 9 tokens) -> int 1..5 { return judge(a) }"#;
    assert_eq!(worst(&format!("{fails}\n{main}")).calls, 3);
}

#[test]
fn a_requirement_that_does_not_hold_is_not_tried_again_but_its_judge_is() {
    let flow = |settings: &str| {
        let guard = "guard good(a: text) { require: judge(a) >= 3 }";
        worst(&format!("{guard}\nflow main(a: text <= 9 tokens) -> text {{ return good(a){settings} }}"))
    };
    assert_eq!(flow("").calls, 1);
    assert_eq!(flow(" { retry: 1 }").calls, 2);
    assert_eq!(flow(" else retry 1").calls, 2);
}

#[test]
fn where_there_is_never_doubt_no_other_model_is_asked() {
    let flow = |unless: &str| {
        let step = format!("judge(a) {{ escalate: large unless {unless} }}");
        worst(&format!("flow main(a: text <= 9 tokens) -> int 1..5 {{ return {step} }}"))
    };
    assert_eq!(flow("it >= 1").calls, 1);
    assert_eq!(flow("it >= 2").calls, 2);
}

#[test]
fn a_called_flow_has_as_many_calls_as_can_begin_within_its_time() {
    let calls = |asks: &str, limit: &str| {
        let tell = "prompt tell(p: text) -> text { model: large, user: \"{{ p | fence }}\" }";
        let part = format!(
            "flow part(a: text <= 9 tokens) -> text {{ x = {asks}(a) {{ retry: 2, hedge: 700ms }}\n  return text(x) }}"
        );
        worst(&format!("{tell}\n{part}\nflow main(a: text <= 9 tokens) -> text {{ return part(a){limit} }}"))
            .calls
    };
    let within = |asks: &str, limit: &str| calls(asks, &format!(" {{ timeout: {limit} }}"));
    assert_eq!(calls("tell", ""), 6);
    // Further tries begin behind waits of 125 and 250 ms at least, and a call beside another after 700 ms.
    let limits = ["100ms", "200ms", "900ms", "1500ms", "1800ms", "2500ms"];
    assert_eq!(limits.map(|limit| within("tell", limit)), [1, 2, 3, 4, 5, 6]);
    // What answers with something that cannot be used is asked again at once.
    assert_eq!(limits.map(|limit| within("judge", limit)), [3, 3, 4, 5, 5, 6]);
}

#[test]
fn a_called_flow_is_bounded_by_what_it_is_given() {
    let flow = |given: &str| {
        let part = "flow part(a: text <= 900 tokens) -> int 1..5 { return judge(a) }";
        worst(&format!("{part}\nflow main(a: text <= 900 tokens) -> int 1..5 {{ return part({given}) }}"))
    };
    let (whole, short) = (flow("a"), flow("\"short\""));
    assert_eq!(whole.calls, short.calls);
    assert_eq!(whole.input.0 - short.input.0, 899, "one token is given instead of 900");
}

#[test]
fn in_and_out_together_are_those_of_one_way() {
    let reads = "judge(a)";
    let both = worst(&format!(
        "prompt writes() -> text {{ model: large, user: \"x\" }}\n\
         flow main(a: text <= 90 tokens, b: bool) -> text {{\n  x = if b {{ yield text({reads}) }} else {{ yield writes() }}\n  return x\n}}"
    ));
    assert!(both.tokens.0 < both.input.0 + both.output.0, "{both:?}");
    assert_eq!(both.output.0, 20);
}

#[test]
fn of_values_that_exclude_each_other_the_dearest_case_counts() {
    let parts = "enum Short { a }\nenum Long { something_that_has_many_tokens, b }\n\
                 prompt short(p: text) -> Short { model: large, user: \"x {{ p | fence }}\" }\n\
                 prompt long(p: text) -> Long { model: small, user: \"x {{ p | fence }}\" }";
    let flow = |made: &str| {
        worst(&format!(
            "{parts}\nflow main(a: text <= 9 tokens, b: bool) -> int 1..5 {{\n  {made}\n  return judge(text(x))\n}}"
        ))
    };
    let (dear, far) = (flow("x = short(a)"), flow("x = long(a)"));
    assert!(dear.usd > far.usd && dear.input < far.input, "{dear:?} {far:?}");
    let either = flow("x = if b { yield text(short(a)) } else { yield text(long(a)) }");
    assert_eq!(either.usd, dear.usd.max(far.usd));
    assert_eq!(either.tokens, dear.tokens.max(far.tokens));
    // What is dearest and longest is not told apart.
    let instead = flow("x = long(a) else Long.b");
    assert_eq!((instead.usd, instead.tokens), (far.usd, far.tokens));
}

#[test]
fn a_known_list_is_gone_through_element_by_element() {
    let flow = |list: &str, parallel: u32| {
        let each = format!("each x in {list} {{\n    parallel: {parallel}\n    yield judge(x)\n  }}");
        worst(&format!("flow main(a: text <= 9 tokens) -> [int 1..5] {{\n  all = {each}\n  return all\n}}"))
    };
    let one = |element: &str| flow(&format!("[{element}]"), 1);
    let (long, short) = (one("\"a long element of this list\""), one("\"b\""));
    let both = flow("[\"a long element of this list\", \"b\"]", 1);
    assert_eq!(both.input.0, long.input.0 + short.input.0);
    assert_eq!(both.usd.0, long.usd.0 + short.usd.0);
    assert_eq!(flow("[\"a long element of this list\", \"b\"]", 2).usd, both.usd);
    let three = flow("[\"b\", \"a long element of this list\", \"b\"]", 1);
    assert_eq!(three.input.0, both.input.0 + short.input.0);
}

#[test]
fn a_loop_of_a_template_pastes_each_element_of_a_known_list() {
    let prompt = "prompt told(p: [text <= 50 tokens] <= 9) -> text { model: small, user: \"\"\"\n    {% for e in p %}\n    {{ e | fence }}\n    {% endfor %}\n    \"\"\" }";
    let flow =
        |list: &str| worst(&format!("{prompt}\nflow main() -> text {{ return told({list}) }}")).input.0;
    let (long, short) = ("\"a long element of this list\"", "\"b\"");
    let [none, one, two] =
        ["[]".to_owned(), format!("[{short}]"), format!("[{long}]")].map(|list| flow(&list));
    assert!(none < one && one < two);
    let [twice, both] = [format!("[{short}, {short}]"), format!("[{long}, {short}]")].map(|list| flow(&list));
    assert_eq!(both - twice, two - one);
}

// Whether a run is found that comes to the bound in every way.
fn is_reached(flows: &str) {
    let compiled = FolderWorld::empty().with("main.flow", &format!("{MODELS}{flows}")).compile("main.flow");
    let plan = Arc::new(compiled.plan.clone().unwrap_or_else(|| panic!("{:?}", compiled.diagnostics)));
    let flow = plan.flow("main").expect("there is one");
    let worst = bound(&compiled, flow).expect("it has a bound");
    let reached = witness::reached(&plan, flow, &worst);
    let reached = reached.unwrap_or_else(|fault| panic!("{}: {}", fault.law, fault.figures));
    assert_eq!((reached.usd, reached.tokens), (1.0, 1.0), "{worst:?}");
}

#[test]
fn elements_are_pasted_one_by_one_as_all_of_them_are_laid_out() {
    let parts = "enum Kind { a, some_other_kind, b }\n\
                 type Thing { id: Kind, title: float, body: [Kind] <= 4 }\n\
                 prompt told(p: [Thing]) -> text { model: small, user: \"x\\n{% for e in p %}{{ e }}{% endfor %}\" }";
    let long = "Thing { id: Kind.some_other_kind, title: 14.5, body: [Kind.some_other_kind, Kind.a, Kind.a, Kind.b] }";
    let short = "Thing { id: Kind.a, title: 2.5, body: [Kind.b, Kind.a] }";
    is_reached(&format!("{parts}\nflow main() -> text {{ return told([{long}, {short}]) }}"));
    let one = "prompt told(p: Thing) -> text { model: small, user: \"x\\n{{ p }}\" }";
    let parts = parts.split("prompt").next().expect("there is something");
    is_reached(&format!(
        "{parts}{one}\nflow main() -> [text] {{\n  all = each x in [{long}, {short}] {{ yield told(x) }}\n  return all\n}}"
    ));
}

#[test]
fn every_try_of_a_called_flow_ends_its_own_way() {
    let part = "prompt tell(p: text) -> text { model: large, user: \"{{ p | fence }}\" }\n\
                flow part(a: text <= 9 tokens) -> text {\n\
                  all = repeat up to 2 from a { x = tell(it) else it\n yield x }\n  return all\n}";
    is_reached(&format!(
        "{part}\nflow main(a: text <= 9 tokens) -> text {{\n  x = part(a) {{ retry: 1, timeout: 900ms }}\n  y = tell(x)\n  return y\n}}"
    ));
}

#[test]
fn what_cannot_be_used_is_asked_again_at_once_before_a_call_is_made_beside_another() {
    let part = "flow part(a: text <= 9 tokens) -> int 1..5 {\n  x = judge(a) { retry: 2, hedge: 700ms }\n  return x\n}";
    is_reached(&format!(
        "{part}\nflow main(a: text <= 9 tokens) -> int 1..5 {{ return part(a) {{ timeout: 900ms }} }}"
    ));
}

#[test]
fn what_a_guard_says_of_an_answer_is_counted_as_it_is_written() {
    let parts = "prompt told(p: text) -> text <= 9 tokens { model: large, user: \"{{ p | fence }}\" }\n\
                 guard calm(a: text) {\n  require: len(a) <= 80\n  require: not (\"!\" in a)\n}";
    let flow = |times: u32| {
        format!(
            "{parts}\nflow main(a: text <= 9 tokens) -> text {{\n  x = told(a)\n  y = calm(x) else retry {times}\n  return y\n}}"
        )
    };
    is_reached(&flow(1));
    // Of an answer that cannot be used at all, more is said.
    assert!(worst(&flow(2)).input.0 > 2 * worst(&flow(1)).input.0);
}
