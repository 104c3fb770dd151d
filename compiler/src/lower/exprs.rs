//! Expressions: flat lists of operands and operators become trees by how tightly each binds.

use super::Lower;
use crate::ast::{Arg, BinaryOp, Expr, ExprKind, Ident, UnaryOp};
use flow_diagnostics::Span;
use flow_grammar::{Kind, Node};

/// The most operators one expression may have: what walks over it recurses that deep.
const MOST_OPERATORS: usize = 256;

/// The most parameters in a row, `a => b => …`, for the same reason.
const MOST_PARAMETERS: usize = 8;

/// What a flat list is made of while it is sorted.
enum Pending {
    Unary(UnaryOp, Span),
    Binary(BinaryOp),
}

impl Pending {
    // How tightly it binds; unary minus binds tighter than every binary operator.
    fn strength(&self) -> u8 {
        match self {
            Pending::Unary(UnaryOp::Not, _) => 3,
            Pending::Unary(UnaryOp::Negate, _) => 8,
            Pending::Binary(op) => strength(*op),
        }
    }
}

impl Lower<'_> {
    /// The expression among a node's children; an `Error` where there is none.
    pub(super) fn expr_in(&mut self, node: Node<'_>) -> Expr {
        let found = node.children().find(|c| matches!(c.kind(), Kind::expr | Kind::inner | Kind::subject));
        match found {
            Some(found) => self.expr(found),
            None => Expr { kind: ExprKind::Error, span: self.span(node).after() },
        }
    }

    /// An `expr`, `inner` or `subject`.
    pub(super) fn expr(&mut self, node: Node<'_>) -> Expr {
        let mut operands: Vec<Expr> = Vec::new();
        let mut pending: Vec<Pending> = Vec::new();
        let mut operators = 0;
        let mut children = node.children().peekable();
        while let Some(child) = children.next() {
            match child.kind() {
                Kind::comment | Kind::doc => {}
                Kind::prefix => {
                    let op = if self.of(child).starts_with('-') { UnaryOp::Negate } else { UnaryOp::Not };
                    pending.push(Pending::Unary(op, self.span(child)));
                    operators += 1;
                }
                Kind::op => {
                    let Some(op) = operator(self.of(child)) else { continue };
                    self.reduce(&mut operands, &mut pending, op);
                    pending.push(Pending::Binary(op));
                    operators += 1;
                }
                Kind::args | Kind::index | Kind::member => {
                    let Some(of) = operands.pop() else { continue };
                    operators += 1;
                    operands.push(self.postfix(of, child));
                }
                Kind::number => {
                    let unit = children.next_if(|next| next.kind() == Kind::unit);
                    operands.push(self.number(child, unit));
                }
                _ => operands.push(self.primary(child)),
            }
            if operators > MOST_OPERATORS {
                return self.too_long(node);
            }
        }
        while let Some(op) = pending.pop() {
            apply(&mut operands, op);
        }
        operands.pop().unwrap_or(Expr { kind: ExprKind::Error, span: self.span(node) })
    }

    fn too_long(&mut self, node: Node<'_>) -> Expr {
        let span = self.span(node);
        let diagnostic = self
            .error(
                Span { end: span.start, ..span },
                format!("this expression has more than {MOST_OPERATORS} operators"),
            )
            .help("name parts of it in steps of their own");
        self.out.push(diagnostic);
        Expr { kind: ExprKind::Error, span }
    }

    // Applies what binds at least as tightly as `next`, which comes behind it.
    fn reduce(&mut self, operands: &mut Vec<Expr>, pending: &mut Vec<Pending>, next: BinaryOp) {
        let mine = strength(next);
        while let Some(top) = pending.pop_if(|top| top.strength() >= mine) {
            if let (Pending::Binary(first), true) = (&top, is_comparison(next))
                && is_comparison(*first)
            {
                self.chained(operands, next);
            }
            apply(operands, top);
        }
    }

    // `a < b < c` does not mean what it looks like.
    fn chained(&mut self, operands: &[Expr], op: BinaryOp) {
        let Some(at) = operands.last().map(|o| o.span) else { return };
        let diagnostic = self
            .error(at, "comparisons cannot be chained")
            .help(format!("join two of them: `a {0} b and b {0} c`", op.symbol()));
        self.out.push(diagnostic);
    }

    pub(super) fn primary(&mut self, node: Node<'_>) -> Expr {
        let span = self.span(node);
        if let Some(lit) = self.string(node) {
            return Expr { kind: ExprKind::Text(lit), span };
        }
        match node.kind() {
            Kind::name => self.name(node),
            Kind::money => self.money(node),
            Kind::list => {
                let items =
                    node.children().filter(|c| c.kind() == Kind::inner).map(|c| self.expr(c)).collect();
                Expr { kind: ExprKind::List(items), span }
            }
            Kind::paren => self.expr_in(node),
            Kind::anonymous => Expr { kind: ExprKind::Record(None, self.entries(node)), span },
            Kind::record => {
                let name = self.named(node, Kind::upper);
                let entries = node.child(Kind::anonymous).map(|a| self.entries(a)).unwrap_or_default();
                Expr { kind: ExprKind::Record(Some(name), entries), span }
            }
            _ => Expr { kind: ExprKind::Error, span },
        }
    }

    /// A name, or one of the words that are values.
    pub(super) fn name(&self, node: Node<'_>) -> Expr {
        let kind = match self.of(node) {
            "true" => ExprKind::Bool(true),
            "false" => ExprKind::Bool(false),
            "null" => ExprKind::Null,
            "" => ExprKind::Error,
            name => ExprKind::Name(name.into()),
        };
        Expr { kind, span: self.span(node) }
    }

    /// `a` or `a.b.c`, of which every part is a name.
    pub(super) fn name_or_path(&self, node: Node<'_>) -> Expr {
        let mut parts = node.children().filter(|c| c.kind() == Kind::ident);
        let first = match parts.next() {
            Some(first) => self.name(first),
            None => return self.name(node),
        };
        parts.fold(first, |of, part| {
            let name = self.ident(part);
            let span = of.span.to(name.span);
            Expr { kind: ExprKind::Field(Box::new(of), name), span }
        })
    }

    fn postfix(&mut self, of: Expr, node: Node<'_>) -> Expr {
        let span = of.span.to(self.span(node));
        let kind = match node.kind() {
            Kind::args => {
                let args = node.children().filter(|c| c.kind() == Kind::arg).map(|c| self.arg(c)).collect();
                ExprKind::Call(Box::new(of), args)
            }
            Kind::index => ExprKind::Index(Box::new(of), Box::new(self.expr_in(node))),
            _ => {
                let name = self.named(node, Kind::ident);
                match name.name.is_empty() {
                    true => ExprKind::Error,
                    false => ExprKind::Field(Box::new(of), name),
                }
            }
        };
        Expr { kind, span }
    }

    fn arg(&mut self, node: Node<'_>) -> Arg {
        let mut name = None;
        let mut params: Vec<Ident> = Vec::new();
        for child in node.children() {
            match child.kind() {
                Kind::arg_name => name = Some(self.named(child, Kind::ident)),
                Kind::lambda => params.push(self.named(child, Kind::ident)),
                _ => {}
            }
        }
        if params.len() > MOST_PARAMETERS {
            let diagnostic = self.error(params[0].span, "a function given as an argument has one parameter");
            self.out.push(diagnostic);
            params.clear();
        }
        let start = self.span(node).start;
        let value = params.into_iter().rev().fold(self.expr_in(node), |body, param| {
            let span = Span { start: start.max(param.span.start), ..body.span };
            Expr { kind: ExprKind::Lambda(param, Box::new(body)), span }
        });
        Arg { name, value }
    }

    fn entries(&mut self, node: Node<'_>) -> Vec<(Ident, Expr)> {
        let mut entries = Vec::new();
        for field in node.children().filter(|c| c.kind() == Kind::field) {
            let key = match field.children().find_map(|c| self.string(c)) {
                Some(lit) => Ident { name: lit.value, span: lit.span },
                None => self.named(field, Kind::ident),
            };
            let value = self.expr_in(field);
            if !key.name.is_empty() {
                entries.push((key, value));
            }
        }
        entries
    }
}

