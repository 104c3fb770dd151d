//! Templates of prompts over their parameters: text, holes, filters, branches and loops.

use super::types::Ty;
use super::{Draft, Name};

impl Draft {
    /// The lines of a message.
    pub(super) fn template(&mut self, params: &[Name]) -> Vec<String> {
        let mut out = String::new();
        let mut left: Vec<Name> = params.to_vec();
        while let Some(param) = left.pop() {
            self.said(&mut out);
            if self.wishes.fenced {
                self.fenced(&mut out, &param, 1);
            } else {
                self.part(&mut out, &param, 2);
            }
            if self.chance(15) {
                left.push(param);
            }
        }
        self.said(&mut out);
        out.lines().map(str::to_owned).collect()
    }

    // Some text of the template's own.
    fn said(&mut self, out: &mut String) {
        for _ in 0..self.rng.u32(0..3) {
            out.push_str(self.words());
            out.push_str(self.pick(&["", " ", "\n", ": ", "\n\n", "- "]));
        }
    }

    // Texts in fences and whole records and lists, which are laid out in fences by themselves.
    fn fenced(&mut self, out: &mut String, of: &Name, depth: u32) {
        let name = &of.name;
        match &of.ty {
            Ty::List(item, _) if depth > 0 && self.chance(30) => {
                let each = self.fresh("e");
                out.push_str(&format!("\n{{% for {each} in {name} %}}\n"));
                self.fenced(out, &Name { name: each, ty: (**item).clone(), used: false }, depth - 1);
                out.push_str("\n{% endfor %}\n");
            }
            ty if ty.is_laid_out() && self.chance(60) => {
                out.push_str(&format!("\n{{{{ {name} }}}}\n"));
            }
            _ => out.push_str(&format!("\n{{{{ {name} | fence }}}}\n")),
        }
    }

    fn part(&mut self, out: &mut String, of: &Name, depth: u32) {
        match self.rng.u32(0..10) {
            0 | 1 if depth > 0 => self.branch(out, of, depth),
            2 if depth > 0 && self.chance(30) => {
                out.push_str(&format!("{{% for {} in range({}) %}}", self.fresh("i"), self.rng.u32(1..4)));
                self.part(out, of, depth - 1);
                out.push_str("{% endfor %}");
            }
            _ => self.pasted(out, of, depth),
        }
    }

    fn branch(&mut self, out: &mut String, of: &Name, depth: u32) {
        let name = &of.name;
        let condition = match &of.ty {
            Ty::Int(_) | Ty::Float => format!("{name} > 3"),
            Ty::Text(_) => format!("{name} | length > {}", self.rng.u32(0..20)),
            Ty::Enum(index) => format!("{name} == \"{}\"", self.enums[*index][0]),
            _ => name.clone(),
        };
        out.push_str(&format!("{{% if {condition} %}}"));
        match (&of.ty, self.chance(50)) {
            (Ty::Optional(present), _) => {
                let present = Name { ty: (**present).clone(), ..of.clone() };
                self.part(out, &present, depth - 1);
            }
            _ => self.part(out, of, depth - 1),
        }
        if self.chance(60) {
            out.push_str("{% else %}");
            self.said(out);
            if self.chance(50) {
                self.part(out, of, depth - 1);
            }
        }
        out.push_str("{% endif %}");
    }

