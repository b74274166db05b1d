# The parameters of ../template.yaml by the same names, in snake case; `name` is what the stack's name is there.

variable "name" {
  type        = string
  description = "Name of the farm; its queues and functions begin with it. At most 35 lower-case letters, digits and hyphens, or name the bucket."

  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9-]*$", var.name))
    error_message = "The name is of lower-case letters, digits and hyphens."
  }
}

variable "bucket_name" {
  type        = string
  default     = ""
  description = "Name of the bucket. Empty: NAME-ACCOUNT-REGION. The name has to be known before the bucket exists, since the queue's and the topic's policies name it; so give the farm a name of at most 35 lower-case letters, digits and hyphens, or name the bucket here."
}

variable "key_arn" {
  type        = string
  default     = ""
  description = "An existing KMS key for all data. Empty: the module makes one, with yearly rotation. The policy of an existing key has to say what data.tf says of the module's: S3, CloudWatch alarms and CloudWatch Logs have to be able to use it."
}

variable "data_retention" {
  type        = string
  default     = "Retain"
  description = "Retain - a bucket that is not empty can't be destroyed. Delete - it is emptied and destroyed, with all versions; for tests. The key can be kept from deletion for 30 days in either case."

  validation {
    condition     = contains(["Retain", "Delete"], var.data_retention)
    error_message = "One of: Retain, Delete."
  }
}

variable "upload_expiry_days" {
  type        = number
  default     = 30
  description = "Days that pushes which nobody took up, and the results of pushes, are kept. Longer than the farm is ever paused."

  validation {
    condition     = var.upload_expiry_days >= 1
    error_message = "At least 1."
  }
}

variable "report_expiry_days" {
  type        = number
  default     = 90
  description = "Days that agents' reports are kept."

  validation {
    condition     = var.report_expiry_days >= 1
    error_message = "At least 1."
  }
}

variable "noncurrent_version_days" {
  type        = number
  default     = 30
  description = "Days in which a deleted or overwritten object can be brought back. Each change of facts or of a catalog leaves a small version behind for this long."

  validation {
    condition     = var.noncurrent_version_days >= 1
    error_message = "At least 1."
  }
}

variable "urgent_concurrency" {
  type        = number
  default     = 10
  description = "Compiles at once for agents that wait. Counts against the account's limit of concurrent executions."

  validation {
    condition     = var.urgent_concurrency >= 2 && var.urgent_concurrency <= 1000
    error_message = "From 2 to 1000."
  }
}

variable "normal_concurrency" {
  type        = number
  default     = 10
  description = "Compiles at once after a push. 10 for 1,000 nodes, 200 for 100,000 (README, Sizing)."

  validation {
    condition     = var.normal_concurrency >= 2 && var.normal_concurrency <= 1000
    error_message = "From 2 to 1000."
  }
}

variable "bulk_concurrency" {
  type        = number
  default     = 5
  description = "Compiles at once of what can wait."

  validation {
    condition     = var.bulk_concurrency >= 2 && var.bulk_concurrency <= 1000
    error_message = "From 2 to 1000."
  }
}

variable "urgent_batch_size" {
  type        = number
  default     = 1
  description = "Tasks in one call of the function. 1 means that no waiting agent waits for another."

  validation {
    condition     = var.urgent_batch_size >= 1 && var.urgent_batch_size <= 10
    error_message = "From 1 to 10."
  }
}

variable "normal_batch_size" {
  type        = number
  default     = 10
  description = "Tasks in one call of the function. More share the work of loading a release."

  validation {
    condition     = var.normal_batch_size >= 1 && var.normal_batch_size <= 10
    error_message = "From 1 to 10."
  }
}

variable "bulk_batch_size" {
  type        = number
  default     = 10
  description = "Tasks in one call of the function."

  validation {
    condition     = var.bulk_batch_size >= 1 && var.bulk_batch_size <= 10
    error_message = "From 1 to 10."
  }
}

variable "bulk_batching_window" {
  type        = number
  default     = 5
  description = "Seconds that Lambda may wait for a batch of the bulk lane to fill. Fewer calls, less haste."

  validation {
    condition     = var.bulk_batching_window >= 0 && var.bulk_batching_window <= 30
    error_message = "From 0 to 30."
  }
}

variable "paused" {
  type        = bool
  default     = false
  description = "true: no function takes messages; they wait in the queues (10 days at most). For a restore. Edges go on serving."
}

