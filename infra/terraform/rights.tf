# What each function may do. Without s3:ListBucket S3 answers a read of what is not there with 403 instead of 404; so all
# may list.

data "aws_iam_policy_document" "lambda" {
  statement {
    effect  = "Allow"
    actions = ["sts:AssumeRole"]
    principals {
      type        = "Service"
      identifiers = ["lambda.amazonaws.com"]
    }
  }
}

resource "aws_iam_role" "function" {
  for_each = local.functions
  # 38 characters at most.
  name_prefix        = "${substr(var.name, 0, 25)}-${each.key}-"
  description        = "What ${each.key} of the farm ${var.name} may do"
  assume_role_policy = data.aws_iam_policy_document.lambda.json
  tags               = local.tags
}

resource "aws_iam_role_policy" "function" {
  for_each = {
    ingest  = data.aws_iam_policy_document.ingest.json
    plan    = data.aws_iam_policy_document.plan.json
    compile = data.aws_iam_policy_document.compile.json
  }
  name   = each.key
  role   = aws_iam_role.function[each.key].id
  policy = each.value
}

data "aws_iam_policy_document" "ingest" {
  statement {
    sid     = "Read"
    effect  = "Allow"
    actions = ["s3:GetObject"]
    resources = [
      "${aws_s3_bucket.farm.arn}/uploads/*",
      "${aws_s3_bucket.farm.arn}/blobs/*",
      "${aws_s3_bucket.farm.arn}/releases/*",
      "${aws_s3_bucket.farm.arn}/environments/*",
      "${aws_s3_bucket.farm.arn}/members/*",
      "${aws_s3_bucket.farm.arn}/pointers/*",
    ]
  }
  statement {
    sid     = "Write"
    effect  = "Allow"
    actions = ["s3:PutObject", "s3:AbortMultipartUpload"]
    resources = [
      "${aws_s3_bucket.farm.arn}/blobs/*",
      "${aws_s3_bucket.farm.arn}/releases/*",
      "${aws_s3_bucket.farm.arn}/environments/*",
      "${aws_s3_bucket.farm.arn}/uploads/*.result.json",
    ]
  }
  statement {
    sid       = "List"
    effect    = "Allow"
    actions   = ["s3:ListBucket"]
    resources = [aws_s3_bucket.farm.arn]
  }
  statement {
    sid       = "Consume"
    effect    = "Allow"
    actions   = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:ChangeMessageVisibility", "sqs:GetQueueAttributes", "sqs:GetQueueUrl"]
    resources = [aws_sqs_queue.lane["uploads"].arn]
  }
  statement {
    sid     = "Send"
    effect  = "Allow"
    actions = ["sqs:SendMessage", "sqs:GetQueueUrl"]
    resources = [
      aws_sqs_queue.lane["plans"].arn,
      aws_sqs_queue.dead["uploads"].arn,
    ]
  }
  statement {
    sid       = "Key"
    effect    = "Allow"
    actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
    resources = [local.key_arn]
    condition {
      test     = "StringEquals"
      variable = "kms:ViaService"
      values   = ["s3.${local.region}.${local.dns_suffix}"]
    }
  }
  statement {
    sid       = "Log"
    effect    = "Allow"
    actions   = ["logs:CreateLogStream", "logs:PutLogEvents"]
    resources = ["${aws_cloudwatch_log_group.function["ingest"].arn}:*"]
  }
  statement {
    sid       = "Trace"
    effect    = "Allow"
    actions   = ["xray:PutTraceSegments", "xray:PutTelemetryRecords"]
    resources = ["*"] # X-Ray knows no resources here.
  }
}

