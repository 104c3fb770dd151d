//! What a template shows: the parts of the values around it that each of its holes is computed from, and
//! those by which its conditions are decided.
//!
//! A condition shows whether it holds, or whether something is there at all; a loop how often it goes round;
//! and what chooses a part of something is shown by which part it is.

use super::presence::{compared_with_null, stretch};
use ecow::EcoString;
use flow_plan::filters::{self, ByField, Does};
use flow_plan::{Access, Of, Read, Shows, TypeSpec, functions};
use minijinja::machinery::ast;

/// What a template shows.
pub(super) struct Reads {
    /// For each hole, in the order of the source, what it shows.
    pub(super) holes: Vec<Vec<Read>>,
    /// By what its conditions are decided.
    pub(super) decides: Vec<Read>,
}

/// Reads a template. At `presence`, a condition only asks whether something is there.
pub(super) fn reads(statements: &[ast::Stmt<'_>], presence: &[(u32, u32)]) -> Reads {
    let mut reader = Reader {
        presence,
        scopes: vec![Vec::new()],
        branches: 0,
        reads: Reads { holes: Vec::new(), decides: Vec::new() },
    };
    reader.statements(statements);
    reader.reads
}

struct Reader<'p> {
    presence: &'p [(u32, u32)],
    // Names that the template binds, with what they are computed from; the innermost scope last.
    scopes: Vec<Vec<Bound>>,
    // How many branches of the innermost scope are around.
    branches: u32,
    reads: Reads,
}

/// A name that a template binds.
struct Bound {
    name: EcoString,
    reads: Vec<Part>,
    // Of a record that is written out, what each entry is computed from.
    entries: Vec<(EcoString, Vec<Part>)>,
}

/// A part of a variable that something is computed from.
#[derive(Clone)]
struct Part {
    read: Read,
    // Inside so many lists and records that the template makes itself.
    within: u32,
    // Whether it is the part itself: not a text that was made of it.
    is_itself: bool,
    // Whether it decides in which order others stand, and nothing else.
    is_order: bool,
}

