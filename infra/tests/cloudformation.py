"""Reads a CloudFormation template: its short tags as the long functions, its SAM globals in their functions."""

from dataclasses import dataclass
from pathlib import Path

import yaml


class _Loader(yaml.SafeLoader):
    """YAML with the tags of CloudFormation."""


def _tag(loader, suffix, node):
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        value = loader.construct_mapping(node, deep=True)
    if suffix in ("Ref", "Condition"):
        return {suffix: value}
    if suffix == "GetAtt" and isinstance(value, str):
        value = value.split(".", 1)
    return {f"Fn::{suffix}": value}


_Loader.add_multi_constructor("!", _tag)


@dataclass
class Template:
    """A template, and its resources with what SAM's globals say of them."""

    path: Path
    body: dict
    resources: dict

    def of_type(self, kind: str) -> dict:
        """The resources of a type: logical name to properties."""
        return {
            name: resource["Properties"]
            for name, resource in self.resources.items()
            if resource["Type"] == kind
        }


def load(path: Path) -> Template:
    """The template in a file."""
    body = yaml.load(path.read_text(encoding="utf-8"), Loader=_Loader)
    resources = dict(body["Resources"])
    shared = body.get("Globals", {}).get("Function", {})
    for name, resource in resources.items():
        if resource["Type"] == "AWS::Serverless::Function":
            resources[name] = resource | {"Properties": shared | resource["Properties"]}
    return Template(path, body, resources)


def walk(value, path=()):
    """Every value within a value, with the way to it."""
    yield path, value
    if isinstance(value, dict):
        for key, item in value.items():
            yield from walk(item, path + (key,))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from walk(item, path + (index,))


def as_list(value) -> list:
    """What may stand alone or in a list, as a list."""
    return value if isinstance(value, list) else [value]
