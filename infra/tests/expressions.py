"""The little of Terraform's expressions that the module uses, evaluated to plain text."""

import re
from dataclasses import dataclass

import hcl2

# What the module's locals are in the template. The first are AWS::Region and its like; of the others,
# test_terraform.py checks that they are made alike.
LOCALS = {
    "account": "${account}",
    "partition": "${partition}",
    "dns_suffix": "${dns_suffix}",
    "region": "${region}",
    "bucket_name": "${bucket_name}",
    "key_arn": "${key_arn}",
    "alarm_topic_arn": "${alarm_topic_arn}",
}
# What an attribute of a resource is called in the template; Ref where it is what Ref gives.
ATTRIBUTES = {
    ("aws_s3_bucket", "id"): "Ref",
    ("aws_s3_bucket", "arn"): "Arn",
    ("aws_sqs_queue", "id"): "Ref",
    ("aws_sqs_queue", "arn"): "Arn",
    ("aws_sqs_queue", "name"): "QueueName",
    ("aws_sns_topic", "arn"): "Ref",
    ("aws_iam_role", "arn"): "Arn",
    ("aws_iam_role", "id"): "Ref",
    # GetAtt's Arn of a log group ends with ':*'; Terraform's does not.
    ("aws_cloudwatch_log_group", "arn"): "ArnBefore",
    ("aws_cloudwatch_log_group", "name"): "Ref",
    ("aws_lambda_function", "function_name"): "Ref",
    ("aws_security_group", "id"): "Ref",
    ("aws_lb", "arn"): "Ref",
    ("aws_lb", "arn_suffix"): "LoadBalancerFullName",
    ("aws_lb", "dns_name"): "DNSName",
    ("aws_lb_target_group", "arn"): "Ref",
    ("aws_ecs_cluster", "id"): "Ref",
    ("aws_ecs_cluster", "name"): "Ref",
    ("aws_ecs_service", "name"): "Name",
    ("aws_ecs_task_definition", "arn"): "Ref",
    ("aws_appautoscaling_target", "resource_id"): "Ref",
}
_REFERENCE = re.compile(r'(aws_\w+)\.(\w+)(?:\[([^]]+)\])?\.(\w+)')


@dataclass
class Scope:
    """What an expression can name."""

    module: object
    key: str
    item: object


def plain(text) -> str:
    """A name or a literal without its quotes."""
    return str(text).removeprefix('"').removesuffix('"')


def parsed(expression: str):
    """The object that jsonencode() or merge() is called with; of merge, all that can come together."""
    inner = expression.removeprefix("${").removesuffix("}")
    name, arguments = inner.split("(", 1)
    arguments = arguments.removesuffix(")")
    if name == "jsonencode":
        return hcl2.loads(f"x = {arguments}\n")["x"]
    first, condition, second = re.fullmatch(
        r"(\{.*\}), (var\.\w+) == \"\" \? \{\} : (\{.*\})", arguments, re.DOTALL
    ).groups()
    merged = hcl2.loads(f"x = {first}\n")["x"]
    for key, item in hcl2.loads(f"x = {second}\n")["x"].items():
        assert item == f"${{{condition}}}", f"{key} is left out when {condition} is empty, but is {item}"
        merged[key] = f'"unless_empty({item})"'
    return merged


def value(item, scope: Scope):
    """The value of an attribute: text, a list, an object of text, or None."""
    if isinstance(item, list):
        return [value(inner, scope) for inner in item]
    if item is None or item == "null":
        return None
    if isinstance(item, bool):
        return str(item).lower()
    if isinstance(item, (int, float)):
        return str(item)
    if plain(item).startswith("<<"):
        lines = plain(item).splitlines()
        return _template("\n".join(lines[1:-1]), scope)
    if item.startswith('"') and item.endswith('"'):
        return _template(item[1:-1].replace('\\"', '"'), scope)
    whole = re.fullmatch(r"\$\{(.*)\}", item, re.DOTALL)
    if whole and "${" not in whole[1]:
        return _expression(whole[1], scope)
    return _template(item, scope)


def _template(text: str, scope: Scope) -> str:
    text = re.sub(r"\$\{([^{}]*)\}", lambda found: _expression(found[1].replace('\\"', '"'), scope), text)
    return re.sub(r"\$\{(\w+)\.ArnBefore\}:\*", r"${\1.Arn}", text)


def _expression(text: str, scope: Scope):
    text = text.strip()
    if text == "each.key":
        return scope.key
    if text == "each.value":
        return value(scope.item, scope)
    if text.startswith("each.value."):
        return value(scope.item[text.removeprefix("each.value.")], scope)
    if text == "var.name":
        return "${name}"
    if text == "local.tags":
        return {key: value(item, scope) for key, item in scope.module.locals["tags"].items()}
    if text.startswith("local."):
        return LOCALS[text.removeprefix("local.")]
    if re.fullmatch(r"var\.\w+", text):
        return f"${{{text}}}"
    # A choice between two words is a flag here.
    if found := re.fullmatch(r'(var\.\w+) == \\?"\w+\\?"', text):
        return f"${{{found[1]}}}"
    if re.fullmatch(r"!var\.\w+", text):
        return f"not(${{{text[1:]}}})"
    # Names that an evaluation before put in stay what they are.
    if re.fullmatch(r"name|account|partition|dns_suffix|region|path\.module|var\.\w+|[A-Z]\w*\.\w+", text):
        return f"${{{text}}}"
    if found := re.fullmatch(r"title\((.*)\)", text):
        return _expression(found[1], scope).title()
    if found := re.fullmatch(r"6 \* (.*) \+ 30", text):
        return f"visibility({_expression(found[1], scope)})"
    if found := re.fullmatch(r"data\.aws_iam_policy_document\.(\w+)(?:\[0\])?\.json", text):
        return f"document({found[1]})"
    if found := _REFERENCE.fullmatch(text):
        kind, name, key, attribute = found.groups()
        if key and key != "0":
            key = _expression(key, scope) if key.startswith("each.") else plain(key)
        logical = scope.module.addresses[f"{kind}.{name}"].format((key or "").title())
        return f"${{{logical}.{ATTRIBUTES[kind, attribute]}}}"
    raise ValueError(f"an expression that this test does not know: {text}")
