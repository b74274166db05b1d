"""The template is deployed, updated and deleted on a server that speaks AWS's API, and leaves nothing."""

from pathlib import Path

import emulator
from emulator import ACCOUNT, ENDPOINT, REGION, client
from notifications import assert_events_arrive
from stack import CHANNELS, attributes, bucket_of, delete, deploy, leftovers, mapped, without_code

INFRA = Path(__file__).resolve().parent.parent

pytestmark = emulator.needed


def test_the_stack_is_created_updated_and_deleted(tmp_path, stack_name, artifacts):
    template = without_code(tmp_path, (INFRA / "template.yaml").read_bytes())
    # Paused: nothing takes messages away before the test has seen them.
    parameters = ["DataRetention=Delete", f"EndpointUrl={ENDPOINT}", "Paused=true"]

    stack = deploy(template, artifacts, stack_name, *parameters)

    assert stack["StackStatus"] == "CREATE_COMPLETE"
    outputs = {o["OutputKey"]: o["OutputValue"] for o in stack["Outputs"]}
    bucket = bucket_of(stack_name)
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

    delete(stack_name)
    assert leftovers(stack_name) == []


def leave_something(bucket):
    """Puts what an update must not lose."""
    client("s3").put_object(Bucket=bucket, Key="bucket/kept", Body=b"kept")
