//! What a template shows: the parts of the values around it that each of its holes is computed from, and
//! those by which its conditions are decided.
//!
//! A condition shows whether it holds. Whether something is there at all, and how often a loop goes round,
//! count for nothing.

use super::presence::{compared_with_null, stretch};
use ecow::EcoString;
use flow_plan::filters::{self, Does};
use flow_plan::{Access, Read, functions};
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
    scopes: Vec<Vec<(EcoString, Vec<Read>)>>,
    // How many branches of the innermost scope are around.
    branches: u32,
    reads: Reads,
}

impl Reader<'_> {
    fn statements(&mut self, statements: &[ast::Stmt<'_>]) {
        for statement in statements {
            match statement {
                ast::Stmt::Template(inner) => self.statements(&inner.children),
                ast::Stmt::EmitExpr(emit) => {
                    let shown = self.expr(&emit.expr);
                    self.reads.holes.push(shown);
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
                    self.set(&set.target, &value);
                }
                ast::Stmt::WithBlock(with) => {
                    self.within(|reader| {
                        for (target, value) in &with.assignments {
                            let value = reader.expr(value);
                            reader.bind(target, &value);
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
        let (items, keys) = (access(of.clone(), &Access::Item), access(of, &Access::Key));
        match &each.target {
            // `for key, value in map | items`.
            ast::Expr::List(pair) if pair.items.len() == 2 => {
                self.bind(&pair.items[0], &keys);
                self.bind(&pair.items[1], &items);
            }
            // The elements of a list, or the keys of a map.
            target => self.bind(target, &[items, keys].concat()),
        }
        if let Some(filter) = &each.filter_expr {
            self.decide(filter);
        }
        self.statements(&each.body);
    }

    fn decide(&mut self, condition: &ast::Expr<'_>) {
        let by = self.condition(condition);
        self.reads.decides.extend(by);
    }

    // By what a condition is decided.
    fn condition(&self, condition: &ast::Expr<'_>) -> Vec<Read> {
        match condition {
            ast::Expr::UnaryOp(not) if matches!(not.op, ast::UnaryOpKind::Not) => self.condition(&not.expr),
            ast::Expr::BinOp(both) => match both.op {
                ast::BinOpKind::ScAnd | ast::BinOpKind::ScOr => {
                    [self.condition(&both.left), self.condition(&both.right)].concat()
                }
                ast::BinOpKind::Eq | ast::BinOpKind::Ne
                    if compared_with_null(&both.left, &both.right).is_some() =>
                {
                    Vec::new()
                }
                _ => plain(self.expr(condition)),
            },
            ast::Expr::Test(test) if matches!(test.name, "defined" | "undefined" | "none") => Vec::new(),
            other if self.presence.contains(&stretch(other)) => Vec::new(),
            other => plain(self.expr(other)),
        }
    }

    fn bind(&mut self, target: &ast::Expr<'_>, value: &[Read]) {
        match target {
            ast::Expr::Var(var) => {
                if let Some(scope) = self.scopes.last_mut() {
                    scope.push((var.id.into(), value.to_vec()));
                }
            }
            ast::Expr::List(list) => list.items.iter().for_each(|t| self.bind(t, value)),
            ast::Expr::Tuple(tuple) => tuple.items.iter().for_each(|t| self.bind(t, value)),
            _ => {}
        }
    }

    // A name that is set in a branch may have its former value or this one; that may be the value of this
    // name around the template.
    fn set(&mut self, target: &ast::Expr<'_>, value: &[Read]) {
        match target {
            ast::Expr::Var(var) if self.branches > 0 => {
                let both = [self.name(var.id), value.to_vec()].concat();
                self.bind(target, &both);
            }
            _ => self.bind(target, value),
        }
    }

    fn name(&self, name: &str) -> Vec<Read> {
        let bound = self.scopes.iter().rev().find_map(|s| s.iter().rev().find(|(n, _)| n == name));
        match bound {
            Some((_, reads)) => reads.clone(),
            // The loop's own numbers.
            None if name == "loop" => Vec::new(),
            None => vec![Read { var: name.into(), path: Vec::new(), is_plain: false }],
        }
    }

    fn expr(&self, expr: &ast::Expr<'_>) -> Vec<Read> {
        match expr {
            ast::Expr::Const(_) => Vec::new(),
            ast::Expr::Var(var) => self.name(var.id),
            ast::Expr::GetAttr(attr) => access(self.expr(&attr.expr), &Access::Field(attr.name.into())),
            ast::Expr::GetItem(item) => {
                let key = match &item.subscript_expr {
                    ast::Expr::Const(c) => c.value.as_str().map(|s| Access::Field(s.into())),
                    _ => None,
                };
                access(self.expr(&item.expr), &key.unwrap_or(Access::Item))
            }
            ast::Expr::Slice(slice) => self.expr(&slice.expr),
            ast::Expr::UnaryOp(unary) => plain(self.expr(&unary.expr)),
            ast::Expr::BinOp(binary) => {
                let mut both = self.expr(&binary.left);
                both.extend(self.expr(&binary.right));
                match binary.op {
                    // Text is joined, and `or` gives one of its sides.
                    ast::BinOpKind::Concat
                    | ast::BinOpKind::Add
                    | ast::BinOpKind::ScOr
                    | ast::BinOpKind::ScAnd => both,
                    _ => plain(both),
                }
            }
            ast::Expr::Compare(compare) => {
                let mut all = self.expr(&compare.expr);
                all.extend(compare.ops.iter().flat_map(|op| self.expr(&op.expr)));
                plain(all)
            }
            ast::Expr::IfExpr(choice) => {
                let mut both = self.expr(&choice.true_expr);
                both.extend(choice.false_expr.iter().flat_map(|e| self.expr(e)));
                both.extend(self.condition(&choice.test_expr));
                both
            }
            ast::Expr::Filter(filter) => self.filter(filter),
            ast::Expr::Test(test) => plain(self.expr(&test.expr)),
            ast::Expr::Call(call) => called(call_name(&call.expr), self.args(&call.args)),
            ast::Expr::List(list) => list.items.iter().flat_map(|e| self.expr(e)).collect(),
            ast::Expr::Tuple(tuple) => tuple.items.iter().flat_map(|e| self.expr(e)).collect(),
            ast::Expr::Map(map) => map.values.iter().flat_map(|e| self.expr(e)).collect(),
        }
    }

    fn filter(&self, filter: &ast::Filter<'_>) -> Vec<Read> {
        let of = filter.expr.iter().flat_map(|e| self.expr(e)).collect();
        let named = |name: &str| {
            filter.args.iter().find_map(|arg| match arg {
                ast::CallArg::Kwarg(n, ast::Expr::Const(c)) if *n == name => c.value.as_str(),
                _ => None,
            })
        };
        match (filter.name, named("attribute")) {
            ("map", Some(field)) => {
                let path = field.split('.').map(|f| Access::Field(f.into()));
                path.fold(access(of, &Access::Item), |reads, step| access(reads, &step))
            }
            // The entries of a map or a record: a loop tells keys from values.
            ("items", _) => of,
            (name, _) => {
                let mut all: Vec<Read> = of;
                all.extend(self.args(&filter.args));
                called(name, all)
            }
        }
    }

    fn args(&self, args: &[ast::CallArg<'_>]) -> Vec<Read> {
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

fn access(mut reads: Vec<Read>, step: &Access) -> Vec<Read> {
    reads.iter_mut().for_each(|read| read.path.push(step.clone()));
    reads
}

// Numbers and truth values of what is read.
fn plain(mut reads: Vec<Read>) -> Vec<Read> {
    reads.iter_mut().for_each(|read| read.is_plain = true);
    reads
}

fn called(name: &str, reads: Vec<Read>) -> Vec<Read> {
    let function = match filters::find(name).map(|filter| filter.does) {
        Some(Does::Function(function)) => Some(function),
        _ => functions::find(name),
    };
    if function.is_some_and(|f| f.spec.returns.is_plain()) { plain(reads) } else { reads }
}
