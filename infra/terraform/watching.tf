resource "aws_sns_topic" "alarms" {
  count             = var.alarm_topic_arn == "" ? 1 : 0
  name              = "${var.name}-alarms"
  kms_master_key_id = local.key_arn
  tags              = local.tags
}

resource "aws_sns_topic_policy" "alarms" {
  count  = var.alarm_topic_arn == "" ? 1 : 0
  arn    = aws_sns_topic.alarms[0].arn
  policy = data.aws_iam_policy_document.alarms[0].json
}

data "aws_iam_policy_document" "alarms" {
  count = var.alarm_topic_arn == "" ? 1 : 0
  statement {
    sid       = "AlarmsPublish"
    effect    = "Allow"
    actions   = ["sns:Publish"]
    resources = [aws_sns_topic.alarms[0].arn]
    principals {
      type        = "Service"
      identifiers = ["cloudwatch.amazonaws.com"]
    }
    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [local.account]
    }
  }
  statement {
    sid       = "TlsOnly"
    effect    = "Deny"
    actions   = ["sns:Publish"]
    resources = [aws_sns_topic.alarms[0].arn]
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

resource "aws_sns_topic_subscription" "alarms" {
  count     = var.alarm_topic_arn == "" && var.alarm_email != "" ? 1 : 0
  topic_arn = aws_sns_topic.alarms[0].arn
  protocol  = "email"
  endpoint  = var.alarm_email
}

resource "aws_cloudwatch_metric_alarm" "age" {
  for_each            = local.lanes
  alarm_name          = "${var.name}-${each.key}-age"
  alarm_description   = each.value.late
  namespace           = "AWS/SQS"
  metric_name         = "ApproximateAgeOfOldestMessage"
  dimensions          = { QueueName = aws_sqs_queue.lane[each.key].name }
  statistic           = "Maximum"
  period              = 60
  evaluation_periods  = 3
  datapoints_to_alarm = 3
  threshold           = each.value.age_seconds
  comparison_operator = "GreaterThanThreshold"
  treat_missing_data  = "notBreaching"
  alarm_actions       = [local.alarm_topic_arn]
  ok_actions          = [local.alarm_topic_arn]
  tags                = local.tags
}

resource "aws_cloudwatch_metric_alarm" "dead" {
  for_each            = local.lanes
  alarm_name          = "${var.name}-${each.key}-dead"
  alarm_description   = "Messages of ${each.key} were given up - see why (attribute reason), then bunraku redrive"
  namespace           = "AWS/SQS"
  metric_name         = "ApproximateNumberOfMessagesVisible"
  dimensions          = { QueueName = aws_sqs_queue.dead[each.key].name }
  statistic           = "Maximum"
  period              = 60
  evaluation_periods  = 1
  datapoints_to_alarm = 1
  threshold           = 0
  comparison_operator = "GreaterThanThreshold"
  treat_missing_data  = "notBreaching"
  alarm_actions       = [local.alarm_topic_arn]
  ok_actions          = [local.alarm_topic_arn]
  tags                = local.tags
}

resource "aws_cloudwatch_metric_alarm" "errors" {
  for_each            = local.functions
  alarm_name          = "${var.name}-${each.key}-errors"
  alarm_description   = "${title(each.key)} failed as a whole - a crash, a timeout, or too little memory"
  namespace           = "AWS/Lambda"
  metric_name         = "Errors"
  dimensions          = { FunctionName = aws_lambda_function.function[each.key].function_name }
  statistic           = "Sum"
  period              = 300
  evaluation_periods  = 3
  datapoints_to_alarm = 2
  threshold           = 0
  comparison_operator = "GreaterThanThreshold"
  treat_missing_data  = "notBreaching"
  alarm_actions       = [local.alarm_topic_arn]
  ok_actions          = [local.alarm_topic_arn]
  tags                = local.tags
}

resource "aws_cloudwatch_metric_alarm" "throttles" {
  for_each            = local.functions
  alarm_name          = "${var.name}-${each.key}-throttles"
  alarm_description   = "${title(each.key)} was throttled - the account has too few concurrent executions"
  namespace           = "AWS/Lambda"
  metric_name         = "Throttles"
  dimensions          = { FunctionName = aws_lambda_function.function[each.key].function_name }
  statistic           = "Sum"
  period              = 300
  evaluation_periods  = 3
  datapoints_to_alarm = 3
  threshold           = 0
  comparison_operator = "GreaterThanThreshold"
  treat_missing_data  = "notBreaching"
  alarm_actions       = [local.alarm_topic_arn]
  ok_actions          = [local.alarm_topic_arn]
  tags                = local.tags
}

resource "aws_cloudwatch_dashboard" "farm" {
  dashboard_name = var.name
  dashboard_body = <<-JSON
    {"widgets": [
          {"type": "metric", "x": 0, "y": 0, "width": 8, "height": 6, "properties": {"title": "Age of the oldest message, seconds",
            "region": "${local.region}", "stat": "Maximum", "period": 60, "metrics": [
              ["AWS/SQS", "ApproximateAgeOfOldestMessage", "QueueName", "${var.name}-uploads"],
              ["AWS/SQS", "ApproximateAgeOfOldestMessage", "QueueName", "${var.name}-plans"],
              ["AWS/SQS", "ApproximateAgeOfOldestMessage", "QueueName", "${var.name}-urgent"],
              ["AWS/SQS", "ApproximateAgeOfOldestMessage", "QueueName", "${var.name}-normal"],
              ["AWS/SQS", "ApproximateAgeOfOldestMessage", "QueueName", "${var.name}-bulk"]]}},
          {"type": "metric", "x": 8, "y": 0, "width": 8, "height": 6, "properties": {"title": "Messages waiting",
            "region": "${local.region}", "stat": "Maximum", "period": 60, "metrics": [
              ["AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName", "${var.name}-uploads"],
              ["AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName", "${var.name}-plans"],
              ["AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName", "${var.name}-urgent"],
              ["AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName", "${var.name}-normal"],
              ["AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName", "${var.name}-bulk"]]}},
          {"type": "metric", "x": 16, "y": 0, "width": 8, "height": 6, "properties": {"title": "Dead letters",
            "region": "${local.region}", "stat": "Maximum", "period": 60, "metrics": [
              ["AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName", "${var.name}-uploads-dead"],
              ["AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName", "${var.name}-plans-dead"],
              ["AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName", "${var.name}-urgent-dead"],
              ["AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName", "${var.name}-normal-dead"],
              ["AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName", "${var.name}-bulk-dead"]]}},
          {"type": "metric", "x": 0, "y": 6, "width": 8, "height": 6, "properties": {"title": "Concurrent executions",
            "region": "${local.region}", "stat": "Maximum", "period": 60, "metrics": [
              ["AWS/Lambda", "ConcurrentExecutions", "FunctionName", "${var.name}-ingest"],
              ["AWS/Lambda", "ConcurrentExecutions", "FunctionName", "${var.name}-plan"],
              ["AWS/Lambda", "ConcurrentExecutions", "FunctionName", "${var.name}-compile"]]}},
          {"type": "metric", "x": 8, "y": 6, "width": 8, "height": 6, "properties": {"title": "Duration, 99th percentile, ms",
            "region": "${local.region}", "stat": "p99", "period": 60, "metrics": [
              ["AWS/Lambda", "Duration", "FunctionName", "${var.name}-ingest"],
              ["AWS/Lambda", "Duration", "FunctionName", "${var.name}-plan"],
              ["AWS/Lambda", "Duration", "FunctionName", "${var.name}-compile"]]}},
          {"type": "metric", "x": 16, "y": 6, "width": 8, "height": 6, "properties": {"title": "Errors and throttles",
            "region": "${local.region}", "stat": "Sum", "period": 60, "metrics": [
              ["AWS/Lambda", "Errors", "FunctionName", "${var.name}-ingest"],
              ["AWS/Lambda", "Errors", "FunctionName", "${var.name}-plan"],
              ["AWS/Lambda", "Errors", "FunctionName", "${var.name}-compile"],
              ["AWS/Lambda", "Throttles", "FunctionName", "${var.name}-ingest"],
              ["AWS/Lambda", "Throttles", "FunctionName", "${var.name}-plan"],
              ["AWS/Lambda", "Throttles", "FunctionName", "${var.name}-compile"]]}}
    ]}
  JSON
}
