"""What each word of a text adds to one prediction: Shapley values of the words that stand in it.

A word that does not play is taken out of the text, all of its places at once; the other columns stay as they are. The
words play in orders that are drawn, each with its reverse.

References
----------
Strumbelj, E. and Kononenko, I. (2014), Explaining prediction models and individual predictions with feature
contributions. Mitchell, Cooper, Frank, Holmes (2022), Sampling Permutations for Shapley Value Estimation.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench.core.run import Run
from workbench.core.said_words import SaidWords, Word
from workbench.core.wording import listed
from workbench.errors import BadParameter
from workbench.explanation.answering import Answering

Numbers = NDArray[np.float64]
Places = NDArray[np.intp]
ORDERS = 32  # and their reverses
MOST = 60  # words that play by themselves; later ones stay as they are
NORMAL = 1.96
WORD = re.compile(r"\w+")


def words(run: Run, row: Mapping[str, Any] | int, column: str | None = None, *, label: Any = None) -> SaidWords:
    """What each word of a text adds to the prediction of a row.

    Parameters
    ----------
    run : Run
        Made by :func:`workbench.train` or :func:`workbench.adopt`.
    row : mapping, or int
        Every feature and its value, as JSON has them; or the position of a row in the hold-out.
    column : str, optional
        That holds the text; may be left out where there is one of texts.
    label : object, optional
        The class whose probability is explained: of two the second by default, of more the most probable one.

    Returns
    -------
    SaidWords
        The first 60 words, strongest first; what they add, and what the model says of an empty text, make the
        prediction.

    Raises
    ------
    BadParameter
        If there is no such class, row or column, or the column's values are masked or no texts.
    BadRow
        If the row breaks the contract.
    Refused
        If the run's scores are of another pipeline than the one it holds.
    """
    answering = Answering.of(run, "run.words")
    column = _column(run, column)
    columns = answering.checked(row).columns
    predicted = answering.predict(columns)
    several = label is None and run.task == "multiclass"
    place = int(predicted[0].argmax()) if several else answering.place(label)
    text = _Text(columns[column][0])
    random = np.random.default_rng(run.seed)
    many = len(text.words)
    orders = [o for _ in range(ORDERS if many else 0) for o in _both_ways(random.permutation(many))]
    texts = [text.without(order[:left]) for order in orders for left in range(many, -1, -1)]
    answers = answering.scores(_with(columns, column, [text.without(range(many)), *texts]), place)
    added, half = _means(answers[1:], orders, many)
    found = [Word(*one) for one in zip(text.words, text.times, added.tolist(), half.tolist(), strict=True)]
    return SaidWords(
        run.id, column, run.classes[place] if run.classes else None, answering.unit, float(answers[0]),
        float(predicted[0, place]), tuple(sorted(found, key=lambda one: -abs(one.added))),
    )  # fmt: skip


class _Text:
    """A text, and its words in the order in which they first come, whatever their case."""

    def __init__(self, text: Any) -> None:
        self._text = "" if text is None else str(text)
        self._places: dict[str, list[tuple[int, int]]] = {}
        for found in WORD.finditer(self._text):
            self._places.setdefault(found.group().casefold(), []).append(found.span())
        self._kept = list(self._places.values())[:MOST]

    @property
    def words(self) -> list[str]:
        return [self._text[slice(*spans[0])] for spans in self._kept]

    @property
    def times(self) -> list[int]:
        return [len(spans) for spans in self._kept]

    def without(self, left_out: Any) -> str:
        """The text without some of its words, by their places among them."""
        gone = sorted(span for word in left_out for span in self._kept[word])
        ends = [0, *(end for _, end in gone)]
        starts = [*(start for start, _ in gone), len(self._text)]
        return "".join(self._text[a:b] for a, b in zip(ends, starts, strict=True))


def _both_ways(order: Places) -> tuple[Places, Places]:
    return order, order[::-1]


def _with(columns: Any, name: str, texts: list[str]) -> dict[str, Any]:
    """The row once for each text."""
    return {other: texts if other == name else [values[0]] * len(texts) for other, values in columns.items()}


def _means(answers: Numbers, orders: list[Places], many: int) -> tuple[Numbers, Numbers]:
    """Mean of what each word added in the orders and their reverses, and half of its interval."""
    if not orders:
        return np.zeros(many), np.zeros(many)
    steps = np.diff(answers.reshape(-1, many + 1), axis=1)[:, ::-1]  # the last one left out came back first
    added = np.take_along_axis(steps, np.argsort(orders, axis=1), axis=1)
    pairs = added.reshape(-1, 2, many).mean(axis=1)
    return pairs.mean(axis=0), NORMAL * pairs.std(axis=0, ddof=1) / len(pairs) ** 0.5


def _column(run: Run, name: str | None) -> str:
    texts = [f for f in run.features if run.contract[f].kind in ("text", "category") and not run.contract[f].sensitive]
    likely = [f for f in texts if run.contract[f].kind == "text" or "words" in run.made.get(f, "")]
    if name is None and len(likely) == 1:
        return likely[0]
    if name in texts:
        return str(name)
    known = listed(likely or texts) if texts else "none of this run's"
    got = "none" if name is None else repr(name)
    raise BadParameter(f"column names one that holds texts which may be shown: {known}; got {got}.")
