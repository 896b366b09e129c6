"""``python -m workbench.kernels``: compile the loops for the processes to come, and give way to all others."""

import os
from contextlib import suppress

from filelock import FileLock, Timeout

from workbench.kernels.kept import folder, kept, mark


def main() -> None:
    """Compile them, unless they are there or another process is about it."""
    place = folder()
    if place is None or kept():
        return
    if hasattr(os, "nice"):
        os.nice(10)
    with suppress(Timeout), FileLock(place / "lock", timeout=0):
        from workbench.kernels.engine import KINDS, compile_one

        for kind in KINDS:
            compile_one(kind)
        mark()


if __name__ == "__main__":
    main()