    fn pasted(&mut self, out: &mut String, of: &Name, depth: u32) {
        let name = &of.name;
        let plain = format!("{{{{ {name} }}}}");
        let text = match &of.ty {
            Ty::Text(_) => self.pasted_text(name),
            Ty::Int(_) => match self.rng.u32(0..4) {
                0 => format!("{{{{ {name} + 1 }}}}"),
                1 => format!("{{{{ {name} | abs }}}}"),
                _ => plain,
            },
            Ty::Record(index) if self.chance(65) => {
                let fields = self.records[*index].clone();
                for (field, ty) in fields {
                    if self.chance(70) {
                        let field = Name { name: format!("{name}.{field}"), ty, used: false };
                        self.part(out, &field, depth.saturating_sub(1));
                        out.push_str(self.pick(&["", " ", "\n", ", "]));
                    }
                }
                return;
            }
            Ty::List(item, _) => return self.pasted_list(out, name, item, depth),
            Ty::Map(item, _) if depth > 0 && self.chance(50) => {
                let (key, value) = (self.fresh("k"), self.fresh("v"));
                let least = if self.wild { "" } else { " | take(20)" };
                out.push_str(&format!("{{% for {key}, {value} in {name} | items %}}{{{{ {key}{least} }}}}="));
                self.part(out, &Name { name: value, ty: (**item).clone(), used: false }, depth - 1);
                out.push_str("{% endfor %}");
                return;
            }
            Ty::Optional(present) if matches!(**present, Ty::Text(_)) && self.chance(50) => {
                format!("{{{{ {name} | default(\"none\") | take(40) }}}}")
            }
            Ty::Record(_) | Ty::Map(..) if self.chance(30) => format!("{{{{ {name} | json | take(120) }}}}"),
            _ => plain,
        };
        out.push_str(&text);
    }

    fn pasted_text(&mut self, name: &str) -> String {
        let n = self.rng.u32(1..40);
        let filter = match self.rng.u32(0..20) {
            0 => " | upper".to_owned(),
            1 => " | lower".to_owned(),
            2 => " | trim".to_owned(),
            3 => " | title".to_owned(),
            4 => format!(" | truncate({n})"),
            5 => " | replace(\"e\", \"EE\")".to_owned(),
            6 => format!(" | indent({})", n % 6),
            7 => " | reverse".to_owned(),
            8 => " | capitalize".to_owned(),
            9 => " | length".to_owned(),
            10 => format!(" | upper | take({n})"),
            11 => " | json".to_owned(),
            12 => " | split(\" \") | join(\"-\")".to_owned(),
            13 => format!(" + \"{}\"", self.words()),
            _ => String::new(),
        };
        // Most filters say nothing of how long a text they give.
        let least = if self.wild || filter.is_empty() { String::new() } else { format!(" | take({n})") };
        match filter.strip_prefix(" +") {
            // `~` joins texts in templates.
            Some(other) => format!("{{{{ ({name} ~{other}){least} }}}}"),
            None if filter.ends_with("length") => format!("{{{{ {name}{filter} }}}}"),
            None => format!("{{{{ {name}{filter}{least} }}}}"),
        }
    }

    fn pasted_list(&mut self, out: &mut String, name: &str, item: &Ty, depth: u32) {
        match self.rng.u32(0..8) {
            0 => out.push_str(&format!("{{{{ {name} }}}}")),
            1 => out.push_str(&format!("{{{{ {name} | length }}}}")),
            2 if item.is_plain() => out.push_str(&format!("{{{{ {name} | join(\", \") | take(90) }}}}")),
            3 if matches!(item, Ty::Text(_) | Ty::Int(_)) => {
                out.push_str(&format!("{{{{ {name} | sort | unique | join(\"; \") | take(90) }}}}"));
            }
            _ if depth == 0 => out.push_str(&format!("{{{{ {name} }}}}")),
            _ => {
                let each = self.fresh("e");
                out.push_str(&format!("{{% for {each} in {name} %}}"));
                out.push_str(self.pick(&[
                    "",
                    "\n",
                    "- ",
                    "{{ loop.index }}. ",
                    "{% if not loop.first %}, {% endif %}",
                    "{{ loop.revindex0 }}/{{ loop.length }} ",
                ]));
                self.part(out, &Name { name: each, ty: item.clone(), used: false }, depth - 1);
                out.push_str(self.pick(&["", "\n", "; ", "{% if loop.last %}.{% endif %}"]));
                if self.chance(20) {
                    out.push_str("{% else %}");
                    self.said(out);
                }
                out.push_str("{% endfor %}");
            }
        }
    }
}
