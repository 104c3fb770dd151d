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
    /// How many elements of loops are in sight.
    pub(crate) elements: u32,
}

impl<'a> Names<'a> {
    /// Without variables.
    pub(crate) fn new(plan: &'a Plan, renames: &'a Renames) -> Names<'a> {
        Names { plan, renames, vars: HashMap::new(), elements: 0 }
    }

    /// Names a variable.
    pub(crate) fn name(&mut self, var: VarId, name: &EcoString) {
        self.vars.insert(var, name.clone());
    }

    /// Names the element of a loop, or what a `repeat` goes on from. The program's own name is not in the
    /// plan, and another one is no difference: they are told apart by how deep they stand.
    pub(crate) fn element(&mut self, var: VarId) {
        if self.vars.contains_key(&var) {
            return;
        }
        let name = match self.elements {
            0 => "it".into(),
            n => format!("it{}", n + 1).into(),
        };
        self.vars.insert(var, name);
        self.elements += 1;
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
            Callee::Review(_) => return (Kind::Step, "review".into(), vec!["value".into()]),
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
            Expr::Field(of, name) => format!("{}.{name}", self.whole(of)),
            Expr::Index(of, at) => format!("{}[{}]", self.whole(of), self.expr(at)),
            Expr::Unary(UnaryOp::Not, a) => format!("not {}", self.operand(a)),
            Expr::Unary(UnaryOp::Negate, a) => format!("-{}", self.operand(a)),
            Expr::Binary(op, a, b) => format!("{} {} {}", self.operand(a), op.symbol(), self.operand(b)),
            Expr::Call(name, args) => format!("{name}({})", list(args)),
            Expr::Over(over, of, var, body) => {
                let name = match over {
                    Over::Map => "map",
                    Over::Filter => "filter",
                    Over::SortBy => "sort_by",
                };
                let mut inside = self.clone();
                inside.element(*var);
                format!("{name}({}, {} => {})", self.expr(of), inside.var(*var), inside.expr(body))
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
        let (mut others, mut with) = (Vec::new(), Vec::new());
        for (name, expr) in &template.vars {
            match expr {
                Expr::Var(var) => {
                    others.extend(self.vars.get(var).filter(|now| *now != name).map(|now| (&**name, &**now)));
                }
                expr => {
                    let shown = self.expr(expr);
                    if shown != name.as_str() {
                        with.push(format!("{name} = {shown}"));
                    }
                }
            }
        }
        let source = renamed(&template.source, &others);
        match with.as_slice() {
            [] => source,
            with => format!("{source}\nwith {}", with.join(", ")),
        }
    }

    // Beside an operator.
    fn operand(&self, expr: &Expr) -> String {
        match bare(expr) {
            Expr::Binary(..) => format!("({})", self.expr(expr)),
            _ => self.expr(expr),
        }
    }

    // In front of a field or an index.
    fn whole(&self, expr: &Expr) -> String {
        match bare(expr) {
            Expr::Unary(..) => format!("({})", self.expr(expr)),
            _ => self.operand(expr),
        }
    }
}

fn bare(expr: &Expr) -> &Expr {
    match expr {
        Expr::Cast(value, _) => bare(value),
        expr => expr,
    }
}

fn bound(most: Option<u64>) -> String {
    most.map(|n| format!(" <= {n}")).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use flow_plan::BinaryOp;

    fn said(expr: &Expr) -> String {
        let (plan, renames) = (Plan::default(), Renames::default());
        let mut names = Names::new(&plan, &renames);
        [(0, "a"), (1, "b")].iter().for_each(|(i, name)| names.name(VarId(*i), &EcoString::from(*name)));
        names.element(VarId(2));
        names.expr(expr)
    }

    fn var(i: u32) -> Box<Expr> {
        Box::new(Expr::Var(VarId(i)))
    }

    #[test]
    fn what_means_something_else_is_written_otherwise() {
        let and = |a, b| Box::new(Expr::Binary(BinaryOp::And, a, b));
        let not = |a| Box::new(Expr::Unary(UnaryOp::Not, a));
        assert_eq!(said(&not(and(var(0), var(1)))), "not (a and b)");
        assert_eq!(said(&and(not(var(0)), var(1))), "not a and b");
        let minus = |a| Box::new(Expr::Unary(UnaryOp::Negate, a));
        assert_eq!(said(&Expr::Field(minus(var(0)), "x".into())), "(-a).x");
        assert_eq!(said(&minus(Box::new(Expr::Field(var(0), "x".into())))), "-a.x");
        let or = Box::new(Expr::Binary(BinaryOp::Default, var(0), var(1)));
        assert_eq!(said(&Expr::Field(or, "x".into())), "(a ?? b).x");
        let more = |a, b| Box::new(Expr::Binary(BinaryOp::Greater, a, b));
        let over = |body| Expr::Over(Over::Filter, var(0), VarId(3), body);
        assert_eq!(said(&over(more(var(3), var(2)))), "filter(a, it2 => it2 > it)");
        assert_eq!(said(&over(more(var(2), var(3)))), "filter(a, it2 => it > it2)");
    }
}
