//! Expressions and types in the words of the new side: what was renamed has its new name on both
//! sides, so that a rename alone changes no text.

use crate::report::Kind;
use crate::text::renamed;
use ecow::EcoString;
use flow_plan::{Callee, Config, Expr, ModelId, Over, Plan, TemplateId, Type, UnaryOp, Value, VarId};
use std::collections::HashMap;

/// New names by old ones; empty for the new side.
#[derive(Clone, Debug, Default)]
pub(crate) struct Renames {
    /// Declarations.
    pub(crate) decls: HashMap<(Kind, EcoString), EcoString>,
    /// Parameters, by the kind and the old name of what has them.
    pub(crate) params: HashMap<(Kind, EcoString, EcoString), EcoString>,
}

impl Renames {
    /// What a declaration is called now.
    pub(crate) fn decl(&self, kind: Kind, name: &EcoString) -> EcoString {
        self.decls.get(&(kind, name.clone())).unwrap_or(name).clone()
    }

    /// What a parameter of a declaration with this old name is called now.
    pub(crate) fn param(&self, kind: Kind, of: &EcoString, name: &EcoString) -> EcoString {
        self.params.get(&(kind, of.clone(), name.clone())).unwrap_or(name).clone()
    }
}

/// One side's names inside one declaration.
#[derive(Clone)]
pub(crate) struct Names<'a> {
    /// The plan.
    pub(crate) plan: &'a Plan,
    /// What was renamed since.
    pub(crate) renames: &'a Renames,
    /// What variables are called now.
    pub(crate) vars: HashMap<VarId, EcoString>,
}

impl<'a> Names<'a> {
    /// Without variables.
    pub(crate) fn new(plan: &'a Plan, renames: &'a Renames) -> Names<'a> {
        Names { plan, renames, vars: HashMap::new() }
    }

    /// Names a variable.
    pub(crate) fn name(&mut self, var: VarId, name: &EcoString) {
        self.vars.insert(var, name.clone());
    }

    /// A variable's name.
    pub(crate) fn var(&self, var: VarId) -> EcoString {
        self.vars.get(&var).cloned().unwrap_or_else(|| "it".into())
    }

    /// A model's name.
    pub(crate) fn model(&self, id: ModelId) -> EcoString {
        self.renames.decl(Kind::Model, &self.plan.models[id.index()].name)
    }

    /// The kind and the name of what is called, and the names of its parameters.
    pub(crate) fn callee(&self, callee: &Callee) -> (Kind, EcoString, Vec<EcoString>) {
        let plan = self.plan;
        let (kind, name, params) = match callee {
            Callee::Prompt(id) => {
                (Kind::Prompt, &plan.prompts[id.index()].name, &plan.prompts[id.index()].params)
            }
            Callee::Lookup(id) => {
                (Kind::Lookup, &plan.lookups[id.index()].name, &plan.lookups[id.index()].params)
            }
            Callee::Guard(id) => {
                (Kind::Guard, &plan.guards[id.index()].name, &plan.guards[id.index()].params)
            }
            Callee::Action(id) => {
                (Kind::Action, &plan.actions[id.index()].name, &plan.actions[id.index()].params)
            }
            Callee::Flow(id) => (Kind::Flow, &plan.flows[id.index()].name, &plan.flows[id.index()].params),
            Callee::Builtin(name) => return (Kind::Guard, name.clone(), Vec::new()),
        };
        let params = params.iter().map(|p| self.renames.param(kind, name, &p.name)).collect();
        (kind, self.renames.decl(kind, name), params)
    }

    /// A type with its bounds, as it is written.
    pub(crate) fn ty(&self, ty: &Type) -> String {
        match ty {
            Type::Record(r) if r.name.is_some() => {
                r.name.as_ref().map(|n| self.renames.decl(Kind::Type, n).to_string()).unwrap_or_default()
            }
            Type::Enum(e) => self.renames.decl(Kind::Type, &e.name).to_string(),
            Type::List(item, most) => format!("[{}]{}", self.ty(item), bound(*most)),
            Type::Map(item, most) => format!("{{text: {}}}{}", self.ty(item), bound(*most)),
            Type::Optional(inner)
                if !matches!(**inner, Type::Text { .. } | Type::List(..) | Type::Map(..)) =>
            {
                format!("{}?", self.ty(inner))
            }
            other => other.to_string(),
        }
    }

    /// A setting that may come from the environment.
    pub(crate) fn config(config: &Config) -> String {
        match config {
            Config::Text(text) => text.to_string(),
            Config::Env(name) => format!("env({name:?})"),
        }
    }

    /// A value as the language writes it.
    pub(crate) fn value(value: &Value) -> String {
        match value {
            Value::Money(_) | Value::Duration(_) => value.to_string(),
            other => other.to_json().to_string(),
        }
    }

    /// An expression.
    pub(crate) fn expr(&self, expr: &Expr) -> String {
        let list = |items: &[Expr]| items.iter().map(|e| self.expr(e)).collect::<Vec<_>>().join(", ");
        match expr {
            Expr::Literal(value) => Names::value(value),
            Expr::Var(id) => self.var(*id).to_string(),
            Expr::Field(of, name) => format!("{}.{name}", self.expr(of)),
            Expr::Index(of, at) => format!("{}[{}]", self.expr(of), self.expr(at)),
            Expr::Unary(UnaryOp::Not, a) => format!("not {}", self.expr(a)),
            Expr::Unary(UnaryOp::Negate, a) => format!("-{}", self.expr(a)),
            Expr::Binary(op, a, b) => format!("{} {} {}", self.operand(a), op.symbol(), self.operand(b)),
            Expr::Call(name, args) => format!("{name}({})", list(args)),
            Expr::Over(over, of, _, body) => {
                let name = match over {
                    Over::Map => "map",
                    Over::Filter => "filter",
                    Over::SortBy => "sort_by",
                };
                format!("{name}({}, it => {})", self.expr(of), self.expr(body))
            }
            Expr::List(items) => format!("[{}]", list(items)),
            Expr::Record(entries) => {
                let entries: Vec<String> =
                    entries.iter().map(|(k, e)| format!("{k}: {}", self.expr(e))).collect();
                format!("{{ {} }}", entries.join(", "))
            }
            Expr::Template(id) => format!("{:?}", self.template(*id)),
            Expr::Cast(value, _) => self.expr(value),
        }
    }

    /// A template's text; a variable that stands for something under another name is followed by it.
    pub(crate) fn template(&self, id: TemplateId) -> String {
        let template = &self.plan.templates[id.0 as usize];
        let mut source = template.source.to_string();
        let mut with = Vec::new();
        for (name, expr) in &template.vars {
            match expr {
                Expr::Var(var) => {
                    // An element of a loop has no name in the plan.
                    if let Some(now) = self.vars.get(var).filter(|now| *now != name && *now != "it") {
                        source = renamed(&source, name, now);
                    }
                }
                expr => {
                    let shown = self.expr(expr);
                    if shown != name.as_str() {
                        with.push(format!("{name} = {shown}"));
                    }
                }
            }
        }
        match with.as_slice() {
            [] => source,
            with => format!("{source}\nwith {}", with.join(", ")),
        }
    }

    fn operand(&self, expr: &Expr) -> String {
        match expr {
            Expr::Binary(..) => format!("({})", self.expr(expr)),
            _ => self.expr(expr),
        }
    }
}

fn bound(most: Option<u64>) -> String {
    most.map(|n| format!(" <= {n}")).unwrap_or_default()
}
