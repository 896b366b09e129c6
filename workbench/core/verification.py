"""A verification: what a bundle answered in a fresh process."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from workbench.core.result import Result

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Check:
    """One thing that was verified.

    Parameters
    ----------
    name : str
        What was checked.
    ok : bool
        Whether it held.
    detail : str
        What was seen.
    """

    name: str
    ok: bool
    detail: str


@dataclass(frozen=True, repr=False)
class Verification(Result):
    """What a fresh process answered. Made by :func:`workbench.verify`.

    Parameters
    ----------
    bundle : str
        Name and version.
    checks : tuple of Check
        In the order in which they were made.
    """

    bundle: str
    checks: tuple[Check, ...]

    noun: ClassVar[str] = "verification"

    @property
    def ok(self) -> bool:
        """Whether every check held."""
        return all(c.ok for c in self.checks)

    def headline(self) -> str:
        """Bundle and outcome in one line."""
        return f"{self.bundle}: {'verified' if self.ok else 'NOT verified'}"

    def frame(self) -> pd.DataFrame:
        """One row a check: name, ok, detail."""
        return self._frame([asdict(c) for c in self.checks])

    def results(self) -> dict[str, Any]:
        """Whether each check held."""
        return {one.name: one.ok for one in self.checks}

    def passing(self) -> tuple[str, ...]:
        """The bundle with its version."""
        return (self.bundle,)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON data."""
        return asdict(self)

    @classmethod
    def from_dict(cls, content: dict[str, Any]) -> Verification:
        """Read what :meth:`to_dict` wrote."""
        return cls(content["bundle"], tuple(Check(**c) for c in content["checks"]))

    def __str__(self) -> str:
        lines = [f"  {'ok    ' if c.ok else 'FAILED'}  {c.name}: {c.detail}" for c in self.checks]
        return "\n".join([self.headline(), *lines])

    def __repr__(self) -> str:
        return str(self)
