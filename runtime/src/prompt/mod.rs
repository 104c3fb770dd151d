//! Renders templates with minijinja.
//!
//! In: the templates of a plan, compiled once, and for each rendering a scope with the values of
//! their variables. Out: the text of a message. What a template may use is fixed by the tables of
//! [`flow_plan::filters`], which the checker reads too. Values are shared with the run, not copied.
//! Not here: which messages a prompt has, and what they may cost.

mod environment;
mod hole;
mod value;

use crate::RunError;
use ecow::EcoString;
use environment::environment;
use flow_diagnostics::Code;
use flow_plan::{EvalError, Expr, Hole, Plan, Scope, Template, TemplateId, eval};
use flow_tokens::{Cut, without_marks};
use hole::Filling;
pub use hole::Held;
use minijinja::value::{Enumerator, Object};
use minijinja::{Environment, Error, ErrorKind, Value as Shown};
use std::borrow::Cow;
use std::sync::Arc;
use value::shown;

/// The templates of a plan, ready to render. Made once for each plan and shared by its runs.
#[derive(Debug)]
pub struct Templates {
    env: Environment<'static>,
    entries: Vec<Entry>,
}

#[derive(Debug)]
enum Entry {
    // The same text for every scope.
    Fixed(EcoString),
    Rendered { name: String, vars: Vec<(EcoString, Expr)>, holes: Arc<[Hole]>, has_marks: bool },
}

impl Templates {
    /// Compiles every template of the plan. The checker has seen them, so an error here means that
    /// the plan was not made by it.
    pub fn new(plan: &Plan) -> Result<Templates, RunError> {
        let mut templates =
            Templates { env: environment(), entries: Vec::with_capacity(plan.templates.len()) };
        for (i, template) in plan.templates.iter().enumerate() {
            let entry = templates.entry(i, template).map_err(|message| {
                let mut error = RunError::new(Code::E0813, message);
                error.span = Some(template.span);
                error
            })?;
            templates.entries.push(entry);
        }
        Ok(templates)
    }

    /// Whether a template gives the same text for every scope.
    pub fn is_fixed(&self, id: TemplateId) -> bool {
        matches!(self.entries.get(id.0 as usize), Some(Entry::Fixed(_)))
    }

    /// The text of a template with the variables of a scope: null as nothing, records and lists of
    /// texts in fences, other lists as compact JSON, amounts, days and times as they read.
    pub fn render(&self, id: TemplateId, scope: &dyn Scope) -> Result<EcoString, EvalError> {
        match self.entries.get(id.0 as usize) {
            Some(Entry::Fixed(text)) => Ok(text.clone()),
            Some(Entry::Rendered { name, vars, holes, .. }) => {
                Ok(self.filled(name, vars, Filling::new(holes.clone(), None), scope)?.0)
            }
            None => Err(no_template(id)),
        }
    }

    /// The same as a message for a model: control marks in what is pasted are plain text, and each hole is
    /// cut at what its type holds at most; and what was cut.
    pub fn render_held(
        &self,
        id: TemplateId,
        scope: &dyn Scope,
        held: Option<Held<'_>>,
    ) -> Result<(EcoString, Vec<Cut>), EvalError> {
        match self.entries.get(id.0 as usize) {
            Some(Entry::Fixed(text)) => Ok((text.clone(), Vec::new())),
            Some(Entry::Rendered { name, vars, holes, has_marks }) => {
                let filling = Filling::new(holes.clone(), held).for_model();
                let (text, filling) = self.filled(name, vars, filling, scope)?;
                // Holes beside one another may make one together; what the program writes is its own.
                let text = match (has_marks, without_marks(&text)) {
                    (false, Cow::Owned(plain)) => plain.into(),
                    _ => text,
                };
                Ok((text, filling.cuts()))
            }
            None => Err(no_template(id)),
        }
    }

    /// What is the same of a template whatever words are pasted, with a mark in the place of each, and
    /// the words: what is pasted of a type with words, as long as a hole holds.
    pub fn render_apart(
        &self,
        id: TemplateId,
        scope: &dyn Scope,
        held: Option<Held<'_>>,
    ) -> Result<(EcoString, Vec<String>), EvalError> {
        match self.entries.get(id.0 as usize) {
            Some(Entry::Fixed(text)) => Ok((text.clone(), Vec::new())),
            Some(Entry::Rendered { name, vars, holes, .. }) => {
                let filling = Filling::new(holes.clone(), held).for_model().apart();
                let (text, filling) = self.filled(name, vars, filling, scope)?;
                Ok((text, filling.words()))
            }
            None => Err(no_template(id)),
        }
    }

