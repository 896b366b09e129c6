"""A finding: the small currency that profiling, training and monitoring share."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any

from workbench.core.codes import SEVERITIES, Severity, check_code

if TYPE_CHECKING:
    from workbench.core.literals import Cure
else:
    Cure = str  # what reads a saved finding: a file's own word that a text is code of ours counts for nothing

__all__ = ["SEVERITIES", "Finding", "Severity", "sort"]


@dataclass(frozen=True)
class Finding:
    """One thing that somebody should know.

    Parameters
    ----------
    code : str
        One of ``core/codes.py``, such as ``WB101``: 1xx tables, 2xx training, 3xx monitoring.
    severity : {"info", "warning", "error"}
        One that the code may have.
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

    Raises
    ------
    BadParameter
        If the code is unknown or has no such severity.

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

    def __post_init__(self) -> None:
        check_code(self.code, self.severity)

    def __str__(self) -> str:
        subject = f"{self.column} " if self.column else ""
        return f"{self.code} {self.severity}: {subject}{self.message}"

    @property
    def looks(self) -> bool:
        """Whether its code only looks at something: what runs it goes on with the same data, run and models.

        >>> Finding("WB119", "warning", "lies ahead.", cure="data.table['day'].tail()").looks
        True
        >>> Finding("WB107", "warning", "names rows.", cure="data = data.without('id')").looks
        False
        """
        from workbench.core.literals import looks

        return bool(self.cure) and looks(self.cure)

    @classmethod
    def from_dict(cls, content: dict[str, Any]) -> Finding:
        """Read what ``dataclasses.asdict`` wrote, also of a code that this version does not know.

        Raises
        ------
        TypeError
            If a field is missing or unknown.
        ValueError
            If the severity is none.
        """
        values = {"column": None, "cure": "", "evidence": {}, **content}
        if values.keys() != {one.name for one in fields(cls)}:
            raise TypeError(f"A finding has the fields {[one.name for one in fields(cls)]}, got {list(content)}.")
        if values["severity"] not in SEVERITIES:
            raise ValueError(f"A severity is one of {SEVERITIES}, got {values['severity']!r}.")
        # Past the constructor: an older or newer version may have written codes that are not in this registry.
        finding = object.__new__(cls)
        vars(finding).update(values)
        return finding


def sort(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Worst first, then by code and column."""
    return tuple(sorted(findings, key=lambda f: (SEVERITIES.index(f.severity), f.code, f.column or "")))
