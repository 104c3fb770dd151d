//! Statements: text, holes, conditions, loops, assignments.

use super::bindings::{Binding, Bindings, Loop};
use super::presence::present_where;
use super::{Checker, Hole, Part, Seen, SeenAs};
use crate::bounds::{apart, widest};
use ecow::EcoString;
use flow_diagnostics::{Code, FlowDiagnostic};
use flow_plan::limits::MOST_KEY;
use flow_plan::{Bound, Parts, Type};
use flow_tokens::{closes_fence, opens_fence};
use minijinja::machinery::ast;

// So many elements of a list are told apart.
const MOST_APART: usize = 8;

impl Checker<'_> {
    pub(super) fn statements(&mut self, statements: &[ast::Stmt<'_>]) -> Vec<Part> {
        let mut parts = Vec::new();
        for (i, statement) in statements.iter().enumerate() {
            if let ast::Stmt::EmitExpr(emit) = statement {
                let before = i.checked_sub(1).and_then(|i| statements.get(i));
                parts.extend(self.hole(&emit.expr, (text_of(before), text_of(statements.get(i + 1)))));
            } else {
                self.statement(statement, &mut parts);
            }
        }
        parts
    }

    fn statement(&mut self, statement: &ast::Stmt<'_>, parts: &mut Vec<Part>) {
        let (place, word, help) = match statement {
            ast::Stmt::Template(inner) => return parts.extend(self.statements(&inner.children)),
            ast::Stmt::EmitRaw(raw) => return parts.push(Part::Text(raw.raw.into())),
            ast::Stmt::EmitExpr(emit) => return parts.extend(self.hole(&emit.expr, ("", ""))),
            ast::Stmt::IfCond(cond) => return parts.push(self.condition(cond)),
            ast::Stmt::ForLoop(each) => return parts.push(self.each(each)),
            ast::Stmt::Set(set) => return self.set(&set.target, &set.expr),
            ast::Stmt::WithBlock(with) => return parts.extend(self.with(with)),
            ast::Stmt::SetBlock(s) => (s.span(), "set", "write `{% set name = value %}`"),
            ast::Stmt::AutoEscape(s) => (s.span(), "autoescape", "text is pasted as it is"),
            ast::Stmt::FilterBlock(s) => (s.span(), "filter", "use `| filter` on each value"),
            ast::Stmt::Block(s) => (s.span(), "block", ONE_TEXT),
            ast::Stmt::Import(s) => (s.span(), "import", ONE_TEXT),
            ast::Stmt::FromImport(s) => (s.span(), "from", ONE_TEXT),
            ast::Stmt::Extends(s) => (s.span(), "extends", ONE_TEXT),
            ast::Stmt::Include(s) => (s.span(), "include", ONE_TEXT),
            ast::Stmt::Macro(s) => (s.span(), "macro", ONE_TEXT),
            ast::Stmt::CallBlock(s) => (s.span(), "call", ONE_TEXT),
            ast::Stmt::Do(s) => (s.span(), "do", "a template only shows values; compute them in a step"),
        };
        let what = match statement {
            ast::Stmt::SetBlock(_) => "a `set` around text".to_owned(),
            _ => format!("`{word}`"),
        };
        let at = self.leading_name(place, word);
        self.unsupported(at, &what, help);
    }

    // `around` is the text right before and behind it.
    fn hole(&mut self, whole: &ast::Expr<'_>, around: (&str, &str)) -> Option<Part> {
        let (expr, fence) = match whole {
            ast::Expr::Filter(f) if f.name == "fence" && f.expr.is_some() => self.fence(f)?,
            _ => (whole, None),
        };
        let ty = self.expr(expr);
        let ty = match self.known(expr).filter(Type::knows) {
            Some(known) if matches!(ty, Type::Optional(_)) => known,
            // A condition around has found that it is there.
            Some(Type::Optional(known)) => *known,
            Some(known) => known,
            None => ty,
        };
        let span = self.span_of(expr);
        if matches!(ty.present(), Type::Image) {
            let message = "an image cannot be pasted into text";
            self.report(FlowDiagnostic::new(Code::E0201, span, message).help("send it along with `images:`"));
            return None;
        }
        self.holes.push(Hole {
            name: self.source_of(expr),
            ty,
            fence,
            trim_start: opens_fence(around.0),
            trim_end: closes_fence(around.1),
            reads: Vec::new(),
            span,
        });
        Some(Part::Hole(self.holes.len() - 1))
    }

    // What a fence is around, and its name: the last name of the expression, unless one is given.
    fn fence<'e, 's>(
        &mut self,
        filter: &'e ast::Filter<'s>,
    ) -> Option<(&'e ast::Expr<'s>, Option<EcoString>)> {
        let inner = filter.expr.as_ref()?;
        let name = match &filter.args[..] {
            [] => last_name(inner).map(EcoString::from),
            [ast::CallArg::Pos(ast::Expr::Const(c))] => c.value.as_str().map(EcoString::from),
            _ => None,
        };
        let is_name = |name: &EcoString| {
            !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '-')
        };
        match name.or_else(|| filter.args.is_empty().then(|| "data".into())).filter(is_name) {
            Some(name) => Some((inner, Some(name))),
            None => {
                let message = "`fence` takes the name of the data, in letters, digits, `_` and `-`";
                let found = FlowDiagnostic::new(Code::E0203, self.span_of(inner), message);
                self.report(found.help("write `| fence` or `| fence(\"article\")`"));
                None
            }
        }
    }

    fn condition(&mut self, cond: &ast::IfCond<'_>) -> Part {
        self.expr(&cond.expr);
        self.note_presence(&cond.expr);
        let before = self.bindings.clone();
        self.bindings.assume(present_where(&cond.expr, true));
        let holds = self.statements(&cond.true_body);
        let after_true = std::mem::replace(&mut self.bindings, before.clone());
        self.bindings.assume(present_where(&cond.expr, false));
        let fails = self.statements(&cond.false_body);
        let after_false = std::mem::replace(&mut self.bindings, before);
        let (names, free) = (self.names, &mut self.free);
        self.bindings.merge(after_true, after_false, &mut |name| {
            let ty = names.ty(name)?.plain();
            // What one side sets and the other leaves is read from around on that other side.
            if !free.iter().any(|n| n == name) {
                free.push(name.into());
            }
            Some(ty)
        });
        Part::Either(holds, fails)
    }

    fn each(&mut self, each: &ast::ForLoop<'_>) -> Part {
        let pairs = match &each.iter {
            ast::Expr::Filter(f) if f.name == "items" => f.expr.as_ref(),
            _ => None,
        };
        let (targets, most) = match (&each.target, pairs) {
            (ast::Expr::List(names), Some(map)) if names.items.len() == 2 => {
                let (value, most) = self.entries(map);
                (vec![(&names.items[0], key()), (&names.items[1], value)], most)
            }
            (ast::Expr::Var(_), None) => {
                let (item, most) = self.elements(&each.iter);
                (vec![(&each.target, item)], most)
            }
            _ => {
                self.expr(pairs.unwrap_or(&each.iter));
                let at = self.span_of(&each.target);
                self.unsupported(
                    at,
                    "unpacking anything but a map",
                    "write `{% for item in list %}` or `{% for key, value in map | items %}`",
                );
                let names = target_names(&each.target);
                (names.into_iter().map(|n| (n, Type::Error)).collect(), None)
            }
        };
        if each.recursive {
            let at = self.span_of(&each.iter);
            self.unsupported(at, "a `recursive` loop", "write one loop for each level");
        }
        let item = targets.first().map_or(Type::Error, |(_, ty)| ty.clone());
        let joint = item.clone();
        let entered = self.bindings.enter(Some(Loop { item, most }));
        for (target, ty) in targets {
            if let ast::Expr::Var(var) = target {
                self.bound(var, &ty);
                self.bindings.bind(var.id, Binding::Is(ty));
            }
        }
        if let Some(filter) = &each.filter_expr {
            self.expr(filter);
            self.note_presence(filter);
            self.bindings.assume(present_where(filter, true));
        }
        let before = self.bindings.clone();
        let body = self.statements(&each.body);
        let apart = self.apart(each, (before, joint));
        self.bindings.leave(entered);
        if each.else_body.is_empty() {
            return Part::Repeat(most, body, apart);
        }
        let entered = self.bindings.enter(None);
        let instead = self.statements(&each.else_body);
        self.bindings.leave(entered);
        Part::Either(vec![Part::Repeat(most, body, apart)], instead)
    }

    // The body of a loop for every one of its elements, where they are known and differ.
    fn apart(&mut self, each: &ast::ForLoop<'_>, (before, joint): (Bindings, Type)) -> Vec<Vec<Part>> {
        let ast::Expr::Var(target) = &each.target else { return Vec::new() };
        let Some(Type::Known(known)) = self.known(&each.iter) else { return Vec::new() };
        let Parts::Items(items) = &known.parts else { return Vec::new() };
        if items.len() > MOST_APART || items.windows(2).all(|two| two[0] == two[1]) {
            return Vec::new();
        }
        let after = std::mem::replace(&mut self.bindings, before.clone());
        let (holes, seen) = (self.holes.len(), self.seen.len());
        let one = |item: &Type| {
            self.bindings = before.clone();
            self.bindings.bind(target.id, Binding::Is(apart(item, &joint)));
            let mut parts = self.statements(&each.body);
            kept(&mut parts, &self.holes);
            // They stand in the template once.
            self.holes.truncate(holes);
            self.seen.truncate(seen);
            parts
        };
        let apart = items.iter().map(one).collect();
        self.bindings = after;
        apart
    }

    // What a loop goes through, and how many there are at most.
    fn elements(&mut self, iter: &ast::Expr<'_>) -> (Type, Option<u64>) {
        match self.expr(iter) {
            Type::List(item, most) => {
                (self.known(iter).and_then(|k| k.any_item(&widest)).unwrap_or(*item), most)
            }
            Type::Map(_, most) => (key(), most),
            Type::Json(bound) => (Type::Json(bound), None),
            Type::Error => (Type::Error, None),
            ty => {
                let found = self.wrong(
                    Code::E0201,
                    iter,
                    format!("a loop goes through a list, found `{}`", ty.unbounded()),
                );
                let help = match (ty.present(), &ty) {
                    (Type::List(..) | Type::Map(..), _) => Some(format!(
                        "it may be null: put the loop into `{{% if {} %}}`",
                        self.source_of(iter)
                    )),
                    (Type::Record(record), Type::Record(_)) => {
                        Some(format!("a record is not gone through; its fields are {}", record.names()))
                    }
                    (Type::Int(_), _) => Some("to count, write `range(5)`".to_owned()),
                    _ => None,
                };
                (self.report(found.maybe_help(help)), None)
            }
        }
    }

    // What `map | items` goes through: the type of the values.
    fn entries(&mut self, map: &ast::Expr<'_>) -> (Type, Option<u64>) {
        match self.expr(map) {
            Type::Map(value, most) => (*value, most),
            Type::Record(record) => {
                let mut types = record.fields.iter().map(|f| f.ty.clone());
                let first = types.next().unwrap_or(Type::Error);
                let value = types.try_fold(first, |joined, ty| joined.join(&ty));
                (value.unwrap_or(Type::Json(None)), Some(record.fields.len() as u64))
            }
            Type::Json(bound) => (Type::Json(bound), None),
            Type::Error => (Type::Error, None),
            ty => {
                let found = self.wrong(
                    Code::E0201,
                    map,
                    format!("`items` expects a map, found `{}`", ty.unbounded()),
                );
                (self.report(found), None)
            }
        }
    }

    fn set(&mut self, target: &ast::Expr<'_>, value: &ast::Expr<'_>) {
        let ty = self.expr(value);
        match target {
            ast::Expr::Var(var) => {
                self.bound(var, &ty);
                self.bindings.bind(var.id, Binding::Is(ty));
            }
            other => {
                let at = self.span_of(other);
                self.unsupported(at, "setting anything but one name", "write `{% set name = value %}`");
                for name in target_names(other) {
                    if let ast::Expr::Var(var) = name {
                        self.bindings.bind(var.id, Binding::Is(Type::Error));
                    }
                }
            }
        }
    }

    // Notes a name where the template binds it.
    fn bound(&mut self, var: &ast::Spanned<ast::Var<'_>>, ty: &Type) {
        let (span, what) = (self.place(var.span()), SeenAs::Bound);
        self.seen.push(Seen { span, name: var.id.into(), ty: ty.clone(), what });
    }

    fn with(&mut self, with: &ast::WithBlock<'_>) -> Vec<Part> {
        let entered = self.bindings.enter(None);
        for (target, value) in &with.assignments {
            self.set(target, value);
        }
        let parts = self.statements(&with.body);
        self.bindings.leave(entered);
        parts
    }

    /// An expression as it is written, for messages.
    pub(super) fn source_of(&self, expr: &ast::Expr<'_>) -> EcoString {
        let range = super::syntax::start(expr, &self.lit.value)..expr.span().end_offset as usize;
        self.lit.value.get(range).unwrap_or("…").into()
    }
}

