"""Reads the Terraform module, and writes its resources as CloudFormation would have them.

Only what the module uses is understood; anything else is an error, so nothing is compared by accident.
Values become plain text: `${name}`, `${var.max_attempts}`, `${UrgentQueue.Arn}`; see `expressions.py`.
"""

import json
from pathlib import Path

import hcl2

from expressions import Scope, parsed, plain, value

# Resources by the logical name of their counterpart; {} is the key of for_each, in CloudFormation's spelling.
ADDRESSES = {
    "aws_kms_key.farm": "Key",
    "aws_s3_bucket.farm": "Bucket",
    "aws_s3_bucket_versioning.farm": "Bucket",
    "aws_s3_bucket_ownership_controls.farm": "Bucket",
    "aws_s3_bucket_public_access_block.farm": "Bucket",
    "aws_s3_bucket_server_side_encryption_configuration.farm": "Bucket",
    "aws_s3_bucket_lifecycle_configuration.farm": "Bucket",
    "aws_s3_bucket_notification.farm": "Bucket",
    "aws_s3_bucket_policy.farm": "BucketPolicy",
    "aws_sns_topic.published": "PublishedTopic",
    "aws_sns_topic_policy.published": "PublishedTopicPolicy",
    "aws_sqs_queue.lane": "{}Queue",
    "aws_sqs_queue.dead": "{}DeadQueue",
    "aws_sqs_queue_policy.uploads": "UploadsQueuePolicy",
    # One policy that lies on many queues there, one for each queue here.
    "aws_sqs_queue_policy.queues": "QueuesPolicy",
    "aws_iam_role.function": "{}Role",
    "aws_iam_role_policy.function": "{}Role",
    "aws_cloudwatch_log_group.function": "{}Log",
    "aws_lambda_function.function": "{}Function",
    "aws_lambda_event_source_mapping.lane": "{}Mapping",
    "aws_sns_topic.alarms": "AlarmTopic",
    "aws_sns_topic_policy.alarms": "AlarmTopicPolicy",
    "aws_sns_topic_subscription.alarms": "AlarmSubscription",
    "aws_cloudwatch_metric_alarm.age": "{}AgeAlarm",
    "aws_cloudwatch_metric_alarm.dead": "{}DeadAlarm",
    "aws_cloudwatch_metric_alarm.errors": "{}ErrorsAlarm",
    "aws_cloudwatch_metric_alarm.throttles": "{}ThrottlesAlarm",
    "aws_cloudwatch_dashboard.farm": "Dashboard",
}

# What says how Terraform goes about it, and nothing of the resource.
META = {"for_each", "count", "depends_on", "__is_block__", "__comments__", "__inline_comments__"}


class Module:
    """A parsed module."""

    def __init__(self, directory: Path):
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
                scope = Scope(self, ADDRESSES, key, item)
                yield address, ADDRESSES[address].format((key or "").title()), attributes, scope

    def _each(self, over):
        if over is None:
            return [(None, None)]
        if isinstance(over, str):
            over = self.locals[over.removeprefix("${local.").removesuffix("}")]
        return [(key, item) for key, item in over.items() if key not in META]

    def statements(self, name: str) -> list:
        """A policy document's statements, as CloudFormation writes them."""
        scope = Scope(self, ADDRESSES, None, None)
        return [_statement(block, scope) for block in self.documents[name]["statement"]]


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
