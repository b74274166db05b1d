//! Parameters of classes and defines: given, looked up, defaults, checks
//! (`Puppet::Resource::Type#set_resource_parameters`).

use std::sync::Arc;

use bunraku_pcore::mismatch::{self, Parameter as Expected};
use bunraku_pcore::{Type, Value, to_display_string};
use bunraku_syntax::ast;
use ecow::EcoString;

use super::resource::ResourceKind;
use crate::code::ParsedFile;
use crate::error::{Result, Unwind};
use crate::evaluator::Evaluator;
use crate::frame::Frame;
use crate::resource_types::METAPARAMETERS;
use crate::scope::{Binding, ResourceId, ScopeId, Scopes};

/// Types of the parameters of a definition; `None`: any.
pub(crate) type ParameterTypes = Arc<[Option<Arc<Type>>]>;

impl<'a> Evaluator<'a> {
    /// Sets the variables of the scope of a class or define: what every resource has, and its parameters.
    pub(super) fn set_parameters(
        &mut self,
        id: ResourceId,
        scope: ScopeId,
        name: &EcoString,
    ) -> Result<()> {
        self.set_module_variables(id, scope);
        let resource = self.builder.table.get(id);
        let (parameters, file, is_class): (&'a [ast::Parameter], &'a ParsedFile, bool) =
            match &resource.kind {
                ResourceKind::Class(class) => (&class.definition.parameters, class.file, true),
                ResourceKind::Define(define) => (&define.definition.parameters, define.file, false),
                _ => return Ok(()),
            };
        let frame = Frame { scope, file };
        let types = self.parameter_types(name, is_class, parameters, file)?;
        if is_class {
            self.look_up_parameters(id, name, parameters, frame)?;
        }
        let resource = self.builder.table.get(id);
        let lower = |value: Value| -> Value {
            if is_class {
                Value::from(to_display_string(&value).to_lowercase())
            } else {
                value
            }
        };
        let title = lower(Value::Str(resource.title.clone()));
        let shown_name = lower(resource.name());
        self.bind(scope, "title", title);
        self.bind(scope, "name", shown_name);
        if is_class {
            self.scopes.set_class(name.clone(), scope);
        }
        let values = self.assign_parameters(id, parameters, frame)?;
        self.check_parameters(id, parameters, &types, &values)?;
        for (name, value) in values {
            self.scopes
                .get_mut(scope)
                .set_variable(name, Binding::Value(value));
        }
        Ok(())
    }

    /// `$module_name` and `$caller_module_name`, which stay unset outside of modules.
    pub(super) fn set_module_variables(&mut self, id: ResourceId, scope: ScopeId) {
        let resource = self.builder.table.get(id);
        let given = |name: &str| resource.set_value(name).cloned();
        let own = self.scopes.get(scope);
        let module = given("module_name").or_else(|| own.module.clone().map(Value::Str));
        let caller = given("caller_module_name").or_else(|| {
            own.parent
                .and_then(|parent| self.scopes.get(parent).module.clone())
                .map(Value::Str)
        });
        if let Some(module) = module {
            self.bind(scope, "module_name", module);
        }
        if let Some(caller) = caller {
            self.bind(scope, "caller_module_name", caller);
        }
    }

    /// Types are evaluated once per definition, in the top scope.
    fn parameter_types(
        &mut self,
        name: &EcoString,
        is_class: bool,
        parameters: &'a [ast::Parameter],
        file: &'a ParsedFile,
    ) -> Result<ParameterTypes> {
        let key = (is_class, name.clone());
        if let Some(known) = self.builder.parameter_types.get(&key) {
            return Ok(Arc::clone(known));
        }
        self.check_parameter_names(parameters, name)?;
        let frame = Frame {
            scope: Scopes::TOP,
            file,
        };
        let mut types = Vec::with_capacity(parameters.len());
        for parameter in parameters {
            types.push(match &parameter.type_expr {
                None => None,
                Some(expr) => match self.eval(expr, frame)? {
                    Value::Type(data_type) => Some(data_type),
                    _ => None,
                },
            });
        }
        let types: ParameterTypes = types.into();
        self.builder.parameter_types.insert(key, Arc::clone(&types));
        Ok(types)
    }

