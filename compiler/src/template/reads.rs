//! What the holes of a template show: the parts of the values around it that each is computed from.
//!
//! Conditions count for nothing: they choose between texts of the template and show none of a value.

use ecow::EcoString;
use flow_plan::filters::{self, Does};
use flow_plan::{Access, Read, functions};
use minijinja::machinery::ast;

/// For each hole, in the order of the source, what it shows.
pub(super) fn reads(statements: &[ast::Stmt<'_>]) -> Vec<Vec<Read>> {
    let mut reader = Reader { scopes: vec![Vec::new()], holes: Vec::new() };
    reader.statements(statements);
    reader.holes
}

struct Reader {
    // Names that the template binds, with what they are computed from; the innermost scope last.
    scopes: Vec<Vec<(EcoString, Vec<Read>)>>,
    holes: Vec<Vec<Read>>,
}

impl Reader {
    fn statements(&mut self, statements: &[ast::Stmt<'_>]) {
        for statement in statements {
            match statement {
                ast::Stmt::Template(inner) => self.statements(&inner.children),
                ast::Stmt::EmitExpr(emit) => {
                    let shown = self.expr(&emit.expr);
                    self.holes.push(shown);
                }
                ast::Stmt::IfCond(cond) => {
                    self.statements(&cond.true_body);
                    self.statements(&cond.false_body);
                }
                ast::Stmt::ForLoop(each) => {
                    let mut of = self.expr(&each.iter);
                    of.iter_mut().for_each(|read| read.path.push(Access::Item));
                    self.scopes.push(Vec::new());
                    self.bind(&each.target, &of);
                    self.statements(&each.body);
                    self.scopes.pop();
                    self.statements(&each.else_body);
                }
                ast::Stmt::Set(set) => {
                    let value = self.expr(&set.expr);
                    self.set(&set.target, &value);
                }
                ast::Stmt::WithBlock(with) => {
                    self.scopes.push(Vec::new());
                    for (target, value) in &with.assignments {
                        let value = self.expr(value);
                        self.bind(target, &value);
                    }
                    self.statements(&with.body);
                    self.scopes.pop();
                }
                // Everything else is text, or is reported by the checker.
                _ => {}
            }
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

    // A name that is set in a branch may have its former value or this one.
    fn set(&mut self, target: &ast::Expr<'_>, value: &[Read]) {
        let ast::Expr::Var(var) = target else { return self.bind(target, value) };
        let mut both = self.name(var.id);
        both.retain(|read| read.var != var.id);
        both.extend_from_slice(value);
        self.bind(target, &both);
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
            // The entries of a map or a record.
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
