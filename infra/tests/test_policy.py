"""What must hold of every resource: closed, encrypted, bounded, and watched."""

import pytest

import statements
from cloudformation import walk

# Allowed wildcards, and why there is no other way.
WILDCARD_ACTIONS = {
    "Key.AccountDecides": "without it nobody could ever change the key's policy; roles' own policies decide",
}
WILDCARD_RESOURCES = {
    "Key.AccountDecides": "in a key's policy '*' is that key",
    "Key.BucketAndAlarmsPublish": "in a key's policy '*' is that key",
    "Key.Logs": "in a key's policy '*' is that key",
    "IngestRole.Trace": "X-Ray knows no resources for these actions",
    "PlanRole.Trace": "X-Ray knows no resources for these actions",
    "CompileRole.Trace": "X-Ray knows no resources for these actions",
    "QueuesPolicy.ScheduleSends": "in a queue's policy '*' is that queue; who sends are two rules of the farm",
    "ExecutionRole.RegistryLogin": "ECR knows no resources for this action",
}
LONGEST_BATCHING_WINDOW = 30
UNTAGGABLE = {
    "AWS::S3::BucketPolicy", "AWS::SNS::TopicPolicy", "AWS::SQS::QueuePolicy", "AWS::SNS::Subscription",
    "AWS::CloudWatch::Dashboard", "AWS::EC2::SecurityGroupEgress", "AWS::ElasticLoadBalancingV2::Listener",
    "AWS::ApplicationAutoScaling::ScalableTarget", "AWS::ApplicationAutoScaling::ScalingPolicy",
    # Can be tagged, on AWS; the function's tag tells whose it is.
    "AWS::Lambda::EventSourceMapping",
    # Likewise; its name begins with the farm's.
    "AWS::Events::Rule",
}


def test_no_right_is_for_every_action_or_everything(farm, edge):
    actions, resources = set(), set()
    for template in (farm, edge):
        for statement in statements.of(template):
            if not statement.allows:
                continue
            if any("*" in action for action in statement.actions):
                actions.add(statement.name)
            if "*" in statement.resources:
                resources.add(statement.name)
    assert actions == set(WILDCARD_ACTIONS)
    assert resources == set(WILDCARD_RESOURCES)


def test_a_wildcard_within_a_resource_ends_a_name_that_is_ours(farm, edge):
    for template in (farm, edge):
        for statement in statements.of(template):
            for resource in statement.resources:
                if statement.allows and "*" in resource and resource != "*":
                    before = resource.split("*")[0]
                    assert before.endswith(("/", "-edge-", "${PublishedTopicArn}:")), f"{statement.name}: {resource}"
                    assert "${" in before, f"{statement.name}: {resource}"


def test_nobody_outside_the_account_is_let_in(template):
    for statement in statements.of(template):
        if statement.allows:
            assert "*" not in str(statement.body.get("Principal", "")), statement.name
            assert "NotPrincipal" not in statement.body and "NotAction" not in statement.body
    for name, bucket in template.of_type("AWS::S3::Bucket").items():
        block = bucket["PublicAccessBlockConfiguration"]
        wanted = {"BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets"}
        assert {key for key, value in block.items() if value is True} == wanted, name
        assert bucket["OwnershipControls"]["Rules"] == [{"ObjectOwnership": "BucketOwnerEnforced"}]


def test_the_edge_is_reached_by_agents_only(edge):
    groups = edge.of_type("AWS::EC2::SecurityGroup")
    assert edge.body["Parameters"]["Scheme"]["Default"] == "internal"
    assert edge.body["Parameters"]["AgentCidr"]["Default"] != "0.0.0.0/0"
    (rule,) = groups["LoadBalancerSecurityGroup"]["SecurityGroupIngress"]
    assert rule["CidrIp"] == {"Ref": "AgentCidr"} and rule["FromPort"] == rule["ToPort"] == 8140
    (rule,) = groups["TaskSecurityGroup"]["SecurityGroupIngress"]
    assert rule["SourceSecurityGroupId"] == {"Ref": "LoadBalancerSecurityGroup"}
    assert rule["FromPort"] == rule["ToPort"] == 8140


