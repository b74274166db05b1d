"""Reads the Terraform module, and writes its resources as CloudFormation would have them.

Only what the module uses is understood; anything else is an error, so nothing is compared by accident.
Values become plain text: `${name}`, `${var.max_attempts}`, `${UrgentQueue.Arn}`; see `expressions.py`.
"""

import json
from pathlib import Path

import hcl2

from expressions import Scope, parsed, plain, value

# What says how Terraform goes about it, and nothing of the resource.
META = {"for_each", "count", "depends_on", "lifecycle", "__is_block__", "__comments__", "__inline_comments__"}


class Module:
    """A parsed module."""

    def __init__(self, directory: Path, addresses: dict):
        """`addresses`: resources by the logical name of their counterpart; {} is the key of for_each."""
        self.addresses = addresses
        self.resources, self.documents, self.variables, self.outputs, self.locals = {}, {}, {}, {}, {}
        for file in sorted(directory.glob("*.tf")):
            self._read(hcl2.loads(file.read_text(encoding="utf-8")))

    def _read(self, body):
        for block in body.get("resource", []):
            for kind, named in block.items():
                for name, content in named.items():
                    self.resources[f"{plain(kind)}.{plain(name)}"] = content
        for block in body.get("data", []):
            for kind, named in block.items():
                if plain(kind) == "aws_iam_policy_document":
                    self.documents |= {plain(name): content for name, content in named.items()}
        for block in body.get("variable", []):
            self.variables |= {plain(name): content for name, content in block.items()}
        for block in body.get("output", []):
            self.outputs |= {plain(name): content for name, content in block.items()}
        for block in body.get("locals", []):
            self.locals |= {name: text for name, text in block.items() if name not in META}

    def instances(self):
        """Every resource once for each key of its for_each: (address, logical name, attributes, scope)."""
        for address, content in self.resources.items():
            attributes = {key: item for key, item in content.items() if key not in META}
            for key, item in self._each(content.get("for_each")):
                scope = Scope(self, key, item)
                yield address, self.addresses[address].format((key or "").title()), attributes, scope

    def _each(self, over):
        if over is None:
            return [(None, None)]
        if isinstance(over, str):
            over = self.locals[over.removeprefix("${local.").removesuffix("}")]
        return [(key, item) for key, item in over.items() if key not in META]

    def statements(self, name: str) -> list:
        """A policy document's statements, as CloudFormation writes them."""
        scope = Scope(self, None, None)
        document = self.documents[name]
        statements = [_statement(block, scope) for block in document["statement"]]
        for dynamic in document.get("dynamic", []):
            (block,) = dynamic.values()
            statements += [_statement(content, scope) | {"When": block["for_each"]} for content in block["content"]]
        return sorted(statements, key=lambda statement: statement.get("Sid", ""))


def _statement(block, scope):
    statement = {}
    for key, item in block.items():
        if key in META:
            continue
        if key in ("sid", "effect"):
            statement[key.title()] = value(item, scope)
        elif key in ("actions", "resources"):
            statement[key.title().removesuffix("s")] = sorted(value(item, scope))
        elif key == "principals":
            for principal in item:
                kind, who = value(principal["type"], scope), sorted(value(principal["identifiers"], scope))
                statement.setdefault("Principal", {})[kind] = who
        elif key == "condition":
            for condition in item:
                tests = statement.setdefault("Condition", {}).setdefault(value(condition["test"], scope), {})
                tests[value(condition["variable"], scope)] = sorted(value(condition["values"], scope))
        else:
            raise KeyError(f"a policy's statement has {key}")
    return statement


def attributes_of(content, scope) -> dict:
    """A resource's attributes, flat: `rule.0.id` to its value."""
    flat = {}
    _flatten(content, scope, (), flat)
    return flat


def _flatten(item, scope, path, flat):
    if isinstance(item, str) and item.startswith(("${jsonencode(", "${merge(")):
        item = parsed(item)
    item = named(item)
    if path == ("dashboard_body",):
        flat[".".join(path)] = json.loads(value(item, scope))
    elif isinstance(item, dict):
        for key, inner in item.items():
            if key not in META:
                _flatten(inner, scope, path + (plain(key),), flat)
    elif isinstance(item, list):
        for index, inner in enumerate(item):
            _flatten(inner, scope, path + (str(index),), flat)
    else:
        found = value(item, scope)
        if isinstance(found, dict):
            _flatten({key: f'"{inner}"' for key, inner in found.items()}, scope, path, flat)
        elif found is not None:
            flat[".".join(path)] = found


def named(item):
    """A list of names with their values as an object; anything else as it is."""
    if not isinstance(item, list) or not item or not all(isinstance(entry, dict) for entry in item):
        return item
    shapes = {tuple(sorted(key.lower() for key in entry if key not in META)) for entry in item}
    if len(shapes) != 1 or shapes.pop() not in {("key", "value"), ("name", "value"), ("name", "valuefrom")}:
        return item
    entries = ([value for key, value in sorted(entry.items()) if key not in META] for entry in item)
    return {plain(name): found for name, found in entries}
