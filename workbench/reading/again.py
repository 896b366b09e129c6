"""How the same table is read another way: the cure of whatever was read wrongly."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from workbench.core.literals import Cure, assigned, call
from workbench.storage.urls import holds_secret


@dataclass(frozen=True)
class Again:
    """Reads a table again.

    Parameters
    ----------
    source : str, optional
        Its path; None where it is no file, and no code can name it. Nor is a URL named that holds a secret.
    roles : dict
        Keywords of :func:`workbench.dataset` that were given.
    """

    source: str | None = None
    roles: dict[str, Any] = field(default_factory=dict)

    def by(self, **options: Any) -> Cure:
        """The cell that reads it by other options.

        >>> Again("t.csv", {"target": "y"}).by(missing={"x": ["-"]})
        'data = wb.dataset("t.csv", target="y", missing={"x": ["-"]})'
        """
        if self.source is None or holds_secret(self.source):
            return ""
        return assigned("data", call("wb.dataset", self.source, **self.roles, **options))
