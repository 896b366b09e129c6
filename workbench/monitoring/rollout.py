"""Which version of a bundle is tried out beside its champion."""

from __future__ import annotations

from workbench.core.rollout import Rollout
from workbench.settings import Settings
from workbench.storage.registry import check_name
from workbench.storage.rollouts import path_of


def current(name: str, force: Settings) -> Rollout | None:
    """What is tried out of a name; None where nothing is. Nothing is written.

    Parameters
    ----------
    name : str
        Of the bundle.
    force : Settings
        Where the rollouts are.

    Returns
    -------
    Rollout or None

    Raises
    ------
    NotFound
        If there is no such bundle.
    Damaged
        If the file is not what was written; ``workbench rollback NAME`` takes it away.

    Examples
    --------
    >>> import workbench as wb
    >>> from workbench.settings import settings
    >>> _ = wb.promote("churn", 2, stage="shadow")
    >>> current("churn", settings()).does
    'shadow, scores every row'
    >>> _ = wb.rollback("churn")
    >>> current("churn", settings()) is None
    True
    """
    check_name(name, force)
    return Rollout.of_file(path_of(name, force))
