# What ../template.yaml says, resource by resource; ../tests/test_terraform.py keeps the two in step.

data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}
data "aws_region" "current" {}

locals {
  account    = data.aws_caller_identity.current.account_id
  partition  = data.aws_partition.current.partition
  dns_suffix = data.aws_partition.current.dns_suffix
  region     = data.aws_region.current.name

  bucket_name     = var.bucket_name == "" ? "${var.name}-${local.account}-${local.region}" : var.bucket_name
  key_arn         = var.key_arn == "" ? aws_kms_key.farm[0].arn : var.key_arn
  alarm_topic_arn = var.alarm_topic_arn == "" ? aws_sns_topic.alarms[0].arn : var.alarm_topic_arn
  tags            = { bunraku-farm = var.name }

  functions = {
    ingest  = { memory = var.ingest_memory, timeout = var.ingest_timeout, description = "Checks a push and seals it as a release" }
    plan    = { memory = var.plan_memory, timeout = var.plan_timeout, description = "Finds the nodes that a release concerns" }
    compile = { memory = var.compile_memory, timeout = var.compile_timeout, description = "Brings nodes up to a release, reusing or compiling their catalogs" }
  }

  lanes = {
    uploads = { function = "ingest", timeout = var.ingest_timeout, concurrency = 2, batch_size = 1, window = null, age_seconds = var.uploads_age_seconds, late = "A push waits to be taken up - ingest fails, or is paused" }
    plans   = { function = "plan", timeout = var.plan_timeout, concurrency = 2, batch_size = 1, window = null, age_seconds = var.plans_age_seconds, late = "A plan waits - plan fails, or is paused" }
    urgent  = { function = "compile", timeout = var.compile_timeout, concurrency = var.urgent_concurrency, batch_size = var.urgent_batch_size, window = null, age_seconds = var.urgent_age_seconds, late = "Agents wait for catalogs - more UrgentConcurrency, or compile fails" }
    normal  = { function = "compile", timeout = var.compile_timeout, concurrency = var.normal_concurrency, batch_size = var.normal_batch_size, window = null, age_seconds = var.normal_age_seconds, late = "Pushed changes wait - more NormalConcurrency, or compile fails" }
    bulk    = { function = "compile", timeout = var.compile_timeout, concurrency = var.bulk_concurrency, batch_size = var.bulk_batch_size, window = var.bulk_batching_window, age_seconds = var.bulk_age_seconds, late = "Bulk work waits - more BulkConcurrency, or compile fails" }
  }
}
