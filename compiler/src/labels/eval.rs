//! The marks of an expression's value, and of what a template shows.

use super::marks::{Mark, Marks, carries_text};
use flow_plan::{Access, BinaryOp, Expr, Over, Plan, TemplateId, Value, VarId, functions};
use std::collections::HashMap;

/// The marks of the variables in sight.
#[derive(Clone, Default)]
pub(super) struct Env {
    marks: HashMap<VarId, Marks>,
}

impl Env {
    /// Parameters, which are the variables from 0.
    pub(super) fn of_params(marks: impl IntoIterator<Item = Marks>) -> Env {
        Env { marks: marks.into_iter().enumerate().map(|(i, m)| (VarId(i as u32), m)).collect() }
    }

    pub(super) fn set(&mut self, var: VarId, marks: Marks) {
        self.marks.insert(var, marks);
    }
}

/// The marks of an expression's value.
pub(super) fn eval(plan: &Plan, expr: &Expr, env: &Env) -> Marks {
    let of = |expr: &Expr| eval(plan, expr, env);
    match expr {
        Expr::Literal(_) => Marks::default(),
        Expr::Var(var) => env.marks.get(var).cloned().unwrap_or_default(),
        Expr::Field(value, name) => of(value).part(&Access::Field(name.clone())),
        Expr::Index(value, at) => {
            let access = match &**at {
                Expr::Literal(Value::Text(key)) => Access::Field(key.clone()),
                _ => Access::Item,
            };
            of(value).part(&access)
        }
        Expr::Unary(_, value) => Marks::leaf(of(value).flat().plain()),
        // One side or the other, or both behind one another.
        Expr::Binary(BinaryOp::Default | BinaryOp::Add, left, right) => of(left).join(&of(right)),
        Expr::Binary(_, left, right) => Marks::leaf(of(left).flat().join(&of(right).flat()).plain()),
        Expr::Call(name, args) => call(name, &args.iter().map(of).collect::<Vec<_>>()),
        Expr::Over(over, list, var, body) => {
            let list = of(list);
            match over {
                Over::Filter | Over::SortBy => list,
                Over::Map => {
                    let mut inner = env.clone();
                    inner.set(*var, list.part(&Access::Item));
                    Marks::items(eval(plan, body, &inner))
                }
            }
        }
        Expr::List(items) => Marks::items(items.iter().map(of).reduce(|a, b| a.join(&b)).unwrap_or_default()),
        Expr::Record(entries) => Marks::fields(entries.iter().map(|(n, e)| (n.clone(), of(e)))),
        Expr::Template(id) => {
            let shown = shown(plan, *id, env);
            Marks::leaf(shown.iter().fold(Mark::default(), |all, mark| all.join(mark)))
        }
        Expr::Cast(value, ty) => Marks::of(ty, &of(value).flat()),
    }
}

/// What each hole of a template shows, in their order.
pub(super) fn shown(plan: &Plan, id: TemplateId, env: &Env) -> Vec<Mark> {
    let Some(template) = plan.templates.get(id.0 as usize) else { return Vec::new() };
    let vars: Vec<_> = template.vars.iter().map(|(name, expr)| (name, eval(plan, expr, env))).collect();
    let hole = |hole: &flow_plan::Hole| {
        let reads = hole.reads.iter().filter_map(|read| {
            let (_, marks) = vars.iter().find(|(name, _)| **name == read.var)?;
            let part = read.path.iter().fold(marks.clone(), |marks, access| marks.part(access)).flat();
            Some(if read.is_plain { part.plain() } else { part })
        });
        let all = reads.fold(Mark::default(), |all, mark| all.join(&mark));
        if carries_text(&hole.ty) { all } else { all.plain() }
    };
    template.holes.iter().map(hole).collect()
}

fn call(name: &str, args: &[Marks]) -> Marks {
    let all = || args.iter().fold(Mark::default(), |all, m| all.join(&m.flat()));
    let returns = functions::find(name).map(|f| f.spec.returns);
    match (name, returns) {
        (_, Some(returns)) if returns.is_plain() => Marks::leaf(all().plain()),
        // An element of the list, or one of the arguments.
        ("first" | "last" | "min" | "max", _) if args.len() == 1 => args[0].part(&Access::Item),
        ("take", _) => args.first().cloned().unwrap_or_default(),
        _ => Marks::leaf(all()),
    }
}
