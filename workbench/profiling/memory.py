"""How much memory looking at a table may take, and what that means for the size of its chunks."""

from __future__ import annotations

import re

from workbench.core.arguments import described
from workbench.core.wording import worded
from workbench.errors import BadParameter
from workbench.profiling.row_hashes import MOST_KEPT
from workbench.profiling.row_sample import SAMPLED
from workbench.profiling.scan import CHUNK

# Bytes a column's counts and sketches take at most, and those of a cell while its chunk is looked at: the chunk as it
# came, in its type, sorted, and as hashes. Measured on frames of 20 and of 500 columns.
COLUMN = 200_000
CELL = 64
# What reading needs whatever the table: a block of text or pages of Parquet, unpacked.
READING = 48_000_000
FEWEST_ROWS = 2_048
HASH = 24

_UNITS = {"": 1, "B": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "KIB": 2**10, "MIB": 2**20, "GIB": 2**30}


def bytes_of(budget: str | float) -> int:
    """A budget in bytes.

    >>> bytes_of("512MB"), bytes_of(1_000_000)
    (512000000, 1000000)

    Raises
    ------
    BadParameter
        If it is no number of bytes.
    """
    text = (
        str(budget).upper() if isinstance(budget, (str, float)) or (isinstance(budget, int) and budget < 1e300) else ""
    )
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([KMG]?I?B?)\s*", text)
    if not match or match[2] not in _UNITS:
        raise BadParameter(f"memory_budget is a number of bytes, got {described(budget)}. Write for example '512MB'.")
    return int(float(match[1]) * _UNITS[match[2]])


def fitting(columns: int, budget: str | float | None) -> tuple[int, int]:
    """Rows of a chunk and hashes of rows to keep, so that profiling stays within the budget.

    Parameters
    ----------
    columns : int
        Of the table.
    budget : str or float, optional
        Memory in bytes beyond what the process holds already, such as ``"512MB"``; None: as much as is quick.

    Raises
    ------
    BadParameter
        If not even small chunks would fit; the message says what would.

    Examples
    --------
    >>> fitting(20, None), fitting(20, "100MB")[0] < 32768
    ((32768, 1000000), True)
    """
    if budget is None:
        return max(min(CHUNK, 2**25 // max(columns, 1)), FEWEST_ROWS), MOST_KEPT
    free = bytes_of(budget) - READING - columns * (COLUMN + 2 * SAMPLED * 16)
    least = FEWEST_ROWS * columns * CELL + 100_000 * HASH
    if free < least:
        needed = bytes_of(budget) - free + least
        raise BadParameter(
            f"memory_budget={worded(budget)} is too little for {columns} columns. "
            f"Give at least {-(-needed // 10**6)}MB."
        )
    rows = int(free / 2 / (columns * CELL))
    return max(min(CHUNK, rows), FEWEST_ROWS), max(int(free / 2 / HASH), 100_000)
