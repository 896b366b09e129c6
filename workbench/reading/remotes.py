"""Tables behind URLs: opened by fsspec; where that fails, a :class:`~workbench.errors.BadTable` without secrets."""

from __future__ import annotations

from typing import Any

from workbench.errors import BadTable
from workbench.storage.urls import Purpose, fsspec, told_failures

TABLE = Purpose(
    kind=BadTable,
    should="should be a table",
    example="https://host/folder/table.csv",
    instead="Or download the file, and give its path.",
)


def opened_remote(url: str) -> Any:
    """A file behind a URL.

    Raises
    ------
    BadTable
        If it can't be had.
    """
    with told_failures(url, TABLE):
        return fsspec(BadTable).open(url, mode="rb").open()


def matching_remote(pattern: str) -> list[str]:
    """The URLs that a pattern with ``*`` names.

    Raises
    ------
    BadTable
        If the server can't be asked.
    """
    with told_failures(pattern, TABLE):
        return [file.full_name for file in fsspec(BadTable).open_files(pattern, mode="rb")]
