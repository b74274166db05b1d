"""The edge's Terraform module says the same as its template."""

import re

import pytest

from comparison import Canonical, assert_same_variables, lowered, snake
from conftest import INFRA
from expressions import Scope, value
from terraform import Module

ADDRESSES = {
    "aws_security_group.load_balancer": "LoadBalancerSecurityGroup",
    "aws_vpc_security_group_ingress_rule.agents": "LoadBalancerSecurityGroup",
    "aws_vpc_security_group_egress_rule.tasks": "LoadBalancerToTasks",
    "aws_security_group.task": "TaskSecurityGroup",
    "aws_vpc_security_group_ingress_rule.load_balancer": "TaskSecurityGroup",
    "aws_vpc_security_group_egress_rule.aws": "TaskSecurityGroup",
    "aws_lb.edge": "LoadBalancer",
    "aws_lb_target_group.edge": "TargetGroup",
    "aws_lb_listener.edge": "Listener",
    "aws_ecs_cluster.edge": "Cluster",
    "aws_cloudwatch_log_group.edge": "Log",
    "aws_ecs_task_definition.edge": "TaskDefinition",
    "aws_ecs_service.edge": "Service",
    "aws_appautoscaling_target.edge": "ScalableTarget",
    "aws_appautoscaling_policy.connections": "ConnectionsPolicy",
    "aws_appautoscaling_policy.cpu": "CpuPolicy",
    "aws_iam_role.execution": "ExecutionRole",
    "aws_iam_role_policy.execution": "ExecutionRole",
    "aws_iam_role.task": "TaskRole",
    "aws_iam_role_policy.task": "TaskRole",
}
MODULE = Module(INFRA / "terraform/edge", ADDRESSES)


def camel(name):
    """`scale_in_cooldown` as CloudFormation writes it."""
    return "".join(part[:1].upper() + part[1:] for part in name.split("_"))


def container(found):
    """A way into a container definition: the same, with capitals; names of options stay as they are."""
    first, _, rest = found[1].partition(".")
    if first in ("environment", "secrets"):
        return f"ContainerDefinitions.0.{camel(first)}.{rest}"
    parts = (part if "-" in part else camel(part) for part in found[1].split("."))
    return "ContainerDefinitions.0." + ".".join(parts)


def tracking(found):
    """A way into a scaling policy: blocks that stand alone have no number there."""
    parts = found[0].split(".")
    kept = [
        part for index, part in enumerate(parts)
        if not (part.isdigit() and parts[index - 1] not in ("metrics",))
    ]
    return ".".join(camel(part) for part in kept)


def rule(prefix):
    """The properties of one rule of a security group."""
    return {
        r"ip_protocol": f"{prefix}IpProtocol",
        r"from_port": f"{prefix}FromPort",
        r"to_port": f"{prefix}ToPort",
        r"cidr_ipv4": f"{prefix}CidrIp",
        r"description": f"{prefix}Description",
    }


