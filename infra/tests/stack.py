"""A stack of the farm at the emulator: deployed as infra/README.md tells to, looked at, deleted."""

import contextlib
import re
import time
import uuid
import zipfile
from pathlib import Path

from emulator import ACCOUNT, REGION, aws, client

CHANNELS = ["uploads", "plans", "urgent", "normal", "bulk"]
FUNCTIONS = ["ingest", "plan", "compile"]


def without_code(directory: Path, template: bytes) -> Path:
    """The file of a template beside zips of a bootstrap that is never called."""
    (directory / "dist").mkdir(parents=True)
    for name in FUNCTIONS:
        with zipfile.ZipFile(directory / "dist" / f"{name}.zip", "w") as archive:
            entry = zipfile.ZipInfo("bootstrap")
            entry.external_attr = 0o755 << 16
            archive.writestr(entry, "#!/bin/sh\nexec sleep 3600\n")
    path = directory / "template.yaml"
    path.write_bytes(template)
    return path


def deploy(template, artifacts, stack, *parameters):
    """The two commands of infra/README.md; returns the stack."""
    command(template, artifacts, stack, parameters)
    return state(stack)


def deploy_in_vain(template, artifacts, stack, *parameters):
    """An update that fails; returns the stack when it has come to rest.

    The command itself would wait for an hour on LocalStack 4.14, which ends a failed update as ROLLBACK_COMPLETE.
    """
    said = command(template, artifacts, stack, parameters, "--no-execute-changeset")
    change_set = re.search(r"arn:\S+:changeSet/\S+", said)[0]
    client("cloudformation").execute_change_set(ChangeSetName=change_set)
    for _ in range(240):
        found = state(stack)
        if found["StackStatus"].endswith("ROLLBACK_COMPLETE"):
            return found
        time.sleep(0.5)
    raise AssertionError(f"not rolled back: {found}")


def command(template, artifacts, stack, parameters, *options):
    """Packages and deploys; returns what the command says."""
    packaged = template.with_name("packaged.yaml")
    aws("cloudformation", "package", "--template-file", str(template), "--s3-bucket", artifacts,
        "--output-template-file", str(packaged))
    return aws("cloudformation", "deploy", "--stack-name", stack, "--template-file", str(packaged),
               "--s3-bucket", artifacts, "--capabilities", "CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND",
               "--no-fail-on-empty-changeset", *options, "--parameter-overrides", *parameters)


def state(stack):
    """What CloudFormation says of a stack."""
    return client("cloudformation").describe_stacks(StackName=stack)["Stacks"][0]


def bucket_of(stack):
    """The name of a stack's bucket."""
    return f"{stack}-{ACCOUNT}-{REGION}"


def mappings():
    """The account's mappings. LocalStack 4.14 lists for good what was disabled when it was deleted."""
    pages = client("lambda").get_paginator("list_event_source_mappings").paginate()
    return [mapping for page in pages for mapping in page["EventSourceMappings"] if mapping["State"] != "Deleting"]


def mapped(stack):
    """The mappings by the lane that they read."""
    prefix = f"arn:aws:sqs:{REGION}:{ACCOUNT}:{stack}-"
    return {m["EventSourceArn"].removeprefix(prefix): m for m in mappings() if m["EventSourceArn"].startswith(prefix)}


def queue_url(stack, queue):
    """The address of one of the stack's queues."""
    return client("sqs").get_queue_url(QueueName=f"{stack}-{queue}")["QueueUrl"]


def attributes(stack, queue):
    """The attributes of one of the stack's queues."""
    url = queue_url(stack, queue)
    return client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]


def empty(bucket):
    """Deletes every version of every object of a bucket, if there is such a bucket."""
    s3 = client("s3")
    with contextlib.suppress(s3.exceptions.NoSuchBucket):
        for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket):
            for found in page.get("Versions", []) + page.get("DeleteMarkers", []):
                s3.delete_object(Bucket=bucket, Key=found["Key"], VersionId=found["VersionId"])


def delete(stack):
    """Deletes a stack with its data; does nothing when it is gone."""
    empty(bucket_of(stack))
    cloudformation = client("cloudformation")
    cloudformation.delete_stack(StackName=stack)
    cloudformation.get_waiter("stack_delete_complete").wait(
        StackName=stack, WaiterConfig={"Delay": 1, "MaxAttempts": 120}
    )


@contextlib.contextmanager
def named():
    """The name of a stack of the test's own, which is gone after the test however it ends."""
    name = f"infra-{uuid.uuid4().hex[:8]}"
    try:
        yield name
    finally:
        delete(name)


def leftovers(stack):
    """Everything in the account that bears the stack's name."""
    found = [b["Name"] for b in client("s3").list_buckets()["Buckets"]]
    found += client("sqs").list_queues().get("QueueUrls", [])
    found += [f["FunctionName"] for f in client("lambda").list_functions()["Functions"]]
    found += [m["EventSourceArn"] for m in mappings()]
    found += [t["TopicArn"] for t in client("sns").list_topics()["Topics"]]
    found += [g["logGroupName"] for g in client("logs").describe_log_groups()["logGroups"]]
    found += [a["AlarmName"] for a in client("cloudwatch").describe_alarms()["MetricAlarms"]]
    found += [r["Name"] for r in client("events").list_rules()["Rules"]]
    found += [d["DashboardName"] for d in client("cloudwatch").list_dashboards()["DashboardEntries"]]
    found += [r["RoleName"] for r in client("iam").list_roles()["Roles"]]
    return [name for name in found if stack in name]
