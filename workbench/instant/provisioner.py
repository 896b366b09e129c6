"""Kernels that start at once, for whatever asks Jupyter for one by a kernelspec or a manager of ours."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from jupyter_client.connect import KernelConnectionInfo
from jupyter_client.provisioning.local_provisioner import LocalProvisioner

from workbench.instant.asking import NotYet, Unforked, forked, warm

NAME = "workbench-instant"
# In the environment that a kernel is asked for with: the kind of process that it is forked from. It gets it not.
KIND = "WORKBENCH_FORKED_AS"


class InstantProvisioner(LocalProvisioner):
    """A kernel that is forked where that can be, and started as usual where not.

    Attributes
    ----------
    why_not : str
        Why it was started as usual; empty where it was forked.
    """

    why_not = ""

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> KernelConnectionInfo:
        """Start the kernel of a command."""
        env = kwargs["env"]
        kind = env.pop(KIND, None)
        try:
            with Path(os.devnull).open("rb") as nothing:
                files = (nothing.fileno(), _file(kwargs.get("stdout"), 1), _file(kwargs.get("stderr"), 2))
                process = forked(cmd, env, kwargs.get("cwd"), files, owned=not kwargs.get("independent"), kind=kind)
        except Unforked as error:
            self.why_not = str(error)
            if isinstance(error, NotYet) and kind is None:
                warm(env)
            return await super().launch_kernel(cmd, **kwargs)
        self.process, self.pid, self.pgid = process, process.pid, process.pid
        self.cwd = kwargs.get("cwd", Path.cwd())
        return self.connection_info


def _file(given: Any, usual: int) -> int:
    """The descriptor of what a starter gives as a stream."""
    if given is None:
        return usual
    return given if isinstance(given, int) and given >= 0 else int(given.fileno())