impl Reader<'_> {
    fn statements(&mut self, statements: &[ast::Stmt<'_>]) {
        for statement in statements {
            match statement {
                ast::Stmt::Template(inner) => self.statements(&inner.children),
                ast::Stmt::EmitExpr(emit) => {
                    let shown = self.expr(&emit.expr);
                    self.reads.holes.push(alone(shown));
                }
                ast::Stmt::IfCond(cond) => {
                    self.decide(&cond.expr);
                    self.branches += 1;
                    self.statements(&cond.true_body);
                    self.statements(&cond.false_body);
                    self.branches -= 1;
                }
                ast::Stmt::ForLoop(each) => {
                    self.within(|reader| reader.looped(each));
                    self.statements(&each.else_body);
                }
                ast::Stmt::Set(set) => {
                    let value = self.expr(&set.expr);
                    let entries = self.entries(&set.expr);
                    self.set(&set.target, value, entries);
                }
                ast::Stmt::WithBlock(with) => {
                    self.within(|reader| {
                        for (target, value) in &with.assignments {
                            let (value, entries) = (reader.expr(value), reader.entries(value));
                            reader.bind(target, value, entries);
                        }
                        reader.statements(&with.body);
                    });
                }
                // Everything else is text, or is reported by the checker.
                _ => {}
            }
        }
    }

    // In a scope of its own.
    fn within(&mut self, inner: impl FnOnce(&mut Self)) {
        let around = std::mem::take(&mut self.branches);
        self.scopes.push(Vec::new());
        inner(self);
        self.scopes.pop();
        self.branches = around;
    }

    fn looped(&mut self, each: &ast::ForLoop<'_>) {
        let of = self.expr(&each.iter);
        self.reads.decides.extend(alone(presence(of.clone())));
        let (items, keys) = (access(of.clone(), &Access::Item), access(of, &Access::Key));
        // The elements beside the one that it is at.
        let beside = ["previtem", "nextitem"].map(|name| (name.into(), items.clone())).to_vec();
        if let Some(scope) = self.scopes.last_mut() {
            scope.push(Bound { name: "loop".into(), reads: Vec::new(), entries: beside });
        }
        match &each.target {
            // `for key, value in map | items`.
            ast::Expr::List(pair) if pair.items.len() == 2 => {
                self.bind(&pair.items[0], keys, Vec::new());
                self.bind(&pair.items[1], items, Vec::new());
            }
            // The elements of a list, or the keys of a map.
            target => self.bind(target, [items, keys].concat(), Vec::new()),
        }
        if let Some(filter) = &each.filter_expr {
            self.decide(filter);
        }
        self.statements(&each.body);
    }

    fn decide(&mut self, condition: &ast::Expr<'_>) {
        let by = self.condition(condition);
        self.reads.decides.extend(alone(by));
    }

    // By what a condition is decided.
    fn condition(&self, condition: &ast::Expr<'_>) -> Vec<Part> {
        match condition {
            ast::Expr::UnaryOp(not) if matches!(not.op, ast::UnaryOpKind::Not) => self.condition(&not.expr),
            ast::Expr::BinOp(both) if matches!(both.op, ast::BinOpKind::ScAnd | ast::BinOpKind::ScOr) => {
                [self.condition(&both.left), self.condition(&both.right)].concat()
            }
            other if self.presence.contains(&stretch(other)) => presence(self.expr(other)),
            other => at_most(Shows::Truth, self.expr(other)),
        }
    }

    fn bind(&mut self, target: &ast::Expr<'_>, reads: Vec<Part>, entries: Vec<(EcoString, Vec<Part>)>) {
        match target {
            ast::Expr::Var(var) => {
                if let Some(scope) = self.scopes.last_mut() {
                    scope.push(Bound { name: var.id.into(), reads, entries });
                }
            }
            ast::Expr::List(list) => list.items.iter().for_each(|t| self.bind(t, reads.clone(), Vec::new())),
            ast::Expr::Tuple(tuple) => {
                tuple.items.iter().for_each(|t| self.bind(t, reads.clone(), Vec::new()))
            }
            _ => {}
        }
    }

    // A name that is set in a branch may have its former value or this one; that may be the value of this
    // name around the template.
    fn set(&mut self, target: &ast::Expr<'_>, value: Vec<Part>, entries: Vec<(EcoString, Vec<Part>)>) {
        match target {
            ast::Expr::Var(var) if self.branches > 0 => {
                let both = [self.name(var.id), value].concat();
                self.bind(target, both, Vec::new());
            }
            _ => self.bind(target, value, entries),
        }
    }

    fn bound(&self, name: &str) -> Option<&Bound> {
        self.scopes.iter().rev().find_map(|scope| scope.iter().rev().find(|bound| bound.name == name))
    }

    fn name(&self, name: &str) -> Vec<Part> {
        match self.bound(name) {
            Some(bound) => bound.reads.clone(),
            None => {
                let read = Read { var: name.into(), path: Vec::new(), of: Of::Value, shows: Shows::Value };
                vec![Part { read, within: 0, is_itself: true, is_order: false }]
            }
        }
    }

    // What each entry of a record that is written out is computed from.
    fn entries(&self, expr: &ast::Expr<'_>) -> Vec<(EcoString, Vec<Part>)> {
        let ast::Expr::Map(map) = expr else { return Vec::new() };
        let entry = |(key, value): (&ast::Expr<'_>, &ast::Expr<'_>)| match key {
            ast::Expr::Const(key) => Some((key.value.as_str()?.into(), self.expr(value))),
            _ => None,
        };
        map.keys.iter().zip(&map.values).filter_map(entry).collect()
    }

    // A field or entry of this name.
    fn field(&self, of: &ast::Expr<'_>, name: &str) -> Vec<Part> {
        let entry = match of {
            ast::Expr::Var(var) => self.bound(var.id).and_then(|b| b.entries.iter().find(|(n, _)| n == name)),
            _ => None,
        };
        match entry {
            Some((_, reads)) => reads.clone(),
            None => access(self.expr(of), &Access::Field(name.into())),
        }
    }

    fn expr(&self, expr: &ast::Expr<'_>) -> Vec<Part> {
        let all = |all: &[ast::Expr<'_>]| all.iter().flat_map(|e| self.expr(e)).collect::<Vec<Part>>();
        match expr {
            ast::Expr::Const(_) => Vec::new(),
            ast::Expr::Var(var) => self.name(var.id),
            ast::Expr::GetAttr(attr) => self.field(&attr.expr, attr.name),
            ast::Expr::GetItem(item) => match &item.subscript_expr {
                ast::Expr::Const(key) if key.value.as_str().is_some() => {
                    self.field(&item.expr, key.value.as_str().unwrap_or_default())
                }
                at => {
                    let mut part = access(self.expr(&item.expr), &Access::Item);
                    part.extend(at_most(Shows::Number, self.expr(at)));
                    part
                }
            },
            ast::Expr::Slice(slice) => {
                let ends = [&slice.start, &slice.stop, &slice.step];
                let ends = ends.into_iter().flatten().flat_map(|end| self.expr(end)).collect();
                [self.expr(&slice.expr), at_most(Shows::Number, ends)].concat()
            }
            ast::Expr::UnaryOp(unary) => match unary.op {
                ast::UnaryOpKind::Not => self.condition(expr),
                ast::UnaryOpKind::Neg => at_most(Shows::Number, self.expr(&unary.expr)),
            },
            ast::Expr::BinOp(binary) => {
                let both = || [self.expr(&binary.left), self.expr(&binary.right)].concat();
                match binary.op {
                    ast::BinOpKind::Concat => made(both()),
                    // Text is joined, and `or` gives one of its sides.
                    ast::BinOpKind::Add | ast::BinOpKind::ScOr | ast::BinOpKind::ScAnd => both(),
                    ast::BinOpKind::Eq | ast::BinOpKind::Ne
                        if compared_with_null(&binary.left, &binary.right).is_some() =>
                    {
                        presence(both())
                    }
                    ast::BinOpKind::Sub
                    | ast::BinOpKind::Mul
                    | ast::BinOpKind::Div
                    | ast::BinOpKind::FloorDiv
                    | ast::BinOpKind::Rem
                    | ast::BinOpKind::Pow => at_most(Shows::Number, both()),
                    _ => at_most(Shows::Truth, both()),
                }
            }
            ast::Expr::Compare(compare) => {
                let sides = std::iter::once(&compare.expr).chain(compare.ops.iter().map(|op| &op.expr));
                at_most(Shows::Truth, sides.flat_map(|side| self.expr(side)).collect())
            }
            ast::Expr::IfExpr(choice) => {
                let mut both = self.expr(&choice.true_expr);
                both.extend(choice.false_expr.iter().flat_map(|e| self.expr(e)));
                both.extend(self.condition(&choice.test_expr));
                both
            }
            ast::Expr::Filter(filter) => self.filter(filter),
            ast::Expr::Test(test) if matches!(test.name, "defined" | "undefined" | "none") => {
                presence(self.expr(&test.expr))
            }
            ast::Expr::Test(test) => {
                at_most(Shows::Truth, [self.expr(&test.expr), self.args(&test.args)].concat())
            }
            ast::Expr::Call(call) => called(call_name(&call.expr), self.args(&call.args)),
            ast::Expr::List(list) => within(all(&list.items)),
            ast::Expr::Tuple(tuple) => within(all(&tuple.items)),
            ast::Expr::Map(map) => within(all(&map.values)),
        }
    }

    fn filter(&self, filter: &ast::Filter<'_>) -> Vec<Part> {
        let of: Vec<Part> = filter.expr.iter().flat_map(|e| self.expr(e)).collect();
        // The field that the elements are chosen, ordered or looked at by.
        let by = || {
            let name = filter.args.iter().find_map(|arg| match arg {
                ast::CallArg::Kwarg("attribute", ast::Expr::Const(c))
                | ast::CallArg::Pos(ast::Expr::Const(c)) => c.value.as_str(),
                _ => None,
            });
            let path = name.into_iter().flat_map(|name| name.split('.'));
            path.fold(access(of.clone(), &Access::Item), |reads, f| access(reads, &Access::Field(f.into())))
        };
        match filters::find(filter.name).map(|filter| filter.does) {
            Some(Does::ByField(ByField::Map)) => within([by(), presence(of.clone())].concat()),
            Some(Does::ByField(does)) => {
                let shows = if does == ByField::Sort { Shows::Number } else { Shows::Truth };
                let mut by = at_most(shows, [by(), self.args(&filter.args)].concat());
                by.iter_mut().for_each(|part| part.is_order = does == ByField::Sort);
                [of, by].concat()
            }
            // The entries of a map or a record: a loop tells keys from values.
            Some(Does::Items | Does::List) => of,
            _ => called(filter.name, [of, self.args(&filter.args)].concat()),
        }
    }

    fn args(&self, args: &[ast::CallArg<'_>]) -> Vec<Part> {
        let of = |arg: &ast::CallArg<'_>| match arg {
            ast::CallArg::Pos(e)
            | ast::CallArg::Kwarg(_, e)
            | ast::CallArg::PosSplat(e)
            | ast::CallArg::KwargSplat(e) => self.expr(e),
        };
        args.iter().flat_map(of).collect()
    }
}

fn call_name<'s>(callee: &ast::Expr<'s>) -> &'s str {
    match callee {
        ast::Expr::Var(var) => var.id,
        _ => "",
    }
}

