"""Which version answers: promotions and rollbacks, by MLflow's alias and the audit log."""

from __future__ import annotations

from typing import Any

from workbench.core import audit
from workbench.core.bundle import MANIFEST, Bundle, file_hash
from workbench.core.registry import check_name, folder_of, version_of
from workbench.core.store import lock
from workbench.core.tracking import CHALLENGER, CHAMPION, client
from workbench.errors import NotFound, Refused
from workbench.settings import Settings, settings


def promote(name: str, version: int, *, reason: str = "") -> Bundle:
    """Make a version the champion: the one that answers and is looked after.

    Every file of it is checked first; the act goes to the audit log.

    Parameters
    ----------
    name : str
        Name of the bundle.
    version : int
        Which version becomes champion.
    reason : str
        Why, in words; kept in the audit log.

    Returns
    -------
    Bundle
        The new champion.

    Raises
    ------
    NotFound
        If there is no such name or version.
    Damaged
        If a file of it is not what was packaged; nothing is changed then.
    Refused
        If it is champion already.

    Examples
    --------
    >>> import workbench as wb
    >>> wb.promote("flights", 2, reason="better on autumn").version   # doctest: +SKIP
    2
    """
    force = settings()
    bundle = Bundle.load_folder(folder_of(name, version, force))
    with lock(force.bundles / f".{name}.lock"):
        before = _champion(name, force)
        if before == bundle.version:
            raise Refused(f"{name} version {before} is champion already. Name another version.")
        _make_champion(bundle, force)
        _drop_challenger(bundle, force)
        audit.record(force.audit_log, "promote", previous=_text(before), reason=reason, **_details(bundle))
    return bundle


def rollback(name: str) -> int:
    """Return to the version that was champion before the last promotion.

    Rolling back again goes one promotion further back.

    Parameters
    ----------
    name : str
        Name of the bundle.

    Returns
    -------
    int
        The version that is champion now.

    Raises
    ------
    NotFound
        If there is no such name, or it has no champion.
    Refused
        If there was no champion before this one.
    Damaged
        If the audit log, or a file of the earlier version, is not what was written; nothing is changed then.

    Examples
    --------
    >>> import workbench as wb
    >>> wb.rollback("flights")   # doctest: +SKIP
    1
    """
    force = settings()
    check_name(name, force)
    with lock(force.bundles / f".{name}.lock"):
        now = version_of(name, CHAMPION, force)
        earlier = champions(name, force)[:-1]
        if not earlier:
            raise Refused(f"{name} had no champion before version {now}. Promote a version with wb.promote(name, version).")
        bundle = Bundle.load_folder(folder_of(name, earlier[-1], force))
        _make_champion(bundle, force)
        audit.record(force.audit_log, "rollback", previous=_text(now), **_details(bundle))
    return bundle.version


def champions(name: str, of: Settings | None = None) -> list[int]:
    """The champions that led to the one of now, oldest first: a rollback takes the last one away."""
    line: list[int] = []
    for entry in audit.entries((of or settings()).audit_log):
        if entry.get("name") != name:
            continue
        if entry["act"] == "promote":
            line.append(int(entry["version"]))
        elif entry["act"] == "rollback":
            line = line[:-1] or [int(entry["version"])]
    return line


def _make_champion(bundle: Bundle, of: Settings) -> None:
    from mlflow.exceptions import MlflowException

    try:
        client(of).set_registered_model_alias(bundle.name, CHAMPION, str(bundle.version))
    except MlflowException as error:
        raise NotFound(
            f"MLflow's registry has no version {bundle.version} of {bundle.name}. Package the model again."
        ) from error


def _drop_challenger(bundle: Bundle, of: Settings) -> None:
    """A champion challenges nobody."""
    aliases: dict[str, Any] = dict(client(of).get_registered_model(bundle.name).aliases)
    if str(aliases.get(CHALLENGER)) == str(bundle.version):
        client(of).delete_registered_model_alias(bundle.name, CHALLENGER)


def _champion(name: str, of: Settings) -> int | None:
    try:
        return version_of(name, CHAMPION, of)
    except NotFound:
        return None


def _details(bundle: Bundle) -> dict[str, Any]:
    return {
        "name": bundle.name,
        "version": bundle.version,
        "run": bundle.run_id,
        "manifest": file_hash(bundle.path / MANIFEST),
    }


def _text(version: int | None) -> str | None:
    return None if version is None else str(version)
