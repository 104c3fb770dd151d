//! What is given to a parameter: an argument's type, with what its constants are.
//!
//! A constant of an enum is a text to the plan, and any variant to the parameter that takes it: only both
//! together say that it is this one.

use super::infer::{Env, Inference, widest};
use flow_plan::{Bound, Callee, EnumType, Expr, Field, Plan, RecordType, Type, Value};
use std::sync::Arc;

impl Inference<'_> {
    /// The types of a call's arguments.
    pub(crate) fn given(&self, callee: &Callee, args: &[Expr], env: &Env) -> Vec<Type> {
        let params = params(self.plan, callee);
        let of = |(i, arg): (usize, &Expr)| match params.get(i) {
            Some(param) => self.taken(arg, param, env),
            None => self.full(arg, env),
        };
        args.iter().enumerate().map(of).collect()
    }

    fn taken(&self, arg: &Expr, param: &Type, env: &Env) -> Type {
        match (param.present(), arg) {
            (Type::Enum(of), Expr::Literal(Value::Text(name))) => {
                let variants: Vec<_> = of.variants.iter().filter(|v| v.name == *name).cloned().collect();
                match variants.is_empty() {
                    true => self.full(arg, env),
                    false => Type::Enum(Arc::new(EnumType {
                        name: of.name.clone(),
                        doc: of.doc.clone(),
                        variants,
                    })),
                }
            }
            (Type::Record(of), Expr::Record(entries)) => {
                let field = |(name, expr): &(ecow::EcoString, Expr)| {
                    let declared = of.field(name);
                    let ty = declared.map_or_else(|| self.full(expr, env), |f| self.taken(expr, &f.ty, env));
                    Field {
                        name: name.clone(),
                        ty,
                        doc: ecow::EcoString::new(),
                        labels: flow_plan::Labels::default(),
                        default: None,
                    }
                };
                let fields = entries.iter().map(field).collect();
                Type::Record(Arc::new(RecordType { name: None, doc: ecow::EcoString::new(), fields }))
            }
            (Type::List(of, _), Expr::List(items)) => {
                let types = items.iter().map(|item| self.taken(item, of, env));
                let types: Vec<Type> = types.collect();
                let item = types.iter().cloned().reduce(|a, b| either(&a, &b)).unwrap_or(Type::Null);
                Type::of_items(Type::List(Box::new(item.plain()), Some(items.len() as u64)), types)
            }
            (Type::Text { .. }, _) => match self.full(arg, env) {
                Type::Enum(of) => self.named(&of),
                other => other,
            },
            _ => self.full(arg, env),
        }
    }

    /// A text that is one of the variants of an enum.
    pub(crate) fn named(&self, of: &EnumType) -> Type {
        let most = of.variants.iter().map(|v| self.count(&v.name)).max().unwrap_or(0);
        let text = Type::Text { bound: Some(Bound::Tokens(most)), truncate: false };
        let is_plain = of.variants.iter().all(|v| !v.name.contains("</"));
        if is_plain { Type::only(text, Type::Enum(Arc::new(copied(of)))) } else { text }
    }
}

fn copied(of: &EnumType) -> EnumType {
    EnumType { name: of.name.clone(), doc: of.doc.clone(), variants: of.variants.clone() }
}

// Of two parts of one enum, both; of anything else, what holds both.
fn either(a: &Type, b: &Type) -> Type {
    match (a, b) {
        (Type::Enum(x), Type::Enum(y)) if x.name == y.name => {
            let mut variants = x.variants.clone();
            variants.extend(y.variants.iter().filter(|v| !x.variants.contains(v)).cloned());
            Type::Enum(Arc::new(EnumType { name: x.name.clone(), doc: x.doc.clone(), variants }))
        }
        _ => widest(a, b),
    }
}

fn params<'p>(plan: &'p Plan, callee: &Callee) -> Vec<&'p Type> {
    match callee {
        Callee::Prompt(id) => plan.prompts[id.index()].params.iter().map(|p| &p.ty).collect(),
        Callee::Guard(id) => plan.guards[id.index()].params.iter().map(|p| &p.ty).collect(),
        _ => Vec::new(),
    }
}
