//! Declarations that are taken over from an earlier text and stand further on by now, or further up.
//!
//! Every pattern here names every field, so that no place is forgotten.

use super::*;

impl Item {
    /// Moves every place by so many bytes; back where that wraps around.
    pub(crate) fn shift(&mut self, by: u32) {
        match self {
            Item::Import(Import { names, from, span }) => {
                for ImportName { name, alias } in names {
                    ident(name, by);
                    alias.iter_mut().for_each(|a| ident(a, by));
                }
                match from {
                    ImportFrom::Module(place) | ImportFrom::Path(place) => ident(place, by),
                }
                shift(span, by);
            }
            Item::Const(Const { doc: _, name, ty, value, span }) => {
                ident(name, by);
                ty.iter_mut().for_each(|t| type_expr(t, by));
                expr(value, by);
                shift(span, by);
            }
            Item::Type(TypeDecl { doc: _, name, body, span }) => {
                ident(name, by);
                match body {
                    TypeBody::Record(fields) => params(fields, by),
                    TypeBody::Alias(alias) => type_expr(alias, by),
                }
                shift(span, by);
            }
            Item::Enum(EnumDecl { doc: _, name, variants, span }) => {
                ident(name, by);
                variants.iter_mut().for_each(|(name, _)| ident(name, by));
                shift(span, by);
            }
            Item::Model(Model { doc: _, name, id, settings, span }) => {
                ident(name, by);
                text(id, by);
                settings.iter_mut().for_each(|s| setting(s, by));
                shift(span, by);
            }
            Item::Prompt(Prompt { doc: _, name, params: given, output, from, settings, span }) => {
                ident(name, by);
                params(given, by);
                output.iter_mut().for_each(|t| type_expr(t, by));
                from.iter_mut().for_each(|lit| text(lit, by));
                settings.iter_mut().for_each(|s| setting(s, by));
                shift(span, by);
            }
            Item::Lookup(it) | Item::Guard(it) | Item::Action(it) => {
                let Callable { doc: _, name, params: given, output, settings, span } = it;
                ident(name, by);
                params(given, by);
                output.iter_mut().for_each(|t| type_expr(t, by));
                settings.iter_mut().for_each(|s| setting(s, by));
                shift(span, by);
            }
            Item::Flow(Flow { doc: _, name, params: given, output, body, span }) => {
                ident(name, by);
                params(given, by);
                output.iter_mut().for_each(|t| type_expr(t, by));
                block(body, by);
                shift(span, by);
            }
            Item::Batch(Batch { doc: _, name, body, span }) => {
                ident(name, by);
                block(body, by);
                shift(span, by);
            }
            Item::Test(Test { doc: _, name, lines, span }) => {
                text(name, by);
                lines.iter_mut().for_each(|l| line(l, by));
                shift(span, by);
            }
            Item::Eval(Eval { doc: _, name, settings, scores, span }) => {
                ident(name, by);
                settings.iter_mut().for_each(|s| setting(s, by));
                for (name, value) in scores {
                    ident(name, by);
                    expr(value, by);
                }
                shift(span, by);
            }
            Item::Error(span) => shift(span, by),
        }
    }
}

fn shift(Span { file: _, start, end }: &mut Span, by: u32) {
    (*start, *end) = (start.wrapping_add(by), end.wrapping_add(by));
}

fn ident(Ident { name: _, span }: &mut Ident, by: u32) {
    shift(span, by);
}

fn text(StringLit { value: _, pieces, span }: &mut StringLit, by: u32) {
    pieces.iter_mut().for_each(|(_, source)| *source = source.wrapping_add(by));
    shift(span, by);
}

fn params(params: &mut [Param], by: u32) {
    for Param { doc: _, name, ty, default, span } in params {
        ident(name, by);
        type_expr(ty, by);
        default.iter_mut().for_each(|d| expr(d, by));
        shift(span, by);
    }
}

fn type_expr(TypeExpr { kind, span }: &mut TypeExpr, by: u32) {
    match kind {
        TypeExprKind::Named(name) => ident(name, by),
        TypeExprKind::List(inner) | TypeExprKind::Map(inner) | TypeExprKind::Optional(inner) => {
            type_expr(inner, by);
        }
        TypeExprKind::Bounded { inner, bound, truncate: _ } => {
            type_expr(inner, by);
            expr(bound, by);
        }
        TypeExprKind::Range { inner, low, high } => {
            type_expr(inner, by);
            expr(low, by);
            expr(high, by);
        }
        TypeExprKind::Labelled { labels, inner } => {
            labels.iter_mut().for_each(|l| ident(l, by));
            type_expr(inner, by);
        }
        TypeExprKind::Error => {}
    }
    shift(span, by);
}

