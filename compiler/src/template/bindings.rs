//! Names that the template itself binds, and what is known not to be null.

use ecow::EcoString;
use flow_plan::Type;

/// What a name of the template stands for.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Binding {
    /// A value of this type.
    Is(Type),
    /// It is set in one branch of a condition only.
    Sometimes,
}

/// The loop that `loop` speaks of.
#[derive(Clone, Debug)]
pub(super) struct Loop {
    pub(super) item: Type,
    pub(super) most: Option<u64>,
}

/// The scopes of a place in the template, the innermost last.
#[derive(Clone, Debug)]
pub(super) struct Bindings {
    scopes: Vec<Vec<(EcoString, Binding)>>,
    loops: Vec<Loop>,
    // Paths such as `customer.name` that a condition around has found to be there.
    present: Vec<EcoString>,
}

impl Default for Bindings {
    fn default() -> Self {
        Bindings { scopes: vec![Vec::new()], loops: Vec::new(), present: Vec::new() }
    }
}

impl Bindings {
    pub(super) fn get(&self, name: &str) -> Option<&Binding> {
        let of = |scope: &'_ &Vec<(EcoString, Binding)>| scope.iter().any(|(n, _)| n == name);
        let scope = self.scopes.iter().rev().find(of)?;
        scope.iter().find(|(n, _)| n == name).map(|(_, b)| b)
    }

    /// Binds a name in the innermost scope; what was known of its former value is forgotten.
    pub(super) fn bind(&mut self, name: &str, binding: Binding) {
        self.present.retain(|p| p != name && !p.strip_prefix(name).is_some_and(|r| r.starts_with('.')));
        let Some(scope) = self.scopes.last_mut() else { return };
        match scope.iter_mut().find(|(n, _)| n == name) {
            Some((_, old)) => *old = binding,
            None => scope.push((name.into(), binding)),
        }
    }

    /// Every bound name, for "did you mean".
    pub(super) fn names(&self) -> impl Iterator<Item = &EcoString> {
        self.scopes.iter().flatten().map(|(name, _)| name)
    }

    pub(super) fn innermost_loop(&self) -> Option<&Loop> {
        self.loops.last()
    }

    pub(super) fn is_present(&self, path: &str) -> bool {
        self.present.iter().any(|p| p == path)
    }

    pub(super) fn assume(&mut self, paths: Vec<EcoString>) {
        self.present.extend(paths);
    }

    /// Opens a scope, and a loop in it where there is one. The value gives back to [`Bindings::leave`].
    pub(super) fn enter(&mut self, around: Option<Loop>) -> Entered {
        let entered = Entered { present: self.present.clone(), in_loop: around.is_some() };
        self.scopes.push(Vec::new());
        self.loops.extend(around);
        entered
    }

    pub(super) fn leave(&mut self, entered: Entered) {
        self.scopes.pop();
        if entered.in_loop {
            self.loops.pop();
        }
        self.present = entered.present;
    }

    /// The bindings behind a condition whose sides have left these. `around` types the names that
    /// are not the template's own.
    pub(super) fn merge(
        &mut self,
        one: Bindings,
        other: Bindings,
        around: &mut dyn FnMut(&str) -> Option<Type>,
    ) {
        let before = self.clone();
        let names: Vec<EcoString> = one.names().chain(other.names()).cloned().collect();
        for name in names {
            let (a, b) = (one.get(&name), other.get(&name));
            if a == before.get(&name) && b == before.get(&name) {
                continue;
            }
            let mut side = |binding: Option<&Binding>| match binding {
                Some(Binding::Is(ty)) => Some(ty.clone()),
                Some(Binding::Sometimes) => None,
                None => around(&name),
            };
            let merged = match (side(a), side(b)) {
                (Some(a), Some(b)) => Binding::Is(a.join(&b).unwrap_or(Type::Error)),
                _ => Binding::Sometimes,
            };
            self.bind(&name, merged);
        }
    }
}

/// What [`Bindings::leave`] restores.
pub(super) struct Entered {
    present: Vec<EcoString>,
    in_loop: bool,
}
