# What ../../edge.yaml says, resource by resource; ../../tests/test_terraform_edge.py keeps the two in step.

data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}
data "aws_region" "current" {}

locals {
  account    = data.aws_caller_identity.current.account_id
  partition  = data.aws_partition.current.partition
  dns_suffix = data.aws_partition.current.dns_suffix
  region     = data.aws_region.current.name
  tags       = { bunraku-farm = var.farm_name }
}

# ---- Who reaches what ----

resource "aws_security_group" "load_balancer" {
  name_prefix = "${var.name}-load-balancer-"
  description = "Agents reach the load balancer on 8140"
  vpc_id      = var.vpc_id
  tags        = local.tags
}

resource "aws_vpc_security_group_ingress_rule" "agents" {
  security_group_id = aws_security_group.load_balancer.id
  ip_protocol       = "tcp"
  from_port         = 8140
  to_port           = 8140
  cidr_ipv4         = var.agent_cidr
  description       = "Agents"
}

resource "aws_vpc_security_group_egress_rule" "tasks" {
  security_group_id            = aws_security_group.load_balancer.id
  ip_protocol                  = "tcp"
  from_port                    = 8140
  to_port                      = 8140
  referenced_security_group_id = aws_security_group.task.id
  description                  = "Connections and health checks"
}

resource "aws_security_group" "task" {
  name_prefix = "${var.name}-task-"
  description = "The load balancer reaches the edges on 8140"
  vpc_id      = var.vpc_id
  tags        = local.tags
}

resource "aws_vpc_security_group_ingress_rule" "load_balancer" {
  security_group_id            = aws_security_group.task.id
  ip_protocol                  = "tcp"
  from_port                    = 8140
  to_port                      = 8140
  referenced_security_group_id = aws_security_group.load_balancer.id
  description                  = "Connections and health checks"
}

resource "aws_vpc_security_group_egress_rule" "aws" {
  security_group_id = aws_security_group.task.id
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
  cidr_ipv4         = "0.0.0.0/0"
  description       = "The AWS API"
}

# ---- The load balancer: TCP, so that the edge itself sees the agents' certificates ----

resource "aws_lb" "edge" {
  load_balancer_type               = "network"
  internal                         = var.scheme == "internal"
  subnets                          = var.load_balancer_subnets
  security_groups                  = [aws_security_group.load_balancer.id]
  enable_cross_zone_load_balancing = true
  tags                             = local.tags
}

resource "aws_lb_target_group" "edge" {
  vpc_id      = var.vpc_id
  target_type = "ip"
  protocol    = "TCP"
  port        = 8140
  # By HTTPS, so that an edge which accepts connections and answers nothing is taken out. The load balancer does not
  # check certificates here, and shows none.
  health_check {
    protocol            = "HTTPS"
    path                = "/status/v1/simple"
    interval            = 10
    healthy_threshold   = 2
    unhealthy_threshold = 2
    matcher             = "200"
  }
  # An agent that waits for its catalog is not cut off by a deployment.
  deregistration_delay   = 120
  connection_termination = true
  preserve_client_ip     = false
  tags                   = local.tags
}

resource "aws_lb_listener" "edge" {
  load_balancer_arn = aws_lb.edge.arn
  protocol          = "TCP"
  port              = 8140
  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.edge.arn
  }
}

# ---- The service ----

resource "aws_ecs_cluster" "edge" {
  name = var.name
  setting {
    name  = "containerInsights"
    value = "enabled"
  }
  tags = local.tags
}

resource "aws_cloudwatch_log_group" "edge" {
  # Below this prefix the farm's key lets CloudWatch Logs use it.
  name              = "/aws/ecs/${var.farm_name}-edge-${var.name}"
  retention_in_days = var.log_retention_days
  kms_key_id        = var.key_arn
  tags              = local.tags
}