fn setting(Setting { doc: _, key, value, span }: &mut Setting, by: u32) {
    ident(key, by);
    match value {
        SettingValue::Expr(value) => expr(value, by),
        SettingValue::Words { head, words } => {
            head.iter_mut().for_each(|e| expr(e, by));
            for (word, value) in words {
                ident(word, by);
                expr(value, by);
            }
        }
        SettingValue::Price(amounts) => {
            for (amount, word) in amounts {
                expr(amount, by);
                ident(word, by);
            }
        }
        SettingValue::Typed { source, ty } => {
            expr(source, by);
            type_expr(ty, by);
        }
        SettingValue::Error(span) => shift(span, by),
    }
    shift(span, by);
}

fn line(line: &mut TestLine, by: u32) {
    match line {
        TestLine::Reply { prompt, with, span } => {
            ident(prompt, by);
            match with {
                Reply::Value(value) => expr(value, by),
                Reply::From(file) => text(file, by),
            }
            shift(span, by);
        }
        TestLine::Let(it) => step(it, by),
        TestLine::Expect { value, span } => {
            expr(value, by);
            shift(span, by);
        }
        TestLine::Error(span) => shift(span, by),
    }
}

fn block(Block { settings, steps, results, span }: &mut Block, by: u32) {
    settings.iter_mut().for_each(|s| setting(s, by));
    steps.iter_mut().for_each(|s| step(s, by));
    for BlockResult { is_return: _, keyword, value } in results {
        shift(keyword, by);
        operation(value, by);
    }
    shift(span, by);
}

fn step(Step { doc: _, name, operation: work, span }: &mut Step, by: u32) {
    name.iter_mut().for_each(|n| ident(n, by));
    operation(work, by);
    shift(span, by);
}

fn operation(Operation { kind, settings, on_fail, span }: &mut Operation, by: u32) {
    match kind {
        OperationKind::Expr(value) => expr(value, by),
        OperationKind::If { condition, then, otherwise } => {
            expr(condition, by);
            block(then, by);
            otherwise.iter_mut().for_each(|b| block(b, by));
        }
        OperationKind::Match { subject, arms } => {
            expr(subject, by);
            for Arm { patterns, body, span } in arms {
                patterns.iter_mut().for_each(|p| pattern(p, by));
                block(body, by);
                shift(span, by);
            }
        }
        OperationKind::Each { item, list, body } => {
            ident(item, by);
            expr(list, by);
            block(body, by);
        }
        OperationKind::Repeat { up_to, from, body, until } => {
            up_to.iter_mut().chain(from).chain(until).for_each(|e| expr(e, by));
            block(body, by);
        }
        OperationKind::Error(span) => shift(span, by),
    }
    settings.iter_mut().for_each(|s| setting(s, by));
    match on_fail.as_deref_mut() {
        Some(OnFail::Stop { message: value, span } | OnFail::Retry { times: value, span }) => {
            expr(value, by);
            shift(span, by);
        }
        Some(OnFail::Redact(span) | OnFail::Hold(span) | OnFail::Error(span)) => shift(span, by),
        Some(OnFail::Do(other)) => operation(other, by),
        None => {}
    }
    shift(span, by);
}

fn pattern(pattern: &mut Pattern, by: u32) {
    match pattern {
        Pattern::Variant { of, name } => {
            of.iter_mut().for_each(|o| ident(o, by));
            ident(name, by);
        }
        Pattern::Literal(value) => expr(value, by),
        Pattern::Else(span) => shift(span, by),
    }
}

fn expr(Expr { kind, span }: &mut Expr, by: u32) {
    match kind {
        ExprKind::Text(lit) => text(lit, by),
        ExprKind::Field(of, name) => {
            expr(of, by);
            ident(name, by);
        }
        ExprKind::Index(a, b) | ExprKind::Binary(_, a, b) => {
            expr(a, by);
            expr(b, by);
        }
        ExprKind::Call(callee, args) => {
            expr(callee, by);
            for Arg { name, value } in args {
                name.iter_mut().for_each(|n| ident(n, by));
                expr(value, by);
            }
        }
        ExprKind::Unary(_, of) => expr(of, by),
        ExprKind::List(items) => items.iter_mut().for_each(|i| expr(i, by)),
        ExprKind::Record(name, entries) => {
            name.iter_mut().for_each(|n| ident(n, by));
            for (key, value) in entries {
                ident(key, by);
                expr(value, by);
            }
        }
        ExprKind::Lambda(name, body) => {
            ident(name, by);
            expr(body, by);
        }
        ExprKind::Int(_)
        | ExprKind::Float(_)
        | ExprKind::Percent(_)
        | ExprKind::Bool(_)
        | ExprKind::Null
        | ExprKind::Money(_)
        | ExprKind::Duration(_)
        | ExprKind::Size(..)
        | ExprKind::Name(_)
        | ExprKind::Error => {}
    }
    shift(span, by);
}