def test_everything_is_encrypted(farm, edge):
    key = {"Fn::If": ["OwnKey", {"Fn::GetAtt": ["Key", "Arn"]}, {"Ref": "KeyArn"}]}
    for name, bucket in farm.of_type("AWS::S3::Bucket").items():
        (rule,) = bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
        assert rule["BucketKeyEnabled"] is True, name
        assert rule["ServerSideEncryptionByDefault"] == {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}, name
    for name, queue in farm.of_type("AWS::SQS::Queue").items():
        assert queue["SqsManagedSseEnabled"] is True, name
    for name, topic in farm.of_type("AWS::SNS::Topic").items():
        assert topic["KmsMasterKeyId"] == key, name
    for name, log in farm.of_type("AWS::Logs::LogGroup").items():
        assert log["KmsKeyId"] == key, name
    for name, log in edge.of_type("AWS::Logs::LogGroup").items():
        assert log["KmsKeyId"] == {"Ref": "KeyArn"}, name
    assert farm.of_type("AWS::KMS::Key")["Key"]["EnableKeyRotation"] is True


def test_nothing_is_spoken_in_the_clear(farm):
    closed = set()
    for kind, holders in (("S3::BucketPolicy", "Bucket"), ("SQS::QueuePolicy", "Queues"), ("SNS::TopicPolicy", "Topics")):
        for policy in farm.of_type(f"AWS::{kind}").values():
            for statement in policy["PolicyDocument"]["Statement"]:
                if statement.get("Condition") == {"Bool": {"aws:SecureTransport": "false"}}:
                    assert (statement["Effect"], statement["Principal"]) == ("Deny", "*")
                    held = policy[holders] if isinstance(policy[holders], list) else [policy[holders]]
                    closed |= {holder["Ref"] for holder in held}
    kinds = ("AWS::S3::Bucket", "AWS::SQS::Queue", "AWS::SNS::Topic")
    assert closed == {name for kind in kinds for name in farm.of_type(kind)}


def test_every_queue_has_dead_letters_that_take_from_it_alone(farm):
    queues = farm.of_type("AWS::SQS::Queue")
    dead = {name for name in queues if name.endswith("DeadQueue")}
    assert len(dead) * 2 == len(queues) == 10
    for name in queues.keys() - dead:
        target = name.replace("Queue", "DeadQueue")
        assert queues[name]["RedrivePolicy"] == {
            "deadLetterTargetArn": {"Fn::GetAtt": [target, "Arn"]}, "maxReceiveCount": {"Ref": "MaxAttempts"}
        }
        source = queues[name]["QueueName"]["Fn::Sub"]
        assert queues[target]["RedriveAllowPolicy"] == {
            "redrivePermission": "byQueue",
            "sourceQueueArns": [{"Fn::Sub": "arn:${AWS::Partition}:sqs:${AWS::Region}:${AWS::AccountId}:" + source}],
        }
        assert queues[target]["QueueName"]["Fn::Sub"] == f"{source}-dead"
        fourteen_days = 14 * 24 * 3600
        assert queues[name]["MessageRetentionPeriod"] < queues[target]["MessageRetentionPeriod"] == fourteen_days


def test_a_message_stays_invisible_for_six_timeouts_of_its_function(farm):
    mappings = farm.of_type("AWS::Lambda::EventSourceMapping")
    queues, functions = farm.of_type("AWS::SQS::Queue"), farm.of_type("AWS::Serverless::Function")
    seconds = farm.body["Mappings"]["Visibility"]
    assert len(mappings) == 5
    for name, mapping in mappings.items():
        queue = queues[mapping["EventSourceArn"]["Fn::GetAtt"][0]]
        timeout = functions[mapping["FunctionName"]["Ref"]]["Timeout"]["Ref"]
        assert queue["VisibilityTimeout"] == {
            "Fn::FindInMap": ["Visibility", {"Fn::Sub": "After${" + timeout + "}"}, "Seconds"]
        }, name
        for allowed in farm.body["Parameters"][timeout]["AllowedValues"]:
            visible_after = seconds[f"After{allowed}"]["Seconds"]
            assert 6 * allowed + LONGEST_BATCHING_WINDOW <= visible_after <= 43200, (name, allowed)
    assert farm.body["Parameters"]["BulkBatchingWindow"]["MaxValue"] <= LONGEST_BATCHING_WINDOW


def test_every_lane_has_a_mapping_with_a_bound_of_its_own(farm):
    bounds = {}
    for name, mapping in farm.of_type("AWS::Lambda::EventSourceMapping").items():
        assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"], name
        bounds[mapping["EventSourceArn"]["Fn::GetAtt"][0]] = mapping["ScalingConfig"]["MaximumConcurrency"]
    lanes = {f"{lane}Queue": {"Ref": f"{lane}Concurrency"} for lane in ("Urgent", "Normal", "Bulk")}
    assert bounds == lanes | {"UploadsQueue": 2, "PlansQueue": 2}


