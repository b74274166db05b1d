"""Every role has the rights that its function needs, and not one more."""

import pytest

import statements
from cloudformation import as_list

# What a right means on each service.
READ = ["s3:GetObject"]
WRITE = ["s3:PutObject", "s3:AbortMultipartUpload"]
# Lambda takes and deletes; the function itself gives back, and for that asks for the queue's URL.
CONSUME = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:ChangeMessageVisibility", "sqs:GetQueueAttributes",
           "sqs:GetQueueUrl"]
SEND = ["sqs:SendMessage", "sqs:GetQueueUrl"]
KEY = "${Key.Arn} or ${KeyArn}"
LANES = ["Urgent", "Normal", "Bulk"]
CHANNELS = ["uploads", "plans", "urgent", "normal", "bulk"]
BUCKET = "arn:${AWS::Partition}:s3:::${BucketName}"
QUEUES = "arn:${AWS::Partition}:sqs:${AWS::Region}:${AWS::AccountId}:${FarmName}"


def function_rights(function, read, write, consume, send, delete=(), collect=()):
    """The rights of a function, by what it does."""
    return [
        (READ, [f"${{Bucket.Arn}}/{prefix}" for prefix in read]),
        (WRITE, [f"${{Bucket.Arn}}/{prefix}" for prefix in write]),
        (["s3:DeleteObject"], [f"${{Bucket.Arn}}/{prefix}" for prefix in delete]),
        (["s3:DeleteObjectVersion"], [f"${{Bucket.Arn}}/{prefix}" for prefix in collect]),
        (["s3:ListBucket"], ["${Bucket.Arn}"]),
        (CONSUME, [f"${{{queue}Queue.Arn}}" for queue in consume]),
        (SEND, [f"${{{queue}Queue.Arn}}" for queue in send]),
        (["kms:Decrypt", "kms:GenerateDataKey"], [KEY]),
        (["logs:CreateLogStream", "logs:PutLogEvents"], [f"${{{function}Log.Arn}}"]),
        (["xray:PutTraceSegments", "xray:PutTelemetryRecords"], ["*"]),
    ]


FARM = {
    "IngestRole": function_rights(
        "Ingest",
        read=["uploads/*", "blobs/*", "releases/*", "environments/*", "members/*", "pointers/*"],
        write=["blobs/*", "releases/*", "environments/*", "uploads/*.result.json"],
        consume=["Uploads"],
        send=["Plans", "UploadsDead"],
    ),
    "PlanRole": function_rights(
        "Plan",
        read=["environments/*", "releases/*", "blobs/*", "facts/*", "members/*", "pointers/*", "exports/*", "pool/*",
              "rollouts/*", "outcomes/*", "catalogs/*", "garbage/*"],
        write=["facts/*", "members/*", "pool/*", "environments/*", "rollouts/*", "garbage/*"],
        delete=["members/*", "pool/*", "pointers/*"],
        collect=["releases/*", "blobs/*", "catalogs/*", "pool/*", "exports/*", "rollouts/*", "outcomes/*"],
        consume=["Plans"],
        send=[*LANES, "Plans", "PlansDead"],
    ),
    "CompileRole": function_rights(
        "Compile",
        read=["environments/*", "releases/*", "blobs/*", "pointers/*", "facts/*", "catalogs/*", "exports/*", "pool/*"],
        write=["catalogs/*", "pointers/*", "exports/*"],
        consume=LANES,
        send=["Plans", *(f"{lane}Dead" for lane in LANES)],
    ),
}
EDGE = {
    "TaskRole": [
        (READ, [f"{BUCKET}/*"]),
        (WRITE, [f"{BUCKET}/{prefix}/*" for prefix in ("facts", "members", "uploads", "bucket", "reports", "outcomes")]),
        (WRITE, [f"{BUCKET}/{prefix}/*" for prefix in ("environments", "releases", "blobs")]),
        (["s3:ListBucket"], [BUCKET]),
        (["kms:Decrypt", "kms:GenerateDataKey"], ["${KeyArn}"]),
        (["s3:DeleteObject"], [f"{BUCKET}/members/*"]),
        (["sqs:SendMessage"], [f"{QUEUES}-urgent", f"{QUEUES}-normal", f"{QUEUES}-plans"]),
        (
            ["sqs:GetQueueUrl", "sqs:GetQueueAttributes"],
            [f"{QUEUES}-{channel}{dead}" for channel in CHANNELS for dead in ("", "-dead")],
        ),
        (
            ["sqs:CreateQueue", "sqs:DeleteQueue", "sqs:SetQueueAttributes", "sqs:TagQueue",
             "sqs:ListQueueTags", "sqs:GetQueueUrl",
             "sqs:GetQueueAttributes", "sqs:ReceiveMessage", "sqs:DeleteMessage"],
            [f"{QUEUES}-edge-*"],
        ),
        (["sns:Subscribe", "sns:Unsubscribe", "sns:ListSubscriptionsByTopic"], ["${PublishedTopicArn}", "${PublishedTopicArn}:*"]),
    ],
    "ExecutionRole": [
        (["secretsmanager:GetSecretValue"], ["${SecretArn}"]),
        (["kms:Decrypt"], ["${SecretKeyArn}"]),
        (["logs:CreateLogStream", "logs:PutLogEvents"], ["${Log.Arn}"]),
        (["ecr:GetAuthorizationToken"], ["*"]),
        (["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"], ["${RepositoryArn}"]),
    ],
}


