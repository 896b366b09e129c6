"""Managers of kernels that start at once, whatever their kernelspec says of it."""

from __future__ import annotations

from typing import Any

from jupyter_client.manager import AsyncKernelManager
from traitlets import default

from workbench.instant.client import PromptClient
from workbench.instant.provisioner import NAME


class InstantManager(AsyncKernelManager):
    """Kernels of this environment are forked where that can be, and ready as soon as they have answered."""

    @property
    def kernel_spec(self) -> Any:
        """The kernel's, with our provisioner where it names none."""
        spec = super().kernel_spec
        if spec is not None:
            spec.metadata.setdefault("kernel_provisioner", {"provisioner_name": NAME})
        return spec

    @default("client_class")
    def _prompt(self) -> str:
        return f"{PromptClient.__module__}.{PromptClient.__name__}"

    @default("client_factory")
    def _prompt_too(self) -> type:
        return PromptClient