fn target_names<'a, 's>(target: &'a ast::Expr<'s>) -> Vec<&'a ast::Expr<'s>> {
    match target {
        ast::Expr::List(list) => list.items.iter().flat_map(target_names).collect(),
        other => vec![other],
    }
}

// What a map's key is held to where it is pasted.
fn key() -> Type {
    Type::Text { bound: Some(Bound::Tokens(MOST_KEY)), truncate: true }
}

fn text_of<'s>(statement: Option<&ast::Stmt<'s>>) -> &'s str {
    match statement {
        Some(ast::Stmt::EmitRaw(raw)) => raw.raw,
        _ => "",
    }
}

fn last_name<'s>(expr: &ast::Expr<'s>) -> Option<&'s str> {
    match expr {
        ast::Expr::Var(var) => Some(var.id),
        ast::Expr::GetAttr(attr) => Some(attr.name),
        ast::Expr::Filter(filter) => filter.expr.as_ref().and_then(last_name),
        _ => None,
    }
}

const ONE_TEXT: &str = "a prompt is one text; write what is needed where it is needed";

// Puts the holes of parts into the parts themselves.
fn kept(parts: &mut [Part], holes: &[Hole]) {
    for part in parts {
        match part {
            Part::Text(_) | Part::Known(_) => {}
            Part::Hole(at) => *part = Part::Known(Box::new(holes[*at].clone())),
            Part::Either(one, other) => {
                kept(one, holes);
                kept(other, holes);
            }
            Part::Repeat(_, body, apart) => {
                kept(body, holes);
                apart.iter_mut().for_each(|parts| kept(parts, holes));
            }
        }
    }
}