def expanded(rights):
    """Rights as pairs of one action and one resource."""
    return sorted({(action, resource) for actions, resources in rights for action in actions for resource in resources})


def held(template, role):
    """The pairs that a role's policies allow."""
    return sorted({
        (action, resource)
        for statement in statements.of(template)
        if statement.resource == role and statement.allows and statement.name != f"{role}.AssumeRole"
        for action in statement.actions
        for resource in statement.resources
    })


@pytest.mark.parametrize("role", FARM)
def test_a_function_has_the_rights_it_needs_and_no_other(farm, role):
    assert held(farm, role) == expanded(FARM[role])


@pytest.mark.parametrize("role", EDGE)
def test_the_edge_has_the_rights_it_needs_and_no_other(edge, role):
    assert held(edge, role) == expanded(EDGE[role])


def test_there_is_no_other_role(farm, edge):
    assert sorted(farm.of_type("AWS::IAM::Role")) == sorted(FARM)
    assert sorted(edge.of_type("AWS::IAM::Role")) == sorted(EDGE)


def test_roles_hold_nothing_but_their_own_policies(template):
    for name, role in template.of_type("AWS::IAM::Role").items():
        assert "ManagedPolicyArns" not in role, name
        for statement in role["AssumeRolePolicyDocument"]["Statement"]:
            assert set(statement["Principal"]) == {"Service"}, name
    for name, function in template.of_type("AWS::Serverless::Function").items():
        assert "Policies" not in function, name
        assert function["Role"] == {"Fn::GetAtt": [name.replace("Function", "Role"), "Arn"]}


def test_the_key_is_used_through_the_service_that_needs_it(template):
    for statement in statements.of(template):
        if statement.resource.endswith("Role") and any(a.startswith("kms:") for a in statement.actions):
            assert "kms:ViaService" in statement.body["Condition"]["StringEquals"], statement.name


def test_a_service_acts_for_this_account_alone(farm):
    for statement in statements.of(farm):
        principal = statement.body.get("Principal")
        if not statement.allows or statement.resource.endswith("Role") or "Service" not in principal:
            continue
        condition = statement.body.get("Condition", {})
        keys = [key for test in condition.values() for key in test]
        assert "aws:SourceAccount" in keys or "kms:EncryptionContext:aws:logs:arn" in keys, statement.name
        if as_list(principal["Service"]) in (["s3.amazonaws.com"], ["events.amazonaws.com"]):
            assert "aws:SourceArn" in keys, statement.name
