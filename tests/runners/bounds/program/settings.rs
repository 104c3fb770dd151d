//! Settings of steps, and what stands behind their `else`.

use super::types::Ty;
use super::{Callable, Draft, Sight};

impl Draft {
    /// The settings of a step that calls a prompt, each a line; and the calls they may cost.
    pub(super) fn prompt_settings(
        &mut self,
        sight: &mut Sight,
        prompt: &Callable,
        depth: u32,
    ) -> (Vec<String>, u32) {
        let mut lines = vec![];
        let own = (self.models.len() > 1 && self.chance(40)).then(|| self.some_model());
        let mut model =
            own.or(self.prompt_models.get(&prompt.name).copied()).or(self.defaults.model).unwrap_or(0);
        // What falls back to itself is a mistake.
        let mut fallbacks = u32::from(self.defaults.fallback.is_some());
        let mut own = own;
        if self.defaults.fallback == Some(model) {
            model = (0..self.models.len()).find(|m| *m != model).unwrap_or(0);
            own = Some(model);
        }
        lines.extend(own.map(|m| format!("model: m{m}")));
        let others: Vec<usize> = (0..self.models.len()).filter(|m| *m != model).collect();
        if !others.is_empty() && self.chance(30) {
            fallbacks = self.rng.usize(1..=others.len()) as u32;
            let names: Vec<String> =
                others.iter().take(fallbacks as usize).map(|m| format!("m{m}")).collect();
            lines.push(match names.as_slice() {
                [one] => format!("fallback: {one}"),
                all => format!("fallback: [{}]", all.join(", ")),
            });
        }
        let mut retry = self.defaults.retry;
        if self.chance(30) {
            retry = self.rng.u32(0..3);
            lines.push(format!("retry: {retry}"));
        }
        if self.chance(20) {
            lines.push(format!("timeout: {}", self.pick(&["300ms", "2s", "40s"])));
        }
        let mut hedge = self.defaults.hedge;
        if self.chance(15) {
            hedge = true;
            lines.push(format!("hedge: {}", self.pick(&["50ms", "800ms", "3s"])));
        }
        let mut attempts = (1 + retry) * if hedge { 2 } else { 1 };
        // The witness comes near to what arguments hold, and not to every token of it.
        if !self.wishes.fenced && !hedge && !self.lookups.is_empty() && self.chance(35) {
            let named: Vec<&str> = self.lookups.iter().map(|lookup| lookup.name.as_str()).collect();
            let named = named.join(", ");
            let rounds = self.rng.u32(1..4);
            lines.push(format!("tools: [{named}] rounds {rounds}"));
            attempts *= 1 + rounds;
        }
        let mut calls = attempts * (1 + fallbacks);
        if !others.is_empty() && self.chance(25) {
            let to = others[self.rng.usize(0..others.len())];
            let (unless, judges) = self.unless(prompt, depth);
            lines.push(format!("escalate: m{to}{unless}"));
            calls += attempts + judges * attempts;
        }
        // The bound takes no hit for granted.
        if !self.wishes.fenced && self.chance(15) {
            let per = match self.known(sight, &Ty::TEXT) {
                Some(name) if self.chance(40) => format!(" per {name}"),
                _ => String::new(),
            };
            let embed = format!(" embed m{}", self.some_model());
            let near = self.pick(&["1h", "1h", "similar 0.8 for 1h", "similar 0.8 for 1h"]);
            let by_model = near.starts_with("similar") && self.chance(70);
            lines.push(format!("cache: {near}{per}{}", if by_model { &embed } else { "" }));
            calls += u32::from(by_model);
        }
        (lines, calls)
    }

    // When an answer needs no second opinion.
    fn unless(&mut self, prompt: &Callable, depth: u32) -> (String, u32) {
        match &prompt.output {
            _ if self.chance(15) => (String::new(), 0),
            Ty::Text(_) if depth > 0 && self.chance(40) && self.may_judge() => {
                (format!(" unless {}", self.judged("it")), 1)
            }
            ty @ Ty::Bool => (format!(" unless {}", self.asked_of("it", ty)), 0),
            _ if self.wishes.fenced => (String::new(), 0),
            ty => (format!(" unless {}", self.asked_of("it", ty)), 0),
        }
    }

    /// Whether `judge` may be called where it cannot be told which model to use.
    pub(super) fn may_judge(&self) -> bool {
        self.prompt_models.get("judge").copied().or(self.defaults.model) != self.defaults.fallback
            || self.defaults.fallback.is_none()
    }

    /// An `else` for a step that can fail, or nothing; and how many times its own calls it may add,
    /// and calls of others.
    pub(super) fn handler(&mut self, sight: &mut Sight, of: &Ty, may_retry: bool) -> (String, u32, u32) {
        let word = self.words();
        match self.rng.u32(0..10) {
            0 => (format!(" else stop \"Sorry: {word}\""), 0, 0),
            1 | 2 => {
                let value = self.expr(sight, of, 1);
                (format!(" else {value}"), 0, 0)
            }
            3 | 4 if may_retry => {
                let times = self.rng.u32(1..3);
                (format!(" else retry {times}"), times, 0)
            }
            5 => match self.stand_in(sight, of) {
                Some((call, calls)) => {
                    let value = self.expr(sight, of, 0);
                    let last = if self.chance(50) { format!(" else {value}") } else { String::new() };
                    (format!(" else {call}{last}"), 0, calls)
                }
                None => (String::new(), 0, 0),
            },
            6 if !self.wishes.fenced => {
                (self.fails, self.asks) = (true, true);
                (format!(" else review(\"{}\", within: 2s)", self.fresh("desk")), 0, 0)
            }
            _ => {
                self.fails = true;
                (String::new(), 0, 0)
            }
        }
    }

    // A call of a prompt that gives this type, with its arguments and perhaps a setting.
    fn stand_in(&mut self, sight: &mut Sight, of: &Ty) -> Option<(String, u32)> {
        let fits: Vec<Callable> =
            self.prompts.iter().filter(|p| of.loose() == p.output.loose()).cloned().collect();
        if fits.is_empty() || self.defaults.fallback.is_some() {
            return None;
        }
        let prompt = fits[self.rng.usize(0..fits.len())].clone();
        let args = self.args(sight, &prompt);
        let retry = self.rng.u32(0..2);
        let settings = if self.chance(50) { format!(" {{ retry: {retry} }}") } else { String::new() };
        let hedge = if self.defaults.hedge { 2 } else { 1 };
        Some((format!("{}({args}){settings}", prompt.name), (1 + retry.max(self.defaults.retry)) * hedge))
    }

    /// Arguments for a call.
    pub(super) fn args(&mut self, sight: &mut Sight, of: &Callable) -> String {
        let mut args = vec![];
        for ty in &of.params {
            let kind = sight.iter().find(|n| matches!(n.ty, Ty::Enum(_))).map(|n| n.name.clone());
            args.push(match (ty, kind) {
                (Ty::Text(_), Some(kind)) if self.chance(10) => kind,
                _ => self.expr(sight, ty, 2),
            });
        }
        args.join(", ")
    }
}