fn alone(parts: Vec<Part>) -> Vec<Read> {
    parts.into_iter().map(|part| part.read).collect()
}

// Of what is written out around parts, the way leads to these; a number, a truth value or a text that was made
// of something has no parts.
fn access(parts: Vec<Part>, step: &Access) -> Vec<Part> {
    let of = |mut part: Part| match (&part.read.shows, part.within, step) {
        _ if !part.is_itself => Some(part),
        (Shows::Value, 0, _) => {
            part.read.path.push(step.clone());
            Some(part)
        }
        (Shows::Value, _, Access::Key) => None,
        (Shows::Value, within, _) => Some(Part { within: within - 1, ..part }),
        _ => Some(part),
    };
    parts.into_iter().filter_map(of).collect()
}

// Inside one more list or record that the template makes.
fn within(mut parts: Vec<Part>) -> Vec<Part> {
    parts.iter_mut().for_each(|part| part.within += 1);
    parts
}

// No more than that is shown of what is read.
fn at_most(shows: Shows, mut parts: Vec<Part>) -> Vec<Part> {
    parts.iter_mut().for_each(|part| part.read.shows = part.read.shows.min(shows));
    parts
}

// Whether they are there at all; what a number or a truth value is computed from shows as much as before, and
// what the template writes out is there.
fn presence(mut parts: Vec<Part>) -> Vec<Part> {
    parts.retain(|part| part.within == 0 || part.read.shows != Shows::Value);
    for part in &mut parts {
        if part.is_itself && part.read.shows == Shows::Value {
            part.read.of = Of::Presence;
        }
    }
    at_most(Shows::Truth, parts)
}