    /// Values from Hiera for parameters of a class that were not given (`inject_external_parameters`).
    fn look_up_parameters(
        &mut self,
        id: ResourceId,
        name: &str,
        parameters: &'a [ast::Parameter],
        frame: Frame<'a>,
    ) -> Result<()> {
        for parameter in parameters {
            if self
                .builder
                .table
                .get(id)
                .set_value(&parameter.name)
                .is_some()
            {
                continue;
            }
            let key = format!("{name}::{}", parameter.name);
            let Some(value) = self.lookup_class_parameter(&key, frame)? else {
                continue;
            };
            // A bound undef must not hide a default.
            if !value.is_undef() || parameter.value.is_none() {
                self.builder
                    .table
                    .get_mut(id)
                    .set(&parameter.name, value)
                    .map_err(Unwind::plain)?;
            }
        }
        Ok(())
    }

    /// All parameters with a value, in the order of the definition, then metaparameters. Defaults are
    /// evaluated in order and see what is assigned so far.
    fn assign_parameters(
        &mut self,
        id: ResourceId,
        parameters: &'a [ast::Parameter],
        frame: Frame<'a>,
    ) -> Result<Vec<(EcoString, Value)>> {
        let resource = self.builder.table.get(id);
        let callee = resource.reference();
        let given: Vec<(EcoString, Value)> = resource
            .params
            .iter()
            .filter(|(name, _)| *name != "name" && *name != "title")
            .map(|(name, param)| (name.clone(), param.value.clone()))
            .collect();
        let names = parameters.iter().map(|parameter| &parameter.name);
        let level = self.begin_parameters(frame.scope, &callee, names);
        for (name, value) in given {
            self.assign_parameter(frame.scope, level, &name, value);
        }
        let result = self.assign_defaults(id, parameters, frame, level);
        let values = self.end_parameters(frame.scope, level);
        result?;
        Ok(values)
    }

    fn assign_defaults(
        &mut self,
        id: ResourceId,
        parameters: &'a [ast::Parameter],
        frame: Frame<'a>,
        level: usize,
    ) -> Result<()> {
        for parameter in parameters {
            let Some(default) = &parameter.value else {
                continue;
            };
            if self
                .builder
                .table
                .get(id)
                .set_value(&parameter.name)
                .is_some()
            {
                continue;
            }
            let value = self.eval_parameter_default(level, &parameter.name, default, frame)?;
            let value = super::statements::storable(value)?;
            self.builder
                .table
                .get_mut(id)
                .set(&parameter.name, value.clone())
                .map_err(Unwind::plain)?;
            self.assign_parameter(frame.scope, level, &parameter.name, value);
        }
        Ok(())
    }

    /// Checks values against the declared types, in the reference's words (`validate_resource_hash`).
    pub(super) fn check_parameters(
        &self,
        id: ResourceId,
        parameters: &[ast::Parameter],
        types: &[Option<Arc<Type>>],
        values: &[(EcoString, Value)],
    ) -> Result<()> {
        if fits(parameters, types, values) {
            return Ok(());
        }
        let mut expected: Vec<Expected<'_>> = vec![Expected {
            name: "name",
            data_type: None,
            has_default: true,
        }];
        expected.extend(METAPARAMETERS.iter().map(|name| Expected {
            name,
            data_type: None,
            has_default: true,
        }));
        expected.extend(
            parameters
                .iter()
                .enumerate()
                .map(|(index, parameter)| Expected {
                    name: &parameter.name,
                    data_type: types.get(index).and_then(Option::as_deref),
                    has_default: parameter.value.is_some(),
                }),
        );
        let given: Vec<(&str, &Value)> = values
            .iter()
            .map(|(name, value)| (name.as_str(), value))
            .collect();
        let subject = self.builder.table.get(id).reference();
        match mismatch::validate_parameters(&subject, &expected, &given, false) {
            Some(message) => Err(Unwind::plain(message)),
            None => Ok(()),
        }
    }
}

/// Whether all is well, without building the description of what is expected.
fn fits(
    parameters: &[ast::Parameter],
    types: &[Option<Arc<Type>>],
    values: &[(EcoString, Value)],
) -> bool {
    let position = |name: &str| {
        parameters
            .iter()
            .position(|parameter| parameter.name == name)
    };
    let all_known = values.iter().all(|(name, value)| match position(name) {
        Some(index) => types
            .get(index)
            .and_then(Option::as_ref)
            .is_none_or(|of| of.accepts(value)),
        None => name == "name" || crate::resource_types::is_metaparameter(name),
    });
    all_known
        && parameters.iter().all(|parameter| {
            parameter.value.is_some() || values.iter().any(|(name, _)| *name == parameter.name)
        })
}
