//! Steps: calls with their settings, expressions, branches and loops, nested in one another.

use super::types::Ty;
use super::{Callable, Draft, Sight, name};

impl Draft {
    /// Writes one step, and brings its name into sight.
    pub(super) fn step(&mut self, sight: &mut Sight, pad: &str, depth: u32, out: &mut Vec<String>) {
        let (word, ty, lines) = match self.rng.u32(0..if depth == 0 { 14 } else { 29 }) {
            0..=6 | 26.. => self.prompt_step(sight, depth),
            7 => self.call_step(sight, self.flows.clone()),
            8 => self.call_step(sight, self.lookups.clone()),
            9 => self.call_step(sight, self.guards.clone()),
            10 if !self.wishes.fenced => self.builtin_step(sight),
            11 => self.act_step(sight),
            12 if !self.wishes.fenced => self.review_step(sight),
            10 | 12 | 13 => self.compute_step(sight),
            14..=16 => self.if_step(sight, pad, depth),
            17..=19 => self.match_step(sight, pad, depth),
            20..=22 => self.each_step(sight, pad, depth),
            23..26 => self.repeat_step(sight, pad, depth),
        };
        let step = self.fresh(word);
        for (i, line) in lines.into_iter().enumerate() {
            out.push(if i == 0 { format!("{pad}{step} = {line}") } else { line });
        }
        // What an action gives is nothing.
        if word != "acted" {
            sight.push(name(&step, &ty));
        }
    }

    fn prompt_step(&mut self, sight: &mut Sight, depth: u32) -> (&'static str, Ty, Vec<String>) {
        let prompt = self.prompts[self.rng.usize(0..self.prompts.len())].clone();
        self.asking(sight, prompt, depth)
    }

    fn asking(&mut self, sight: &mut Sight, prompt: Callable, depth: u32) -> (&'static str, Ty, Vec<String>) {
        if !self.affords(2) {
            return self.compute_step(sight);
        }
        let args = self.args(sight, &prompt);
        let (settings, calls) = self.prompt_settings(sight, &prompt, depth);
        let (handler, again, other) = self.handler(sight, &prompt.output, true);
        let total = calls * (1 + again) + other;
        let (settings, handler, total) = match self.affords(total) {
            true => (settings, handler, total),
            // Still the model, without which a fallback may be the model itself.
            false => {
                self.fails = true;
                let model = settings.into_iter().filter(|s| s.starts_with("model"));
                let own = model.chain(["retry: 0".to_owned()]);
                (own.collect(), String::new(), 2)
            }
        };
        self.charge(total);
        let call = format!("{}({args})", prompt.name);
        let text = match settings.is_empty() {
            true => format!("{call}{handler}"),
            false => format!("{call} {{ {} }}{handler}", settings.join(", ")),
        };
        ("told", prompt.output, vec![text])
    }

    fn call_step(&mut self, sight: &mut Sight, from: Vec<Callable>) -> (&'static str, Ty, Vec<String>) {
        let from: Vec<Callable> = from.into_iter().filter(|c| self.affords(3 * c.calls + 2)).collect();
        if from.is_empty() {
            return self.prompt_step(sight, 0);
        }
        let callee = from[self.rng.usize(0..from.len())].clone();
        let args = self.args(sight, &callee);
        let mut settings = vec![];
        let mut times = 1;
        if self.chance(20) {
            settings.push("retry: 1".to_owned());
            times = 2;
        }
        // Nobody thinks by the clock.
        let waits = self.asking.contains(&callee.name);
        if !waits && self.chance(20) {
            settings.push(format!("timeout: {}", self.pick(&["900ms", "5s", "60s"])));
        }
        self.asks |= waits;
        let settings = match settings.is_empty() {
            true => String::new(),
            false => format!(" {{ {} }}", settings.join(", ")),
        };
        let (handler, again, other) = match callee.can_fail {
            true => self.handler(sight, &callee.output, times == 1),
            false => Default::default(),
        };
        // What asks again for a guard asks the guarded prompt as well.
        self.charge(callee.calls * times * (1 + again) + other + 6 * again);
        ("got", callee.output.clone(), vec![format!("{}({args}){settings}{handler}", callee.name)])
    }