PROPERTIES = {
    "aws_security_group": {r"description": "GroupDescription", r"vpc_id": "VpcId"},
    "aws_vpc_security_group_ingress_rule": rule("SecurityGroupIngress.0.") | {
        r"referenced_security_group_id": "SecurityGroupIngress.0.SourceSecurityGroupId",
    },
    "aws_lb": {
        r"load_balancer_type": "Type",
        r"internal": "Scheme",
        r"subnets": "Subnets",
        r"security_groups\.(\d)": r"SecurityGroups.\1",
        r"enable_cross_zone_load_balancing": "LoadBalancerAttributes.load_balancing.cross_zone.enabled",
    },
    "aws_lb_target_group": {
        r"vpc_id": "VpcId",
        r"target_type": "TargetType",
        r"protocol": "Protocol",
        r"port": "Port",
        r"health_check\.0\.protocol": "HealthCheckProtocol",
        r"health_check\.0\.path": "HealthCheckPath",
        r"health_check\.0\.interval": "HealthCheckIntervalSeconds",
        r"health_check\.0\.healthy_threshold": "HealthyThresholdCount",
        r"health_check\.0\.unhealthy_threshold": "UnhealthyThresholdCount",
        r"health_check\.0\.matcher": "Matcher.HttpCode",
        r"deregistration_delay": "TargetGroupAttributes.deregistration_delay.timeout_seconds",
        r"connection_termination": "TargetGroupAttributes.deregistration_delay.connection_termination.enabled",
        r"preserve_client_ip": "TargetGroupAttributes.preserve_client_ip.enabled",
    },
    "aws_lb_listener": {
        r"load_balancer_arn": "LoadBalancerArn",
        r"protocol": "Protocol",
        r"port": "Port",
        r"default_action\.(\d)\.type": r"DefaultActions.\1.Type",
        r"default_action\.(\d)\.target_group_arn": r"DefaultActions.\1.TargetGroupArn",
    },
    "aws_ecs_cluster": {r"setting\.(\w+)": r"ClusterSettings.\1"},
    "aws_cloudwatch_log_group": {
        r"name": "LogGroupName", r"retention_in_days": "RetentionInDays", r"kms_key_id": "KmsKeyId"
    },
    "aws_ecs_task_definition": {
        r"family": "Family",
        r"requires_compatibilities\.(\d)": r"RequiresCompatibilities.\1",
        r"network_mode": "NetworkMode",
        r"cpu": "Cpu",
        r"memory": "Memory",
        r"execution_role_arn": "ExecutionRoleArn",
        r"task_role_arn": "TaskRoleArn",
        r"runtime_platform\.0\.cpu_architecture": "RuntimePlatform.CpuArchitecture",
        r"runtime_platform\.0\.operating_system_family": "RuntimePlatform.OperatingSystemFamily",
        r"container_definitions\.0\.(.+)": container,
    },
    "aws_ecs_service": {
        r"cluster": "Cluster",
        r"task_definition": "TaskDefinition",
        r"launch_type": "LaunchType",
        r"desired_count": "DesiredCount",
        r"health_check_grace_period_seconds": "HealthCheckGracePeriodSeconds",
        r"deployment_minimum_healthy_percent": "DeploymentConfiguration.MinimumHealthyPercent",
        r"deployment_maximum_percent": "DeploymentConfiguration.MaximumPercent",
        r"deployment_circuit_breaker\.0\.enable": "DeploymentConfiguration.DeploymentCircuitBreaker.Enable",
        r"deployment_circuit_breaker\.0\.rollback": "DeploymentConfiguration.DeploymentCircuitBreaker.Rollback",
        r"network_configuration\.0\.subnets": "NetworkConfiguration.AwsvpcConfiguration.Subnets",
        r"network_configuration\.0\.security_groups\.(\d)":
            r"NetworkConfiguration.AwsvpcConfiguration.SecurityGroups.\1",
        r"network_configuration\.0\.assign_public_ip": "NetworkConfiguration.AwsvpcConfiguration.AssignPublicIp",
        r"load_balancer\.(\d)\.container_name": r"LoadBalancers.\1.ContainerName",
        r"load_balancer\.(\d)\.container_port": r"LoadBalancers.\1.ContainerPort",
        r"load_balancer\.(\d)\.target_group_arn": r"LoadBalancers.\1.TargetGroupArn",
        r"propagate_tags": "PropagateTags",
    },
    "aws_appautoscaling_target": {
        r"service_namespace": "ServiceNamespace",
        r"scalable_dimension": "ScalableDimension",
        r"resource_id": "ResourceId",
        r"min_capacity": "MinCapacity",
        r"max_capacity": "MaxCapacity",
    },
    "aws_appautoscaling_policy": {
        r"name": "PolicyName",
        r"policy_type": "PolicyType",
        r"resource_id": "ScalingTargetId",
        r"target_tracking_scaling_policy_configuration\..+": tracking,
    },
    "aws_iam_role": {r"description": "Description", r"assume_role_policy": "AssumeRolePolicyDocument"},
    "aws_iam_role_policy": {r"name": "Policies.0.PolicyName", r"policy": "Policies.0.PolicyDocument"},
}
# The same type stands for a rule of its own and for one within its group.
EGRESS = {
    "tasks": rule("") | {
        r"security_group_id": "GroupId", r"referenced_security_group_id": "DestinationSecurityGroupId"
    },
    "aws": rule("SecurityGroupEgress.0."),
}
ONLY_TERRAFORM = {
    ("aws_security_group", "name_prefix"): "CloudFormation names it itself",
    ("aws_ecs_cluster", "name"): "CloudFormation names it itself",
    ("aws_ecs_service", "name"): "CloudFormation names it itself",
    ("aws_iam_role", "name_prefix"): "CloudFormation names it itself",
    ("aws_iam_role_policy", "role"): "there the policy is within the role",
    ("aws_vpc_security_group_ingress_rule", "security_group_id"): "there the rule is within its group",
    ("aws_appautoscaling_policy", "scalable_dimension"): "there the target says it",
    ("aws_appautoscaling_policy", "service_namespace"): "there the target says it",
}
CHOICES = {
    ("HasSecretKey", "statement"): '${var.secret_key_arn == "" ? [] : [1]}',
    ("HasRepository", "statement"): '${var.repository_arn == "" ? [] : [1]}',
}


def module_resources():
    """The module's resources; an egress rule's table is chosen by its name."""
    kind = "aws_vpc_security_group_egress_rule"
    within = Module(INFRA / "terraform/edge", ADDRESSES)
    for name in EGRESS:
        content = within.resources.pop(f"{kind}.{name}")
        if name == "aws":
            content = {key: item for key, item in content.items() if key != "security_group_id"}
        within.resources[f"{kind}_{name}.{name}"] = content
    within.addresses = ADDRESSES | {
        f"{kind}_{name}.{name}": ADDRESSES[f"{kind}.{name}"] for name in EGRESS
    }
    tables = PROPERTIES | {f"{kind}_{name}": table for name, table in EGRESS.items()}
    return lowered(within, tables, ONLY_TERRAFORM)


def test_every_resource_has_its_counterpart_with_the_same_properties(edge):
    canonical = Canonical(edge, CHOICES)
    there = {name: canonical.properties(resource["Properties"]) for name, resource in edge.resources.items()}
    here = module_resources()
    assert sorted(here) == sorted(there)
    for name, properties in there.items():
        assert here[name] == properties, name


def test_variables_are_the_parameters(edge):
    assert_same_variables(edge, MODULE)


def test_outputs_are_the_same(edge):
    scope = Scope(MODULE, None, None)
    here = {name: value(output["value"], scope) for name, output in MODULE.outputs.items()}
    canonical = Canonical(edge, CHOICES)
    assert here == {snake(name): canonical.value(output["Value"]) for name, output in edge.body["Outputs"].items()}


@pytest.mark.parametrize("kind", sorted(PROPERTIES))
def test_no_table_is_left_over(kind):
    assert any(re.match(rf"{kind}\.", address) for address in MODULE.resources)
