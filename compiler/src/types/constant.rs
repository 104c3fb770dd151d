//! Constants: expressions whose value is known while compiling.

use crate::ast::{Expr, Ident, Item, TypeExpr};
use crate::checker::{Checker, Progress};
use crate::resolve::DeclId;
use crate::types::{Declared, Scopes, Typed};
use ecow::EcoString;
use flow_diagnostics::{Code, FlowDiagnostic};
use flow_plan::{EvalError, Integrity, Labels, Scope, TemplateId, Type, Value, VarId};

impl Checker<'_> {
    /// The value and type of a `const`.
    pub(crate) fn constant(&mut self, id: DeclId) -> (Value, Type) {
        match self.consts.get(&id) {
            Some(Progress::Done(known)) => return known.clone(),
            Some(Progress::Running) => {
                if let Some(name) = self.program.item(id).name() {
                    let message = format!("the constant `{}` is defined by itself", name.name);
                    self.report(FlowDiagnostic::new(Code::E0601, name.span, message));
                }
                return (Value::Null, Type::Error);
            }
            None => {}
        }
        self.consts.insert(id, Progress::Running);
        let known =
            self.deeper(id, |checker| checker.work_out_constant(id)).unwrap_or((Value::Null, Type::Error));
        self.consts.insert(id, Progress::Done(known.clone()));
        known
    }

    fn work_out_constant(&mut self, id: DeclId) -> (Value, Type) {
        match self.program.item(id) {
            Item::Const(decl) => match &decl.ty {
                Some(written) => {
                    let Declared { ty, labels, .. } = self.type_expr(id.file, written);
                    self.says_nothing_of_itself(&decl.name, (written, labels));
                    match self.constant_of(id.file, &decl.value, &ty) {
                        Some(value) => (value, ty),
                        // Reported; nothing that uses it is judged by it.
                        None => (Value::Null, Type::Error),
                    }
                }
                None => self.fold(id.file, &decl.value, None).unwrap_or((Value::Null, Type::Error)),
            },
            _ => (Value::Null, Type::Error),
        }
    }

    // A label on what stands in the program for everybody to read would be a promise that nobody keeps.
    fn says_nothing_of_itself(&mut self, name: &Ident, (written, labels): (&TypeExpr, Labels)) {
        let label = match labels {
            Labels { private: true, .. } => "private",
            Labels { secret: true, .. } => "secret",
            Labels { integrity: Integrity::Untrusted, .. } => "untrusted",
            _ => return,
        };
        let name = &name.name;
        let message = format!("the constant `{name}` cannot be {label}: its value stands in the program");
        let help = format!("let the flow take it as an input, `{name}: {label} …`, or leave `{label}` out");
        self.report(FlowDiagnostic::new(Code::E0201, written.span, message).help(help));
    }

    /// The value of an expression that must be constant and of this type.
    pub(crate) fn constant_of(&mut self, file: usize, expr: &Expr, ty: &Type) -> Option<Value> {
        self.fold(file, expr, Some(ty)).map(|(value, _)| value)
    }

    fn fold(&mut self, file: usize, expr: &Expr, expected: Option<&Type>) -> Option<(Value, Type)> {
        let mut scopes = Scopes::constants(file);
        let typed = match expected {
            Some(ty) => self.expr_as(&mut scopes, expr, ty),
            None => self.expr(&mut scopes, expr, None),
        };
        self.value_of(&typed, expr)
    }

    fn value_of(&mut self, typed: &Typed, written: &Expr) -> Option<(Value, Type)> {
        if matches!(typed.ty, Type::Error) {
            return None;
        }
        match flow_plan::eval(&typed.expr, &Nothing) {
            Ok(value) => Some((value, typed.ty.clone())),
            Err(error) => {
                self.report(FlowDiagnostic::new(Code::E0201, written.span, format!("{error}")));
                None
            }
        }
    }
}

/// A scope without variables: the checker lets no name but constants into a constant.
struct Nothing;

impl Scope for Nothing {
    fn var(&self, _: VarId) -> Option<Value> {
        None
    }

    fn render(&self, _: TemplateId, _: &dyn Scope) -> Result<EcoString, EvalError> {
        Err(EvalError("a text with holes is not a constant".into()))
    }
}
