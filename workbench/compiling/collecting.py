"""Weighted sums of thousands of columns that come of one: what each word or category adds is all that is kept."""

from __future__ import annotations

from typing import Any

import numpy as np

from workbench.compiling.columns import Looked, State
from workbench.compiling.levels import Level, by_levels, summed
from workbench.compiling.texts import Word, sums_of
from workbench.tables.links import Array


def collected(state: State, weights: Array) -> tuple[State, Array]:
    """Columns of a weighted sum, with what each text or category adds to each output in place of its terms.

    Parameters
    ----------
    state : tuple of made columns
    weights : float array, shape (outputs, columns)
    """
    state, weights = _by_category(state, weights)
    places = [i for i, column in enumerate(state) if not isinstance(column, Word)]
    if len(places) == len(state):
        return state, weights
    made: list[Any] = [state[i] for i in places]
    parts = [weights[:, places]]
    for known in dict.fromkeys(column.vocabulary for column in state if isinstance(column, Word)):
        own = [i for i, column in enumerate(state) if isinstance(column, Word) and column.vocabulary is known]
        sums = sums_of(tuple(state[i] for i in own), weights[:, own], np.zeros(len(weights)))
        made += list(sums or ())
        parts.append(np.eye(len(weights)))
    return tuple(made), np.hstack(parts)


def _by_category(state: State, weights: Array) -> tuple[State, Array]:
    """One column an output in place of those of an encoder, where these are more."""
    many = [(known, own) for known, own in by_levels(state) if len(own) > len(weights)]
    if not many:
        return state, weights
    gone = {i for _, own in many for i in own}
    kept = [i for i in range(len(state)) if i not in gone]
    made, parts = [state[i] for i in kept], [weights[:, kept]]
    for known, own in many:
        by_key = summed([c for i in own if isinstance(c := state[i], Level)], weights[:, own])
        made += [Looked(known.source, known.keys, tuple(values)) for values in by_key.T.tolist()]
        parts.append(np.eye(len(weights)))
    return tuple(made), np.hstack(parts)
