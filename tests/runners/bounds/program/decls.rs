//! Declarations: types, models, prompts, lookups, guards, actions, and then the flows over them.

use super::types::Ty;
use super::{Callable, Draft, name};

impl Draft {
    pub(super) fn declare(&mut self) {
        self.line("import pii, secrets, injection, length, regex from std.guards\n");
        (0..self.rng.usize(1..3)).for_each(|_| self.declare_enum());
        (0..self.rng.usize(1..4)).for_each(|_| self.declare_record());
        let prompts: Vec<Callable> = (0..self.rng.usize(2..5)).map(|i| self.signature(i)).collect();
        let room = prompts.iter().map(|p| self.room(&p.output)).max().unwrap_or(0);
        (0..self.rng.usize(1..4)).for_each(|_| self.declare_model(room));
        prompts.into_iter().for_each(|p| self.declare_prompt(p));
        (0..self.rng.usize(0..2)).for_each(|_| self.declare_lookup());
        (0..self.rng.usize(0..3)).for_each(|_| self.declare_guard());
        if self.chance(30) {
            self.declare_action();
        }
        for i in 0..self.rng.usize(0..3) {
            self.declare_flow(&format!("part{i}"));
        }
        self.declare_flow("main");
    }

    fn declare_enum(&mut self) {
        let names = ["billing", "other", "a", "shipping_and_handling", "x9", "Refund"];
        let many = self.rng.usize(2..5);
        let from = self.rng.usize(0..2);
        let variants: Vec<String> = names[from..from + many].iter().map(|v| v.to_string()).collect();
        let text = format!("enum Kind{} {{ {} }}\n", self.enums.len(), variants.join(", "));
        self.line(&text);
        self.enums.push(variants);
    }

    fn declare_record(&mut self) {
        let names = ["id", "title", "body", "score", "tags", "ok"];
        let many = self.rng.usize(1..5);
        let from = self.rng.usize(0..3);
        let index = self.records.len();
        let fields: Vec<(String, Ty)> =
            names[from..].iter().take(many).map(|n| (n.to_string(), self.bounded(1))).collect();
        self.line(&format!("type Thing{index} {{"));
        for (field, ty) in &fields {
            let doc = if self.chance(15) { "  /// What it is about, in a few words." } else { "" };
            let line = format!("  {field}: {}{doc}", self.written(ty));
            self.line(&line);
        }
        self.line("}\n");
        self.records.push(fields);
    }

    fn declare_model(&mut self, room: u64) {
        let name = format!("m{}", self.models.len());
        let model = self.pick(&["text", "fast", "careful"]);
        self.line(&format!("model {name} = \"sim/{model}\" {{"));
        let most = room.max(32) + self.rng.u64(0..400);
        // What one model writes in a token is several to another.
        let in_bytes = !self.wishes.fenced && self.chance(15);
        self.line(&format!("  max_output: {} tokens", if in_bytes { 4 * most } else { most }));
        if in_bytes {
            self.line("  tokenizer: \"bytes\"");
        } else if self.chance(50) {
            let tokenizer = self.pick(&["o200k_base", "cl100k_base"]);
            self.line(&format!("  tokenizer: \"{tokenizer}\""));
        }
        self.line("  context: 128k tokens");
        let (input, output) = (self.rng.u32(1..900), self.rng.u32(1..4000));
        let mut price = format!(
            "  price: ${}.{:02} in, ${}.{:02} out",
            input / 100,
            input % 100,
            output / 100,
            output % 100
        );
        if self.chance(20) {
            price.push_str(&format!(", ${}.{:02} cached", input / 200, input / 2 % 100));
        }
        if self.chance(15) {
            price.push_str(&format!(", ${}.{:02} cache_write", input / 100 + 1, input % 100));
        }
        self.line(&price);
        self.line("}\n");
        self.models.push(name);
    }

    /// The name of one of the models, by its index.
    pub(super) fn some_model(&mut self) -> usize {
        self.rng.usize(0..self.models.len())
    }

    fn signature(&mut self, index: usize) -> Callable {
        // The first one judges texts, so that guards and loops have something to ask.
        let (params, output) = match index {
            0 => (vec![Ty::TEXT], if self.chance(50) { Ty::Bool } else { Ty::Int(Some((1, 5))) }),
            _ => {
                let params = (0..self.rng.usize(1..4)).map(|_| self.param()).collect();
                (params, self.answered())
            }
        };
        let name = if index == 0 { "judge".to_owned() } else { format!("ask{index}") };
        Callable { name, params, output, calls: 1, can_fail: true }
    }

