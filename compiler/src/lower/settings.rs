//! Settings and the few shapes of their values.

use super::{Documented, Lower};
use crate::ast::{Setting, SettingValue};
use ecow::EcoString;
use flow_grammar::{Kind, Node};

impl Lower<'_> {
    /// The settings in a declaration's braces.
    pub(super) fn settings_of(&mut self, node: Node<'_>) -> Vec<Setting> {
        node.child(Kind::settings).map(|s| self.settings(s)).unwrap_or_default()
    }

    pub(super) fn settings(&mut self, list: Node<'_>) -> Vec<Setting> {
        let mut out = Vec::new();
        for Documented { node, doc } in self.documented(list) {
            if node.kind() == Kind::setting {
                out.push(self.setting(node, doc));
            }
        }
        out
    }

    pub(super) fn setting(&mut self, node: Node<'_>, doc: EcoString) -> Setting {
        Setting { doc, key: self.named(node, Kind::ident), value: self.value(node), span: self.span(node) }
    }

    fn value(&mut self, node: Node<'_>) -> SettingValue {
        if let Some(price) = node.child(Kind::price) {
            return self.price(price);
        }
        if let Some(similar) = node.child(Kind::similar) {
            return SettingValue::Words { head: None, words: self.words(similar) };
        }
        let Some(head) = node.child(Kind::expr) else {
            return SettingValue::Error(self.span(node).after());
        };
        let source = self.expr(head);
        if let Some(written) = node.child(Kind::type_expr) {
            return SettingValue::Typed { source, ty: self.type_expr(written) };
        }
        match node.child(Kind::word) {
            Some(_) => SettingValue::Words { head: Some(source), words: self.words(node) },
            None => SettingValue::Expr(source),
        }
    }

    // Each word with the expression behind it.
    fn words(&mut self, node: Node<'_>) -> Vec<(crate::ast::Ident, crate::ast::Expr)> {
        let mut out = Vec::new();
        let mut children = node.children();
        while let Some(word) = children.find(|c| c.kind() == Kind::word) {
            let name = self.ident(word);
            let value = match children.next().filter(|c| c.kind() == Kind::expr) {
                Some(expr) => self.expr(expr),
                None => crate::ast::Expr { kind: crate::ast::ExprKind::Error, span: name.span.after() },
            };
            out.push((name, value));
        }
        out
    }

    fn price(&mut self, node: Node<'_>) -> SettingValue {
        let mut parts = Vec::new();
        let mut amount = None;
        for child in node.children() {
            match child.kind() {
                Kind::money => amount = Some(self.money(child)),
                Kind::ident => parts.extend(amount.take().map(|a| (a, self.ident(child)))),
                _ => {}
            }
        }
        SettingValue::Price(parts)
    }
}
