"""Parts of a compiled model that make columns of several others: products, rows of one length, steps behind them.

They work on other nodes' outputs, as the final part of a :class:`~workbench.tables.nodes.Chain`, which carries reasons
through them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from workbench.tables.encoders import fits
from workbench.tables.links import Array
from workbench.tables.steps import STEPS, sound
from workbench.tables.trees import blocks

CELLS = 50_000  # products that are reckoned together: they stay in the cache


@dataclass(frozen=True, eq=False)
class Products:
    """Each output is a product of inputs, multiplied in the order of a row of ``factors``; -1 is no factor more."""

    factors: Array
    exact = False

    @property
    def width(self) -> int:
        """How many columns it gives."""
        return len(self.factors)

    def predict(self, matrix: Array) -> Array:
        """The outputs, shape (rows, outputs)."""
        with_one = np.column_stack([matrix, np.ones(len(matrix))])  # -1 is the last column
        result = np.ones((len(matrix), self.width))
        with np.errstate(over="ignore", invalid="ignore"):
            for block in blocks(len(matrix), CELLS // max(1, self.width)):
                for place in self.factors.T:
                    result[block] *= with_one[block].take(place, axis=1)
        return result

    def pairs(self, weights: Array, inputs: int) -> Array:
        """How fast a weighted sum of products of two grows with each input, shape (inputs + 1, inputs).

        By what the others are, and by a one behind them: an input alone is its product with that.
        """
        alone = np.full((self.width, 2), -1)
        first, second = np.hstack([self.factors, alone])[:, :2].T % (inputs + 1)  # -1 is the one
        table = np.zeros((inputs + 1, inputs + 1))
        np.add.at(table, (first, second), weights)
        np.add.at(table, (second, first), weights)
        return table[:, :inputs]

    def header(self) -> dict[str, Any]:
        """What is not an array, for saving."""
        return {"kind": "products"}

    def arrays(self) -> dict[str, Array]:
        """The tables by name, for saving."""
        return {"factors": self.factors}

    def checked(self, columns: int) -> Products:
        """This node, if its table fits ``columns`` inputs; else Damaged is raised."""
        fits(self.factors.ndim == 2 and self.factors.dtype.kind == "i", "the products")
        fits(bool(((self.factors >= -1) & (self.factors < columns)).all()), "the products")
        return self


def _longest(matrix: Array) -> Array:
    return np.abs(matrix).max(axis=1, initial=0.0)


def _lengths(matrix: Array) -> Array:
    return np.sqrt(np.einsum("ij,ij->i", matrix, matrix))


NORMS: dict[str, Callable[[Array], Array]] = {
    "l1": lambda matrix: np.abs(matrix).sum(axis=1),
    "l2": _lengths,
    "max": _longest,
}
SHORTEST = 10 * float(np.finfo(np.float64).eps)  # what is shorter stays as it is, as scikit-learn has it


@dataclass(frozen=True, eq=False)
class Normed:
    """Rows are divided by their length."""

    norm: str
    inputs: int
    exact = False

    @property
    def width(self) -> int:
        """How many columns it gives."""
        return self.inputs

    def predict(self, matrix: Array) -> Array:
        """The outputs, shape (rows, outputs)."""
        lengths = NORMS[self.norm](matrix)
        result: Array = matrix / np.where(lengths < SHORTEST, 1.0, lengths)[:, None]
        return result

    def header(self) -> dict[str, Any]:
        """What is not an array, for saving."""
        return {"kind": "normed", "norm": self.norm, "inputs": self.inputs}

    def arrays(self) -> dict[str, Array]:
        """It has none."""
        return {}

    def checked(self, columns: int) -> Normed:
        """This node, if it fits ``columns`` inputs; else Damaged is raised."""
        fits(self.norm in NORMS and self.inputs == columns and columns > 0, "the norm")
        return self


@dataclass(frozen=True, eq=False)
class Stepped:
    """Some of the inputs, each changed step by step; as :class:`workbench.tables.encoders.Numbers` does it."""

    take: Array
    steps: tuple[tuple[str, Array], ...] = field(default=())

    @property
    def width(self) -> int:
        """How many columns it gives."""
        return len(self.take)

    @property
    def exact(self) -> bool:
        """Whether it is linear."""
        return all(name in ("add", "subtract", "multiply", "divide") for name, _ in self.steps)

    def predict(self, matrix: Array) -> Array:
        """The outputs, shape (rows, outputs)."""
        values = matrix[:, self.take]
        for name, operand in self.steps:
            values = STEPS[name](values, operand)
        return values

    def header(self) -> dict[str, Any]:
        """What is not an array, for saving."""
        return {"kind": "stepped", "steps": [name for name, _ in self.steps]}

    def arrays(self) -> dict[str, Array]:
        """The tables by name, for saving."""
        return {"take": self.take, **{f"step{i}": operand for i, (_, operand) in enumerate(self.steps)}}

    def checked(self, columns: int) -> Stepped:
        """This node, if its tables fit ``columns`` inputs; else Damaged is raised."""
        fits(self.take.ndim == 1 and self.take.dtype.kind == "i", "the steps")
        fits(bool(((self.take >= 0) & (self.take < columns)).all()), "the steps")
        fits(all(sound(name, operand, len(self.take)) for name, operand in self.steps), "the steps")
        return self


Mixing = Products | Normed | Stepped
KINDS = ("products", "normed", "stepped")


def read_mixing(header: dict[str, Any], arrays: dict[str, Array], name: str, columns: int) -> Mixing:
    """What was written, checked; ``columns`` is the number of its inputs."""
    if header["kind"] == "products":
        return Products(arrays[f"{name}.factors"]).checked(columns)
    if header["kind"] == "normed":
        return Normed(header["norm"], header["inputs"]).checked(columns)
    steps = tuple((step, arrays[f"{name}.step{i}"]) for i, step in enumerate(header["steps"]))
    return Stepped(arrays[f"{name}.take"], steps).checked(columns)
