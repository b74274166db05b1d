"""The statements of every policy in a template."""

from dataclasses import dataclass

from cloudformation import Template, as_list, walk


@dataclass(frozen=True)
class Statement:
    """One statement and the resource that holds it."""

    resource: str
    body: dict

    @property
    def name(self) -> str:
        """Where it is, as the tables of exceptions name it."""
        return f"{self.resource}.{self.body.get('Sid', 'AssumeRole')}"

    @property
    def allows(self) -> bool:
        """Whether it gives a right, not takes one."""
        return self.body["Effect"] == "Allow"

    @property
    def actions(self) -> list:
        """What it speaks of."""
        return as_list(self.body["Action"])

    @property
    def resources(self) -> list:
        """Of what, as text; none in a trust policy."""
        return [text(resource) for resource in as_list(self.body.get("Resource", []))]


def of(template: Template) -> list:
    """All statements of a template."""
    return [
        Statement(name, value)
        for name, resource in template.resources.items()
        for _, value in walk(resource["Properties"])
        if isinstance(value, dict) and "Effect" in value and "Action" in value
    ]


def text(value) -> str:
    """A resource's name in a policy as text: `${Bucket.Arn}/blobs/*`."""
    if isinstance(value, str):
        return value
    (function, argument), = value.items()
    if function == "Fn::Sub":
        return argument
    if function == "Ref":
        return f"${{{argument}}}"
    if function == "Fn::GetAtt":
        return f"${{{'.'.join(argument)}}}"
    if function == "Fn::If":
        return " or ".join(text(branch) for branch in argument[1:])
    raise ValueError(f"{function} in a policy's resource")