    fn builtin_step(&mut self, sight: &mut Sight) -> (&'static str, Ty, Vec<String>) {
        let of = match self.known(sight, &Ty::TEXT) {
            Some(text) => text,
            None => format!("\"{}\"", self.words()),
        };
        let text = match self.rng.u32(0..5) {
            0 => format!("pii({of}) else redact"),
            1 => format!("secrets({of}) else redact"),
            2 => format!("injection({of}) else stop \"No.\""),
            3 => format!("length({of}, {}){}", self.rng.u32(1..80), self.handler(sight, &Ty::TEXT, false).0),
            _ => format!("regex({of}, \"[a-z0-9]\"){}", self.handler(sight, &Ty::TEXT, false).0),
        };
        ("safe", Ty::TEXT, vec![text])
    }

    fn act_step(&mut self, sight: &mut Sight) -> (&'static str, Ty, Vec<String>) {
        let Some(action) = self.actions.first().cloned() else { return self.compute_step(sight) };
        let args = self.args(sight, &action);
        self.fails = true;
        let settings = self.pick(&["", "", " { retry: 1 }", " { timeout: 3s }"]);
        ("acted", Ty::Bool, vec![format!("{}({args}){settings}", action.name)])
    }

    // Each by somebody else, so that whoever plays the person knows what is asked.
    fn review_step(&mut self, sight: &mut Sight) -> (&'static str, Ty, Vec<String>) {
        let Some((shown, ty)) = self.any(sight) else { return self.compute_step(sight) };
        self.asks = true;
        let (by, within) = (self.fresh("desk"), self.pick(&["1s", "30s", "1h"]));
        let handler = self.handler(sight, &ty, false).0;
        ("seen", ty, vec![format!("review({shown}, by: \"{by}\", within: {within}){handler}")])
    }

    fn compute_step(&mut self, sight: &mut Sight) -> (&'static str, Ty, Vec<String>) {
        let ty = self.wanted();
        let judges = !self.wishes.fenced && self.affords(2) && self.may_judge();
        if judges && matches!(ty, Ty::Text(_)) && self.chance(20) {
            let of = self.expr(sight, &Ty::TEXT, 1);
            self.charge(if self.defaults.hedge { 4 } else { 2 });
            self.fails = true;
            return ("sum", Ty::TEXT, vec![format!("upper(text(judge({of})))")]);
        }
        let text = self.expr(sight, &ty, 3);
        ("sum", ty, vec![text])
    }

    // What blocks give.
    fn wanted(&mut self) -> Ty {
        match self.rng.u32(0..9) {
            0..=3 => Ty::TEXT,
            4 => Ty::INT,
            5 => Ty::Bool,
            6 => Ty::List(Box::new(Ty::TEXT), None),
            7 => Ty::Enum(self.rng.usize(0..self.enums.len())),
            _ => Ty::Record(self.rng.usize(0..self.records.len())),
        }
    }

    // The lines of a block that gives a value of this type.
    fn block(&mut self, sight: &mut Sight, pad: &str, (depth, want): (u32, &Ty), out: &mut Vec<String>) {
        let outer = sight.len();
        let pad = format!("{pad}  ");
        for _ in 0..self.rng.usize(0..3) {
            self.step(sight, &pad, depth.saturating_sub(1), out);
        }
        let asks = self.prompts.iter().find(|p| p.output.loose() == want.loose()).cloned();
        match asks {
            Some(prompt) if self.chance(75) && self.affords(2) => {
                let (word, _, lines) = self.asking(sight, prompt, 0);
                let step = self.fresh(word);
                out.extend(lines.into_iter().map(|l| format!("{pad}{step} = {l}")));
                out.push(format!("{pad}yield {step}"));
            }
            _ => {
                let value = self.expr(sight, want, 2);
                out.push(format!("{pad}yield {value}"));
            }
        }
        sight.truncate(outer);
    }

    fn if_step(&mut self, sight: &mut Sight, pad: &str, depth: u32) -> (&'static str, Ty, Vec<String>) {
        let want = self.wanted();
        let mut out = vec![format!("if {} {{", self.condition(sight, 1))];
        self.block(sight, pad, (depth, &want), &mut out);
        if self.chance(20) {
            out.push(format!("{pad}}}"));
            return ("maybe", Ty::Optional(Box::new(want)), out);
        }
        if self.chance(25) {
            out.push(format!("{pad}}} else if {} {{", self.condition(sight, 0)));
            self.block(sight, pad, (depth, &want), &mut out);
        }
        out.push(format!("{pad}}} else {{"));
        self.block(sight, pad, (depth, &want), &mut out);
        out.push(format!("{pad}}}"));
        ("either", want, out)
    }

