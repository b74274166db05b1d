# Changed exports ask for a gathering themselves: this one finds what a lost message left behind.

resource "aws_cloudwatch_event_rule" "gather" {
  name                = "${var.name}-gather"
  description         = "Has exported resources gathered"
  schedule_expression = "rate(1 hour)"
}

resource "aws_cloudwatch_event_target" "gather" {
  rule      = aws_cloudwatch_event_rule.gather.name
  target_id = "plans"
  arn       = aws_sqs_queue.lane["plans"].arn
  input     = "{\"message\":\"gather\"}"
}

# What nobody needs any more: releases, their files, catalogs.

resource "aws_cloudwatch_event_rule" "collect" {
  name                = "${var.name}-collect"
  description         = "Has garbage collected"
  schedule_expression = "rate(1 day)"
}

resource "aws_cloudwatch_event_target" "collect" {
  rule      = aws_cloudwatch_event_rule.collect.name
  target_id = "plans"
  arn       = aws_sqs_queue.lane["plans"].arn
  input     = "{\"message\":\"collect\"}"
}
