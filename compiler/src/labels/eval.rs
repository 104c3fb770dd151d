//! The marks of an expression's value, and of what a template shows.

use super::marks::{Mark, Marks, carries_text, together};
use super::sway::{Hundredths, NUMBER, ONE_BIT};
use ecow::EcoString;
use flow_plan::{
    Access, BinaryOp, Expr, Of, Over, Plan, Read, Shows, Template, TemplateId, TypeSpec, UnaryOp, Value,
    VarId, functions,
};
use rustc_hash::FxHashMap;

/// The plan that is followed, and what of it counts.
#[derive(Clone, Copy)]
pub(super) struct Followed<'a> {
    pub(super) plan: &'a Plan,
    /// Whether it is followed how much is decided by what.
    pub(super) sways: bool,
}

impl Followed<'_> {
    /// So much influence, where it counts.
    pub(super) fn bits(self, bits: Hundredths) -> Hundredths {
        if self.sways { bits } else { 0 }
    }
}

/// The marks of the variables in sight.
#[derive(Clone, Default)]
pub(super) struct Env {
    marks: FxHashMap<VarId, Marks>,
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
pub(super) fn eval(by: Followed<'_>, expr: &Expr, env: &Env) -> Marks {
    let of = |expr: &Expr| eval(by, expr, env);
    match expr {
        Expr::Literal(_) => Marks::default(),
        Expr::Var(var) => env.marks.get(var).cloned().unwrap_or_default(),
        Expr::Field(value, name) => of(value).part(&Access::Field(name.clone())),
        Expr::Index(value, at) => {
            let access = match &**at {
                Expr::Literal(Value::Text(key)) => Access::Field(key.clone()),
                _ => Access::Item,
            };
            of(value).part(&access).told(&of(at).flat())
        }
        Expr::Unary(op, value) => {
            let bits = if matches!(op, UnaryOp::Not) { ONE_BIT } else { NUMBER };
            Marks::leaf(of(value).flat().computed().plain(place(expr), by.bits(bits)))
        }
        // One side or the other, or both behind one another.
        Expr::Binary(BinaryOp::Default | BinaryOp::Add, left, right) => of(left).join(&of(right)),
        // Whether something is there at all is not private, unless that was decided by what is.
        Expr::Binary(BinaryOp::Equal | BinaryOp::NotEqual, value, null)
        | Expr::Binary(BinaryOp::Equal | BinaryOp::NotEqual, null, value)
            if matches!(**null, Expr::Literal(Value::Null)) =>
        {
            let value = of(value);
            let sway = value.flat().plain(place(expr), by.bits(ONE_BIT)).sway;
            Marks::leaf(Mark { sway, ..value.presence() })
        }
        Expr::Binary(op, left, right) => {
            let is_number = matches!(
                op,
                BinaryOp::Subtract | BinaryOp::Multiply | BinaryOp::Divide | BinaryOp::Remainder
            );
            let bits = if is_number { NUMBER } else { ONE_BIT };
            let both = of(left).flat().join(&of(right).flat());
            Marks::leaf(both.computed().plain(place(expr), by.bits(bits)))
        }
        Expr::Call(name, args) => call(by, (expr, name), &args.iter().map(of).collect::<Vec<_>>()),
        Expr::Over(over, list, var, body) => {
            let list = of(list);
            let mut inner = env.clone();
            inner.set(*var, list.part(&Access::Item));
            match over {
                // Which of them, or in which order, tells of what decides it.
                Over::Filter => list.told(&eval(by, body, &inner).flat()),
                // As many as there were.
                Over::SortBy => list.ordered(&eval(by, body, &inner).flat()),
                // As many as there are elements.
                Over::Map => Marks::items(eval(by, body, &inner)).told(&list.count()),
            }
        }
        Expr::List(items) => Marks::items(items.iter().map(of).reduce(|a, b| a.join(&b)).unwrap_or_default()),
        Expr::Record(entries) => Marks::fields(entries.iter().map(|(n, e)| (n.clone(), of(e)))),
        Expr::Template(id) => {
            let shown = shown(by, *id, env);
            Marks::leaf(shown.iter().fold(decides(by, *id, env), |all, mark| all.join(mark)).computed())
        }
        Expr::Cast(value, ty) => Marks::of(by, ty, &of(value).flat().computed()),
    }
}

/// What a condition tells of that by which it is decided: a truth value instructs nobody.
pub(super) fn condition(by: Followed<'_>, expr: &Expr, env: &Env) -> Mark {
    Mark { untrusted: None, unread: None, ..eval(by, expr, env).flat() }
}

// Where an expression stands: the plan stays where it is while it is checked.
fn place(expr: &Expr) -> usize {
    std::ptr::from_ref(expr) as usize
}

/// What each hole of a template shows, in their order.
pub(super) fn shown(by: Followed<'_>, id: TemplateId, env: &Env) -> Vec<Mark> {
    let Some(template) = by.plan.templates.get(id.0 as usize) else { return Vec::new() };
    let vars = vars(by, template, env);
    let hole = |hole: &flow_plan::Hole| {
        let all = read(by, &vars, &hole.reads);
        let place = std::ptr::from_ref(hole) as usize;
        if carries_text(&hole.ty) { all } else { all.plain(place, by.bits(NUMBER)) }
    };
    template.holes.iter().map(hole).collect()
}

/// What the conditions of a template show: whether they hold.
pub(super) fn decides(by: Followed<'_>, id: TemplateId, env: &Env) -> Mark {
    let Some(template) = by.plan.templates.get(id.0 as usize) else { return Mark::default() };
    if template.decides.is_empty() {
        return Mark::default();
    }
    read(by, &vars(by, template, env), &template.decides)
}

fn vars<'t>(by: Followed<'_>, template: &'t Template, env: &Env) -> Vec<(&'t EcoString, Marks)> {
    template.vars.iter().map(|(name, expr)| (name, eval(by, expr, env))).collect()
}

