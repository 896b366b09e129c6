"""Training rows by chunks of time, in counts: so small that a bundle keeps them, and neighbours add up.

Rows of a time series are not independent: two weeks of one year differ by far more than two samples of its hours do.
How much they differ is what a later week has to be judged by, and it is read off the chunks.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, ClassVar

from workbench.core.saved import Saved

FILE = "chunks.json"
Counts = tuple[tuple[int, ...], ...]


@dataclass(frozen=True)
class ColumnChunks:
    """One column, chunk by chunk.

    Parameters
    ----------
    column : str
        A feature, or ``prediction``.
    counts : tuple of tuple of int, shape (chunks, parts)
        Rows of each chunk that fall into each part of the values.
    missing : tuple of int, length chunks
        Rows without a value.
    means : tuple of float, length chunks
        Of the finite values; 0 where a chunk has none. Empty where the column holds no numbers, or sensitive ones.
    edges : tuple of float, length parts - 1
        Of numbers: the largest value of each part but the last, rising.
    levels : tuple of str, length parts - 1
        Of categories: the value of each part but the last, which has all others. Where there are neither edges nor
        levels the parts are hash buckets, and no value is in clear.
    again : tuple of tuple of int, shape (chunks, parts)
        Of ``prediction``: the same rows as the model that ships, which has seen them, answers them. What changes from
        model to model is no drift either. Else empty.
    """

    column: str
    counts: Counts
    missing: tuple[int, ...]
    means: tuple[float, ...] = ()
    edges: tuple[float, ...] = ()
    levels: tuple[str, ...] = ()
    again: Counts = ()

    @classmethod
    def from_dict(cls, content: dict[str, Any]) -> ColumnChunks:
        """Read what ``dataclasses.asdict`` wrote.

        Raises
        ------
        ValueError
            If the counts are not of the parts and the chunks that the rest is of.
        """
        counts = tuple(tuple(line) for line in content["counts"])
        again = tuple(tuple(line) for line in content.get("again", ()))
        rest = {name: tuple(content[name]) for name in ("missing", "means", "edges", "levels")}
        parts = {len(line) for line in (*counts, *again)}
        least = min((min(line, default=0) for line in (*counts, *again, rest["missing"])), default=0)
        named, beside = max(len(rest["edges"]), len(rest["levels"])), {len(rest["means"]), len(again)}
        fits = len(counts) == len(rest["missing"]) and beside <= {0, len(counts)} and len(parts) == 1
        if not fits or least < 0 or (named and parts != {named + 1}) or list(rest["edges"]) != sorted(rest["edges"]):
            raise ValueError(f"counts of {content['column']!r} are not of its parts")
        return cls(**{**content, **rest, "counts": counts, "again": again})


@dataclass(frozen=True)
class Chunks(Saved):
    """What windows did while the model was made: the training rows in their order, cut into chunks of equal size.

    Parameters
    ----------
    order : str
        What says when each row happened: the name of a column, or empty where the rows come in time.
    rows : tuple of int, length chunks
        Of each chunk.
    columns : tuple of ColumnChunks
        The features, and ``prediction``: what models that had not seen a row answered for it.
    begins : tuple of str
        First moment of each chunk, ISO 8601; empty where the order is no time.
    end : str
        Last moment; empty likewise.
    metric : str
        The score that ``scores`` are of; empty where there are none.
    scores : tuple of tuple of (float or None)
        Of each chunk; then of two neighbours, of four, and so on. None where a score can't be known.
    gaps : tuple of float
        Two classes: by how much the mean probability of the second one lies above the share that came true.
    """

    order: str
    rows: tuple[int, ...]
    columns: tuple[ColumnChunks, ...]
    begins: tuple[str, ...] = ()
    end: str = ""
    metric: str = ""
    scores: tuple[tuple[float | None, ...], ...] = ()
    gaps: tuple[float, ...] = ()

    noun: ClassVar[str] = "chunks"

    def of(self, column: str) -> ColumnChunks | None:
        """Those of one column; None where it has none."""
        return next((one for one in self.columns if one.column == column), None)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON data."""
        return asdict(self)

    @classmethod
    def from_dict(cls, content: dict[str, Any]) -> Chunks:
        """Read what :meth:`to_dict` wrote.

        Raises
        ------
        ValueError
            If a column, or a score, is of other chunks.
        """
        columns = tuple(ColumnChunks.from_dict(one) for one in content["columns"])
        plain = {name: tuple(content[name]) for name in ("rows", "begins", "gaps")}
        scores = tuple(tuple(scale) for scale in content["scores"])
        many = len(plain["rows"])
        lengths = {len(one.counts) for one in columns} | {len(plain[n]) for n in ("begins", "gaps") if plain[n]}
        if lengths - {many} or any(len(scale) != many >> k for k, scale in enumerate(scores)):
            raise ValueError("columns and scores are not of the chunks")
        return cls(**{**content, **plain, "columns": columns, "scores": scores})
