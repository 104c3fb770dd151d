//! Code actions that move code: what they make is a program that still holds, and what would not is not
//! offered.

use crate::client::{Client, find};
use crate::features::applied;
use serde_json::{Value, json};

const HEAD: &str = "\
model fast = \"openai/gpt-4o-mini\" {
  max_output: 100 tokens
}

model careful = \"openai/gpt-4o\" {
  max_output: 100 tokens
}

const most = 3

type Note {
  title: text <= 10 tokens
  body: text <= 50 tokens
}

prompt sum_up(note: Note) -> text <= 40 tokens {
  user: \"Sum up: {{ note }}\"
}

";

/// The actions of a kind at a place of a program.
fn offered(
    client: &Client,
    (name, text): (&str, &str),
    (what, further): (&str, usize),
    only: &str,
) -> Vec<Value> {
    client.open(name, text);
    let wrong = client.diagnostics(name, 1).into_iter().find(|d| d["severity"] == 1);
    assert_eq!(wrong, None, "{text}");
    let [line, character] = find(text, what, further);
    let place = json!({ "line": line, "character": character });
    let params = json!({
        "textDocument": { "uri": client.uri(name) },
        "range": { "start": place, "end": place },
        "context": { "diagnostics": [], "only": [only] },
    });
    let actions = client.request("textDocument/codeAction", &params);
    client.notify("textDocument/didClose", &json!({ "textDocument": { "uri": client.uri(name) } }));
    actions.as_array().cloned().unwrap_or_default()
}

/// The program after the one action of a kind that is offered, with its title.
fn done(client: &Client, flow: &str, place: (&str, usize), only: &str) -> (String, String) {
    let text = format!("{HEAD}{flow}");
    let actions = offered(client, ("a.flow", &text), place, only);
    assert_eq!(actions.len(), 1, "{actions:?}");
    assert_eq!(actions[0]["kind"], only);
    let after = applied(&text, &actions[0]["edit"]["changes"][client.uri("a.flow")]);
    (after, actions[0]["title"].as_str().unwrap_or_default().to_owned())
}

fn none(client: &Client, flow: &str, place: (&str, usize), only: &str) {
    let actions = offered(client, ("a.flow", &format!("{HEAD}{flow}")), place, only);
    assert!(actions.is_empty(), "{actions:?}");
}

#[test]
fn a_text_becomes_a_prompt_that_is_asked_where_it_stood() {
    let client = Client::start();
    let flow = "\
/// Greets.
flow greet(note: Note, name: text <= 10 tokens) -> text {
  budget: $1

  hello = \"\"\"
    Write a greeting for {{ name }},
      about {{ note.title }}. At most {{ most }} lines.
    \"\"\"
  return hello
}
";
    let (after, title) = done(&client, flow, ("greeting", 2), "refactor.extract");
    assert_eq!(title, "Extract a prompt `ask_hello`, which is asked here");
    // Of two models the program does not say which answers.
    let made = "\
prompt ask_hello(name: text <= 10 tokens, note: Note) {
  model: fast
  user: \"\"\"
    Write a greeting for {{ name }},
      about {{ note.title }}. At most {{ most }} lines.
    \"\"\"
}

/// Greets.
flow greet(note: Note, name: text <= 10 tokens) -> text {
  budget: $1

  hello = ask_hello(name, note)
  return hello
}
";
    assert_eq!(after, format!("{HEAD}{made}"));
    // The flow says which, and the name is taken.
    let flow = "\
flow ask_said(name: text <= 10 tokens) -> text {
  budget: $1
  model: careful

  said = \"Greet {{ name }}.\"
  return said
}
";
    let (after, _) = done(&client, flow, ("Greet", 2), "refactor.extract");
    assert!(
        after.contains("prompt ask_said_2(name: text <= 10 tokens) {\n  user: \"Greet {{ name }}.\"\n}\n"),
        "{after}"
    );
    assert!(after.contains("said = ask_said_2(name)\n"), "{after}");
}

#[test]
fn a_text_that_cannot_be_asked_stays() {
    let client = Client::start();
    // A budget, a prompt's own text, and a text where no model is that could answer.
    let flow = "\
flow f(note: Note) -> text {
  budget: $1

  said = sum_up(note) {
    model: fast
  } else stop \"No {{ note.title }}.\"
  return said
}
";
    none(&client, flow, ("$1", 0), "refactor.extract");
    none(&client, flow, ("Sum up", 1), "refactor.extract");
    let alone = "flow f(name: text <= 10 tokens) -> text {\n  return \"Hello {{ name }}.\"\n}\n";
    assert!(offered(&client, ("b.flow", alone), ("Hello", 1), "refactor.extract").is_empty());
}

#[test]
fn a_step_is_written_where_it_is_used() {
    let client = Client::start();
    let flow = "\
flow f(rows: [Note] <= 5) -> int {
  n = len(rows) + 1
  twice = n * 2
  return twice - n
}
";
    for place in [("n = len", 0), ("n * 2", 0), ("- n", 2)] {
        let (after, title) = done(&client, flow, place, "refactor.inline");
        assert_eq!(title, "Inline `n` and take the step out");
        let made = "\
flow f(rows: [Note] <= 5) -> int {
  twice = (len(rows) + 1) * 2
  return twice - (len(rows) + 1)
}
";
        assert_eq!(after, format!("{HEAD}{made}"));
    }
    // What asks a model, once and in the same place.
    let flow = "\
flow f(note: Note) -> text {
  budget: $1
  model: fast

  said = sum_up(note)
  return said
}
";
    let (after, _) = done(&client, flow, ("said = ", 1), "refactor.inline");
    assert!(after.ends_with("  model: fast\n\n  return sum_up(note)\n}\n"), "{after}");
}

#[test]
fn a_step_that_would_mean_something_else_stays() {
    let client = Client::start();
    // In a template, with settings of its own, asked twice, in a loop, and behind `??`.
    let flow = "\
flow f(notes: [Note] <= 5, note: Note, maybe: text? <= 10 tokens) -> text {
  budget: $1
  model: fast

  shown = note.title
  slow = sum_up(note) {
    retry: 1
  }
  twice = sum_up(note)
  once = sum_up(note)
  either = sum_up(note)
  all = each n in notes {
    yield once + n.title
  }
  return \"{{ shown }}{{ all }}\" + slow + twice + twice + (maybe ?? either)
}
";
    for (name, further) in
        [("shown = ", 0), ("slow = ", 0), ("twice = ", 0), ("once = ", 0), ("either = ", 0)]
    {
        none(&client, flow, (name, further), "refactor.inline");
    }
    // A name that means an element of a list at the other place.
    let flow = "\
flow f(notes: [Note] <= 5, note: Note) -> [text] {
  title = note.title
  return map(notes, note => title + note.body)
}
";
    none(&client, flow, ("title = note", 0), "refactor.inline");
}

#[test]
fn a_constant_is_written_where_the_cursor_is() {
    let client = Client::start();
    let flow = "\
flow f(rows: [Note] <= 5) -> [Note] {
  few = take(rows, most)
  return take(few, most)
}
";
    let (after, title) = done(&client, flow, ("rows, most", 7), "refactor.inline");
    assert_eq!(title, "Inline the constant `most` here");
    assert_eq!(after, format!("{HEAD}{}", flow.replacen("most", "3", 1)));
    none(&client, flow, ("const most", 7), "refactor.inline");
}
