"""The kernels of pages."""

from __future__ import annotations

from jupyter_server.services.kernels.kernelmanager import ServerKernelManager

from workbench.instant.manager import InstantManager


class PageKernelManager(InstantManager, ServerKernelManager):
    """Starts them at once, and knows what Jupyter's server asks of its kernels."""
