# terraform init && terraform apply -var image=registry.example.com/@@{image}
# Applies kubernetes.yaml, which lies beside this file, with an image, a number of replicas and a key of your own, so
# that there is one description of the service and not two. The key's value never comes here: a state file keeps it.
terraform {
  required_version = ">= 1.5"
  required_providers {
    kubernetes = {
      source  = "hashicorp/kubernetes"
      version = ">= 2.30, < 4.0"
    }
  }
}

variable "image" {
  description = "The image in your registry; best by digest, such as registry.example.com/@@{label}@sha256:..."
  type        = string
  default     = "@@{image}"
}

variable "replicas" {
  description = "Replicas at least; the autoscaler adds some under load, 8 at most."
  type        = number
  default     = 2

  validation {
    condition     = var.replicas >= 1 && var.replicas <= 8 && floor(var.replicas) == var.replicas
    error_message = "Replicas is a whole number from 1 to 8."
  }
}

variable "key_secret" {
  description = "Name of the secret that holds WORKBENCH_API_KEY; it is there already."
  type        = string
  default     = "@@{label}-key"
}

variable "namespace" {
  description = "Where it runs."
  type        = string
  default     = "default"
}

variable "kubeconfig" {
  description = "How to reach the cluster."
  type        = string
  default     = "~/.kube/config"
}

provider "kubernetes" {
  config_path = var.kubeconfig
}

locals {
  template = file("${path.module}/kubernetes.yaml")
  imaged   = replace(local.template, "image: \"@@{image}\"", "image: ${jsonencode(var.image)}")
  keyed    = replace(local.imaged, "name: \"@@{label}-key\"", "name: ${jsonencode(var.key_secret)}")
  scaled   = replace(local.keyed, "minReplicas: 2", "minReplicas: ${var.replicas}")
  objects  = [for text in split("\n---\n", local.scaled) : yamldecode(text)]
}

resource "kubernetes_manifest" "scoring" {
  for_each = { for object in local.objects : "${object.kind}/${object.metadata.name}" => object }
  manifest = merge(each.value, { metadata = merge(each.value.metadata, { namespace = var.namespace }) })

  dynamic "wait" {
    for_each = each.value.kind == "StatefulSet" ? [1] : []
    content {
      rollout = true
    }
  }
}

output "address" {
  description = "Where the service answers inside the cluster."
  value       = "http://@@{label}.${var.namespace}.svc"
}
