# ---- The key ----

resource "aws_kms_key" "farm" {
  count                   = var.key_arn == "" ? 1 : 0
  description             = "Data of the Bunraku farm ${var.name}"
  enable_key_rotation     = true
  deletion_window_in_days = 30
  policy                  = data.aws_iam_policy_document.key.json
  tags                    = local.tags
}

data "aws_iam_policy_document" "key" {
  # Who may use it is said by the roles' policies, as AWS recommends.
  statement {
    sid       = "AccountDecides"
    effect    = "Allow"
    actions   = ["kms:*"]
    resources = ["*"]
    principals {
      type        = "AWS"
      identifiers = ["arn:${local.partition}:iam::${local.account}:root"]
    }
  }
  statement {
    sid       = "BucketAndAlarmsPublish"
    effect    = "Allow"
    actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
    resources = ["*"]
    principals {
      type        = "Service"
      identifiers = ["s3.amazonaws.com", "cloudwatch.amazonaws.com"]
    }
    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [local.account]
    }
  }
  statement {
    sid       = "Logs"
    effect    = "Allow"
    actions   = ["kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey", "kms:DescribeKey"]
    resources = ["*"]
    principals {
      type        = "Service"
      identifiers = ["logs.${local.region}.amazonaws.com"]
    }
    condition {
      test     = "ArnLike"
      variable = "kms:EncryptionContext:aws:logs:arn"
      values   = ["arn:${local.partition}:logs:${local.region}:${local.account}:log-group:/aws/*/${var.name}-*"]
    }
  }
}

# ---- The bucket ----

resource "aws_s3_bucket" "farm" {
  bucket = local.bucket_name
  # Without it, S3 refuses to delete a bucket that is not empty.
  force_destroy = var.data_retention == "Delete"
  tags          = local.tags
}

resource "aws_s3_bucket_versioning" "farm" {
  bucket = aws_s3_bucket.farm.id
  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_ownership_controls" "farm" {
  bucket = aws_s3_bucket.farm.id
  rule {
    object_ownership = "BucketOwnerEnforced"
  }
}

resource "aws_s3_bucket_public_access_block" "farm" {
  bucket                  = aws_s3_bucket.farm.id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_server_side_encryption_configuration" "farm" {
  bucket = aws_s3_bucket.farm.id
  rule {
    bucket_key_enabled = true
    apply_server_side_encryption_by_default {
      sse_algorithm     = "aws:kms"
      kms_master_key_id = local.key_arn
    }
  }
}

resource "aws_s3_bucket_lifecycle_configuration" "farm" {
  bucket = aws_s3_bucket.farm.id
  # Catalogs have no rule of their own, and must not get one: an unchanged node's pointer names a catalog that may be
  # years old. Only what is no longer current expires, of catalogs as of everything.
  rule {
    id     = "noncurrent-versions-and-leftovers"
    status = "Enabled"
    filter {
      prefix = ""
    }
    noncurrent_version_expiration {
      noncurrent_days = var.noncurrent_version_days
    }
    expiration {
      expired_object_delete_marker = true
    }
    abort_incomplete_multipart_upload {
      days_after_initiation = 1
    }
  }
  rule {
    id     = "uploads"
    status = "Enabled"
    filter {
      prefix = "uploads/"
    }
    expiration {
      days = var.upload_expiry_days
    }
  }
  rule {
    id     = "reports"
    status = "Enabled"
    filter {
      prefix = "reports/"
    }
    expiration {
      days = var.report_expiry_days
    }
  }
}

resource "aws_s3_bucket_notification" "farm" {
  bucket = aws_s3_bucket.farm.id
  queue {
    events        = ["s3:ObjectCreated:*"]
    queue_arn     = aws_sqs_queue.lane["uploads"].arn
    filter_prefix = "uploads/"
    filter_suffix = ".tar.zst"
  }
  queue {
    events        = ["s3:ObjectCreated:*"]
    queue_arn     = aws_sqs_queue.lane["uploads"].arn
    filter_prefix = "uploads/"
    filter_suffix = ".tar.gz"
  }
  topic {
    events        = ["s3:ObjectCreated:*"]
    topic_arn     = aws_sns_topic.published.arn
    filter_prefix = "pointers/"
  }
  # S3 tries its notifications when they are set: whom it notifies has to let it before.
  depends_on = [aws_sqs_queue_policy.uploads, aws_sns_topic_policy.published]
}

resource "aws_s3_bucket_policy" "farm" {
  bucket = aws_s3_bucket.farm.id
  policy = data.aws_iam_policy_document.bucket.json
}

data "aws_iam_policy_document" "bucket" {
  statement {
    sid       = "TlsOnly"
    effect    = "Deny"
    actions   = ["s3:*"]
    resources = [aws_s3_bucket.farm.arn, "${aws_s3_bucket.farm.arn}/*"]
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

# ---- The event of published catalogs: edges and consumers of yours subscribe ----

resource "aws_sns_topic" "published" {
  name              = "${var.name}-published"
  kms_master_key_id = local.key_arn
  tags              = local.tags
}

resource "aws_sns_topic_policy" "published" {
  arn    = aws_sns_topic.published.arn
  policy = data.aws_iam_policy_document.published.json
}

data "aws_iam_policy_document" "published" {
  statement {
    sid       = "BucketPublishes"
    effect    = "Allow"
    actions   = ["sns:Publish"]
    resources = [aws_sns_topic.published.arn]
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
    actions   = ["sns:Publish"]
    resources = [aws_sns_topic.published.arn]
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
