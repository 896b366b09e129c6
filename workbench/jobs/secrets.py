"""The secrets of a job: what a notebook calls with a parameter that refers to one."""

from __future__ import annotations

from workbench.core.secrets import check_secrets, is_reference, is_secret, looks_secret, references, secret

__all__ = ["check_secrets", "is_reference", "is_secret", "looks_secret", "references", "secret"]