def test_every_log_is_kept_for_a_time_and_no_longer(template):
    logs = template.of_type("AWS::Logs::LogGroup")
    assert logs
    for name, log in logs.items():
        assert log["RetentionInDays"] == {"Ref": "LogRetentionDays"}, name
    for name, function in template.of_type("AWS::Serverless::Function").items():
        assert function["LoggingConfig"]["LogGroup"] == {"Ref": name.replace("Function", "Log")}


def test_only_uploads_and_reports_expire(farm):
    """A pointer may name a catalog that is years old: what is current stays, of everything else."""
    rules = farm.of_type("AWS::S3::Bucket")["Bucket"]["LifecycleConfiguration"]["Rules"]
    expiring = {rule.get("Prefix", "") for rule in rules if "ExpirationInDays" in rule or "ExpirationDate" in rule}
    assert expiring == {"uploads/", "reports/"}
    everything = [rule for rule in rules if "Prefix" not in rule]
    assert len(everything) == 1
    assert everything[0]["NoncurrentVersionExpiration"] == {"NoncurrentDays": {"Ref": "NoncurrentVersionDays"}}
    assert everything[0]["AbortIncompleteMultipartUpload"] == {"DaysAfterInitiation": 1}
    assert farm.of_type("AWS::S3::Bucket")["Bucket"]["VersioningConfiguration"] == {"Status": "Enabled"}


def test_data_outlives_the_stack_unless_told_otherwise(farm):
    for name in ("Bucket", "Key"):
        assert farm.resources[name]["DeletionPolicy"] == {"Ref": "DataRetention"}
        assert farm.resources[name]["UpdateReplacePolicy"] == {"Ref": "DataRetention"}
    assert farm.body["Parameters"]["DataRetention"]["Default"] == "Retain"


@pytest.mark.parametrize(
    "metric, dimension, watched",
    [
        ("ApproximateAgeOfOldestMessage", "QueueName", ["Uploads", "Plans", "Urgent", "Normal", "Bulk"]),
        ("ApproximateNumberOfMessagesVisible", "QueueName", ["UploadsDead", "PlansDead", "UrgentDead", "NormalDead", "BulkDead"]),
        ("Errors", "FunctionName", ["Ingest", "Plan", "Compile"]),
        ("Throttles", "FunctionName", ["Ingest", "Plan", "Compile"]),
    ],
)
def test_what_can_go_wrong_has_an_alarm(farm, metric, dimension, watched):
    found = []
    for alarm in farm.of_type("AWS::CloudWatch::Alarm").values():
        if alarm["MetricName"] == metric:
            (only,) = alarm["Dimensions"]
            assert only["Name"] == dimension
            found.append(next(iter(only["Value"].values())))
            assert alarm["AlarmActions"] == alarm["OKActions"] != []
    suffix = "Queue" if dimension == "QueueName" else "Function"
    names = [value[0] if isinstance(value, list) else value for value in found]
    assert sorted(names) == sorted(f"{name}{suffix}" for name in watched)


def test_everything_bears_the_farms_name(template):
    for name, resource in template.resources.items():
        if resource["Type"] in UNTAGGABLE:
            continue
        tags = resource["Properties"].get("Tags")
        keys = list(tags) if isinstance(tags, dict) else [tag["Key"] for tag in tags or []]
        assert keys == ["bunraku-farm"], name


def test_every_parameter_is_explained_grouped_and_used(template):
    parameters = template.body["Parameters"]
    groups = template.body["Metadata"]["AWS::CloudFormation::Interface"]["ParameterGroups"]
    assert sorted(name for group in groups for name in group["Parameters"]) == sorted(parameters)
    values = [value for _, value in walk(template.body)]
    referred = {value["Ref"] for value in values if isinstance(value, dict) and isinstance(value.get("Ref"), str)}
    within = " ".join(value for value in values if isinstance(value, str))
    for name, parameter in parameters.items():
        assert len(parameter["Description"]) > 20, name
        assert name in referred or f"${{{name}}}" in within, f"{name} is used nowhere"


def test_secrets_come_from_the_secret_and_not_in_the_clear(edge):
    (container,) = edge.of_type("AWS::ECS::TaskDefinition")["TaskDefinition"]["ContainerDefinitions"]
    secrets = {secret["Name"]: secret["ValueFrom"]["Fn::Sub"] for secret in container["Secrets"]}
    assert secrets == {
        f"BUNRAKU_{name.upper()}": "${SecretArn}:" + name + "::" for name in ("certificate", "key", "ca_certificate", "crl")
    }
    assert not set(secrets) & {variable["Name"] for variable in container["Environment"]}
    assert container["ReadonlyRootFilesystem"] is True and container["User"] != "0"
