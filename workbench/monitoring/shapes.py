"""Values of columns in the training and in a window, from the two profiles that are kept: what a page draws of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

from workbench.core.profile import ColumnProfile, Profile
from workbench.core.shape import Shape, beside
from workbench.errors import BadParameter, StoreError
from workbench.settings import Settings
from workbench.storage.files import MISREAD, inside, read, safe_name

Shapes = Mapping[str, Shape]


def shapes(name: str, label: str, version: int, force: Settings) -> Shapes:
    """By column, its values in the training and in a window; none where they are not kept.

    Parameters
    ----------
    name : str
        Of the bundle.
    label : str
        Of the window.
    version : int
        That answered it.
    force : Settings
    """
    try:
        folder = inside(force.predictions, name, "windows", safe_name(label, "window"))
        content = read(folder / "window.json", lambda told: safe_name(str(told["content"]), "content"))
        before = _columns(inside(force.bundles, name, str(version), "reference.profile"))
        now = _columns(inside(folder, content, "profile.json"))
    except (StoreError, BadParameter, OSError, *MISREAD):
        return {}
    found = {column: beside(before[column], one) for column, one in now.items() if column in before}
    return {column: shape for column, shape in found.items() if shape}


def _columns(path: Path) -> Mapping[str, ColumnProfile]:
    told = path.stat()
    return _columns_of(path, told.st_mtime_ns, told.st_size)


@lru_cache(8)
def _columns_of(path: Path, changed: int, size: int) -> Mapping[str, ColumnProfile]:
    """Without what merging needs: pages only draw them."""
    return {one.name: replace(one, state={}) for one in Profile.load(path).columns}
