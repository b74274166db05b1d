data "aws_iam_policy_document" "start" {
  statement {
    effect  = "Allow"
    actions = ["sts:AssumeRole"]
    principals {
      type        = "Service"
      identifiers = ["ecs-tasks.amazonaws.com"]
    }
  }
}

data "aws_iam_policy_document" "run" {
  statement {
    effect  = "Allow"
    actions = ["sts:AssumeRole"]
    principals {
      type        = "Service"
      identifiers = ["ecs-tasks.amazonaws.com"]
    }
    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [local.account]
    }
  }
}

resource "aws_iam_role" "execution" {
  name_prefix        = "${substr(var.name, 0, 25)}-execution-"
  description        = "Starts the edge - its image, its secret, its log"
  assume_role_policy = data.aws_iam_policy_document.start.json
  tags               = local.tags
}

resource "aws_iam_role_policy" "execution" {
  name   = "start"
  role   = aws_iam_role.execution.id
  policy = data.aws_iam_policy_document.execution.json
}

data "aws_iam_policy_document" "execution" {
  statement {
    sid       = "Secret"
    effect    = "Allow"
    actions   = ["secretsmanager:GetSecretValue"]
    resources = [var.secret_arn]
  }
  dynamic "statement" {
    for_each = var.secret_key_arn == "" ? [] : [1]
    content {
      sid       = "SecretKey"
      effect    = "Allow"
      actions   = ["kms:Decrypt"]
      resources = [var.secret_key_arn]
      condition {
        test     = "StringEquals"
        variable = "kms:ViaService"
        values   = ["secretsmanager.${local.region}.${local.dns_suffix}"]
      }
    }
  }
  statement {
    sid       = "Log"
    effect    = "Allow"
    actions   = ["logs:CreateLogStream", "logs:PutLogEvents"]
    resources = ["${aws_cloudwatch_log_group.edge.arn}:*"]
  }
  dynamic "statement" {
    for_each = var.repository_arn == "" ? [] : [1]
    content {
      sid       = "RegistryLogin"
      effect    = "Allow"
      actions   = ["ecr:GetAuthorizationToken"]
      resources = ["*"] # ECR knows no resources here.
    }
  }
  dynamic "statement" {
    for_each = var.repository_arn == "" ? [] : [1]
    content {
      sid       = "Image"
      effect    = "Allow"
      actions   = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
      resources = [var.repository_arn]
    }
  }
}

resource "aws_iam_role" "task" {
  name_prefix        = "${substr(var.name, 0, 25)}-task-"
  description        = "What the edge may do"
  assume_role_policy = data.aws_iam_policy_document.run.json
  tags               = local.tags
}

resource "aws_iam_role_policy" "task" {
  name   = "edge"
  role   = aws_iam_role.task.id
  policy = data.aws_iam_policy_document.task.json
}

data "aws_iam_policy_document" "task" {
  statement {
    sid       = "Read"
    effect    = "Allow"
    actions   = ["s3:GetObject"]
    resources = ["arn:${local.partition}:s3:::${var.bucket_name}/*"]
  }
  statement {
    sid     = "Write"
    effect  = "Allow"
    actions = ["s3:PutObject", "s3:AbortMultipartUpload"]
    resources = [
      "arn:${local.partition}:s3:::${var.bucket_name}/facts/*",
      "arn:${local.partition}:s3:::${var.bucket_name}/members/*",
      "arn:${local.partition}:s3:::${var.bucket_name}/uploads/*",
      "arn:${local.partition}:s3:::${var.bucket_name}/bucket/*",
      "arn:${local.partition}:s3:::${var.bucket_name}/reports/*",
      "arn:${local.partition}:s3:::${var.bucket_name}/outcomes/*",
    ]
  }
  # Administrators' orders: rollouts are steered, and a release that is named again is written again.
  statement {
    sid     = "Orders"
    effect  = "Allow"
    actions = ["s3:PutObject", "s3:AbortMultipartUpload"]
    resources = [
      "arn:${local.partition}:s3:::${var.bucket_name}/environments/*",
      "arn:${local.partition}:s3:::${var.bucket_name}/releases/*",
      "arn:${local.partition}:s3:::${var.bucket_name}/blobs/*",
    ]
  }
  statement {
    sid       = "EndMembership"
    effect    = "Allow"
    actions   = ["s3:DeleteObject"]
    resources = ["arn:${local.partition}:s3:::${var.bucket_name}/members/*"]
  }
  statement {
    sid       = "List"
    effect    = "Allow"
    actions   = ["s3:ListBucket"]
    resources = ["arn:${local.partition}:s3:::${var.bucket_name}"]
  }
  statement {
    sid       = "Key"
    effect    = "Allow"
    actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
    resources = [var.key_arn]
    condition {
      test     = "StringEquals"
      variable = "kms:ViaService"
      values   = ["s3.${local.region}.${local.dns_suffix}"]
    }
  }
  statement {
    sid     = "Send"
    effect  = "Allow"
    actions = ["sqs:SendMessage"]
    resources = [
      "arn:${local.partition}:sqs:${local.region}:${local.account}:${var.farm_name}-urgent",
      "arn:${local.partition}:sqs:${local.region}:${local.account}:${var.farm_name}-normal",
      "arn:${local.partition}:sqs:${local.region}:${local.account}:${var.farm_name}-plans",
    ]
  }
  # An edge looks at all queues when it starts, and tells their depths as metrics.
  statement {
    sid     = "LookAtQueues"
    effect  = "Allow"
    actions = ["sqs:GetQueueUrl", "sqs:GetQueueAttributes"]
    resources = [
      "arn:${local.partition}:sqs:${local.region}:${local.account}:${var.farm_name}-uploads",
      "arn:${local.partition}:sqs:${local.region}:${local.account}:${var.farm_name}-uploads-dead",
      "arn:${local.partition}:sqs:${local.region}:${local.account}:${var.farm_name}-plans",
      "arn:${local.partition}:sqs:${local.region}:${local.account}:${var.farm_name}-plans-dead",
      "arn:${local.partition}:sqs:${local.region}:${local.account}:${var.farm_name}-urgent",
      "arn:${local.partition}:sqs:${local.region}:${local.account}:${var.farm_name}-urgent-dead",
      "arn:${local.partition}:sqs:${local.region}:${local.account}:${var.farm_name}-normal",
      "arn:${local.partition}:sqs:${local.region}:${local.account}:${var.farm_name}-normal-dead",
      "arn:${local.partition}:sqs:${local.region}:${local.account}:${var.farm_name}-bulk",
      "arn:${local.partition}:sqs:${local.region}:${local.account}:${var.farm_name}-bulk-dead",
    ]
  }
  # Each edge hears of published catalogs by a queue of its own, which it makes, tags and deletes, as it does those of
  # edges that died.
  statement {
    sid    = "OwnQueue"
    effect = "Allow"
    actions = [
      "sqs:CreateQueue",
      "sqs:DeleteQueue",
      "sqs:SetQueueAttributes",
      "sqs:TagQueue",
      "sqs:ListQueueTags",
      "sqs:GetQueueUrl",
      "sqs:GetQueueAttributes",
      "sqs:ReceiveMessage",
      "sqs:DeleteMessage",
    ]
    resources = ["arn:${local.partition}:sqs:${local.region}:${local.account}:${var.farm_name}-edge-*"]
  }
  statement {
    sid       = "Subscribe"
    effect    = "Allow"
    actions   = ["sns:Subscribe", "sns:Unsubscribe", "sns:ListSubscriptionsByTopic"]
    resources = [var.published_topic_arn, "${var.published_topic_arn}:*"]
  }
}
