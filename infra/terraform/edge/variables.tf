# The parameters of ../../edge.yaml by the same names, in snake case; `name` is what the stack's name is there.

variable "name" {
  type        = string
  description = "Name of these edges; their log is called after it."
}

variable "store_url" {
  type        = string
  description = "Output store_url of the farm."
}

variable "queue_url" {
  type        = string
  description = "Output queue_url of the farm."
}

variable "farm_name" {
  type        = string
  description = "Name of the farm, which its queues begin with."
}

variable "bucket_name" {
  type        = string
  description = "Output bucket_name of the farm."
}

variable "published_topic_arn" {
  type        = string
  description = "Output published_topic_arn of the farm."
}

variable "key_arn" {
  type        = string
  description = "Output key_arn of the farm."
}

variable "vpc_id" {
  type        = string
  description = "The network that edges run in."
}

variable "load_balancer_subnets" {
  type        = list(string)
  description = "Where agents reach the load balancer; at least two zones."
}

variable "task_subnets" {
  type        = list(string)
  description = "Where edges run. They have to reach S3, SQS, SNS, KMS, Secrets Manager, CloudWatch Logs and the image's registry - by a NAT gateway, or by VPC endpoints (S3's gateway endpoint costs nothing)."
}

variable "scheme" {
  type        = string
  default     = "internal"
  description = "internal - agents come from the VPC and what is connected with it."

  validation {
    condition     = contains(["internal", "internet-facing"], var.scheme)
    error_message = "One of: internal, internet-facing."
  }
}

variable "agent_cidr" {
  type        = string
  default     = "10.0.0.0/8"
  description = "Addresses that agents come from."
}

variable "assign_public_ip" {
  type        = string
  default     = "DISABLED"
  description = "ENABLED in public subnets without a NAT gateway; nothing but the load balancer reaches the edge even so."

  validation {
    condition     = contains(["DISABLED", "ENABLED"], var.assign_public_ip)
    error_message = "One of: DISABLED, ENABLED."
  }
}

variable "image" {
  type        = string
  description = "The edge's image (infra/edge.Dockerfile), by digest if it is to stay the same."
}

variable "repository_arn" {
  type        = string
  default     = ""
  description = "The image's repository, if it is one of ECR. Empty - the image is public."
}

variable "secret_arn" {
  type        = string
  description = "Secret of Secrets Manager, a JSON object of PEM texts - certificate, key, ca_certificate, crl. Its certificate names the host names that agents call the farm by."
}

variable "secret_key_arn" {
  type        = string
  default     = ""
  description = "The KMS key of the secret, if it is not the account's aws/secretsmanager."
}

variable "architecture" {
  type        = string
  default     = "X86_64"
  description = "Instruction set of the image."

  validation {
    condition     = contains(["X86_64", "ARM64"], var.architecture)
    error_message = "One of: X86_64, ARM64."
  }
}

variable "cpu" {
  type        = string
  default     = "512"
  description = "CPU units of one edge; 1024 are one virtual CPU. Handshakes are what costs."

  validation {
    condition     = contains(["256", "512", "1024", "2048", "4096"], var.cpu)
    error_message = "One of: 256, 512, 1024, 2048, 4096."
  }
}

variable "memory" {
  type        = string
  default     = "1024"
  description = "MB of one edge; Fargate takes certain pairs of CPU and memory only."

  validation {
    condition     = contains(["512", "1024", "2048", "4096", "8192"], var.memory)
    error_message = "One of: 512, 1024, 2048, 4096, 8192."
  }
}

variable "desired_count" {
  type        = number
  default     = 2
  description = "Edges to begin with; autoscaling takes over."

  validation {
    condition     = var.desired_count >= 1
    error_message = "At least 1."
  }
}

variable "min_count" {
  type        = number
  default     = 2
  description = "Least number of edges. 2 - one for each of two zones."

  validation {
    condition     = var.min_count >= 1
    error_message = "At least 1."
  }
}

variable "max_count" {
  type        = number
  default     = 10
  description = "Greatest number of edges."

  validation {
    condition     = var.max_count >= 1
    error_message = "At least 1."
  }
}

variable "connections_per_task" {
  type        = number
  default     = 500
  description = "Open connections for each edge that autoscaling aims at."

  validation {
    condition     = var.connections_per_task >= 10
    error_message = "At least 10."
  }
}

variable "log_level" {
  type        = string
  default     = "info"
  description = "What edges log, as RUST_LOG has it."
}

variable "log_retention_days" {
  type        = number
  default     = 30
  description = "Days that logs are kept."

  validation {
    condition     = contains([1, 3, 5, 7, 14, 30, 60, 90, 120, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653], var.log_retention_days)
    error_message = "One of: 1, 3, 5, 7, 14, 30, 60, 90, 120, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653."
  }
}
