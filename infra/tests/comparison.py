"""Holds a template against a Terraform module: both are brought to the same plain text, property by property."""

import json
import re

import cloudformation
from terraform import attributes_of, named

PSEUDO = {
    "AWS::StackName": "${name}",
    "AWS::AccountId": "${account}",
    "AWS::Region": "${region}",
    "AWS::Partition": "${partition}",
    "AWS::URLSuffix": "${dns_suffix}",
    "AWS::NoValue": None,
}


def snake(name):
    """A parameter's name as the variable has it."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


class Canonical:
    """The template's values as the same plain text that `terraform.py` makes."""

    def __init__(self, template, choices):
        self.template = template
        self.choices = choices

    def name(self, name):
        """What !Ref or ${} names."""
        if name in PSEUDO:
            return PSEUDO[name]
        if name in self.template.body["Parameters"]:
            return f"${{var.{snake(name)}}}"
        logical, _, attribute = name.partition(".")
        assert logical in self.template.resources, name
        return f"${{{logical}.{attribute or 'Ref'}}}"

    def value(self, item):
        """A value with its functions resolved."""
        if isinstance(item, dict) and len(item) == 1:
            (function, argument), = item.items()
            if function == "Ref":
                return self.name(argument)
            if function == "Fn::GetAtt":
                return self.name(".".join(argument))
            if function == "Fn::Sub":
                return re.sub(r"\$\{([^}]+)\}", lambda found: self.name(found[1]), argument)
            if function == "Fn::If":
                condition, *branches = argument
                return self.choices[condition, *map(self.value, branches)]
            if function == "Fn::FindInMap":
                mapping, key, attribute = argument
                assert (mapping, attribute) == ("Visibility", "Seconds")
                return f"visibility({self.value(key).removeprefix('After')})"
        if isinstance(item, dict):
            return {key: self.value(inner) for key, inner in item.items()}
        if isinstance(item, list):
            return [self.value(inner) for inner in item]
        return str(item).lower() if isinstance(item, bool) else str(item)

    def statements(self, document):
        """A policy's statements with lists in place of single values."""
        statements = []
        for statement in document["Statement"]:
            when = {}
            if "Fn::If" in statement:
                condition, statement, otherwise = statement["Fn::If"]
                assert otherwise == {"Ref": "AWS::NoValue"}
                when = {"When": self.choices[condition, "statement"]}
            statement = self.value(statement) | when
            for key in ("Action", "Resource"):
                if key in statement:
                    statement[key] = sorted(cloudformation.as_list(statement[key]))
            principal = statement.get("Principal")
            if principal == "*":
                statement["Principal"] = {"*": ["*"]}
            elif principal:
                statement["Principal"] = {k: sorted(cloudformation.as_list(v)) for k, v in principal.items()}
            if "Condition" in statement:
                statement["Condition"] = {
                    test: {key: sorted(cloudformation.as_list(wanted)) for key, wanted in keys.items()}
                    for test, keys in statement["Condition"].items()
                }
            statements.append(statement)
        return sorted(statements, key=lambda statement: statement.get("Sid", ""))

    def properties(self, properties):
        """A resource's properties, flat."""
        flat = {}
        self._flatten(properties, (), flat)
        return flat

    def _flatten(self, item, path, flat):
        if path and path[-1] in ("PolicyDocument", "KeyPolicy", "AssumeRolePolicyDocument"):
            flat[".".join(path)] = self.statements(item)
            return
        if path == ("DashboardBody",):
            flat["DashboardBody"] = json.loads(self.value(item))
            return
        item = named(item)
        if path and path[-1] == "Filter":
            item = {rule["Name"]: rule["Value"] for rule in item["S3Key"]["Rules"]}
        function = isinstance(item, dict) and len(item) == 1 and next(iter(item)).startswith(("Fn::", "Ref"))
        if isinstance(item, dict) and not function:
            for key, inner in item.items():
                self._flatten(inner, path + (key,), flat)
        elif isinstance(item, list):
            for index, inner in enumerate(item):
                self._flatten(inner, path + (str(index),), flat)
        else:
            flat[".".join(path)] = self.value(item)


def lowered(module, tables, only_terraform, bucket_parts=None):
    """Every resource of the module with the properties that it would have in the template."""
    resources = {}
    for address, logical, attributes, scope in module.instances():
        kind = address.partition(".")[0]
        properties = resources.setdefault(logical, {})
        compared = {name: item for name, item in attributes.items() if (kind, name) not in only_terraform}
        if bucket_parts and bucket_parts.fullmatch(kind):
            assert compared.pop("bucket") == "${aws_s3_bucket.farm.id}"
        for path, found in attributes_of(compared, scope).items():
            if path.startswith("tags."):
                target = path.replace("tags", "Tags", 1)
            else:
                target = next(
                    (re.sub(a, p, path) for a, p in tables[kind].items() if re.fullmatch(a, path)), None
                )
                assert target, f"{address}: {path} is in no table"
            if isinstance(found, str) and found.startswith("document("):
                found = module.statements(found.removeprefix("document(").removesuffix(")"))
            if target == "CodeUri":
                found = found.removeprefix("${path.module}/../")
            if logical == "QueuesPolicy" and target == "Queues.0":
                target = f"Queues.{sum(key.startswith('Queues.') for key in properties)}"
            assert properties.get(target, found) == found, f"{address}: two values of {target}"
            properties[target] = found
    return resources


def assert_same_variables(template, module):
    """Parameters and variables have the same defaults and the same bounds."""
    variables = dict(module.variables)
    assert "default" not in variables.pop("name"), "the stack's name has no default either"
    parameters = template.body["Parameters"]
    assert sorted(variables) == sorted(map(snake, parameters))
    for name, parameter in parameters.items():
        variable = variables[snake(name)]
        assert _text(variable.get("default")) == _text(parameter.get("Default")), name
        assert _bounds_of_variable(name, variable) == _bounds_of_parameter(parameter), name


def _text(default):
    return str(default).lower() if isinstance(default, bool) else str(default).strip('"')


def _bounds_of_parameter(parameter):
    allowed = [str(value) for value in parameter.get("AllowedValues", [])]
    if allowed == ["false", "true"]:
        allowed = []
    return allowed, parameter.get("MinValue"), parameter.get("MaxValue")


def _bounds_of_variable(name, variable):
    allowed, least, greatest = [], None, None
    for validation in variable.get("validation", []):
        condition = validation["condition"].removeprefix("${").removesuffix("}")
        if found := re.fullmatch(rf"contains\(\[(.*)\], var\.{snake(name)}\)", condition):
            allowed = [value.strip().strip('"') for value in found[1].split(",")]
            continue
        found = re.fullmatch(rf"var\.{snake(name)} >= (\d+)(?: && var\.{snake(name)} <= (\d+))?", condition)
        assert found, f"{name}: {condition}"
        least, greatest = int(found[1]), int(found[2]) if found[2] else None
    return allowed, least, greatest
