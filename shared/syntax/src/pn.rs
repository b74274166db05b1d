//! The tree in Puppet Notation, as `puppet parser dump --format pn` prints it (`pn_transformer.rb`, `pn.rb`).

use std::fmt::Write;

use crate::ast::{
    AttributeOperation, Call, CaseOption, Collector, Epp, Expr, ExprKind, FunctionDefinition,
    HashEntry, If, Lambda, MethodCall, NodeDefinition, Parameter, Program, Radix, Resource,
    SelectorEntry, StringPart,
};
use crate::lexer::regex::has_fixed_encoding;

/// The program on one line.
#[must_use]
pub fn dump_pn(program: &Program) -> String {
    let mut dump = Dump {
        out: String::with_capacity(program.source.text().len() * 2),
    };
    dump.expr(&program.body);
    dump.out
}

struct Dump {
    out: String,
}

impl Dump {
    // ---- the notation

    fn call(&mut self, name: &str, content: impl FnOnce(&mut Self)) {
        self.out.push('(');
        self.out.push_str(name);
        content(self);
        self.out.push(')');
    }

    /// `(name {…})`
    fn map_call(&mut self, name: &str, content: impl FnOnce(&mut Map<'_>)) {
        self.call(name, |dump| {
            dump.out.push(' ');
            dump.map(content);
        });
    }

    fn map(&mut self, content: impl FnOnce(&mut Map<'_>)) {
        self.out.push('{');
        content(&mut Map {
            dump: self,
            first: true,
        });
        self.out.push('}');
    }

    /// `[a b]`
    fn list<T>(&mut self, items: &[T], each: impl Fn(&mut Self, &T)) {
        self.out.push('[');
        for (index, item) in items.iter().enumerate() {
            if index > 0 {
                self.out.push(' ');
            }
            each(self, item);
        }
        self.out.push(']');
    }

    /// ` a b`: the elements of a call.
    fn elements<T>(&mut self, items: &[T], each: impl Fn(&mut Self, &T)) {
        for item in items {
            self.out.push(' ');
            each(self, item);
        }
    }

    fn operand(&mut self, expr: &Expr) {
        self.out.push(' ');
        self.expr(expr);
    }

    fn string(&mut self, value: &str) {
        self.out.push('"');
        for ch in value.chars() {
            match ch {
                '\t' => self.out.push_str("\\t"),
                '\n' => self.out.push_str("\\n"),
                '\r' => self.out.push_str("\\r"),
                '"' => self.out.push_str("\\\""),
                '\\' => self.out.push_str("\\\\"),
                ch if ch < ' ' => {
                    let _ = write!(self.out, "\\o{:03o}", u32::from(ch));
                }
                ch => self.out.push(ch),
            }
        }
        self.out.push('"');
    }

    fn float(&mut self, value: f64) {
        self.out.push_str(&ruby_float(value));
    }

    // ---- expressions

    fn expr(&mut self, expr: &Expr) {
        match &expr.kind {
            ExprKind::Nop => self.out.push_str("(nop)"),
            ExprKind::Undef => self.out.push_str("nil"),
            ExprKind::Default => self.out.push_str("(default)"),
            ExprKind::Boolean(value) => self.out.push_str(if *value { "true" } else { "false" }),
            ExprKind::Integer { value, radix } => self.integer(&value.to_string(), *radix),
            ExprKind::BigInteger(big) => self.integer(&big.decimal, big.radix),
            ExprKind::Float(value) => self.float(*value),
            ExprKind::String(value) => self.string(value),
            ExprKind::Name(name) => self.named("qn", name),
            ExprKind::TypeName(name) => self.named("qr", name),
            ExprKind::Variable(name) => self.named("var", name),
            // The reference mistakes the flag of a fixed encoding for an option.
            ExprKind::Regex(source) if has_fixed_encoding(source) => {
                self.named("regexp", &format!("(?-imx:{source})"));
            }
            ExprKind::Regex(source) => self.named("regexp", source),
            ExprKind::ReservedWord(word) => self.named("reserved", word),
            ExprKind::RenderString(text) => self.named("render-s", text),
            ExprKind::Interpolated(parts) => {
                self.call("concat", |dump| dump.elements(parts, Self::part))
            }
            ExprKind::Heredoc(heredoc) => self.map_call("heredoc", |map| {
                if !heredoc.syntax.is_empty() {
                    map.string("syntax", &heredoc.syntax);
                }
                map.expr("text", &heredoc.text);
            }),
            ExprKind::Array(values) => self.call("array", |dump| dump.elements(values, Self::expr)),
            ExprKind::Hash(entries) => {
                self.call("hash", |dump| dump.elements(entries, Self::hash_entry))
            }
            ExprKind::Block(statements) => {
                self.call("block", |dump| dump.elements(statements, Self::expr))
            }
            ExprKind::Not(inner) => self.call("!", |dump| dump.operand(inner)),
            ExprKind::Negate(inner) => self.negate(inner),
            ExprKind::Splat(inner) => self.call("unfold", |dump| dump.operand(inner)),
            ExprKind::Paren(inner) => self.call("paren", |dump| dump.operand(inner)),
            ExprKind::RenderExpr(inner) => self.call("render", |dump| dump.operand(inner)),
            ExprKind::Binary(binary) => {
                self.binary(binary.op.as_str(), &binary.left, &binary.right)
            }
            ExprKind::Assignment(assignment) => self.binary(
                assignment.op.as_str(),
                &assignment.target,
                &assignment.value,
            ),
            ExprKind::Relationship(relation) => {
                self.binary(relation.op.as_str(), &relation.left, &relation.right)
            }
            ExprKind::Access(access) => self.call("access", |dump| {
                dump.operand(&access.left);
                dump.elements(&access.keys, Self::expr);
            }),
            ExprKind::NamedAccess(access) => self.named_access(&access.left, &access.name),
            ExprKind::Selector(selector) => self.call("?", |dump| {
                dump.operand(&selector.test);
                dump.out.push(' ');
                dump.list(&selector.entries, Self::selector_entry);
            }),
            ExprKind::If(conditional) => self.conditional("if", conditional),
            ExprKind::Unless(conditional) => self.conditional("unless", conditional),
            ExprKind::Case(case) => self.call("case", |dump| {
                dump.operand(&case.test);
                dump.out.push(' ');
                dump.list(&case.options, Self::case_option);
            }),
            ExprKind::Call(call) => self.named_call(call),
            ExprKind::MethodCall(call) => self.method_call(call),
            ExprKind::Resource(resource) => self.resource(resource),
            ExprKind::ResourceDefaults(defaults) => self.map_call("resource-defaults", |map| {
                map.expr("type", &defaults.type_ref);
                map.operations(&defaults.operations);
                map.form(defaults.form);
            }),
            ExprKind::ResourceOverride(overridden) => self.map_call("resource-override", |map| {
                map.expr("resources", &overridden.resources);
                map.operations(&overridden.operations);
                map.form(overridden.form);
            }),
            ExprKind::Collector(collector) => self.collector(collector),
            ExprKind::Class(class) => self.map_call("class", |map| {
                map.string("name", &class.name);
                if let Some(parent) = &class.parent {
                    map.string("parent", parent);
                }
                map.parameters(&class.parameters);
                map.body("body", class.body.as_ref());
            }),
            ExprKind::Define(define) => self.map_call("define", |map| {
                map.string("name", &define.name);
                map.parameters(&define.parameters);
                map.body("body", define.body.as_ref());
            }),
            ExprKind::Node(node) => self.node(node),
            ExprKind::Function(function) => self.function("function", function),
            ExprKind::Plan(plan) => self.function("plan", plan),
            ExprKind::TypeAlias(alias) => self.call("type-alias", |dump| {
                dump.out.push(' ');
                dump.string(&alias.name);
                dump.operand(&alias.type_expr);
            }),
            ExprKind::TypeMapping(mapping) => {
                self.binary("type-mapping", &mapping.type_expr, &mapping.mapping)
            }
            ExprKind::TypeDefinition(definition) => self.call("type-definition", |dump| {
                dump.out.push(' ');
                dump.string(&definition.name);
                dump.out.push(' ');
                match &definition.parent {
                    Some(parent) => dump.string(parent),
                    None => dump.out.push_str("nil"),
                }
                dump.out.push(' ');
                match &definition.body {
                    Some(body) => dump.expr(body),
                    None => dump.out.push_str("(nop)"),
                }
            }),
            // The reference has no notation for it and fails.
            ExprKind::Apply(apply) => self.map_call("apply", |map| {
                map.key("args").list(&apply.args, Self::expr);
                map.key("body").list(&apply.body, Self::expr);
            }),
            ExprKind::Epp(epp) => self.epp(epp),
        }
    }

    fn named(&mut self, call: &str, value: &str) {
        self.call(call, |dump| {
            dump.out.push(' ');
            dump.string(value);
        });
    }

    fn integer(&mut self, decimal: &str, radix: Radix) {
        if radix == Radix::Decimal {
            self.out.push_str(decimal);
        } else {
            let _ = write!(
                self.out,
                "(int {{:radix {} :value {decimal}}})",
                radix.base()
            );
        }
    }

    /// Negative numbers are literals in the notation.
    fn negate(&mut self, inner: &Expr) {
        match &inner.kind {
            ExprKind::Integer { value, .. } => {
                let _ = write!(self.out, "{}", -i128::from(*value));
            }
            ExprKind::BigInteger(big) => {
                let _ = write!(self.out, "-{}", big.decimal);
            }
            ExprKind::Float(value) => self.float(-value),
            _ => self.call("-", |dump| dump.operand(inner)),
        }
    }

    fn binary(&mut self, op: &str, left: &Expr, right: &Expr) {
        self.call(op, |dump| {
            dump.operand(left);
            dump.operand(right);
        });
    }

    fn part(&mut self, part: &StringPart) {
        match part {
            StringPart::Text(text, _) => self.string(text),
            StringPart::Expr(expr) => self.call("str", |dump| dump.operand(expr)),
        }
    }

    fn pair(&mut self, left: &Expr, right: &Expr) {
        self.binary("=>", left, right);
    }

    fn hash_entry(&mut self, entry: &HashEntry) {
        self.pair(&entry.key, &entry.value);
    }

    fn selector_entry(&mut self, entry: &SelectorEntry) {
        self.pair(&entry.matching, &entry.value);
    }

    fn conditional(&mut self, name: &str, conditional: &If) {
        self.map_call(name, |map| {
            map.expr("test", &conditional.test);
            map.body("then", conditional.then.as_ref());
            map.body("else", conditional.otherwise.as_ref());
        });
    }

    fn case_option(&mut self, option: &CaseOption) {
        self.map(|map| {
            map.key("when").list(&option.values, Self::expr);
            match &option.body {
                Some(_) => map.body("then", option.body.as_ref()),
                None => map.key("then").out.push_str("[(nop)]"),
            }
        });
    }

    fn named_access(&mut self, left: &Expr, name: &str) {
        self.call(".", |dump| {
            dump.operand(left);
            dump.out.push(' ');
            dump.named("qn", name);
        });
    }

    fn named_call(&mut self, call: &Call) {
        self.map_call(if call.rvalue { "call" } else { "invoke" }, |map| {
            map.expr("functor", &call.functor);
            map.key("args").list(&call.args, Self::expr);
            if let Some(lambda) = &call.lambda {
                map.key("block").lambda(lambda);
            }
        });
    }

    fn method_call(&mut self, call: &MethodCall) {
        self.map_call("call-method", |map| {
            map.key("functor").named_access(&call.receiver, &call.name);
            map.key("args").list(&call.args, Self::expr);
            if let Some(lambda) = &call.lambda {
                map.key("block").lambda(lambda);
            }
        });
    }

    fn lambda(&mut self, lambda: &Lambda) {
        self.map_call("lambda", |map| {
            map.parameters(&lambda.parameters);
            if let Some(return_type) = &lambda.return_type {
                map.expr("returns", return_type);
            }
            map.body("body", lambda.body.as_ref());
        });
    }

    fn resource(&mut self, resource: &Resource) {
        self.map_call("resource", |map| {
            map.expr("type", &resource.type_name);
            map.key("bodies").list(&resource.bodies, |dump, body| {
                dump.map(|map| {
                    map.expr("title", &body.title);
                    map.operations(&body.operations);
                });
            });
            map.form(resource.form);
        });
    }

    fn collector(&mut self, collector: &Collector) {
        self.map_call("collect", |map| {
            map.expr("type", &collector.type_expr);
            let query = &collector.query;
            map.key("query").call(
                if query.exported {
                    "exported-query"
                } else {
                    "virtual-query"
                },
                |dump| {
                    if let Some(expr) = &query.expr {
                        dump.operand(expr);
                    }
                },
            );
            if !collector.operations.is_empty() {
                map.operations(&collector.operations);
            }
        });
    }

    fn operation(&mut self, operation: &AttributeOperation) {
        match operation {
            AttributeOperation::Attribute {
                name, op, value, ..
            } => self.call(op.as_str(), |dump| {
                dump.out.push(' ');
                dump.string(name);
                dump.operand(value);
            }),
            AttributeOperation::Splat { value, .. } => {
                self.call("splat-hash", |dump| dump.operand(value))
            }
        }
    }

    fn node(&mut self, node: &NodeDefinition) {
        self.map_call("node", |map| {
            map.key("matches").list(&node.matches, Self::expr);
            if let Some(parent) = &node.parent {
                map.expr("parent", parent);
            }
            map.body("body", node.body.as_ref());
        });
    }

    fn function(&mut self, name: &str, function: &FunctionDefinition) {
        self.map_call(name, |map| {
            map.string("name", &function.name);
            map.parameters(&function.parameters);
            map.body("body", function.body.as_ref());
            if let Some(return_type) = &function.return_type {
                map.expr("returns", return_type);
            }
        });
    }

    fn epp(&mut self, epp: &Epp) {
        self.map_call("lambda", |map| {
            map.parameters(epp.parameters.as_deref().unwrap_or(&[]));
            map.key("body").list(&[epp], |dump, epp| {
                dump.call("epp", |dump| {
                    if let Some(ExprKind::Block(statements)) =
                        epp.body.as_ref().map(|body| &body.kind)
                    {
                        dump.elements(statements, Self::expr);
                    }
                });
            });
        });
    }
}

/// Writes the entries of a map.
struct Map<'d> {
    dump: &'d mut Dump,
    first: bool,
}

impl Map<'_> {
    fn key(&mut self, key: &str) -> &mut Dump {
        if !self.first {
            self.dump.out.push(' ');
        }
        self.first = false;
        self.dump.out.push(':');
        self.dump.out.push_str(key);
        self.dump.out.push(' ');
        self.dump
    }

