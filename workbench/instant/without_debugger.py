"""Lets kernels that are forked from this process start without a debugger: it is half of what each of them holds.

ipykernel looks for debugpy, and goes without it where it can't be imported. Only this process and its forks are
concerned.
"""

from __future__ import annotations

import sys

sys.modules.setdefault("debugpy", None)  # type: ignore[arg-type]  # None is how Python spells "not there"
