resource "aws_cloudwatch_log_group" "function" {
  for_each          = local.functions
  name              = "/aws/lambda/${var.name}-${each.key}"
  retention_in_days = var.log_retention_days
  kms_key_id        = local.key_arn
  tags              = local.tags
}

resource "aws_lambda_function" "function" {
  for_each         = local.functions
  function_name    = "${var.name}-${each.key}"
  description      = each.value.description
  filename         = "${path.module}/../dist/${each.key}.zip"
  source_code_hash = filebase64sha256("${path.module}/../dist/${each.key}.zip")
  role             = aws_iam_role.function[each.key].arn
  runtime          = "provided.al2023"
  handler          = "bootstrap"
  architectures    = [var.architecture]
  memory_size      = each.value.memory
  timeout          = each.value.timeout
  environment {
    variables = merge(
      {
        BUNRAKU_STORE        = "s3://${aws_s3_bucket.farm.id}"
        BUNRAKU_QUEUE        = "sqs://${var.name}"
        BUNRAKU_MAX_ATTEMPTS = var.max_attempts
        RUST_LOG             = var.log_level
      },
      var.endpoint_url == "" ? {} : { AWS_ENDPOINT_URL_S3 = var.endpoint_url, AWS_ENDPOINT_URL_SQS = var.endpoint_url },
    )
  }
  logging_config {
    log_format = "JSON"
    log_group  = aws_cloudwatch_log_group.function[each.key].name
  }
  tracing_config {
    mode = var.tracing
  }
  tags = local.tags
  # A mapping is refused as long as the role can't read its queue.
  depends_on = [aws_iam_role_policy.function]
}

# One mapping for each lane, each with its own share of the function's concurrency. The retries of a mapping and its dead
# letters are the queue's.
resource "aws_lambda_event_source_mapping" "lane" {
  for_each                           = local.lanes
  event_source_arn                   = aws_sqs_queue.lane[each.key].arn
  function_name                      = aws_lambda_function.function[each.value.function].function_name
  enabled                            = !var.paused
  batch_size                         = each.value.batch_size
  maximum_batching_window_in_seconds = each.value.window
  function_response_types            = ["ReportBatchItemFailures"]
  scaling_config {
    maximum_concurrency = each.value.concurrency
  }
}
