# Messages name digests and never hold bodies: SQS's own encryption does, and costs no key requests. A message's age goes
# on counting among the dead letters: these keep longer, so that none is gone before somebody looked.

resource "aws_sqs_queue" "lane" {
  for_each                   = local.lanes
  name                       = "${var.name}-${each.key}"
  sqs_managed_sse_enabled    = true
  visibility_timeout_seconds = 6 * each.value.timeout + 30
  message_retention_seconds  = 864000
  receive_wait_time_seconds  = 20
  redrive_policy = jsonencode({
    deadLetterTargetArn = aws_sqs_queue.dead[each.key].arn
    maxReceiveCount     = var.max_attempts
  })
  tags = local.tags
}

resource "aws_sqs_queue" "dead" {
  for_each                  = local.lanes
  name                      = "${var.name}-${each.key}-dead"
  sqs_managed_sse_enabled   = true
  message_retention_seconds = 1209600
  redrive_allow_policy = jsonencode({
    redrivePermission = "byQueue"
    sourceQueueArns   = ["arn:${local.partition}:sqs:${local.region}:${local.account}:${var.name}-${each.key}"]
  })
  tags = local.tags
}

resource "aws_sqs_queue_policy" "uploads" {
  queue_url = aws_sqs_queue.lane["uploads"].id
  policy    = data.aws_iam_policy_document.uploads.json
}

data "aws_iam_policy_document" "uploads" {
  statement {
    sid       = "BucketSends"
    effect    = "Allow"
    actions   = ["sqs:SendMessage"]
    resources = [aws_sqs_queue.lane["uploads"].arn]
    principals {
      type        = "Service"
      identifiers = ["s3.amazonaws.com"]
    }
    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [local.account]
    }
    condition {
      test     = "ArnEquals"
      variable = "aws:SourceArn"
      values   = ["arn:${local.partition}:s3:::${local.bucket_name}"]
    }
  }
  statement {
    sid       = "TlsOnly"
    effect    = "Deny"
    actions   = ["sqs:*"]
    resources = [aws_sqs_queue.lane["uploads"].arn]
    principals {
      type        = "*"
      identifiers = ["*"]
    }
    condition {
      test     = "Bool"
      variable = "aws:SecureTransport"
      values   = ["false"]
    }
  }
}

resource "aws_sqs_queue_policy" "queues" {
  for_each = {
    plans        = aws_sqs_queue.lane["plans"].id
    urgent       = aws_sqs_queue.lane["urgent"].id
    normal       = aws_sqs_queue.lane["normal"].id
    bulk         = aws_sqs_queue.lane["bulk"].id
    uploads-dead = aws_sqs_queue.dead["uploads"].id
    plans-dead   = aws_sqs_queue.dead["plans"].id
    urgent-dead  = aws_sqs_queue.dead["urgent"].id
    normal-dead  = aws_sqs_queue.dead["normal"].id
    bulk-dead    = aws_sqs_queue.dead["bulk"].id
  }
  queue_url = each.value
  policy    = data.aws_iam_policy_document.queues.json
}

data "aws_iam_policy_document" "queues" {
  # A queue's policy speaks of that queue alone: "*" is the queue that it lies on. The schedules' only target is the queue
  # of plans.
  statement {
    sid       = "ScheduleSends"
    effect    = "Allow"
    actions   = ["sqs:SendMessage"]
    resources = ["*"]
    principals {
      type        = "Service"
      identifiers = ["events.amazonaws.com"]
    }
    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [local.account]
    }
    condition {
      test     = "ArnEquals"
      variable = "aws:SourceArn"
      values = [
        "arn:${local.partition}:events:${local.region}:${local.account}:rule/${var.name}-gather",
        "arn:${local.partition}:events:${local.region}:${local.account}:rule/${var.name}-collect",
      ]
    }
  }
  statement {
    sid       = "TlsOnly"
    effect    = "Deny"
    actions   = ["sqs:*"]
    resources = ["*"]
    principals {
      type        = "*"
      identifiers = ["*"]
    }
    condition {
      test     = "Bool"
      variable = "aws:SecureTransport"
      values   = ["false"]
    }
  }
}
