//! Tests: scripted replies, steps, expectations.

use crate::ast::{Block, Expr, Ident, Reply, Step, Test, TestLine};
use crate::checker::Checker;
use crate::resolve::{DeclId, Target};
use crate::steps::inner_calls;
use crate::types::Scopes;
use flow_diagnostics::{Code, FlowDiagnostic, Span, did_you_mean};
use flow_plan::{self as plan, BinaryOp, Callee, Expect, PromptId, Recording, ReplyWith, TestReply, Type};
use std::sync::Arc;

impl Checker<'_> {
    pub(crate) fn test_body(&mut self, id: DeclId, decl: &Test) {
        let mut replies = Vec::new();
        let mut decisions = Vec::new();
        let mut steps: Vec<Step> = Vec::new();
        let mut expects: Vec<(&Expr, Span)> = Vec::new();
        for line in &decl.lines {
            match line {
                TestLine::Reply { prompt, with, .. } if self.is_of_reviews(id.file, prompt) => {
                    decisions.extend(self.scripted_decision(id.file, prompt, with))
                }
                TestLine::Reply { prompt, with, span } => {
                    replies.extend(self.reply(id.file, (prompt, *span), with))
                }
                TestLine::Let(step) => steps.push(step.clone()),
                TestLine::Expect { value, span } => expects.push((value, *span)),
                TestLine::Error(_) => {}
            }
        }
        let mut scopes = Scopes::new(id.file);
        scopes.step_name = "expect".into();
        let block = Block { steps, span: decl.span, ..Block::default() };
        let calls: u32 = expects.iter().map(|(e, _)| inner_calls(e)).sum();
        let mut checked_expects = Vec::new();
        let body = self.steps_then(&mut scopes, &block, calls, |checker, scopes| {
            for (value, span) in &expects {
                scopes.mark = scopes.reads.len();
                checked_expects.push(checker.expect(scopes, value, *span));
            }
        });
        if expects.is_empty() && !decl.lines.iter().any(|l| matches!(l, TestLine::Error(_))) {
            self.report(
                FlowDiagnostic::new(
                    Code::W0703,
                    decl.name.span,
                    "this test expects nothing, so it can't fail",
                )
                .help("say what must hold: `expect answer.confident`"),
            );
        }
        self.plan.tests.push(plan::Test {
            name: decl.name.value.clone(),
            replies,
            decisions,
            body,
            expects: checked_expects,
            span: decl.name.span,
        });
    }

    /// E0102 where an earlier test of the file has the same name.
    pub(crate) fn test_name(&mut self, id: DeclId, decl: &Test) {
        let items = &self.program.files[id.file].ast.items[..id.item];
        let first = items.iter().find_map(|item| match &**item {
            crate::ast::Item::Test(test) if test.name.value == decl.name.value => Some(test.name.span),
            _ => None,
        });
        if let Some(first) = first {
            self.report(crate::resolve::defined_twice(&decl.name.value, decl.name.span, first));
        }
    }

    fn expect(&mut self, scopes: &mut Scopes, value: &Expr, span: Span) -> Expect {
        let text = self.sources.text(value.span).into();
        let typed = self.expr_as(scopes, value, &Type::Bool);
        // The sides of a comparison are kept apart, so that a failing test can show both.
        let sides = match &typed.expr {
            plan::Expr::Binary(op, a, b) if !matches!(op, BinaryOp::And | BinaryOp::Or) => {
                Some(((**a).clone(), *op, (**b).clone()))
            }
            _ => None,
        };
        Expect { holds: typed.expr, sides, text, span }
    }

    fn reply(&mut self, file: usize, (prompt, span): (&Ident, Span), with: &Reply) -> Option<TestReply> {
        let (id, output) = self.replied_prompt(file, prompt)?;
        let with = match with {
            Reply::Value(expr) => ReplyWith::Value(self.constant_of(file, expr, &output)?),
            Reply::From(lit) => {
                let (text, path) = self.beside(file, lit)?;
                if let Err(error) = json(&text) {
                    let message = format!("\"{}\" is not JSON: {error}", lit.value);
                    self.report(FlowDiagnostic::new(Code::E0201, lit.span, message));
                    return None;
                }
                ReplyWith::Recording(Arc::new(Recording { file: path, text }))
            }
        };
        Some(TestReply { prompt: id, with, span })
    }

    fn replied_prompt(&mut self, file: usize, prompt: &Ident) -> Option<(PromptId, Type)> {
        let target = self.global(file, &prompt.name, prompt.span);
        if let Some(Target::Decl(id)) = target
            && let Some(signature) = self.callables.get(&id)
            && let Callee::Prompt(prompt) = signature.callee
        {
            return Some((prompt, signature.output.clone().unwrap_or(Type::TEXT)));
        }
        let message = match target {
            Some(Target::Poison) => return None,
            Some(target) => {
                format!("`{}` is {}, only prompts have replies", prompt.name, self.describe_target(target))
            }
            None => format!("unknown prompt `{}`", prompt.name),
        };
        let names = self.program.files[file].scope.iter().filter_map(|(name, symbol)| match symbol.target {
            Target::Decl(id) => {
                matches!(self.program.item(id), crate::ast::Item::Prompt(_)).then_some(name.as_str())
            }
            _ => None,
        });
        let mut diagnostic = FlowDiagnostic::new(Code::E0101, prompt.span, message);
        if let Some(near) = did_you_mean(&prompt.name, names) {
            diagnostic = diagnostic.help(format!("did you mean `{near}`?")).fix(
                format!("change it to `{near}`"),
                prompt.span,
                near,
            );
        }
        self.report(diagnostic);
        None
    }
}

/// Whether a recording is JSON, in one value or, as a cassette is, in one a line. What it must hold
/// besides is known by who plays it.
fn json(text: &str) -> Result<(), String> {
    let mut lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    let read = serde_json::from_str::<serde_json::Value>;
    match lines.next().map(|(_, first)| read(first)) {
        Some(Ok(first)) if first.get("cassette").is_some() => {
            lines.try_for_each(|(i, line)| read(line).map(drop).map_err(|e| format!("line {}: {e}", i + 1)))
        }
        _ => read(text).map(drop).map_err(|e| e.to_string()),
    }
}
