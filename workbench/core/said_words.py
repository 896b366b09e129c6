"""What each word of a text adds to one prediction."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from workbench.core.shown import Shown

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Word:
    """One word of a text.

    Parameters
    ----------
    word : str
        As it first stands there.
    times : int
        How often it comes.
    added : float
        What its being there adds to the prediction.
    half_width : float
        Half of the 95% interval of that, over the orders in which words were left out.
    """

    word: str
    times: int
    added: float
    half_width: float


@dataclass(frozen=True)
class SaidWords(Shown):
    """The words of one text, by what they add. Made by :meth:`workbench.Run.words`.

    Parameters
    ----------
    run_id : str
        The run.
    column : str
        That holds the text.
    label : object
        The class whose probability is explained; None for a regression.
    unit : str
        ``probability``, or the target's.
    empty, prediction : float
        What the model says of the row with an empty text, and as it is: they differ by what the words add.
    words : tuple of Word
        Strongest first.
    """

    run_id: str
    column: str
    label: Any
    unit: str
    empty: float
    prediction: float
    words: tuple[Word, ...]

    def headline(self) -> str:
        """The three strongest words."""
        strongest = ", ".join(f"{one.word!r} {one.added:+.3g}" for one in self.words[:3] if one.added)
        told = f"{self.empty:.3g} with an empty {self.column}, {self.prediction:.3g} as it is"
        return f"{strongest}: {told}" if strongest else f"No word of {self.column} changes anything: {told}"

    def frame(self) -> pd.DataFrame:
        """One row a word, strongest first."""
        return self._frame([asdict(one) for one in self.words], columns=["word", "times", "added", "half_width"])

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON data."""
        return asdict(self)