resource "aws_ecs_task_definition" "edge" {
  family                   = "${var.farm_name}-edge"
  requires_compatibilities = ["FARGATE"]
  network_mode             = "awsvpc"
  cpu                      = var.cpu
  memory                   = var.memory
  execution_role_arn       = aws_iam_role.execution.arn
  task_role_arn            = aws_iam_role.task.arn
  runtime_platform {
    cpu_architecture        = var.architecture
    operating_system_family = "LINUX"
  }
  container_definitions = jsonencode([{
    name                   = "edge"
    image                  = var.image
    essential              = true
    readonlyRootFilesystem = true
    user                   = "65534:65534"
    portMappings           = [{ containerPort = 8140, protocol = "tcp" }]
    # Time to answer the agents that wait.
    stopTimeout = 120
    ulimits     = [{ name = "nofile", softLimit = 65536, hardLimit = 65536 }]
    environment = [
      { name = "BUNRAKU_STORE", value = var.store_url },
      { name = "BUNRAKU_QUEUE", value = var.queue_url },
      { name = "BUNRAKU_EVENTS", value = var.published_topic_arn },
      { name = "BUNRAKU_LISTEN", value = "0.0.0.0:8140" },
      { name = "RUST_LOG", value = var.log_level },
      { name = "AWS_REGION", value = local.region },
    ]
    secrets = [
      { name = "BUNRAKU_CERTIFICATE", valueFrom = "${var.secret_arn}:certificate::" },
      { name = "BUNRAKU_KEY", valueFrom = "${var.secret_arn}:key::" },
      { name = "BUNRAKU_CA_CERTIFICATE", valueFrom = "${var.secret_arn}:ca_certificate::" },
      { name = "BUNRAKU_CRL", valueFrom = "${var.secret_arn}:crl::" },
    ]
    logConfiguration = {
      logDriver = "awslogs"
      options = {
        awslogs-group         = aws_cloudwatch_log_group.edge.name
        awslogs-region        = local.region
        awslogs-stream-prefix = "edge"
      }
    }
  }])
  tags = local.tags
}

resource "aws_ecs_service" "edge" {
  name                               = "edge"
  cluster                            = aws_ecs_cluster.edge.id
  task_definition                    = aws_ecs_task_definition.edge.arn
  launch_type                        = "FARGATE"
  desired_count                      = var.desired_count
  health_check_grace_period_seconds  = 30
  deployment_minimum_healthy_percent = 100
  deployment_maximum_percent         = 200
  deployment_circuit_breaker {
    enable   = true
    rollback = true
  }
  network_configuration {
    subnets          = var.task_subnets
    security_groups  = [aws_security_group.task.id]
    assign_public_ip = var.assign_public_ip == "ENABLED"
  }
  load_balancer {
    container_name   = "edge"
    container_port   = 8140
    target_group_arn = aws_lb_target_group.edge.arn
  }
  propagate_tags = "SERVICE"
  tags           = local.tags
  depends_on     = [aws_lb_listener.edge, aws_vpc_security_group_egress_rule.tasks]
  lifecycle {
    # Autoscaling's, after the first time.
    ignore_changes = [desired_count]
  }
}

# ---- As many edges as connections ask for ----

resource "aws_appautoscaling_target" "edge" {
  service_namespace  = "ecs"
  scalable_dimension = "ecs:service:DesiredCount"
  resource_id        = "service/${aws_ecs_cluster.edge.name}/${aws_ecs_service.edge.name}"
  min_capacity       = var.min_count
  max_capacity       = var.max_count
}

resource "aws_appautoscaling_policy" "connections" {
  name               = "connections"
  policy_type        = "TargetTrackingScaling"
  resource_id        = aws_appautoscaling_target.edge.resource_id
  scalable_dimension = aws_appautoscaling_target.edge.scalable_dimension
  service_namespace  = aws_appautoscaling_target.edge.service_namespace
  target_tracking_scaling_policy_configuration {
    target_value       = var.connections_per_task
    scale_out_cooldown = 60
    scale_in_cooldown  = 600
    customized_metric_specification {
      metrics {
        id          = "connections"
        return_data = false
        metric_stat {
          stat = "Average"
          metric {
            namespace   = "AWS/NetworkELB"
            metric_name = "ActiveFlowCount"
            dimensions {
              name  = "LoadBalancer"
              value = aws_lb.edge.arn_suffix
            }
          }
        }
      }
      metrics {
        id          = "tasks"
        return_data = false
        metric_stat {
          stat = "Average"
          metric {
            namespace   = "ECS/ContainerInsights"
            metric_name = "RunningTaskCount"
            dimensions {
              name  = "ClusterName"
              value = aws_ecs_cluster.edge.name
            }
            dimensions {
              name  = "ServiceName"
              value = aws_ecs_service.edge.name
            }
          }
        }
      }
      metrics {
        id          = "connectionsPerTask"
        expression  = "connections / tasks"
        return_data = true
      }
    }
  }
}

resource "aws_appautoscaling_policy" "cpu" {
  name               = "cpu"
  policy_type        = "TargetTrackingScaling"
  resource_id        = aws_appautoscaling_target.edge.resource_id
  scalable_dimension = aws_appautoscaling_target.edge.scalable_dimension
  service_namespace  = aws_appautoscaling_target.edge.service_namespace
  target_tracking_scaling_policy_configuration {
    target_value       = 60
    scale_out_cooldown = 60
    scale_in_cooldown  = 600
    predefined_metric_specification {
      predefined_metric_type = "ECSServiceAverageCPUUtilization"
    }
  }
}
