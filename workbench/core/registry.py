"""Names, versions and aliases of bundles: which version an alias points at, and where a version lies."""

from __future__ import annotations

from pathlib import Path

from workbench.core.bundle import Bundle
from workbench.core.store import inside
from workbench.core.tracking import CHAMPION, client
from workbench.errors import Damaged, NotFound
from workbench.settings import Settings, settings


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
        raise NotFound(
            f"{name} has no alias {alias!r}. Set it with `workbench promote {name} VERSION`, or name a version."
        ) from error


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


def champion(name: str, of: Settings | None = None) -> Bundle:
    """The version of a name that answers now, every file checked.

    Raises
    ------
    NotFound
        If there is no such name, or it has no champion.
    """
    check_name(name, of)
    return load(name, version_of(name, CHAMPION, of), of)


def load(name: str, version: int | str, of: Settings | None = None) -> Bundle:
    """One version of a name, every file checked, and that it is the one that was asked for.

    Raises
    ------
    NotFound
        If there is no such name or version.
    Damaged
        If a file is not what was packaged, or the folder holds another bundle: an old one, soundly signed, must not
        stand in for a new one.
    """
    bundle = Bundle.load_folder(folder_of(name, version, of))
    if (bundle.name, str(bundle.version)) != (name, str(version)):
        raise Damaged(
            f"The folder of {name} version {version} holds {bundle.name} version {bundle.version}. "
            "Copy the right one there, or package the model again."
        )
    return bundle
