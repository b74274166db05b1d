output "address" {
  description = "What agents' server setting, or a DNS name in the edge's certificate, points to"
  value       = aws_lb.edge.dns_name
}

output "cluster_name" {
  description = "For aws ecs commands"
  value       = aws_ecs_cluster.edge.name
}

output "service_name" {
  description = "For aws ecs commands"
  value       = aws_ecs_service.edge.name
}
