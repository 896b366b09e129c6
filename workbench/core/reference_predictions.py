"""Which predictions and scores a bundle is compared with later on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal


@dataclass(frozen=True)
class Reference:
    """Predictions that the model's recipe made of rows that it had not seen.

    Parameters
    ----------
    predictions : {"cross-fitted", "hold-out"}
        *cross-fitted*: each row by a model of the same settings that was fitted on other rows. *hold-out*: the rows
        that were held out alone.
    rows : int
        So many predictions.
    models : int
        That made them.
    itself : bool
        Whether the very model that ships made them.
    apart : float
        How far the answers of two such models lie apart beyond chance, as a distance of distributions in [0, 1] that
        one pair in twenty exceeds; 0 where it is not known, or not needed.

    Examples
    --------
    >>> Reference("cross-fitted", 7_043, 4).text
    '7,043 predictions of training rows, each by a model of the same settings fitted on other rows (4 models)'
    """

    predictions: Literal["cross-fitted", "hold-out"]
    rows: int
    models: int
    itself: bool = False
    apart: float = 0.0

    @property
    def text(self) -> str:
        """In words."""
        if self.predictions == "cross-fitted":
            by = f"each by a model of the same settings fitted on other rows ({self.models} models)"
            return f"{self.rows:,} predictions of training rows, {by}"
        by = "the model itself" if self.itself else "a model of the same settings fitted on the other rows"
        return f"{self.rows:,} predictions of rows that were held out, by {by}"

    @classmethod
    def from_dict(cls, content: dict[str, Any]) -> Reference:
        """Read what ``dataclasses.asdict`` wrote."""
        return cls(**content)