    fn filled(
        &self,
        name: &str,
        vars: &[(EcoString, Expr)],
        filling: Filling,
        scope: &dyn Scope,
    ) -> Result<(EcoString, Arc<Filling>), EvalError> {
        let mut values = Vec::with_capacity(vars.len() + 1);
        for (name, expr) in vars {
            values.push((name.clone(), shown(&eval(expr, scope)?)));
        }
        let filling = Arc::new(filling);
        values.push((hole::FILLING.into(), Shown::from_dyn_object(filling.clone())));
        let text = self.run(name, values).map_err(|error| EvalError(describe(&error)))?;
        Ok((text, filling))
    }

    fn entry(&mut self, index: usize, template: &Template) -> Result<Entry, String> {
        if ["{{", "{%", "{#"].iter().all(|open| !template.source.contains(open)) {
            return Ok(Entry::Fixed(template.source.clone()));
        }
        let name = index.to_string();
        self.env
            .add_template_owned(name.clone(), hole::marked(&template.source))
            .map_err(|error| describe(&error))?;
        self.expect_names(&name, template)?;
        // Without variables nothing can differ between two renderings; what fails, fails in its step.
        match template.vars.is_empty().then(|| self.run(&name, self.alone(template))) {
            Some(Ok(text)) => Ok(Entry::Fixed(text)),
            _ => {
                let holes = template.holes.clone();
                let has_marks = matches!(without_marks(&template.source), Cow::Owned(_));
                Ok(Entry::Rendered { name, vars: template.vars.clone(), holes, has_marks })
            }
        }
    }

    fn alone(&self, template: &Template) -> Vec<(EcoString, Shown)> {
        let filling = Filling::new(template.holes.clone(), None);
        vec![(hole::FILLING.into(), Shown::from_object(filling))]
    }

    // An unknown name would be pasted as nothing, so that the text would be wrong without a word.
    fn expect_names(&self, name: &str, template: &Template) -> Result<(), String> {
        let compiled = self.env.get_template(name).map_err(|error| describe(&error))?;
        let global = |name: &str| self.env.globals().any(|(known, _)| known == name);
        let mut missing: Vec<String> = compiled
            .undeclared_variables(false)
            .into_iter()
            .filter(|used| !template.vars.iter().any(|(n, _)| n == used.as_str()) && !global(used))
            .collect();
        missing.sort();
        match missing.first() {
            Some(name) => Err(format!("a template uses `{name}`, which nothing gives it")),
            None => Ok(()),
        }
    }

    fn run(&self, name: &str, values: Vec<(EcoString, Shown)>) -> Result<EcoString, Error> {
        let text = self.env.get_template(name)?.render(Shown::from_object(Vars(values)))?;
        Ok(EcoString::from(text))
    }
}

fn no_template(id: TemplateId) -> EvalError {
    EvalError(format!("there is no template {}", id.0))
}

/// The variables of one rendering.
#[derive(Debug)]
struct Vars(Vec<(EcoString, Shown)>);

impl Object for Vars {
    fn get_value(self: &Arc<Self>, key: &Shown) -> Option<Shown> {
        self.get_value_by_str(key.as_str()?)
    }

    // A template has a handful of names: looking through them is faster than hashing.
    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<Shown> {
        self.0.iter().find(|(name, _)| name == key).map(|(_, value)| value.clone())
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Values(self.0.iter().map(|(name, _)| Shown::from(name.as_str())).collect())
    }
}

/// One line in lower case for an error of minijinja's.
fn describe(error: &Error) -> String {
    let what = match error.kind() {
        ErrorKind::OutOfFuel => "it works without end or renders too much text".to_owned(),
        ErrorKind::UndefinedError => "it takes a field of a value that is not there".to_owned(),
        kind => error.detail().map_or_else(|| kind.to_string(), str::to_owned),
    };
    match error.line() {
        Some(line) => format!("the template cannot be rendered: {what} (line {line})"),
        None => format!("the template cannot be rendered: {what}"),
    }
}

#[cfg(test)]
mod tests;
