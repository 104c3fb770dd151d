//! Texts, lists and records.

use crate::ast::{Expr, Ident, StringLit};
use crate::checker::{Checker, Progress};
use crate::resolve::Target;
use crate::template::{self, Names};
use crate::types::{Scopes, Typed};
use ecow::EcoString;
use flow_diagnostics::{Code, FlowDiagnostic, Span, did_you_mean};
use flow_plan::{self as plan, Bound, Field, Labels, RecordType, TemplateId, Type, Value};
use std::sync::Arc;

impl Checker<'_> {
    pub(crate) fn text(&mut self, scopes: &mut Scopes, lit: &StringLit, expected: Option<&Type>) -> Typed {
        if lit.is_template() {
            let (id, labels) = self.template(scopes, lit);
            return Typed::new(plan::Expr::Template(id), Type::TEXT, labels);
        }
        let value = lit.value.as_str();
        match expected.map(Type::present) {
            Some(ty @ (Type::Date | Type::Time)) => match ty.read(&value.into()) {
                Ok(read) => Typed::constant(read, ty.clone()),
                Err(mismatch) => {
                    self.report(FlowDiagnostic::new(Code::E0201, lit.span, mismatch.message));
                    Typed::error()
                }
            },
            Some(Type::Enum(e)) => match e.variants.iter().find(|v| v.name == value) {
                Some(v) => Typed::constant(Value::Text(v.name.clone()), Type::Enum(e.clone())),
                None => {
                    let message = format!("\"{value}\" is not one of {}", e.names());
                    self.report(FlowDiagnostic::new(Code::E0201, lit.span, message));
                    Typed::error()
                }
            },
            Some(Type::Image) => Typed::constant(Value::Image(value.into()), Type::Image),
            _ => {
                let bound = Some(Bound::Chars(value.chars().count() as u64));
                Typed::constant(Value::text(value), Type::Text { bound, truncate: false })
            }
        }
    }

    /// Checks a template against the names around it and puts it into the plan.
    pub(crate) fn template(&mut self, scopes: &mut Scopes, lit: &StringLit) -> (TemplateId, Labels) {
        let slot = self.next_slot();
        let check = {
            let names = Around { checker: self, scopes };
            let mut found = flow_diagnostics::Diagnostics::default();
            let check = match self.memo {
                Some(memo) => template::check_again((&memo.checks, slot), lit, &names, &mut found),
                None => Arc::new(template::check(lit, &names, &mut found)),
            };
            self.out.append(found);
            check
        };
        let mut vars: Vec<(EcoString, plan::Expr)> = Vec::new();
        let mut labels = Labels::default();
        for name in &check.free {
            if let Some(binding) = scopes.get(name).cloned() {
                scopes.reads.push(binding.var);
                labels = labels.join(binding.labels);
                vars.push((name.clone(), plan::Expr::Var(binding.var)));
            } else if let Some(Target::Decl(id)) = self.global(scopes.file, name, lit.span)
                && let Some(Progress::Done((value, _))) = self.consts.get(&id)
            {
                vars.push((name.clone(), plan::Expr::Literal(value.clone())));
            }
        }
        self.note_template(scopes, &check.seen);
        for hole in check.holes.iter() {
            self.hir.typed.push(crate::hir::Typed {
                span: hole.span,
                name: EcoString::new(),
                ty: hole.ty.clone(),
                labels,
            });
        }
        let id = TemplateId(self.plan.templates.len() as u32);
        self.plan.templates.push(plan::Template {
            source: lit.value.clone(),
            vars,
            holes: check.holes.clone(),
            decides: check.decides.clone(),
            span: lit.span,
        });
        (id, labels)
    }

    pub(crate) fn list(&mut self, scopes: &mut Scopes, items: &[Expr], expected: Option<&Type>) -> Typed {
        let wanted = match expected.map(Type::present) {
            Some(Type::List(item, _)) => Some((**item).clone()),
            _ => None,
        };
        let mut joined: Option<Type> = None;
        let mut labels = Labels::default();
        let mut out = Vec::with_capacity(items.len());
        for item in items {
            let typed = match &wanted {
                Some(ty) => self.expr_as(scopes, item, ty),
                None => self.expr(scopes, item, None),
            };
            labels = labels.join(typed.labels);
            joined = match joined {
                None => Some(typed.ty.clone()),
                Some(so_far) => match so_far.join(&typed.ty) {
                    Some(ty) => Some(ty),
                    None => {
                        let message = format!(
                            "this is `{}`, the elements before it are `{}`",
                            typed.ty.unbounded(),
                            so_far.unbounded()
                        );
                        self.report(
                            FlowDiagnostic::new(Code::E0201, item.span, message)
                                .help("the elements of a list have one type"),
                        );
                        Some(Type::Error)
                    }
                },
            };
            out.push(typed.expr);
        }
        let item = joined.or(wanted).unwrap_or(Type::Error);
        let ty = Type::List(Box::new(item), Some(items.len() as u64));
        Typed::new(plan::Expr::List(out), ty, labels)
    }

    pub(crate) fn record(
        &mut self,
        scopes: &mut Scopes,
        (name, entries): (Option<&Ident>, &[(Ident, Expr)]),
        span: Span,
        expected: Option<&Type>,
    ) -> Typed {
        for (i, (key, _)) in entries.iter().enumerate() {
            if let Some((first, _)) = entries[..i].iter().find(|(k, _)| k.name == key.name) {
                self.report(crate::resolve::defined_twice(&key.name, key.span, first.span));
                return Typed::error();
            }
        }
        if let Some(name) = name {
            return match self.record_type(scopes.file, name) {
                Some(record) => self.fill(scopes, &record, entries, span),
                None => {
                    for (_, value) in entries {
                        self.expr(scopes, value, None);
                    }
                    Typed::error()
                }
            };
        }
        match expected.map(Type::present) {
            Some(Type::Record(record)) => self.fill(scopes, &record.clone(), entries, span),
            Some(Type::Map(item, _)) => self.map(scopes, item, entries),
            _ => self.anonymous(scopes, entries),
        }
    }

    fn record_type(&mut self, file: usize, name: &Ident) -> Option<Arc<RecordType>> {
        match self.global(file, &name.name, name.span) {
            Some(Target::Poison) => return None,
            Some(Target::Decl(id)) => match self.declared_type(id).ty {
                Type::Record(record) => return Some(record),
                Type::Error => return None,
                _ => {}
            },
            Some(Target::Builtin(_)) => {}
            None => {
                let names = self.global_names(file);
                let near = self.near(&name.name, names);
                let mut diagnostic =
                    FlowDiagnostic::new(Code::E0101, name.span, format!("unknown type `{}`", name.name));
                if let Some(near) = near {
                    diagnostic = diagnostic.help(format!("did you mean `{near}`?")).fix(
                        format!("change it to `{near}`"),
                        name.span,
                        near,
                    );
                }
                self.report(diagnostic);
                return None;
            }
        }
        let message = format!("`{}` is not a record type", name.name);
        self.report(FlowDiagnostic::new(Code::E0201, name.span, message));
        None
    }

    // A record of a declared type: every field in the type's order, defaults filled in.
    fn fill(
        &mut self,
        scopes: &mut Scopes,
        record: &Arc<RecordType>,
        entries: &[(Ident, Expr)],
        span: Span,
    ) -> Typed {
        let shown = record.name.as_deref().unwrap_or("the record");
        let mut labels = Labels::default();
        let mut out = Vec::with_capacity(record.fields.len());
        let mut missing = Vec::new();
        for field in &record.fields {
            let value = match entries.iter().find(|(k, _)| k.name == field.name) {
                Some((key, value)) => {
                    self.note_field(key, record.name.clone(), &field.ty);
                    let typed = self.expr_as(scopes, value, &field.ty);
                    labels = labels.join(typed.labels);
                    typed.expr
                }
                None => match &field.default {
                    Some(default) => plan::Expr::Literal(default.clone()),
                    None => {
                        if !matches!(field.ty, Type::Optional(_) | Type::Error) {
                            missing.push(format!("`{}`", field.name));
                        }
                        plan::Expr::Literal(Value::Null)
                    }
                },
            };
            out.push((field.name.clone(), value));
        }
        for (key, value) in entries {
            if record.field(&key.name).is_some() {
                continue;
            }
            self.expr(scopes, value, None);
            let near = did_you_mean(&key.name, record.fields.iter().map(|f| f.name.as_str()));
            let message = format!("`{shown}` has no field `{}`", key.name);
            let mut diagnostic = FlowDiagnostic::new(Code::E0202, key.span, message);
            diagnostic = match near {
                Some(near) => {
                    // The field it was meant for is not missing as well.
                    missing.retain(|m| *m != format!("`{near}`"));
                    diagnostic.help(format!("did you mean `{near}`?")).fix(
                        format!("change it to `{near}`"),
                        key.span,
                        near,
                    )
                }
                None => diagnostic.help(format!("its fields are {}", record.names())),
            };
            self.report(diagnostic);
        }
        if !missing.is_empty() {
            let message = format!("`{shown}` is missing {}", missing.join(", "));
            self.report(FlowDiagnostic::new(Code::E0203, span, message));
        }
        Typed::new(plan::Expr::Record(out), Type::Record(record.clone()), labels)
    }

    fn map(&mut self, scopes: &mut Scopes, item: &Type, entries: &[(Ident, Expr)]) -> Typed {
        let mut labels = Labels::default();
        let mut out = Vec::with_capacity(entries.len());
        for (key, value) in entries {
            let typed = self.expr_as(scopes, value, item);
            labels = labels.join(typed.labels);
            out.push((key.name.clone(), typed.expr));
        }
        let ty = Type::Map(Box::new(item.clone()), Some(entries.len() as u64));
        Typed::new(plan::Expr::Record(out), ty, labels)
    }

    fn anonymous(&mut self, scopes: &mut Scopes, entries: &[(Ident, Expr)]) -> Typed {
        let mut labels = Labels::default();
        let mut out = Vec::with_capacity(entries.len());
        let mut fields = Vec::with_capacity(entries.len());
        for (key, value) in entries {
            let typed = self.expr(scopes, value, None);
            labels = labels.join(typed.labels);
            fields.push(Field {
                name: key.name.clone(),
                ty: typed.ty,
                doc: EcoString::new(),
                labels: typed.labels,
                default: None,
            });
            out.push((key.name.clone(), typed.expr));
        }
        let ty = Type::Record(Arc::new(RecordType { name: None, doc: EcoString::new(), fields }));
        Typed::new(plan::Expr::Record(out), ty, labels)
    }
}

/// The names a template can use: those of the body around it, and constants.
struct Around<'c, 'a> {
    checker: &'c Checker<'a>,
    scopes: &'c Scopes,
}

impl Names for Around<'_, '_> {
    fn ty(&self, name: &str) -> Option<Type> {
        if let Some(binding) = self.scopes.get(name) {
            return Some(binding.ty.clone());
        }
        match self.checker.program.files[self.scopes.file].scope.get(name)?.target {
            Target::Decl(id) => match self.checker.consts.get(&id)? {
                Progress::Done((_, ty)) => Some(ty.clone()),
                Progress::Running => None,
            },
            Target::Poison => Some(Type::Error),
            Target::Builtin(_) => None,
        }
    }

    fn has(&self, name: &str, ty: Option<&Type>) -> bool {
        match self.scopes.get(name) {
            Some(binding) => Some(&binding.ty) == ty,
            None => self.ty(name).as_ref() == ty,
        }
    }

    fn candidates(&self) -> Vec<EcoString> {
        self.scopes.names().map(EcoString::from).collect()
    }
}
