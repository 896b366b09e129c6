"""Managers of kernels that start at once."""

from __future__ import annotations

from typing import Any

from jupyter_client.manager import AsyncKernelManager
from traitlets import default

from workbench.instant.client import PromptClient
from workbench.instant.provisioner import NAME


class Instant:
    """What a manager becomes whose kernels are forked where that can be, whatever their kernelspec says of it."""

    @property
    def kernel_spec(self) -> Any:
        """The kernel's, with our provisioner where it names none."""
        spec = super().kernel_spec  # type: ignore[misc]
        if spec is not None:
            spec.metadata.setdefault("kernel_provisioner", {"provisioner_name": NAME})
        return spec


class InstantManager(Instant, AsyncKernelManager):
    """For jobs: its clients take a kernel for ready as soon as it has answered."""

    @default("client_class")
    def _prompt(self) -> str:
        return "workbench.instant.client.PromptClient"

    @default("client_factory")
    def _prompt_too(self) -> type:
        return PromptClient
