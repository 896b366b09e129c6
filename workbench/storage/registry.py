"""Names, versions and aliases of bundles: which version an alias points at, and where a version lies."""

from __future__ import annotations

import shlex
from pathlib import Path

from workbench.errors import NotFound
from workbench.settings import Settings, settings
from workbench.storage.files import inside
from workbench.storage.tracking import client


def known_names(of: Settings | None = None) -> list[str]:
    """Names that have a bundle, in order."""
    folder = (of or settings()).bundles
    return sorted(p.name for p in folder.glob("[!.]*") if p.is_dir()) if folder.is_dir() else []


def check_name(name: str, of: Settings | None = None) -> None:
    """Refuse a name that has no bundle.

    Raises
    ------
    NotFound
        With the names that there are.
    """
    known = known_names(of)
    if name not in known:
        raise NotFound.named("bundle", name, known, "Make one with wb.package(run, name=…).")


def version_of(name: str, alias: str, of: Settings | None = None) -> int:
    """The version that an alias points at.

    Raises
    ------
    NotFound
        If the registry has no such name or alias.
    """
    from mlflow.exceptions import MlflowException

    try:
        return int(client(of).get_model_version_by_alias(name, alias).version)
    except MlflowException as error:
        command = shlex.join(["workbench", "promote", name, "VERSION"])
        raise NotFound(f"{name} has no alias {alias!r}. Set it with `{command}`, or name a version.") from error


def folder_of(name: str, version: int | str, of: Settings | None = None) -> Path:
    """Folder of a version.

    Raises
    ------
    NotFound
        If there is no such name or version.
    """
    force = of or settings()
    check_name(name, force)
    folder = inside(force.bundles, name, str(version))
    if not folder.is_dir():
        versions = sorted((p.name for p in (force.bundles / name).iterdir() if p.name.isdigit()), key=int)
        raise NotFound.named(f"version of {name}", str(version), versions, "Name one of them, such as NAME/1.")
    return folder
