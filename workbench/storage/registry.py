"""Names, versions and aliases of bundles: which version an alias points at, and where a version lies."""

from __future__ import annotations

import shlex
import sqlite3
from contextlib import closing
from pathlib import Path

from workbench.errors import NotFound
from workbench.settings import Settings, settings
from workbench.storage.files import inside
from workbench.storage.tracking import client


def known_names(given: Settings | None = None) -> list[str]:
    """Names that have a bundle, in order."""
    folder = (given or settings()).bundles
    return sorted(p.name for p in folder.glob("[!.]*") if p.is_dir()) if folder.is_dir() else []


def check_name(name: str, given: Settings | None = None) -> None:
    """Refuse a name that has no bundle.

    Raises
    ------
    NotFound
        With the names that there are.
    """
    known = known_names(given)
    if name not in known:
        raise NotFound.named("bundle", name, known, "Make one with wb.package(run, name=…).")


def version_of(name: str, alias: str, given: Settings | None = None) -> int:
    """The version that an alias points at.

    Raises
    ------
    NotFound
        If the registry has no such name or alias.
    """
    if (known := _in_file(name, alias, (given or settings()).tracking_uri)) is not None:
        return known
    from mlflow.exceptions import MlflowException

    try:
        return int(client(given).get_model_version_by_alias(name, alias).version)
    except MlflowException as error:
        command = shlex.join(["workbench", "promote", name, "VERSION"])
        raise NotFound(f"{name} has no alias {alias!r}. Set it with `{command}`, or name a version.") from error


def _in_file(name: str, alias: str, uri: str) -> int | None:
    """The same, read from a store that is a file of SQLite: to load MLflow takes seconds and 110 MB.

    None where the file does not say it as MLflow 3 does; it is asked then.
    """
    path = Path(uri.removeprefix("sqlite:///"))
    if not uri.startswith("sqlite:///") or not path.is_file():
        return None
    query = "SELECT version FROM registered_model_aliases WHERE name = ? AND alias = ?"
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, timeout=60)) as store:
            found = store.execute(query, (name, alias)).fetchall()
        return int(found[0][0]) if len(found) == 1 else None
    except (sqlite3.Error, ValueError):
        return None


def folder_of(name: str, version: int | str, given: Settings | None = None) -> Path:
    """Folder of a version.

    Raises
    ------
    NotFound
        If there is no such name or version.
    """
    force = given or settings()
    check_name(name, force)
    folder = inside(force.bundles, name, str(version))
    if not folder.is_dir():
        versions = sorted((p.name for p in (force.bundles / name).iterdir() if p.name.isdigit()), key=int)
        raise NotFound.named(f"version of {name}", str(version), versions, "Name one of them, such as NAME/1.")
    return folder