fn read(by: Followed<'_>, vars: &[(&EcoString, Marks)], reads: &[Read]) -> Mark {
    let reads = reads.iter().filter_map(|read| {
        let (_, marks) = vars.iter().find(|(name, _)| **name == read.var)?;
        let part = read.path.iter().fold(marks.clone(), |marks, access| marks.part(access));
        let place = std::ptr::from_ref(read) as usize;
        let mark = match read.of {
            Of::Value => part.flat(),
            Of::Length => part.length(),
            Of::Presence => part.presence(),
        };
        Some(match read.shows {
            Shows::Value => mark,
            Shows::Number => mark.computed().plain(place, by.bits(NUMBER)),
            Shows::Truth => mark.computed().plain(place, by.bits(ONE_BIT)),
        })
    });
    reads.fold(Mark::default(), |all, mark| all.join(&mark))
}

/// Whether an expression has the same value for everybody.
pub(super) fn is_fixed(plan: &Plan, expr: &Expr, env: &Env) -> bool {
    let is = |expr: &Expr| is_fixed(plan, expr, env);
    match expr {
        Expr::Literal(_) => true,
        Expr::Var(var) => env.marks.get(var).is_some_and(Marks::is_fixed),
        Expr::Over(_, list, var, body) => {
            is(list) && {
                let mut inner = env.clone();
                inner.set(*var, Marks::default().fixed(true));
                is_fixed(plan, body, &inner)
            }
        }
        Expr::Field(of, _) | Expr::Unary(_, of) | Expr::Cast(of, _) => is(of),
        Expr::Index(a, b) | Expr::Binary(_, a, b) => is(a) && is(b),
        Expr::Call(_, all) | Expr::List(all) => all.iter().all(is),
        Expr::Record(entries) => entries.iter().all(|(_, e)| is(e)),
        Expr::Template(id) => {
            plan.templates.get(id.0 as usize).is_none_or(|t| t.vars.iter().all(|(_, e)| is(e)))
        }
    }
}

/// Whether an expression makes a record here, or reads one from `json`: of others the parts are known
/// from where they come.
pub(super) fn makes(expr: &Expr) -> bool {
    match expr {
        Expr::Record(_) | Expr::Cast(..) => true,
        Expr::List(items) => items.iter().any(makes),
        Expr::Over(Over::Map, _, _, body) => makes(body),
        Expr::Binary(BinaryOp::Default | BinaryOp::Add, a, b) => makes(a) || makes(b),
        _ => false,
    }
}

fn call(by: Followed<'_>, (expr, name): (&Expr, &str), args: &[Marks]) -> Marks {
    let all = || together(args).computed();
    let returns = functions::find(name).map(|f| f.spec.returns);
    match (name, returns) {
        ("len", _) if args.len() == 1 => Marks::leaf(args[0].length().plain(place(expr), by.bits(NUMBER))),
        (_, Some(TypeSpec::Bool)) => Marks::leaf(all().plain(place(expr), by.bits(ONE_BIT))),
        (_, Some(returns)) if returns.is_plain() => Marks::leaf(all().plain(place(expr), by.bits(NUMBER))),
        // An element of the list, or one of the arguments.
        ("first" | "last" | "min" | "max", _) if args.len() == 1 => args[0].part(&Access::Item),
        ("min" | "max" | "default", _) => args.iter().cloned().reduce(|a, b| a.join(&b)).unwrap_or_default(),
        // The same elements, as many as there are different ones.
        ("unique", _) => args.first().cloned().unwrap_or_default().compared(),
        // Fewer of them, or in another order.
        ("take" | "reverse" | "sort", _) => {
            let by = together(args.get(1..).unwrap_or_default());
            args.first().cloned().unwrap_or_default().told(&by)
        }
        ("keys", _) => Marks::items(args.first().map(|map| map.part(&Access::Key)).unwrap_or_default()),
        ("values", _) => Marks::items(args.first().map(|map| map.part(&Access::Item)).unwrap_or_default()),
        ("sum" | "mean" | "abs" | "floor" | "ceil" | "round", _) => {
            let all = all();
            let sway = all.sway.clone().at_most(place(expr), by.bits(NUMBER));
            Marks::leaf(Mark { sway, ..all })
        }
        _ => Marks::leaf(all()),
    }
}