// How long they are: that of a list that the template writes out is known, and does not go by its order.
fn length(mut parts: Vec<Part>) -> Vec<Part> {
    parts.retain(|part| !part.is_order && (part.within == 0 || part.read.shows != Shows::Value));
    for part in &mut parts {
        if part.is_itself && part.read.shows == Shows::Value {
            part.read.of = Of::Length;
        }
    }
    at_most(Shows::Number, parts)
}

// A text that was made of them.
fn made(mut parts: Vec<Part>) -> Vec<Part> {
    parts.iter_mut().for_each(|part| (part.within, part.is_itself) = (0, false));
    parts
}

fn called(name: &str, parts: Vec<Part>) -> Vec<Part> {
    let function = match filters::find(name).map(|filter| filter.does) {
        Some(Does::Function(function)) => Some(function),
        _ => functions::find(name),
    };
    match function.map(|f| (f.spec.name, f.spec.returns)) {
        Some(("len", _)) => length(parts),
        Some((_, TypeSpec::Bool)) => at_most(Shows::Truth, parts),
        Some((_, returns)) if returns.is_plain() => at_most(Shows::Number, parts),
        // How many are left tells of what they are.
        Some(("unique", _)) => [parts.clone(), at_most(Shows::Number, parts)].concat(),
        Some(("first" | "last", _)) => access(parts, &Access::Item),
        Some(("take" | "reverse" | "sort" | "default" | "min" | "max" | "values", _)) => parts,
        _ => made(parts),
    }
}