data "aws_iam_policy_document" "plan" {
  statement {
    sid     = "Read"
    effect  = "Allow"
    actions = ["s3:GetObject"]
    resources = [
      "${aws_s3_bucket.farm.arn}/environments/*",
      "${aws_s3_bucket.farm.arn}/releases/*",
      "${aws_s3_bucket.farm.arn}/blobs/*",
      "${aws_s3_bucket.farm.arn}/facts/*",
      "${aws_s3_bucket.farm.arn}/members/*",
      "${aws_s3_bucket.farm.arn}/pointers/*",
      "${aws_s3_bucket.farm.arn}/exports/*",
      "${aws_s3_bucket.farm.arn}/pool/*",
      "${aws_s3_bucket.farm.arn}/rollouts/*",
      "${aws_s3_bucket.farm.arn}/outcomes/*",
      "${aws_s3_bucket.farm.arn}/catalogs/*",
      "${aws_s3_bucket.farm.arn}/garbage/*",
    ]
  }
  statement {
    sid     = "Write"
    effect  = "Allow"
    actions = ["s3:PutObject", "s3:AbortMultipartUpload"]
    resources = [
      "${aws_s3_bucket.farm.arn}/facts/*",
      "${aws_s3_bucket.farm.arn}/members/*",
      "${aws_s3_bucket.farm.arn}/pool/*",
      "${aws_s3_bucket.farm.arn}/environments/*",
      "${aws_s3_bucket.farm.arn}/rollouts/*",
      "${aws_s3_bucket.farm.arn}/garbage/*",
    ]
  }
  statement {
    sid     = "EndMembership"
    effect  = "Allow"
    actions = ["s3:DeleteObject"]
    resources = [
      "${aws_s3_bucket.farm.arn}/members/*",
      "${aws_s3_bucket.farm.arn}/pool/*",
      "${aws_s3_bucket.farm.arn}/pointers/*",
    ]
  }
  # A collection removes the version that it looked at, and no other.
  statement {
    sid     = "Collect"
    effect  = "Allow"
    actions = ["s3:DeleteObjectVersion"]
    resources = [
      "${aws_s3_bucket.farm.arn}/releases/*",
      "${aws_s3_bucket.farm.arn}/blobs/*",
      "${aws_s3_bucket.farm.arn}/catalogs/*",
      "${aws_s3_bucket.farm.arn}/pool/*",
      "${aws_s3_bucket.farm.arn}/exports/*",
      "${aws_s3_bucket.farm.arn}/rollouts/*",
      "${aws_s3_bucket.farm.arn}/outcomes/*",
    ]
  }
  statement {
    sid       = "List"
    effect    = "Allow"
    actions   = ["s3:ListBucket"]
    resources = [aws_s3_bucket.farm.arn]
  }
  statement {
    sid       = "Consume"
    effect    = "Allow"
    actions   = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:ChangeMessageVisibility", "sqs:GetQueueAttributes", "sqs:GetQueueUrl"]
    resources = [aws_sqs_queue.lane["plans"].arn]
  }
  statement {
    sid     = "Send"
    effect  = "Allow"
    actions = ["sqs:SendMessage", "sqs:GetQueueUrl"]
    resources = [
      aws_sqs_queue.lane["urgent"].arn,
      aws_sqs_queue.lane["normal"].arn,
      aws_sqs_queue.lane["bulk"].arn,
      aws_sqs_queue.lane["plans"].arn,
      aws_sqs_queue.dead["plans"].arn,
    ]
  }
  statement {
    sid       = "Key"
    effect    = "Allow"
    actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
    resources = [local.key_arn]
    condition {
      test     = "StringEquals"
      variable = "kms:ViaService"
      values   = ["s3.${local.region}.${local.dns_suffix}"]
    }
  }
  statement {
    sid       = "Log"
    effect    = "Allow"
    actions   = ["logs:CreateLogStream", "logs:PutLogEvents"]
    resources = ["${aws_cloudwatch_log_group.function["plan"].arn}:*"]
  }
  statement {
    sid       = "Trace"
    effect    = "Allow"
    actions   = ["xray:PutTraceSegments", "xray:PutTelemetryRecords"]
    resources = ["*"] # X-Ray knows no resources here.
  }
}

data "aws_iam_policy_document" "compile" {
  statement {
    sid     = "Read"
    effect  = "Allow"
    actions = ["s3:GetObject"]
    resources = [
      "${aws_s3_bucket.farm.arn}/environments/*",
      "${aws_s3_bucket.farm.arn}/releases/*",
      "${aws_s3_bucket.farm.arn}/blobs/*",
      "${aws_s3_bucket.farm.arn}/pointers/*",
      "${aws_s3_bucket.farm.arn}/facts/*",
      "${aws_s3_bucket.farm.arn}/catalogs/*",
      "${aws_s3_bucket.farm.arn}/exports/*",
      "${aws_s3_bucket.farm.arn}/pool/*",
    ]
  }
  statement {
    sid     = "Write"
    effect  = "Allow"
    actions = ["s3:PutObject", "s3:AbortMultipartUpload"]
    resources = [
      "${aws_s3_bucket.farm.arn}/catalogs/*",
      "${aws_s3_bucket.farm.arn}/pointers/*",
      "${aws_s3_bucket.farm.arn}/exports/*",
    ]
  }
  statement {
    sid       = "List"
    effect    = "Allow"
    actions   = ["s3:ListBucket"]
    resources = [aws_s3_bucket.farm.arn]
  }
  statement {
    sid     = "Consume"
    effect  = "Allow"
    actions = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:ChangeMessageVisibility", "sqs:GetQueueAttributes", "sqs:GetQueueUrl"]
    resources = [
      aws_sqs_queue.lane["urgent"].arn,
      aws_sqs_queue.lane["normal"].arn,
      aws_sqs_queue.lane["bulk"].arn,
    ]
  }
  statement {
    sid     = "Send"
    effect  = "Allow"
    actions = ["sqs:SendMessage", "sqs:GetQueueUrl"]
    resources = [
      aws_sqs_queue.lane["plans"].arn,
      aws_sqs_queue.dead["urgent"].arn,
      aws_sqs_queue.dead["normal"].arn,
      aws_sqs_queue.dead["bulk"].arn,
    ]
  }
  statement {
    sid       = "Key"
    effect    = "Allow"
    actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
    resources = [local.key_arn]
    condition {
      test     = "StringEquals"
      variable = "kms:ViaService"
      values   = ["s3.${local.region}.${local.dns_suffix}"]
    }
  }
  statement {
    sid       = "Log"
    effect    = "Allow"
    actions   = ["logs:CreateLogStream", "logs:PutLogEvents"]
    resources = ["${aws_cloudwatch_log_group.function["compile"].arn}:*"]
  }
  statement {
    sid       = "Trace"
    effect    = "Allow"
    actions   = ["xray:PutTraceSegments", "xray:PutTelemetryRecords"]
    resources = ["*"] # X-Ray knows no resources here.
  }
}
