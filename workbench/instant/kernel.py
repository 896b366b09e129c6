"""IPython's kernel, as a fork starts it: without looking at each module that is there.

ipykernel lists the files of all modules at its start, so that its debugger can step over them. To look at each of four
thousand modules, a fork must copy the memory that they lie in: 24 MB, and a quarter of the CPU time of an empty job.
Here the list is made when a debugger asks for it.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

from ipykernel import ipkernel
from ipykernel.ipkernel import IPythonKernel
from ipykernel.kernelapp import IPKernelApp


class Files:
    """The files of the modules that were there when it was made; found when somebody walks through them."""

    def __init__(self) -> None:
        self._modules = len(sys.modules)  # the first of them, for they stay in order

    def __iter__(self) -> Iterator[str]:
        modules = list(sys.modules.values())[: self._modules]
        return (file for module in modules if (file := getattr(module, "__file__", None)))


class ForkedKernel(IPythonKernel):
    """A kernel that lists modules late."""

    def __init__(self, **options: Any) -> None:
        ipkernel.sys = SimpleNamespace(modules={})  # type: ignore[assignment]  # what it lists at its start
        try:
            super().__init__(**options)
        finally:
            ipkernel.sys = sys
        self._kernel_modules = Files()
        if getattr(self, "debugger", None) is not None:
            self.debugger.kernel_modules = self._kernel_modules


def use() -> None:
    """Let this process, and whatever is forked from it, start such kernels where nobody asks for others."""
    IPKernelApp.kernel_class.default_value = ForkedKernel
