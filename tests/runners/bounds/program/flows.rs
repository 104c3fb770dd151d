//! Flows: inputs with bounds, settings, steps, and a result in which no step is left unused.

use super::types::Ty;
use super::{Callable, Draft, Name, Sight, name};

/// What a flow sets for its steps.
#[derive(Clone, Debug, Default)]
pub(super) struct Defaults {
    pub(super) model: Option<usize>,
    pub(super) fallback: Option<usize>,
    pub(super) retry: u32,
    pub(super) hedge: bool,
}

impl Draft {
    pub(super) fn declare_flow(&mut self, called: &str) {
        (self.times, self.calls, self.fails, self.asks) = (1, 0, false, false);
        let mut params: Vec<Ty> = (0..self.rng.usize(1..4)).map(|_| self.bounded(2)).collect();
        let mut sight: Sight = params.iter().map(|ty| name(&self.fresh("in"), ty)).collect();
        let mut lines = self.flow_settings();
        let many = if called == "main" { self.rng.usize(2..9) } else { self.rng.usize(1..4) };
        for _ in 0..many {
            self.step(&mut sight, "  ", 2, &mut lines);
        }
        self.assumptions(&sight, &mut lines);
        let output = match self.rng.u32(0..20) {
            0 => Ty::Bool,
            1 => Ty::Record(self.rng.usize(0..self.records.len())),
            2 => Ty::List(Box::new(Ty::TEXT), None),
            _ => Ty::TEXT,
        };
        let result = match &output {
            Ty::Text(_) => self.everything(&mut sight, params.len()),
            other => self.expr(&mut sight, other, 2),
        };
        lines.push(format!("  return {result}"));
        let inputs = sight.iter().zip(&params);
        let mut inputs: Vec<String> =
            inputs.map(|(input, ty)| format!("{}: {}", input.name, self.written(ty))).collect();
        for decider in std::mem::take(&mut self.deciders) {
            inputs.push(format!("{decider}: bool"));
            params.push(Ty::Bool);
        }
        let head = format!("flow {called}({}) -> {} {{", inputs.join(", "), self.written(&output));
        self.line(&head);
        lines.iter().for_each(|l| self.line(l));
        self.line("}\n");
        let (calls, can_fail) = (self.calls, self.fails);
        self.asking.extend(self.asks.then(|| called.to_owned()));
        self.flows.push(Callable { name: called.to_owned(), params, output, calls, can_fail });
    }

    fn flow_settings(&mut self) -> Vec<String> {
        let mut lines = vec![];
        self.defaults = Defaults::default();
        if self.wishes.limits {
            lines.push(format!("  budget: {}", self.pick(&["$0.01", "$0.20", "$4.00", "$90.00"])));
            lines.push(format!("  deadline: {}", self.pick(&["9s", "4m", "2h", "2d"])));
        }
        if self.models.len() > 1 {
            let model = self.some_model();
            self.defaults.model = Some(model);
            lines.push(format!("  model: m{model}"));
            if self.chance(15) {
                self.defaults.fallback = (0..self.models.len()).find(|m| *m != model);
                lines.extend(self.defaults.fallback.map(|m| format!("  fallback: m{m}")));
            }
        }
        if self.chance(85) {
            lines.push(format!("  timeout: {}", self.rng.u32(1..20).to_string() + "s"));
        }
        if self.chance(15) {
            self.defaults.retry = 1;
            lines.push("  retry: 1".to_owned());
        }
        if self.chance(8) {
            self.defaults.hedge = true;
            lines.push("  hedge: 700ms".to_owned());
        }
        lines
    }

    // Sizes of some inputs and results, of which some do not hold. Where runs are to come near their
    // bounds there are none: a bound that follows from one is seldom reached without breaking it.
    fn assumptions(&mut self, sight: &Sight, lines: &mut Vec<String>) {
        if self.wishes.fenced || self.chance(60) {
            return;
        }
        for Name { name, ty, .. } in sight {
            if !self.chance(25) {
                continue;
            }
            let ty = match ty {
                Ty::Optional(present) => present,
                ty => ty,
            };
            let most = self.rng.u32(0..4);
            lines.extend(
                match ty {
                    Ty::Text(_) if self.chance(50) => {
                        Some(format!("{name} <= {} tokens", self.rng.u32(1..60)))
                    }
                    Ty::Text(_) => Some(format!("len({name}) <= {}", self.rng.u32(1..120))),
                    Ty::List(..) => Some(format!("len({name}) <= {most}")),
                    Ty::Map(..) => Some(format!("{name} <= {most}")),
                    Ty::Int(range) => {
                        let (low, high) = range.unwrap_or((0, 100));
                        Some(format!("{name} <= {}", self.rng.i64(low..=high)))
                    }
                    Ty::Float => Some(format!("{name} <= 0.5")),
                    _ => None,
                }
                .map(|fact| format!("  assume: {fact}")),
            );
        }
    }

    // A text of every step that nothing has used, so that all of them run.
    fn everything(&mut self, sight: &mut Sight, inputs: usize) -> String {
        let mut unused: Vec<String> = vec![];
        for name in sight.iter_mut().skip(inputs).filter(|n| !n.used) {
            name.used = true;
            unused.push(name.name.clone());
        }
        match unused.as_slice() {
            [] => self.expr(sight, &Ty::TEXT, 2),
            names => {
                let holes: Vec<String> = names.iter().map(|n| format!("{{{{ {n} }}}}")).collect();
                format!("\"{}\"", holes.join(" / "))
            }
        }
    }
}
