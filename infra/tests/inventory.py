"""What a stack consists of: its resources, told by their services and not by CloudFormation, and its outputs.

Names that differ from stack to stack are replaced with what they stand for: two stacks of one template are equal.
"""

import json

from emulator import client
from stack import state

# Of this very resource, or of what befell it.
OWN = {
    "ResponseMetadata", "LastModified", "CreatedTimestamp", "LastModifiedTimestamp", "RevisionId",
    "ApproximateNumberOfMessages", "ApproximateNumberOfMessagesDelayed", "ApproximateNumberOfMessagesNotVisible",
    "AlarmConfigurationUpdatedTimestamp", "StateUpdatedTimestamp", "StateTransitionedTimestamp", "StateReason",
    "StateReasonData", "StateValue", "Id", "creationTime", "storedBytes", "LastProcessingResult",
    "StateTransitionReason", "StateReasonCode", "LastUpdateStatusReason", "LastUpdateStatusReasonCode",
}
SOON = {"Delay": 1, "MaxAttempts": 60}  # seconds


def of(stack):
    """The stack's resources by their logical names, and `Outputs`."""
    pages = client("cloudformation").get_paginator("list_stack_resources").paginate(StackName=stack)
    resources = [resource for page in pages for resource in page["StackResourceSummaries"]]
    described = {resource["LogicalResourceId"]: described_by(resource) for resource in resources}
    described["Outputs"] = {o["OutputKey"]: o["OutputValue"] for o in state(stack)["Outputs"]}
    text = json.dumps(described, default=str)
    names = {r["PhysicalResourceId"]: f"<{r['LogicalResourceId']}>" for r in resources} | {stack: "<stack>"}
    for name in sorted(names, key=len, reverse=True):
        text = text.replace(name, names[name])
    return json.loads(text)


def described_by(resource):
    """What a resource's service says of it."""
    ask = SERVICES.get(resource["ResourceType"])
    return {"Type": resource["ResourceType"]} | (lasting(ask(resource["PhysicalResourceId"])) if ask else {})


def lasting(value):
    """A description without what belongs to this very resource; texts of JSON are read."""
    if isinstance(value, dict):
        return {key: lasting(item) for key, item in value.items() if key not in OWN}
    if isinstance(value, list):
        return [lasting(item) for item in value]
    if isinstance(value, str) and value.startswith("{"):
        return json.loads(value)
    return value


def queue(url):
    return client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]


def topic(arn):
    return client("sns").get_topic_attributes(TopicArn=arn)["Attributes"]


def function(name):
    functions = client("lambda")
    # The stack is done a little before the function is.
    functions.get_waiter("function_active").wait(FunctionName=name, WaiterConfig=SOON)
    functions.get_waiter("function_updated").wait(FunctionName=name, WaiterConfig=SOON)
    return functions.get_function_configuration(FunctionName=name)


def mapping(identifier):
    return client("lambda").get_event_source_mapping(UUID=identifier)


def role(name):
    iam = client("iam")
    policies = iam.list_role_policies(RoleName=name)["PolicyNames"]
    return {
        "AssumedBy": iam.get_role(RoleName=name)["Role"]["AssumeRolePolicyDocument"],
        "Policies": {p: iam.get_role_policy(RoleName=name, PolicyName=p)["PolicyDocument"] for p in policies},
    }


def bucket(name):
    s3 = client("s3")
    return {
        "Encryption": s3.get_bucket_encryption(Bucket=name)["ServerSideEncryptionConfiguration"],
        "Notifications": s3.get_bucket_notification_configuration(Bucket=name),
        "Policy": s3.get_bucket_policy(Bucket=name)["Policy"],
        "Public": s3.get_public_access_block(Bucket=name)["PublicAccessBlockConfiguration"],
        "Versioning": s3.get_bucket_versioning(Bucket=name)["Status"],
    }


def key(identifier):
    kms = client("kms")
    return {
        "Policy": kms.get_key_policy(KeyId=identifier, PolicyName="default")["Policy"],
        "Rotates": kms.get_key_rotation_status(KeyId=identifier)["KeyRotationEnabled"],
    }


def log(name):
    return client("logs").describe_log_groups(logGroupNamePrefix=name)["logGroups"][0]


def alarm(name):
    return client("cloudwatch").describe_alarms(AlarmNames=[name])["MetricAlarms"][0]


def dashboard(name):
    # LocalStack 4.14 makes no dashboards: it says so, and calls each "unknown".
    found = client("cloudwatch").list_dashboards(DashboardNamePrefix=name)["DashboardEntries"]
    return {"Body": client("cloudwatch").get_dashboard(DashboardName=name)["DashboardBody"]} if found else {}


SERVICES = {
    "AWS::CloudWatch::Alarm": alarm,
    "AWS::CloudWatch::Dashboard": dashboard,
    "AWS::IAM::Role": role,
    "AWS::KMS::Key": key,
    "AWS::Lambda::EventSourceMapping": mapping,
    "AWS::Lambda::Function": function,
    "AWS::Logs::LogGroup": log,
    "AWS::S3::Bucket": bucket,
    "AWS::SNS::Topic": topic,
    "AWS::SQS::Queue": queue,
}
