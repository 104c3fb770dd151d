//! Decisions of people that a test scripts: `reply review approve`.

use crate::ast::{ExprKind, Ident, Reply};
use crate::checker::Checker;
use crate::types::REVIEW;
use ecow::EcoString;
use flow_diagnostics::{Code, FlowDiagnostic};
use flow_plan::{EnumType, Field, Labels, RecordType, Scripted, Type, Value, Variant};
use std::sync::Arc;

impl Checker<'_> {
    /// Whether a scripted reply is one to reviews: nothing of the program has that name.
    pub(crate) fn is_of_reviews(&self, file: usize, named: &Ident) -> bool {
        named.name == REVIEW && !self.program.files[file].scope.contains_key(REVIEW)
    }

    /// `approve`, `reject`, `expire`, or a record with the reason or the edited value.
    pub(crate) fn scripted_decision(&mut self, file: usize, named: &Ident, with: &Reply) -> Option<Scripted> {
        let Reply::Value(expr) = with else {
            let message = "what a person decides is not recorded on a cassette";
            self.report(
                FlowDiagnostic::new(Code::E0201, named.span, message)
                    .help("write it: `reply review approve`"),
            );
            return None;
        };
        let is_record = matches!(expr.kind, ExprKind::Record(..));
        let ty = if is_record { Type::Record(Arc::new(record())) } else { Type::Enum(Arc::new(decision())) };
        let value = self.constant_of(file, expr, &ty)?;
        let (decision, part) = match &value {
            Value::Record(parts) => (parts.get("decision").cloned(), Some(parts)),
            other => (Some(other.clone()), None),
        };
        let part = |name: &str| part.and_then(|p| p.get(name)).filter(|v| **v != Value::Null).cloned();
        let (reason, edited) = (part("reason"), part("value"));
        let Some(Value::Text(decision)) = decision else { return None };
        let wrong = match (decision.as_str(), &reason, &edited) {
            ("reject" | "expire", _, Some(_)) => Some("only what is approved has a `value`"),
            ("expire", Some(_), _) => Some("where nobody decides, there is no `reason`"),
            _ => None,
        };
        if let Some(message) = wrong {
            self.report(FlowDiagnostic::new(Code::E0201, expr.span, message));
            return None;
        }
        Some(match decision.as_str() {
            "approve" => Scripted::Approve(edited),
            "reject" => Scripted::Reject(reason.map(|r| r.to_string().into()).unwrap_or_default()),
            _ => Scripted::Expire,
        })
    }
}

fn decision() -> EnumType {
    let variant = |name: &str| Variant { name: name.into(), doc: EcoString::new() };
    EnumType {
        name: "Decision".into(),
        doc: EcoString::new(),
        variants: ["approve", "reject", "expire"].map(variant).to_vec(),
    }
}

fn record() -> RecordType {
    let field = |name: &str, ty: Type| Field {
        name: name.into(),
        ty,
        doc: EcoString::new(),
        labels: Labels::default(),
        default: None,
    };
    let optional = |ty: Type| Type::Optional(Box::new(ty));
    RecordType {
        name: Some("Decision".into()),
        doc: EcoString::new(),
        fields: vec![
            field("decision", Type::Enum(Arc::new(decision()))),
            field("reason", optional(Type::TEXT)),
            field("value", optional(Type::Json(None))),
        ],
    }
}
