//! Templates, compiled once for a plan and rendered with the variables of a scope.

use crate::RunError;
use ecow::EcoString;
use flow_diagnostics::Code;
use flow_plan::{EvalError, Expr, Plan, Scope, TemplateId, Value, eval};
use minijinja::{Environment, UndefinedBehavior};

/// Every template of a plan.
pub struct Templates {
    environment: Environment<'static>,
    vars: Vec<Vec<(EcoString, Expr)>>,
}

impl Templates {
    /// Compiles the templates; E0810 where one is not a template, which the compiler rules out.
    pub fn new(plan: &Plan) -> Result<Templates, RunError> {
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        for (i, template) in plan.templates.iter().enumerate() {
            environment
                .add_template_owned(i.to_string(), template.source.to_string())
                .map_err(|e| RunError::new(Code::E0810, format!("not a template: {e}")))?;
        }
        Ok(Templates { environment, vars: plan.templates.iter().map(|t| t.vars.clone()).collect() })
    }

    /// Renders a template with what its holes name.
    pub fn render(&self, id: TemplateId, scope: &dyn Scope) -> Result<EcoString, EvalError> {
        let missing = || EvalError(format!("template {} does not exist", id.0));
        let vars = self.vars.get(id.0 as usize).ok_or_else(missing)?;
        let mut holes = std::collections::BTreeMap::new();
        for (name, expr) in vars {
            holes.insert(name.to_string(), shown(&eval(expr, scope)?));
        }
        let template = self.environment.get_template(&id.0.to_string()).map_err(|_| missing())?;
        template.render(holes).map(EcoString::from).map_err(|e| EvalError(e.to_string()))
    }
}

fn shown(value: &Value) -> minijinja::Value {
    match value {
        Value::Null => minijinja::Value::from(()),
        Value::Bool(b) => minijinja::Value::from(*b),
        Value::Int(i) => minijinja::Value::from(*i),
        Value::Float(f) => minijinja::Value::from(*f),
        Value::List(items) => items.iter().map(shown).collect(),
        Value::Record(entries) => {
            minijinja::Value::from_pairs(entries.iter().map(|(k, v)| (k.to_string(), shown(v))))
        }
        Value::Json(json) if json.is_array() || json.is_object() => shown(&Value::from_json(json)),
        other => minijinja::Value::from(other.to_string()),
    }
}