    fn expr(&mut self, key: &str, expr: &Expr) {
        self.key(key).expr(expr);
    }

    fn string(&mut self, key: &str, value: &str) {
        self.key(key).string(value);
    }

    /// A body is always a list, whether it is a block or not.
    fn body(&mut self, key: &str, body: Option<&Expr>) {
        match body.map(|body| &body.kind) {
            None => {}
            Some(ExprKind::Block(statements)) => self.key(key).list(statements, Dump::expr),
            Some(_) => self.key(key).list(&[body], |dump, body| {
                if let Some(body) = body {
                    dump.expr(body);
                }
            }),
        }
    }

    fn operations(&mut self, operations: &[AttributeOperation]) {
        self.key("ops").list(operations, Dump::operation);
    }

    fn form(&mut self, form: crate::ast::ResourceForm) {
        if form != crate::ast::ResourceForm::Regular {
            self.string("form", form.as_str());
        }
    }

    fn parameters(&mut self, parameters: &[Parameter]) {
        if parameters.is_empty() {
            return;
        }
        self.key("params").map(|map| {
            for parameter in parameters {
                map.key(&parameter.name).map(|map| {
                    if let Some(type_expr) = &parameter.type_expr {
                        map.expr("type", type_expr);
                    }
                    if parameter.captures_rest {
                        map.key("splat").out.push_str("true");
                    }
                    if let Some(value) = &parameter.value {
                        map.expr("value", value);
                    }
                });
            }
        });
    }
}

/// `Float#to_s` of Ruby: the shortest digits, with an exponent below 1e-4 and from 1e16 on.
pub(crate) fn ruby_float(value: f64) -> String {
    let magnitude = value.abs();
    if value == 0.0 || (1e-4..1e16).contains(&magnitude) {
        let plain = format!("{value}");
        return if plain.contains('.') {
            plain
        } else {
            plain + ".0"
        };
    }
    let scientific = format!("{value:e}");
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let point = if mantissa.contains('.') { "" } else { ".0" };
    match exponent.strip_prefix('-') {
        Some(digits) => format!("{mantissa}{point}e-{digits:0>2}"),
        None => format!("{mantissa}{point}e+{exponent:0>2}"),
    }
}

#[cfg(test)]
mod tests {
    use super::ruby_float;

    #[test]
    fn floats_are_written_as_ruby_does() {
        assert_eq!(ruby_float(1.0), "1.0");
        assert_eq!(ruby_float(1e20), "1.0e+20");
        assert_eq!(ruby_float(1.5e-7), "1.5e-07");
        assert_eq!(ruby_float(0.0001), "0.0001");
        assert_eq!(ruby_float(1e16), "1.0e+16");
        assert_eq!(ruby_float(-12.25), "-12.25");
    }
}
