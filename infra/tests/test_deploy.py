"""The template is deployed, updated and deleted on a server that speaks AWS's API, and leaves nothing.

Runs where BUNRAKU_TEST_ENDPOINT names such a server (LocalStack, MiniStack); localstack-tests/run sets it.
"""

import io
import os
import subprocess
import sys
import uuid
import zipfile
from pathlib import Path

import boto3
import pytest
from botocore.config import Config

ENDPOINT = os.environ.get("BUNRAKU_TEST_ENDPOINT", "")
INFRA = Path(__file__).resolve().parent.parent
REGION = "us-east-1"
ACCOUNT = "000000000000"
CHANNELS = ["uploads", "plans", "urgent", "normal", "bulk"]
FUNCTIONS = ["ingest", "plan", "compile"]
CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_DEFAULT_REGION": REGION,
}

pytestmark = pytest.mark.skipif(not ENDPOINT, reason="needs a server: set BUNRAKU_TEST_ENDPOINT")


def client(service):
    """A client of one service, at the server under test."""
    return boto3.client(
        service,
        endpoint_url=ENDPOINT,
        region_name=REGION,
        aws_access_key_id=CREDENTIALS["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
        # The first use of each service is slow on LocalStack.
        config=Config(read_timeout=120, retries={"max_attempts": 2}, s3={"addressing_style": "path"}),
    )


def aws(*arguments):
    """Runs the AWS command line, as infra/README.md tells to."""
    command = [sys.executable, "-m", "awscli", "--endpoint-url", ENDPOINT, *arguments]
    done = subprocess.run(command, env=os.environ | CREDENTIALS, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{arguments}: {done.stdout}{done.stderr}"
    return done.stdout


def without_code(directory: Path) -> Path:
    """A copy of the template beside zips of a bootstrap that is never called."""
    (directory / "dist").mkdir()
    for name in FUNCTIONS:
        with zipfile.ZipFile(directory / "dist" / f"{name}.zip", "w") as archive:
            entry = zipfile.ZipInfo("bootstrap")
            entry.external_attr = 0o755 << 16
            archive.writestr(entry, "#!/bin/sh\nexec sleep 3600\n")
    copy = directory / "template.yaml"
    copy.write_bytes((INFRA / "template.yaml").read_bytes())
    return copy


def empty_and_delete(bucket):
    """Deletes a bucket with every version of every object."""
    s3 = client("s3")
    for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket):
        for kind in ("Versions", "DeleteMarkers"):
            for found in page.get(kind, []):
                s3.delete_object(Bucket=bucket, Key=found["Key"], VersionId=found["VersionId"])
    s3.delete_bucket(Bucket=bucket)


def leftovers(stack):
    """Everything in the account that bears the stack's name."""
    found = [b["Name"] for b in client("s3").list_buckets()["Buckets"]]
    found += client("sqs").list_queues().get("QueueUrls", [])
    found += [f["FunctionName"] for f in client("lambda").list_functions()["Functions"]]
    found += [m["EventSourceArn"] for m in client("lambda").list_event_source_mappings()["EventSourceMappings"]]
    found += [t["TopicArn"] for t in client("sns").list_topics()["Topics"]]
    found += [g["logGroupName"] for g in client("logs").describe_log_groups()["logGroups"]]
    found += [a["AlarmName"] for a in client("cloudwatch").describe_alarms()["MetricAlarms"]]
    found += [d["DashboardName"] for d in client("cloudwatch").list_dashboards()["DashboardEntries"]]
    found += [r["RoleName"] for r in client("iam").list_roles()["Roles"]]
    return [name for name in found if stack in name]


def deploy(template, artifacts, stack, *parameters):
    """The two commands of infra/README.md; returns the stack."""
    packaged = template.with_name("packaged.yaml")
    aws("cloudformation", "package", "--template-file", str(template), "--s3-bucket", artifacts,
        "--output-template-file", str(packaged))
    aws("cloudformation", "deploy", "--stack-name", stack, "--template-file", str(packaged),
        "--s3-bucket", artifacts, "--capabilities", "CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND",
        "--no-fail-on-empty-changeset", "--parameter-overrides", *parameters)
    return client("cloudformation").describe_stacks(StackName=stack)["Stacks"][0]


@pytest.fixture
def stack_name():
    """The name of a stack of the test's own, which is gone after the test however it ends."""
    name = f"infra-{uuid.uuid4().hex[:8]}"
    yield name
    cloudformation = client("cloudformation")
    cloudformation.delete_stack(StackName=name)
    cloudformation.get_waiter("stack_delete_complete").wait(
        StackName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 120}
    )


@pytest.fixture
def artifacts():
    """A bucket for what is deployed."""
    name = f"artifacts-{uuid.uuid4().hex[:8]}"
    client("s3").create_bucket(Bucket=name)
    yield name
    empty_and_delete(name)


def mapped(stack):
    """The mappings by the lane that they read."""
    mappings = client("lambda").list_event_source_mappings()["EventSourceMappings"]
    prefix = f"arn:aws:sqs:{REGION}:{ACCOUNT}:{stack}-"
    return {m["EventSourceArn"].removeprefix(prefix): m for m in mappings if m["EventSourceArn"].startswith(prefix)}