    fn match_step(&mut self, sight: &mut Sight, pad: &str, depth: u32) -> (&'static str, Ty, Vec<String>) {
        let want = self.wanted();
        let (subject, patterns) = self.subject(sight);
        let mut out = vec![format!("match {subject} {{")];
        for pattern in patterns {
            match self.chance(50) {
                true => {
                    let value = self.expr(sight, &want, 2);
                    out.push(format!("{pad}  {pattern} => {value}"));
                }
                false => {
                    out.push(format!("{pad}  {pattern} => {{"));
                    self.block(sight, &format!("{pad}  "), (depth, &want), &mut out);
                    out.push(format!("{pad}  }}"));
                }
            }
        }
        out.push(format!("{pad}}}"));
        ("chosen", want, out)
    }

    // What a match looks at, and patterns for all it may be.
    fn subject(&mut self, sight: &mut Sight) -> (String, Vec<String>) {
        let enums: Vec<usize> = if self.wishes.fenced { vec![] } else { (0..self.enums.len()).collect() };
        for index in enums {
            if let Some(subject) = self.known(sight, &Ty::Enum(index)) {
                let variants = self.enums[index].clone();
                let (first, rest) = variants.split_at(1);
                let mut patterns = first.to_vec();
                patterns.push(if self.chance(50) { rest.join(" | ") } else { "else".to_owned() });
                return (subject, patterns);
            }
        }
        let strings = |all: &[&str]| all.iter().map(|p| p.to_string()).collect();
        match !self.wishes.fenced && self.chance(50) {
            // An input has a range, out of which a pattern is a mistake.
            true => (format!("len(text({}))", self.expr(sight, &Ty::INT, 1)), strings(&["0 | 1", "else"])),
            false => (self.condition(sight, 0), strings(&["true", "false"])),
        }
    }

    fn each_step(&mut self, sight: &mut Sight, pad: &str, depth: u32) -> (&'static str, Ty, Vec<String>) {
        let want = self.wanted();
        let list = sight.iter().position(|n| matches!(&n.ty, Ty::List(..)));
        let (list, item) = match list.map(|at| (sight[at].name.clone(), sight[at].ty.clone())) {
            Some((list, Ty::List(item, _))) => (list, *item),
            _ => (self.expr(sight, &Ty::List(Box::new(Ty::TEXT), Some(3)), 1), Ty::TEXT),
        };
        let each = self.fresh("row");
        let mut out = vec![format!("each {each} in {list} {{")];
        if self.chance(60) {
            out.push(format!("{pad}  parallel: {}", self.rng.u32(1..4)));
        }
        sight.push(name(&each, &item));
        self.times *= 4;
        self.block(sight, pad, (depth, &want), &mut out);
        self.times /= 4;
        sight.pop();
        out.push(format!("{pad}}}"));
        ("all", Ty::List(Box::new(want), None), out)
    }

    fn repeat_step(&mut self, sight: &mut Sight, pad: &str, depth: u32) -> (&'static str, Ty, Vec<String>) {
        let want = match self.wanted() {
            // A number in `from` says more of its range than a round would keep.
            Ty::List(..) | Ty::Int(_) => Ty::TEXT,
            ty => ty,
        };
        let from = self.expr(sight, &want, 1);
        let rounds = self.rng.u32(1..4);
        let mut out = vec![format!("repeat up to {rounds} from ({from}) {{")];
        let it = sight.iter().position(|n| n.name == "it").map(|at| sight.remove(at));
        sight.push(name("it", &want));
        self.times *= rounds + 1;
        self.block(sight, pad, (depth, &want), &mut out);
        let until = match want {
            _ if self.chance(25) => String::new(),
            Ty::Text(_) if self.affords(2) && self.may_judge() && self.chance(50) => {
                self.charge(2);
                format!(" until {}", self.judged("it"))
            }
            _ if self.wishes.fenced && want != Ty::Bool => String::new(),
            _ => format!(" until {}", self.asked_of("it", &want)),
        };
        self.times /= rounds + 1;
        sight.pop();
        sight.extend(it);
        out.push(format!("{pad}}}{until}"));
        ("better", want, out)
    }
}
