output "store_url" {
  description = "Where the farm's data is; for bunraku's --store"
  value       = "s3://${aws_s3_bucket.farm.id}"
}

output "queue_url" {
  description = "The farm's queues; for bunraku's --queue"
  value       = "sqs://${var.name}"
}

output "bucket_name" {
  description = "The bucket, for aws s3 cp SITE.tar.gz s3://BUCKET/uploads/ENVIRONMENT/"
  value       = aws_s3_bucket.farm.id
}

output "published_topic_arn" {
  description = "The topic of published catalogs; for bunraku edge's --events, and for consumers of yours"
  value       = aws_sns_topic.published.arn
}

output "key_arn" {
  description = "The key that encrypts the data"
  value       = local.key_arn
}

output "region" {
  description = "The region that all of it is in"
  value       = local.region
}
