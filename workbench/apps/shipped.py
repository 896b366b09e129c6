"""The notebooks of the pages that ship."""

from __future__ import annotations

from pathlib import Path

from workbench.errors import NotFound

HERE = Path(__file__).parent


def folder() -> Path:
    """Folder of the notebooks: in the package where it is installed, beside it in a checkout.

    Raises
    ------
    NotFound
        If neither is there.
    """
    for place in (HERE.parent / "notebooks" / "apps", HERE.parents[1] / "notebooks" / "apps"):
        if (place / "models.ipynb").exists():
            return place
    raise NotFound("The notebooks of the pages are not installed. Install ml-workbench again.")