def attributes(stack, queue):
    """The attributes of one of the stack's queues."""
    sqs = client("sqs")
    url = sqs.get_queue_url(QueueName=f"{stack}-{queue}")["QueueUrl"]
    return sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]


def test_the_stack_is_created_updated_and_deleted(tmp_path, stack_name, artifacts):
    template = without_code(tmp_path)
    # Paused: nothing takes messages away before the test has seen them.
    parameters = ["DataRetention=Delete", f"EndpointUrl={ENDPOINT}", "Paused=true"]

    stack = deploy(template, artifacts, stack_name, *parameters)

    assert stack["StackStatus"] == "CREATE_COMPLETE"
    outputs = {o["OutputKey"]: o["OutputValue"] for o in stack["Outputs"]}
    bucket = f"{stack_name}-{ACCOUNT}-{REGION}"
    assert outputs == {
        "StoreUrl": f"s3://{bucket}",
        "QueueUrl": f"sqs://{stack_name}",
        "BucketName": bucket,
        "PublishedTopicArn": f"arn:aws:sns:{REGION}:{ACCOUNT}:{stack_name}-published",
        "KeyArn": outputs["KeyArn"],
        "Region": REGION,
    }
    assert ":key/" in outputs["KeyArn"]
    mappings = mapped(stack_name)
    assert sorted(mappings) == sorted(CHANNELS)
    assert attributes(stack_name, "urgent")["VisibilityTimeout"] == "390"
    function = client("lambda").get_function_configuration(FunctionName=f"{stack_name}-compile")
    assert function["Environment"]["Variables"] == {
        "BUNRAKU_STORE": f"s3://{bucket}",
        "BUNRAKU_QUEUE": f"sqs://{stack_name}",
        "BUNRAKU_MAX_ATTEMPTS": "5",
        "RUST_LOG": "info",
        "AWS_ENDPOINT_URL_S3": ENDPOINT,
        "AWS_ENDPOINT_URL_SQS": ENDPOINT,
    }
    assert_events_arrive(stack_name, bucket, outputs["PublishedTopicArn"])
    leave_something(bucket)

    updated = deploy(
        template, artifacts, stack_name, *parameters, "Paused=false", "CompileTimeout=120", "UrgentConcurrency=20"
    )

    assert updated["StackStatus"] == "UPDATE_COMPLETE"
    assert attributes(stack_name, "urgent")["VisibilityTimeout"] == "750"
    mappings = mapped(stack_name)
    assert mappings["urgent"]["ScalingConfig"]["MaximumConcurrency"] == 20
    assert client("lambda").get_function_configuration(FunctionName=f"{stack_name}-compile")["Timeout"] == 120
    held = client("s3").get_object(Bucket=bucket, Key="bucket/kept")["Body"].read()
    assert held == b"kept", "an update leaves the data alone"

    cloudformation = client("cloudformation")
    for version in client("s3").list_object_versions(Bucket=bucket).get("Versions", []):
        client("s3").delete_object(Bucket=bucket, Key=version["Key"], VersionId=version["VersionId"])
    cloudformation.delete_stack(StackName=stack_name)
    cloudformation.get_waiter("stack_delete_complete").wait(
        StackName=stack_name, WaiterConfig={"Delay": 1, "MaxAttempts": 120}
    )
    assert leftovers(stack_name) == []


def leave_something(bucket):
    """Puts what an update must not lose."""
    client("s3").put_object(Bucket=bucket, Key="bucket/kept", Body=b"kept")


def assert_events_arrive(stack, bucket, topic):
    """Uploads go to the queue `uploads`, pointers to the topic, and nothing else anywhere."""
    s3, sqs, sns = client("s3"), client("sqs"), client("sns")
    listener = sqs.create_queue(QueueName=f"{stack}-listener")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=listener, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    subscription = sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)["SubscriptionArn"]
    uploads = sqs.get_queue_url(QueueName=f"{stack}-uploads")["QueueUrl"]
    keys = {
        "uploads/production/one.tar.zst": uploads,
        "uploads/production/two.tar.gz": uploads,
        "pointers/production/web1.example.test.json": listener,
        "uploads/production/one.result.json": None,
        "catalogs/0.json.gz": None,
    }
    for key in keys:
        s3.put_object(Bucket=bucket, Key=key, Body=io.BytesIO(b"x"))
    for queue in (uploads, listener):
        wanted = {key for key, where in keys.items() if where == queue}
        seen = receive_keys(sqs, queue, keys, wanted)
        assert seen == wanted
    sns.unsubscribe(SubscriptionArn=subscription)
    sqs.delete_queue(QueueUrl=listener)


def receive_keys(sqs, queue, keys, wanted):
    """The keys that a queue's messages name; waits for the wanted ones, and a little for others."""
    seen, idle = set(), 0
    for _ in range(30):
        messages = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10, WaitTimeSeconds=1).get("Messages", [])
        for message in messages:
            seen |= {key for key in keys if key.rsplit("/", 1)[1] in message["Body"]}
            sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
        idle = 0 if messages else idle + 1
        if idle >= 2 and wanted <= seen:
            break
    return seen
