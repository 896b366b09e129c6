"""A finding: the small currency that profiling, training and monitoring share."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from workbench.core.literals import Cure

Severity = Literal["info", "warning", "error"]
SEVERITIES: tuple[Severity, ...] = ("error", "warning", "info")


@dataclass(frozen=True)
class Finding:
    """One thing that somebody should know.

    Parameters
    ----------
    code : str
        Stable and linkable, such as ``WB101``: 1xx tables, 2xx training, 3xx monitoring.
    severity : {"info", "warning", "error"}
        *error*: the result can't be trusted until it is dealt with.
    message : str
        One sentence, with the numbers.
    column : str, optional
        The column it is about.
    cure : Code
        Python that deals with it, as ``core/literals.py`` builds it, or an empty text. It may use
        ``data``, ``profile``, ``run`` and ``bundle``.
    evidence : dict
        The numbers behind it, as plain JSON.

    Examples
    --------
    >>> print(Finding("WB101", "warning", "has one value only.", column="year"))
    WB101 warning: year has one value only.
    """

    code: str
    severity: Severity
    message: str
    column: str | None = None
    cure: Cure = ""
    evidence: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        subject = f"{self.column} " if self.column else ""
        return f"{self.code} {self.severity}: {subject}{self.message}"

    @classmethod
    def from_dict(cls, content: dict[str, Any]) -> Finding:
        """Read what ``dataclasses.asdict`` wrote."""
        return cls(**content)


def sort(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Worst first, then by code and column."""
    return tuple(sorted(findings, key=lambda f: (SEVERITIES.index(f.severity), f.code, f.column or "")))
