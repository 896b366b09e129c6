"""Bundles by name: the one that answers now, and one of a version."""

from __future__ import annotations

from workbench.core.bundle import Bundle
from workbench.errors import Damaged
from workbench.settings import Settings
from workbench.storage.registry import check_name, folder_of, version_of
from workbench.storage.tracking import CHAMPION


def champion(name: str, given: Settings | None = None) -> Bundle:
    """The version of a name that answers now, every file checked.

    Raises
    ------
    NotFound
        If there is no such name, or it has no champion.
    """
    check_name(name, given)
    return load(name, version_of(name, CHAMPION, given), given)


def load(name: str, version: int | str, given: Settings | None = None) -> Bundle:
    """One version of a name, every file checked, and that it is the one that was asked for.

    Raises
    ------
    NotFound
        If there is no such name or version.
    Damaged
        If a file is not what was packaged, or the folder holds another bundle: an old one, soundly signed, must not
        stand in for a new one.
    """
    bundle = Bundle.load_folder(folder_of(name, version, given))
    if (bundle.name, str(bundle.version)) != (name, str(version)):
        raise Damaged(
            f"The folder of {name} version {version} holds {bundle.name} version {bundle.version}. "
            "Copy the right one there, or package the model again."
        )
    return bundle