variable "architecture" {
  type        = string
  default     = "x86_64"
  description = "Instruction set of the functions; what infra/dist was packaged for."

  validation {
    condition     = contains(["x86_64", "arm64"], var.architecture)
    error_message = "One of: x86_64, arm64."
  }
}

variable "ingest_memory" {
  type        = number
  default     = 1769
  description = "MB. Memory also buys processor time; 1769 MB is one whole virtual CPU."

  validation {
    condition     = var.ingest_memory >= 256 && var.ingest_memory <= 10240
    error_message = "From 256 to 10240."
  }
}

variable "ingest_timeout" {
  type        = number
  default     = 300
  description = "Seconds to unpack, check and seal one push."

  validation {
    condition     = contains([30, 60, 120, 300, 600, 900], var.ingest_timeout)
    error_message = "One of: 30, 60, 120, 300, 600, 900."
  }
}

variable "plan_memory" {
  type        = number
  default     = 512
  description = "MB. 1024 for 100,000 nodes."

  validation {
    condition     = var.plan_memory >= 128 && var.plan_memory <= 10240
    error_message = "From 128 to 10240."
  }
}

variable "plan_timeout" {
  type        = number
  default     = 300
  description = "Seconds to find the nodes that a push concerns. 900 for 100,000 nodes."

  validation {
    condition     = contains([30, 60, 120, 300, 600, 900], var.plan_timeout)
    error_message = "One of: 30, 60, 120, 300, 600, 900."
  }
}

variable "compile_memory" {
  type        = number
  default     = 1769
  description = "MB. Has to hold the release's bundle; 1769 MB is one whole virtual CPU."

  validation {
    condition     = var.compile_memory >= 256 && var.compile_memory <= 10240
    error_message = "From 256 to 10240."
  }
}

variable "compile_timeout" {
  type        = number
  default     = 60
  description = "Seconds for one batch. What is left of a batch is given back in time. The queues' visibility timeout follows: over six times this, so shorter means that the work of a killed function is done again sooner."

  validation {
    condition     = contains([30, 60, 120, 300, 600, 900], var.compile_timeout)
    error_message = "One of: 30, 60, 120, 300, 600, 900."
  }
}

variable "max_attempts" {
  type        = number
  default     = 5
  description = "How often a message is tried before it goes to the dead letters."

  validation {
    condition     = var.max_attempts >= 2 && var.max_attempts <= 100
    error_message = "From 2 to 100."
  }
}

variable "alarm_email" {
  type        = string
  default     = ""
  description = "Who is told of alarms. AWS asks the address to confirm. Empty - nobody, the alarms only show."
}

variable "alarm_topic_arn" {
  type        = string
  default     = ""
  description = "An SNS topic of yours for alarms, in place of the stack's own."
}

variable "uploads_age_seconds" {
  type        = number
  default     = 600
  description = "Alarm when a push waits longer than this to be taken up."

  validation {
    condition     = var.uploads_age_seconds >= 1
    error_message = "At least 1."
  }
}

variable "plans_age_seconds" {
  type        = number
  default     = 600
  description = "Alarm when a plan waits longer than this."

  validation {
    condition     = var.plans_age_seconds >= 1
    error_message = "At least 1."
  }
}

variable "urgent_age_seconds" {
  type        = number
  default     = 60
  description = "Alarm when an agent's catalog waits longer than this; an agent gives up after two minutes."

  validation {
    condition     = var.urgent_age_seconds >= 1
    error_message = "At least 1."
  }
}

variable "normal_age_seconds" {
  type        = number
  default     = 1800
  description = "Alarm when a pushed change waits longer than this for a node; the time between two runs of an agent."

  validation {
    condition     = var.normal_age_seconds >= 1
    error_message = "At least 1."
  }
}

variable "bulk_age_seconds" {
  type        = number
  default     = 21600
  description = "Alarm when bulk work waits longer than this."

  validation {
    condition     = var.bulk_age_seconds >= 1
    error_message = "At least 1."
  }
}

variable "log_level" {
  type        = string
  default     = "info"
  description = "What the functions log, as RUST_LOG has it (info, debug, warn,bunraku_store=debug)."
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

variable "tracing" {
  type        = string
  default     = "PassThrough"
  description = "Active - X-Ray samples the functions' calls (and charges for traces). PassThrough - callers decide."

  validation {
    condition     = contains(["PassThrough", "Active"], var.tracing)
    error_message = "One of: PassThrough, Active."
  }
}

variable "endpoint_url" {
  type        = string
  default     = ""
  description = "Where the functions find the AWS API. Empty on AWS; for LocalStack, MiniStack and private endpoints."
}
