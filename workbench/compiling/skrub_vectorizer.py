"""skrub's TableVectorizer: numbers, and categories that it encodes one-hot or ordinally. It is not imported.

Its numbers are float32. A model that computes with them as they are (trees) has exact tables; one that goes on in
float32 (a scaler and a linear model) has not, which the compile sees when it compares itself with the pipeline.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from workbench.compiling.columns import Looked, Made, State, transformer
from workbench.compiling.columns import through as through_one
from workbench.compiling.levels import Level, Levels, by_levels, levels
from workbench.errors import CannotCompile

BLANKS = 16  # as many blanks alone are read as nothing, as skrub does for any number of them
UNCHANGED = ("DropUninformative", "CleanNullStrings", "ToStr", "ToFloat", "ToDatetime", "PassThrough")


@transformer("TableVectorizer")
def _vectorizer(step: Any, state: State) -> State:
    names = [str(name) for name in step.feature_names_in_]
    outputs: dict[str, Made] = {}
    for name, column in zip(names, state, strict=True):
        columns = _one(step.all_processing_steps_[name], column)
        outputs |= dict(zip(step.input_to_outputs_[name], columns, strict=True))
    return tuple(outputs[name] for name in step.all_outputs_)


def _one(steps: list[Any], column: Made) -> State:
    """Behind the steps of one column; the last is what makes its outputs numbers of 32 bits."""
    inner = [step for step in steps if type(step).__name__ != "ShortReprDict"]
    nothing: list[str] = []
    state: State = (column,)
    for step in inner:
        kind = type(step).__name__
        if getattr(step, "drop_", False):
            return ()
        if kind == "CleanNullStrings":
            nothing = [*step.null_strings_, *(" " * n for n in range(1, BLANKS + 1))]
        if kind not in UNCHANGED:
            state = through_one(step, state)
    texts = any(type(step).__name__ == "ToStr" for step in inner)
    if texts and not all(isinstance(c, (Looked, Level)) for c in state):
        raise CannotCompile(f"Column {column.source!r} holds texts, but no encoder numbers them. Add an encoder.")
    longer = {known: _longer(known, nothing) for known, _ in by_levels(state)}
    return tuple(_without(c, nothing, longer).then("single") for c in state)


def _longer(known: Levels, nothing: list[str]) -> Levels:
    """Categories with the words that stand for nothing, which have the place of a missing value."""
    words = tuple(word for word in dict.fromkeys(nothing) if word not in set(known.keys))
    places = np.insert(known.places, len(known.keys), [known.places[-2]] * len(words))
    return levels(known.source, (*known.keys, *words), places)


def _without(column: Made, nothing: list[str], longer: Mapping[Levels, Levels]) -> Made:
    """Words that stand for nothing are read as a missing value."""
    if isinstance(column, Level):
        return replace(column, levels=longer[column.levels])
    if not isinstance(column, Looked):
        return column
    words = tuple(word for word in dict.fromkeys(nothing) if word not in column.keys)
    *known, missing, unseen = column.values
    return replace(column, keys=(*column.keys, *words), values=(*known, *[missing] * len(words), missing, unseen))