fn apply(operands: &mut Vec<Expr>, op: Pending) {
    match op {
        Pending::Unary(op, at) => {
            let Some(operand) = operands.pop() else { return };
            let span = at.to(operand.span);
            operands.push(Expr { kind: ExprKind::Unary(op, Box::new(operand)), span });
        }
        Pending::Binary(op) => {
            let (Some(right), Some(left)) = (operands.pop(), operands.pop()) else { return };
            let span = left.span.to(right.span);
            operands.push(Expr { kind: ExprKind::Binary(op, Box::new(left), Box::new(right)), span });
        }
    }
}

fn operator(text: &str) -> Option<BinaryOp> {
    use BinaryOp::*;
    Some(match text {
        "or" => Or,
        "and" => And,
        "==" => Equal,
        "!=" => NotEqual,
        "<" => Less,
        "<=" => LessEqual,
        ">" => Greater,
        ">=" => GreaterEqual,
        "in" => In,
        "??" => Default,
        "+" => Add,
        "-" => Subtract,
        "*" => Multiply,
        "/" => Divide,
        "%" => Remainder,
        // Any blanks may stand between the two words.
        text if text.starts_with("not") => NotIn,
        _ => return None,
    })
}

fn strength(op: BinaryOp) -> u8 {
    use BinaryOp::*;
    match op {
        Or => 1,
        And => 2,
        Equal | NotEqual | Less | LessEqual | Greater | GreaterEqual | In | NotIn => 4,
        Default => 5,
        Add | Subtract => 6,
        Multiply | Divide | Remainder => 7,
    }
}

fn is_comparison(op: BinaryOp) -> bool {
    strength(op) == 4
}
