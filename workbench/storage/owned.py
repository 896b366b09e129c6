"""Folders in which nobody but their user and the administrator can change anything: code that is kept lies in them."""

from __future__ import annotations

import os
import stat
from pathlib import Path


def safe(place: Path, administered: bool = False) -> bool:
    """Whether nobody but this user and the administrator can change what lies in a folder, or exchange it.

    Parameters
    ----------
    place : Path
        A folder, resolved.
    administered : bool
        Whether the folder itself may be the administrator's, too.

    Examples
    --------
    >>> safe(Path("/tmp"))
    False
    """
    if not hasattr(os, "getuid"):
        return True  # a profile on Windows is its user's own
    owners = (os.getuid(), 0) if administered else (os.getuid(),)
    return _shut(place.stat(), owners) and all(map(_leads_safely, place.parents))


def shut(file: Path) -> bool:
    """Whether a file is a plain one that only this user or the administrator has written."""
    here = file.lstat()
    return stat.S_ISREG(here.st_mode) and (not hasattr(os, "getuid") or _shut(here, (os.getuid(), 0)))


def _shut(here: os.stat_result, owners: tuple[int, ...]) -> bool:
    return here.st_uid in owners and not here.st_mode & (stat.S_IWGRP | stat.S_IWOTH)


def _leads_safely(place: Path) -> bool:
    """Whether others can't exchange what lies in a folder: a sticky one, as /tmp is, lets nobody move another's."""
    here = place.stat()
    shared = here.st_mode & (stat.S_IWGRP | stat.S_IWOTH) and not here.st_mode & stat.S_ISVTX
    return here.st_uid in (0, os.getuid()) and not shared
