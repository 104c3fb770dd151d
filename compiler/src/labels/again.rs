//! What becomes of a step that fails: who learns by its `else` why, and what a model is told that is asked
//! again.

use super::call::{Site, demanded};
use super::marks::{Mark, Marks, together};
use super::sway::{self, ONE_BIT, Sway};
use super::walk::Walk;
use flow_diagnostics::Span;
use flow_plan::{Block, Callee, Expr, OnFail, Step, StepKind, Type};

impl Walk<'_> {
    /// What a step is worth with its `else`, of which `marks` is what it is worth by itself.
    pub(super) fn handled(
        &mut self,
        (site, block): (&Site<'_>, &Block),
        args: Vec<Marks>,
        marks: Marks,
        worth: (&Type, Span),
    ) -> Marks {
        let by = self.refused(site.step, &args);
        // What is not caught here is the caller's to catch.
        let is_caught = matches!(site.step.on_fail, Some(OnFail::Do(_) | OnFail::Redact));
        if let (Some(by), false) = (&by, is_caught) {
            let decided = Mark { untrusted: None, unread: None, ..self.decided.clone() };
            self.stops = Some(self.stops.take().unwrap_or_default().join(by).join(&decided));
        }
        let by = by.unwrap_or_default();
        match (&site.step.on_fail, &site.step.kind) {
            (Some(OnFail::Do(handler)), _) => {
                let around = std::mem::take(&mut self.decided);
                self.decided = around.join(&by);
                let other = self.block(handler, &mut site.env.clone(), worth);
                self.decided = around;
                marks.join(&other).told(&by)
            }
            // What is taken out is what the further arguments say.
            (Some(OnFail::Redact), _) => {
                let rest = together(args.get(1..).unwrap_or_default());
                marks.told(&Mark { sway: Sway::default(), ..rest })
            }
            (Some(OnFail::Retry(_)), StepKind::Call(Callee::Prompt(_), _)) => {
                let told = "what one model has answered is shown to the next";
                let shown = marks.through(site.step.span, told).flat();
                if let (true, Some(way)) = (asks_several(site.step), shown.private) {
                    self.models(site.step, &way);
                }
                marks
            }
            (Some(OnFail::Retry(_)), StepKind::Call(callee, given)) => {
                match self.asked_again((site, block), (callee, given), args) {
                    Some(again) => marks.join(&again),
                    None => marks,
                }
            }
            _ => marks,
        }
    }

    // What is learnt by that a guard does not let something pass, or stops a flow that was called; nothing
    // where no guard is.
    fn refused(&self, step: &Step, args: &[Marks]) -> Option<Mark> {
        let all = match &step.kind {
            StepKind::Call(Callee::Flow(_), _) => self.stopped.clone()?,
            StepKind::Call(Callee::Guard(id), _) => self.demanded(id.index(), args, 0),
            StepKind::Call(Callee::Builtin(_), _) => together(args),
            _ => return None,
        };
        let all = all.plain((step.span, "refused"), self.by().bits(ONE_BIT)).computed();
        Some(Marks::leaf(all).through(step.span, "whether it passes decides").flat())
    }

    // The marks of an own guard's arguments together, without the first ones, with what its parameters are
    // declared to be.
    fn demanded(&self, guard: usize, args: &[Marks], without: usize) -> Mark {
        let params = self.plan.guards.get(guard).map_or(&[][..], |guard| &guard.params);
        let args = params.iter().zip(args).skip(without);
        let args = args.map(|(param, arg)| demanded(self.by(), param, arg.clone()).flat());
        args.fold(Mark::default(), |all, mark| all.join(&mark))
    }

    // What passes a guard that asks again for what it has refused: it tells the model that made it why, and
    // where several models may be asked, shows each what another has answered.
    fn asked_again(
        &mut self,
        (site, block): (&Site<'_>, &Block),
        (callee, given): (&Callee, &[Expr]),
        args: Vec<Marks>,
    ) -> Option<Marks> {
        let (author, id, asked) = author(block, given)?;
        let (draft, rest) = args.split_first()?;
        let mut besides = match callee {
            // It says which of its requirements does not hold, which quotes nothing.
            Callee::Guard(id) => {
                let requires = self.plan.guards.get(id.index()).map_or(0, |guard| guard.requires.len());
                let bits = self.by().bits(sway::of_count(requires as f64 + 1.0));
                self.demanded(id.index(), &args, 1).plain((site.step.span, "refused"), bits)
            }
            _ => together(rest),
        };
        if asks_several(author) {
            besides = besides.join(&Mark { private: draft.flat().private, ..Mark::default() });
        }
        let told = "a model that is asked again is told why it did not pass";
        let besides = Marks::leaf(besides).through(site.step.span, told).flat();
        let asking = Site { step: author, env: site.env, besides: &besides };
        let asked = self.args(&asking, &Callee::Prompt(id), asked);
        let answer = self.prompt(&asking, id, asked);
        let made = &mut self.made.at(author).made;
        *made = made.join(answer.flat().labels());
        let args = std::iter::once(answer).chain(rest.iter().cloned()).collect();
        Some(self.call(site, callee, args))
    }
}

// The step that asked for what a guard is given, with what it asked.
fn author<'b>(block: &'b Block, given: &[Expr]) -> Option<(&'b Step, flow_plan::PromptId, &'b [Expr])> {
    let Some(Expr::Var(guarded)) = given.first() else { return None };
    let node = block.steps.node_indices().find(|node| block.var_of(*node) == *guarded)?;
    let step = &block.steps[node];
    match &step.kind {
        StepKind::Call(Callee::Prompt(id), args) => Some((step, *id, args)),
        _ => None,
    }
}

// Whether more than one model may be asked.
fn asks_several(step: &Step) -> bool {
    let settings = &step.settings;
    let others = settings.fallback.len() + usize::from(settings.escalate.is_some());
    usize::from(settings.model.is_some()) + others > 1
}
