"""A stack of a former template becomes one of the current template, on a server that speaks AWS's API."""

import json
from pathlib import Path

import pytest

import cloudformation
import emulator
import inventory
from emulator import CLOUD, ENDPOINT, client
from notifications import assert_events_arrive
from stack import (
    CHANNELS, bucket_of, delete, deploy, deploy_in_vain, leftovers, mapped, named, queue_url, without_code,
)

TESTS = Path(__file__).resolve().parent
FORMER = TESTS / "former" / "template.yaml"
CURRENT = TESTS.parent / "template.yaml"
# Both templates know them. Paused: nothing takes messages away.
PARAMETERS = ["DataRetention=Delete", f"EndpointUrl={ENDPOINT}", "Paused=true"]
QUEUES = CHANNELS + [f"{channel}-dead" for channel in CHANNELS]
# The template has neither lost nor gained a resource so far: these are lost, and those gained.
LOST = {
    "RetiredQueue": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": {"Fn::Sub": "${AWS::StackName}-retired"}}},
    "RetiredMapping": {
        "Type": "AWS::Lambda::EventSourceMapping",
        "Properties": {
            "EventSourceArn": {"Fn::GetAtt": ["RetiredQueue", "Arn"]},
            "FunctionName": {"Ref": "PlanFunction"},
            "Enabled": False,
        },
    },
}
GAINED = ["BulkMapping", "BulkAgeAlarm", "Dashboard"]
# Its name lacks `.fifo`, so SQS refuses it; made after all that the update changes.
IMPOSSIBLE = {
    "Type": "AWS::SQS::Queue",
    "DependsOn": ["IngestFunction", "PlanFunction", "CompileFunction", "BulkMapping"],
    "Properties": {"QueueName": {"Fn::Sub": "${AWS::StackName}-impossible"}, "FifoQueue": True},
}
# What an update changes on AWS and leaves as it was on an emulator.
# LocalStack 4.14 writes a role's policies when it makes the role, and never again.
LEFT = {"localstack": ["AWS::IAM::Role"]}.get(CLOUD, [])

pytestmark = emulator.needed


@pytest.fixture
def former(tmp_path):
    """The former template with what it is to lose, an output too, and without what it is to gain."""
    template = cloudformation.load(FORMER).body
    for name in GAINED:
        del template["Resources"][name]
    template["Resources"] |= LOST
    template["Outputs"]["Retired"] = {"Value": {"Ref": "Bucket"}}
    return without_code(tmp_path / "former", json.dumps(template).encode())


@pytest.fixture
def current(tmp_path):
    """The current template."""
    return without_code(tmp_path / "current", CURRENT.read_bytes())


@pytest.fixture
def impossible(tmp_path):
    """The current template with a resource that cannot be made."""
    template = cloudformation.load(CURRENT).body
    template["Resources"]["Impossible"] = IMPOSSIBLE
    return without_code(tmp_path / "impossible", json.dumps(template).encode())


def test_a_former_stack_becomes_what_a_new_one_is_and_keeps_its_data(former, current, stack_name, artifacts):
    created = deploy(former, artifacts, stack_name, *PARAMETERS)
    assert created["StackStatus"] == "CREATE_COMPLETE"
    before = inventory.of(stack_name)
    assert set(LOST) <= set(before) and not set(GAINED) & set(before)
    assert "retired" in mapped(stack_name) and "bulk" not in mapped(stack_name)
    fill(stack_name)
    kept = held(stack_name)

    updated = deploy(current, artifacts, stack_name, *PARAMETERS)

    assert updated["StackStatus"] == "UPDATE_COMPLETE"
    assert held(stack_name) == kept
    with named() as new:
        deploy(current, artifacts, new, *PARAMETERS)
        wanted = inventory.of(new)
    wanted |= {name: before[name] for name in wanted if wanted[name].get("Type") in LEFT}
    after = inventory.of(stack_name)
    assert sorted(after) == sorted(wanted)
    for name in wanted:
        assert after[name] == wanted[name], name
    assert sorted(mapped(stack_name)) == sorted(CHANNELS)
    assert [name for name in leftovers(stack_name) if "retired" in name] == []
    topic = next(o["OutputValue"] for o in updated["Outputs"] if o["OutputKey"] == "PublishedTopicArn")
    assert_events_arrive(stack_name, bucket_of(stack_name), topic)
    delete(stack_name)
    assert leftovers(stack_name) == []


def test_an_update_that_fails_loses_no_data_and_is_undone(former, current, impossible, stack_name, artifacts):
    deploy(former, artifacts, stack_name, *PARAMETERS)
    before = inventory.of(stack_name)
    fill(stack_name)
    kept = held(stack_name)

    failed = deploy_in_vain(impossible, artifacts, stack_name, *PARAMETERS, "CompileTimeout=120")

    assert held(stack_name) == kept
    assert [name for name in leftovers(stack_name) if "impossible" in name] == []
    if CLOUD == "localstack":
        # 4.14 undoes nothing. It stops where it failed, calls that as it calls a failed creation, and forgets what
        # there was: another update fails ("No deployed instances", "already exists"), a deletion leaves some.
        assert failed["StackStatus"] == "ROLLBACK_COMPLETE"
        return
    assert failed["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert inventory.of(stack_name) == before

    assert deploy(current, artifacts, stack_name, *PARAMETERS)["StackStatus"] == "UPDATE_COMPLETE"

    assert held(stack_name) == kept
    assert "Impossible" not in inventory.of(stack_name)
    assert sorted(mapped(stack_name)) == sorted(CHANNELS)
    delete(stack_name)
    assert leftovers(stack_name) == []


def fill(stack):
    """Writes objects, one of them twice, and a message to every queue."""
    for key, body in [("bucket/kept", b"old"), ("bucket/kept", b"new"), ("facts/web1.example.test.json", b"{}")]:
        client("s3").put_object(Bucket=bucket_of(stack), Key=key, Body=body)
    for queue in QUEUES:
        client("sqs").send_message(QueueUrl=queue_url(stack, queue), MessageBody=f"waits in {queue}")


def held(stack):
    """What `fill` wrote: all versions of the objects, and the messages, which go on waiting."""
    s3, sqs = client("s3"), client("sqs")
    bucket = bucket_of(stack)
    versions = [
        (v["Key"], v["IsLatest"], s3.get_object(Bucket=bucket, Key=v["Key"], VersionId=v["VersionId"])["Body"].read())
        for v in s3.list_object_versions(Bucket=bucket)["Versions"]
    ]
    waiting = [
        message["Body"]
        for queue in QUEUES
        for message in sqs.receive_message(
            QueueUrl=queue_url(stack, queue), MaxNumberOfMessages=10, VisibilityTimeout=0, WaitTimeSeconds=1
        ).get("Messages", [])
    ]
    assert {f"waits in {queue}" for queue in QUEUES} <= set(waiting) and len(versions) == 3
    return sorted(versions), sorted(body for body in waiting if body.startswith("waits in "))