    // A prompt's parameter takes the bound of what is passed, unless it has one.
    fn param(&mut self) -> Ty {
        match self.bounded(2) {
            ty if self.chance(30) => ty,
            ty => ty.loose(),
        }
    }

    fn declare_prompt(&mut self, prompt: Callable) {
        let params: Vec<_> = prompt.params.iter().map(|ty| name(&self.fresh("p"), ty)).collect();
        let listed: Vec<String> =
            params.iter().map(|p| format!("{}: {}", p.name, self.written(&p.ty))).collect();
        let output = self.written(&prompt.output);
        self.line(&format!("prompt {}({}) -> {output} {{", prompt.name, listed.join(", ")));
        if self.models.len() > 1 {
            let model = self.some_model();
            self.prompt_models.insert(prompt.name.clone(), model);
            self.line(&format!("  model: m{model}"));
        }
        if self.chance(50) {
            self.line("  system: \"Answer shortly, and in the shape that is asked for.\"");
        }
        if self.chance(15) {
            let plain: Vec<_> = params.iter().take(1).cloned().collect();
            self.message("user", &plain);
            self.line("  assistant: \"Go on, please.\"");
        }
        self.message("user", &params);
        self.line("}\n");
        self.prompts.push(prompt);
    }

    fn message(&mut self, role: &str, params: &[super::Name]) {
        self.line(&format!("  {role}: \"\"\""));
        for line in self.template(params) {
            self.line(format!("    {line}").trim_end());
        }
        self.line("    \"\"\"");
    }

    fn declare_lookup(&mut self) {
        let item = match self.chance(60) {
            true => Ty::Record(self.rng.usize(0..self.records.len())),
            false => self.bounded_text(),
        };
        let output = Ty::List(Box::new(item), Some(self.rng.u64(1..4)));
        // A model may be offered it, and chooses what it is asked.
        let question = if self.wishes.fenced { Ty::TEXT } else { self.bounded_text() };
        let name = self.fresh("find");
        let text = format!(
            "lookup {name}(question: {}) -> {} {{\n  source: file(\"data/*.md\")\n}}\n",
            self.written(&question),
            self.written(&output)
        );
        self.line(&text);
        self.lookups.push(Callable { name, params: vec![question], output, calls: 0, can_fail: true });
    }

    fn declare_guard(&mut self) {
        let ty = match self.wishes.fenced || self.chance(75) {
            true => Ty::TEXT,
            false => Ty::Record(self.rng.usize(0..self.records.len())),
        };
        let name = self.fresh("check");
        let mut lines = vec![format!("guard {name}(value: {}) {{", self.written(&ty))];
        let asked = match ty {
            Ty::Record(_) => self.asked_of("len(text(value))", &Ty::INT),
            _ => self.asked_of("value", &ty),
        };
        if !self.wishes.fenced {
            lines.push(format!("  require: {asked}"));
        }
        let mut calls = 0;
        if self.wishes.fenced || matches!(ty, Ty::Text(_)) && self.chance(60) {
            lines.push(format!("  require: {}", self.judged("value")));
            calls = 1;
        }
        lines.push("}\n".to_owned());
        lines.iter().for_each(|l| self.line(l));
        self.guards.push(Callable { name, params: vec![ty.clone()], output: ty, calls, can_fail: true });
    }

    /// A model's judgement of a text, as a condition.
    pub(super) fn judged(&mut self, text: &str) -> String {
        match self.prompts.first().map(|p| &p.output) {
            Some(Ty::Bool) => format!("judge({text})"),
            _ => format!("judge({text}) >= {}", self.rng.u32(1..6)),
        }
    }

    fn declare_action(&mut self) {
        let name = self.fresh("note");
        self.line(&format!(
            "action {name}(body: untrusted text) {{\n  channel: file(\"out/notes.jsonl\")\n}}\n"
        ));
        let output = Ty::Optional(Box::new(Ty::Bool));
        self.actions.push(Callable { name, params: vec![Ty::TEXT], output, calls: 0, can_fail: true });
    }
}
