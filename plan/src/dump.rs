//! Plans as stable text, for `flowc dump plan` and for snapshots.

use crate::{
    Arg, Block, Callee, Config, Expr, Model, OnFail, Over, Param, Plan, Step, StepKind, Value, VarId,
};
use std::fmt::Write;

impl Plan {
    /// The whole plan, one fact a line, without places in the source.
    pub fn dump(&self) -> String {
        let mut out = Dump { plan: self, text: String::new() };
        out.models();
        out.callables();
        for flow in &self.flows {
            out.line(0, format!("flow {}({}) -> {}", flow.name, params(&flow.params), flow.output));
            if let Some(budget) = flow.settings.budget {
                out.line(1, format!("budget: {budget}"));
            }
            if let Some(deadline) = flow.settings.deadline {
                out.line(1, format!("deadline: {deadline}"));
            }
            out.block(&flow.body, 1);
        }
        for test in &self.tests {
            out.line(0, format!("test {:?}: {} replies", test.name, test.replies.len()));
            out.block(&test.body, 1);
            for expect in &test.expects {
                out.line(1, format!("expect {}", out.expr(&expect.holds)));
            }
        }
        out.text
    }
}

struct Dump<'a> {
    plan: &'a Plan,
    text: String,
}

impl Dump<'_> {
    fn line(&mut self, depth: usize, line: impl AsRef<str>) {
        let _ = writeln!(self.text, "{}{}", "  ".repeat(depth), line.as_ref());
    }

    fn models(&mut self) {
        for model in &self.plan.models {
            self.line(0, format!("model {} = {}", model.name, model.id()));
            let Model { card, settings, .. } = model;
            self.line(
                1,
                format!(
                    "window {}, {} in and {} out a million",
                    card.context, card.price.input, card.price.output
                ),
            );
            if let Some(most) = settings.max_output {
                self.line(1, format!("max_output: {most}"));
            }
            if let Some(temperature) = settings.temperature {
                self.line(1, format!("temperature: {temperature}"));
            }
            if let Some(url) = &settings.base_url {
                let shown = match url {
                    Config::Text(text) => text.to_string(),
                    Config::Env(name) => format!("env({name:?})"),
                };
                self.line(1, format!("base_url: {shown}"));
            }
        }
    }

    fn callables(&mut self) {
        for prompt in &self.plan.prompts {
            self.line(0, format!("prompt {}({}) -> {}", prompt.name, params(&prompt.params), prompt.output));
            for (role, template) in &prompt.messages {
                let shown = self.template(template.0);
                self.line(1, format!("{role:?}: {shown}"));
            }
            if !prompt.examples.is_empty() {
                self.line(1, format!("examples: {}", prompt.examples.len()));
            }
        }
        for lookup in &self.plan.lookups {
            self.line(0, format!("lookup {}({}) -> {}", lookup.name, params(&lookup.params), lookup.output));
            let shown = format!("source: {}({})", lookup.source, self.args(&lookup.args));
            self.line(1, shown);
        }
        for action in &self.plan.actions {
            self.line(0, format!("action {}({})", action.name, params(&action.params)));
            let shown = format!("channel: {}({})", action.channel, self.args(&action.args));
            self.line(1, shown);
        }
        for guard in &self.plan.guards {
            let endorses = if guard.endorses { " endorses" } else { "" };
            self.line(0, format!("guard {}({}){endorses}", guard.name, params(&guard.params)));
            self.block(&guard.body, 1);
            for require in &guard.requires {
                let shown = format!("require {}", self.expr(&require.holds));
                self.line(1, shown);
            }
        }
    }

    fn args(&self, args: &[(ecow::EcoString, Arg)]) -> String {
        let shown = args.iter().map(|(name, arg)| match arg {
            Arg::Expr(expr) => format!("{name}: {}", self.expr(expr)),
            Arg::Env(variable) => format!("{name}: env({variable:?})"),
        });
        shown.collect::<Vec<_>>().join(", ")
    }

    fn block(&mut self, block: &Block, depth: usize) {
        for i in 0..block.inputs {
            self.line(depth, format!("given {}", var(VarId(block.vars.start + i))));
        }
        for assumed in &block.assumes {
            self.line(depth, format!("assume {} <= {}", var(assumed.var), assumed.most));
        }
        for node in block.steps.node_indices() {
            let mut needs: Vec<VarId> = block
                .steps
                .neighbors_directed(node, petgraph::Direction::Incoming)
                .map(|n| block.var_of(n))
                .collect();
            needs.sort();
            self.step(&block.steps[node], block.var_of(node), &needs, depth);
        }
        if let Some(result) = block.result.as_ref().filter(|r| **r != Expr::Literal(Value::Null)) {
            let shown = format!("gives {}", self.expr(result));
            self.line(depth, shown);
        }
    }

    fn step(&mut self, step: &Step, own: VarId, needs: &[VarId], depth: usize) {
        let after = match needs {
            [] => String::new(),
            needs => format!(" after {}", needs.iter().map(|v| var(*v)).collect::<Vec<_>>().join(", ")),
        };
        let work = match &step.kind {
            StepKind::Call(callee, args) => {
                let args: Vec<String> = args.iter().map(|a| self.expr(a)).collect();
                format!("{}({})", self.callee(callee), args.join(", "))
            }
            StepKind::Compute(expr) => self.expr(expr),
            StepKind::If(condition, ..) => format!("if {}", self.expr(condition)),
            StepKind::Match(subject, _) => format!("match {}", self.expr(subject)),
            StepKind::Each { list, parallel, .. } => {
                format!("each of {}, {parallel} at once", self.expr(list))
            }
            StepKind::Repeat { up_to, from, .. } => format!("repeat up to {up_to} from {}", self.expr(from)),
        };
        self.line(depth, format!("{} {}: {} = {work}{after}", var(own), step.name, step.ty));
        self.settings(step, depth + 1);
        self.inner(step, depth + 1);
        match &step.on_fail {
            Some(OnFail::Stop(message)) => {
                let shown = format!("else stop {}", self.expr(message));
                self.line(depth + 1, shown);
            }
            Some(OnFail::Redact) => self.line(depth + 1, "else redact"),
            Some(OnFail::Retry(n)) => self.line(depth + 1, format!("else retry {n}")),
            Some(OnFail::Do(block)) => {
                self.line(depth + 1, "else");
                self.block(block, depth + 2);
            }
            None => {}
        }
    }

    fn inner(&mut self, step: &Step, depth: usize) {
        match &step.kind {
            StepKind::If(_, then, otherwise) => {
                self.line(depth, "then");
                self.block(then, depth + 1);
                if let Some(otherwise) = otherwise {
                    self.line(depth, "otherwise");
                    self.block(otherwise, depth + 1);
                }
            }
            StepKind::Match(_, arms) => {
                for arm in arms {
                    let values: Vec<String> = arm.values.iter().map(|v| v.to_json().to_string()).collect();
                    self.line(depth, if values.is_empty() { "else".to_owned() } else { values.join(" | ") });
                    self.block(&arm.body, depth + 1);
                }
            }
            StepKind::Each { body, .. } => self.block(body, depth),
            StepKind::Repeat { body, until, .. } => {
                self.block(body, depth);
                if let Some(until) = until {
                    self.line(depth, "until");
                    self.block(until, depth + 1);
                }
            }
            StepKind::Call(..) | StepKind::Compute(_) => {}
        }
    }

    fn settings(&mut self, step: &Step, depth: usize) {
        let settings = &step.settings;
        let model = |id: crate::ModelId| self.plan.models[id.index()].name.to_string();
        let mut lines = Vec::new();
        lines.extend(settings.model.map(|m| format!("model: {}", model(m))));
        if !settings.fallback.is_empty() {
            let names: Vec<String> = settings.fallback.iter().map(|m| model(*m)).collect();
            lines.push(format!("fallback: {}", names.join(", ")));
        }
        lines.extend(settings.escalate.as_ref().map(|e| format!("escalate: {}", model(e.to))));
        if settings.retry > 0 {
            lines.push(format!("retry: {}", settings.retry));
        }
        lines.extend(settings.timeout.map(|t| format!("timeout: {t}")));
        lines.extend(settings.hedge.map(|t| format!("hedge: {t}")));
        if let Some(cache) = &settings.cache {
            let scope = cache.scope.as_ref().map(|s| format!(" per {}", self.expr(s))).unwrap_or_default();
            let similar = cache.similar.map(|s| {
                let by = s.embed.map(|id| format!(" embed {}", model(id))).unwrap_or_default();
                format!("similar {}{by} for ", s.least)
            });
            lines.push(format!("cache: {}{}{scope}", similar.unwrap_or_default(), cache.ttl));
        }
        lines.extend(settings.key.as_ref().map(|k| format!("key: {}", self.expr(k))));
        if let Some(tools) = &settings.tools {
            let name = |offer: &crate::Offer| self.plan.lookups[offer.lookup.index()].name.to_string();
            let names: Vec<String> = tools.offers.iter().map(name).collect();
            lines.push(format!("tools: {} rounds {}", names.join(", "), tools.rounds));
        }
        for line in lines {
            self.line(depth, line);
        }
        if let Some(unless) = settings.escalate.as_ref().and_then(|e| e.unless.as_ref()) {
            self.line(depth, "unless");
            self.block(unless, depth + 1);
        }
        for offer in settings.tools.iter().flat_map(|tools| &tools.offers) {
            self.line(depth, format!("tool {}", self.plan.lookups[offer.lookup.index()].name));
            self.block(&offer.body, depth + 1);
        }
    }

    fn callee(&self, callee: &Callee) -> String {
        match callee {
            Callee::Prompt(id) => self.plan.prompts[id.index()].name.to_string(),
            Callee::Lookup(id) => self.plan.lookups[id.index()].name.to_string(),
            Callee::Guard(id) => self.plan.guards[id.index()].name.to_string(),
            Callee::Builtin(name) => format!("std.guards.{name}"),
            Callee::Action(id) => self.plan.actions[id.index()].name.to_string(),
            Callee::Flow(id) => self.plan.flows[id.index()].name.to_string(),
            Callee::Review(review) => {
                format!("review by {:?} within {} of {}", review.by, review.within, review.ty)
            }
        }
    }

    fn template(&self, id: u32) -> String {
        let template = &self.plan.templates[id as usize];
        let vars: Vec<String> =
            template.vars.iter().map(|(name, expr)| format!("{name} = {}", self.expr(expr))).collect();
        match vars.as_slice() {
            [] => format!("{:?}", template.source),
            _ => format!("{:?} with {}", template.source, vars.join(", ")),
        }
    }

    fn expr(&self, expr: &Expr) -> String {
        let list = |items: &[Expr]| items.iter().map(|e| self.expr(e)).collect::<Vec<_>>().join(", ");
        match expr {
            Expr::Literal(value @ (Value::Money(_) | Value::Duration(_))) => value.to_string(),
            Expr::Literal(value) => value.to_json().to_string(),
            Expr::Var(id) => var(*id),
            Expr::Field(of, name) => format!("{}.{name}", self.expr(of)),
            Expr::Index(of, at) => format!("{}[{}]", self.expr(of), self.expr(at)),
            Expr::Unary(crate::UnaryOp::Not, a) => format!("(not {})", self.expr(a)),
            Expr::Unary(crate::UnaryOp::Negate, a) => format!("(-{})", self.expr(a)),
            Expr::Binary(op, a, b) => format!("({} {} {})", self.expr(a), op.symbol(), self.expr(b)),
            Expr::Call(name, args) => format!("{name}({})", list(args)),
            Expr::Over(over, of, element, body) => {
                let name = match over {
                    Over::Map => "map",
                    Over::Filter => "filter",
                    Over::SortBy => "sort_by",
                };
                format!("{name}({}, {} => {})", self.expr(of), var(*element), self.expr(body))
            }
            Expr::List(items) => format!("[{}]", list(items)),
            Expr::Record(entries) => {
                let entries: Vec<String> =
                    entries.iter().map(|(k, e)| format!("{k}: {}", self.expr(e))).collect();
                format!("{{{}}}", entries.join(", "))
            }
            Expr::Template(id) => self.template(id.0),
            Expr::Cast(value, ty) => format!("({} as {ty})", self.expr(value)),
        }
    }
}

fn var(id: VarId) -> String {
    format!("%{}", id.0)
}

fn params(params: &[Param]) -> String {
    params.iter().map(|p| format!("{}: {}", p.name, p.ty)).collect::<Vec<_>>().join(", ")
}
