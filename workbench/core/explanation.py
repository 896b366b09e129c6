"""An explanation: what each original column added to each prediction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

from workbench.core import explanation_file
from workbench.core.arguments import described
from workbench.core.finding import Finding
from workbench.core.json_values import MASK
from workbench.core.labels import place_of_label
from workbench.core.late import late
from workbench.core.resampling import interval, row_counts
from workbench.core.result import Result
from workbench.core.sentences import Told, sentence
from workbench.errors import BadParameter

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    import shap
    from numpy.typing import NDArray

    from workbench.core.cohorts import Cohorts
    from workbench.core.explanation_comparison import ExplanationComparison
    from workbench.core.neighbours import Neighbours

    Numbers = NDArray[np.float64]

TOLD = (
    "run_id", "base", "unit", "label", "additivity_error", "method", "created", "threshold", "model", "fingerprint",
)  # fmt: skip
NUMBERS = ("values", "outputs", "predictions", "half_width", "interactions")


@dataclass(frozen=True, eq=False)
class Explanation(Result):
    """SHAP values of the original columns. Made by :func:`workbench.explain`.

    Parameters
    ----------
    run_id : str
        The run that was explained.
    features : tuple of str
        The original columns, p of them.
    values : float array, shape (rows, p)
        What each column added to the output, in ``unit``.
    base : float
        The output without any column: ``base + values[i].sum() == outputs[i]`` up to ``additivity_error``.
    outputs : float array, shape (rows,)
        The model's own output for each row, in ``unit``.
    unit : str
        ``log-odds`` or ``probability`` for classes, the target's unit for a regression. A forest votes by probability,
        so that is what its values are in.
    label : object
        The class that is explained; None for a regression.
    additivity_error : float
        Largest difference between the model's own output and the sum of base and values.
    method : str
        ``tree paths`` or ``linear`` (exact, from the compiled model), the same ``through a curve`` or ``against rows``,
        or ``sampled``, with :attr:`half_width`.
    columns : dict of str to tuple
        The explained rows by column, as plain JSON (sensitive columns masked).
    positions : tuple of int
        Place of each row in the table that was explained, from 0.
    truth : tuple, optional
        What really came of each row; None where the table has no target.
    predictions : float array, shape (rows,), optional
        The probability of ``label``, or the predicted number.
    threshold : float, optional
        Of two classes: the probability of ``label`` from which on it is answered.
    half_width : float array, shape (rows, p), optional
        Of sampled values: half of each one's 95% interval. None: the values are exact.
    interactions : float array, shape (p, p), optional
        Mean absolute interaction value of each two columns, each pair in both places with half of it; on the diagonal
        what a column adds by itself. None where nobody asked.
    groups : tuple of tuple of str
        Columns that say the same: their values are one effect, shared out among them.
    others : tuple of Explanation
        Of the same rows and other classes, where all classes were explained.
    model : str
        What tells the explained model from others: a run's claim, or its id; empty in files of older versions.
    fingerprint : str
        SHA-256 of the model, the class and the explained rows.
    target : str
        Name of what is predicted; empty in explanations of older versions.
    units : dict of str to str
        Of the columns and the target that have one.
    """

    run_id: str
    features: tuple[str, ...]
    values: Numbers = field(repr=False)
    base: float
    outputs: Numbers = field(repr=False)
    unit: str
    label: Any
    additivity_error: float
    method: str
    columns: Mapping[str, tuple[Any, ...]] = field(repr=False)
    created: str = ""
    findings: tuple[Finding, ...] = ()
    positions: tuple[int, ...] = field(default=(), repr=False)
    truth: tuple[Any, ...] | None = field(default=None, repr=False)
    predictions: Numbers | None = field(default=None, repr=False)
    threshold: float | None = None
    half_width: Numbers | None = field(default=None, repr=False)
    interactions: Numbers | None = field(default=None, repr=False)
    groups: tuple[tuple[str, ...], ...] = ()
    others: tuple[Any, ...] = field(default=(), repr=False)
    model: str = ""
    fingerprint: str = ""
    target: str = ""
    units: Mapping[str, str] = field(default_factory=dict)

    noun: ClassVar[str] = "explanation"
    format_version: ClassVar[int] = 2

    def __post_init__(self) -> None:
        """Numbers are arrays, whatever they came as; rows without a place stand in their order."""
        import numpy as np

        for name in NUMBERS:
            value = getattr(self, name)
            if value is not None:
                object.__setattr__(self, name, np.asarray(value, dtype=np.float64))
        object.__setattr__(self, "positions", self.positions or tuple(range(len(self.values))))

    @property
    def exact(self) -> bool:
        """Whether the values were computed, not sampled."""
        return self.half_width is None

    @property
    def rows(self) -> tuple[dict[str, Any], ...]:
        """The explained rows, column to value."""
        return tuple(dict(zip(self.columns, row, strict=True)) for row in zip(*self.columns.values(), strict=True))

    @property
    def labels(self) -> tuple[Any, ...]:
        """The classes that were explained, this one first; none of a regression."""
        return tuple(e.label for e in (self, *self.others)) if self.label is not None else ()

    def of(self, label: Any) -> Explanation:
        """The explanation of another class, where all were explained: ``wb.explain(run, label="all")``.

        Raises
        ------
        BadParameter
            If that class was not explained.
        """
        every = (self, *self.others)
        place = place_of_label(label, [each.label for each in every])
        if place is not None:
            return every[place]
        raise BadParameter(
            f"The class {label!r} was not explained, but {', '.join(map(repr, self.labels)) or 'a number'}. "
            'Explain all of them: wb.explain(run, label="all").'
        )

    def importance(self) -> dict[str, float]:
        """Mean absolute value of each column over the rows, largest first, in ``unit``."""
        return dict(sorted(self._means.items(), key=lambda item: -item[1]))

    def together(self) -> dict[tuple[str, ...], float]:
        """Mean absolute value of each group of columns that say the same, added up row by row, largest first."""
        place = {name: i for i, name in enumerate(self.features)}
        sums = {g: self.values[:, [place[name] for name in g]].sum(axis=1) for g in self.groups}
        return dict(sorted(((g, _mean_size(s)) for g, s in sums.items()), key=lambda item: -item[1]))

    def intervals(self, level: float = 0.95) -> dict[str, tuple[float, float]]:
        """Between what each column's importance lies, had other rows of the same kind been explained.

        Parameters
        ----------
        level : float
            Share of such intervals that hold the importance over all rows there could be, in (0, 1).

        Returns
        -------
        dict of str to (float, float)
            Low and high end, in ``unit``, strongest column first. Of 200 draws of the rows, always the same ones.

        References
        ----------
        Efron, B. and Tibshirani, R. (1993), An Introduction to the Bootstrap: percentile intervals.
        """

        if not 0 < level < 1:
            raise BadParameter(f"level is a number between 0 and 1, got {level!r}. Give for example 0.95.")
        low, high = interval(self._drawn, level)
        ends = dict(zip(self.features, zip(low.tolist(), high.tolist(), strict=True), strict=True))
        return {name: ends[name] for name in self.importance()}

    def stability(self) -> dict[str, float]:
        """How sure each column's place in the ranking is: the share of draws of the rows in which it keeps it."""
        import numpy as np

        places = np.argsort(np.argsort(-self._drawn, axis=1, kind="stable"), axis=1, kind="stable")
        ranking = {name: i for i, name in enumerate(self.importance())}
        own = np.array([ranking[name] for name in self.features])
        kept = dict(zip(self.features, (places == own).mean(axis=0).tolist(), strict=True))
        return {name: kept[name] for name in ranking}

    def drivers(self) -> str:
        """The three strongest columns in words."""
        strongest = [name for name, size in self.importance().items() if size > 0][:3]
        return f"Driven by {', '.join(strongest)}" if strongest else "No column drives it: all predictions are the same"

    def headline(self) -> str:
        """The three strongest columns, and how sure that is, in one line."""
        sure = f"additive within {self.additivity_error:.1e}" if self.exact else "sampled, with intervals"
        return f"{self.drivers()} ({len(self.values):,} rows, {sure})"

    def reasons(self, row: int = 0) -> tuple[tuple[str, Any, float], ...]:
        """Column, its value and what it added, for one row, strongest first."""
        pairs = zip(self.features, self.values[row].tolist(), strict=True)
        return tuple((f, self.given(f)[row], v) for f, v in sorted(pairs, key=lambda p: -abs(p[1])))

    def given(self, name: str) -> tuple[Any, ...]:
        """What a column holds; nothing where the rows are not kept."""
        return self.columns[name] if name in self.columns else (None,) * len(self.values)

    @cached_property
    def named_by(self) -> str | None:
        """The column that rows are known by, such as an id: no feature, and nothing that is masked."""
        beside = (name for name in self.columns if name not in self.features)
        return next((name for name in beside if MASK not in self.columns[name]), None)

    def bare(self) -> Explanation:
        """The same without the rows: what each column added, and nothing that anybody is known by."""
        return replace(
            self, columns={}, truth=None, predictions=None, others=tuple(each.bare() for each in self.others)
        )

    def nearest(self, row: int | Mapping[str, Any], n: int = 5, by: str = "columns") -> Neighbours:
        """The explained rows that are most like one, and what came of them.

        Parameters
        ----------
        row : int, or mapping
            Place of a row among the explained ones, which is left out; or every feature and its value.
        n : int
            How many, at least 1.
        by : {"columns", "reasons"}
            *columns*: Gower's distance, the mean over the features of how far their values are apart. *reasons*: how
            far what the columns added is apart: rows that are answered alike for the same reasons.

        Raises
        ------
        BadParameter
            If there is no such row, a parameter is out of its range, or the reasons of a row that was not explained are
            asked for.
        ColumnNotFound
            If the given row lacks a feature.

        References
        ----------
        Gower, J. (1971), A general coefficient of similarity and some of its properties.

        Examples
        --------
        >>> import workbench as wb
        >>> explanation = wb.explain(wb.train("churn.csv", target="Churn", candidates=["linear"]))
        >>> alike = explanation.nearest(0, n=3)
        >>> len(alike.rows), alike.by, alike.rows[0].distance <= alike.rows[1].distance
        (3, 'columns', True)
        """
        return late("Explanation.nearest")(self, row, n, by)

    def pick(self, by: str = "error", n: int = 1, *, value: Any = None) -> tuple[int, ...]:
        """Places of the explained rows that are worth a look.

        Parameters
        ----------
        by : str
            ``"error"``: those that the model is most wrong about. ``"threshold"``: those nearest to the threshold,
            where the answer is least sure. ``"highest"``, ``"lowest"``: by prediction. Or the name of a column, such as
            an id: those with ``value`` in it.
        n : int
            How many at most, at least 1.
        value : object, optional
            What stands in the named column.

        Returns
        -------
        tuple of int
            Places among the explained rows, for :meth:`workbench.Explanation.reasons`.

        Raises
        ------
        BadParameter
            If what it takes is not known: the true outcomes, or a threshold; or no row has the value.
        ColumnNotFound
            If there is no such column.

        Examples
        --------
        >>> import workbench as wb
        >>> explanation = wb.explain(wb.train("churn.csv", target="Churn", candidates=["linear"]))
        >>> least_sure, = explanation.pick("threshold")
        >>> most_sure, = explanation.pick("highest")
        >>> bool(explanation.predictions[least_sure] < explanation.predictions[most_sure])
        True
        """
        return late("Explanation.pick")(self, by, n, value=value)

    def cohorts(
        self,
        by: str | Mapping[str, Sequence[int]],
        *,
        bins: Sequence[float] | None = None,
        seed: int = 0,
    ) -> Cohorts:
        """What each column adds in groups of the explained rows, with intervals, and where that is more than chance.

        Parameters
        ----------
        by : str, or mapping of str to sequence of int
            A column, whose values make the groups; or the groups by their names: places among the explained rows.
        bins : sequence of float, optional
            Where the parts of a number begin, rising; by default its quarters, or its values where they are few.
        seed : int
            Of the bootstrap.

        Returns
        -------
        Cohorts
            Each column in each group: mean value and mean size, and a p-value against all other rows, corrected for all
            that were looked at. Groups of fewer than ten rows are told together.

        Raises
        ------
        BadParameter
            If there are not two groups of ten rows, a place is none, or the bins do not rise.
        ColumnNotFound
            If there is no such column.

        References
        ----------
        Holm, S. (1979), A simple sequentially rejective multiple test procedure.

        Examples
        --------
        >>> import workbench as wb
        >>> explanation = wb.explain(wb.train("churn.csv", target="Churn", candidates=["linear"]))
        >>> groups = explanation.cohorts("Contract")
        >>> sorted(groups.groups)
        ['monthly', 'yearly']
        >>> groups.differences[0].column
        'Contract'
        """
        return late("Explanation.cohorts")(self, by, bins=bins, seed=seed)

    def sentence(
        self, row: int = 0, language: str = "en", *, names: Mapping[str, str] | None = None, most: int = 2
    ) -> str:
        """One sentence about a row that a customer could be told: the prediction, and why.

        Parameters
        ----------
        row : int
            Place among the explained rows.
        language : {"en", "de"}
            English or German.
        names : mapping of str to str, optional
            What target and columns are called in it; with ``{value}`` a whole clause, in German with its verb at the
            end: ``"der Vertrag {value} läuft"``.
        most : int
            Reasons for it, at least 1. One against it is told where it weighs.

        Returns
        -------
        str
            Plain text, to be escaped where it is shown. Values of sensitive columns are not told, nor sampled reasons
            that may be none.

        Raises
        ------
        BadParameter
            If there is no such row or language, or the explanation is of an older version and kept no predictions.

        Examples
        --------
        >>> import workbench as wb
        >>> run = wb.train("churn.csv", target="Churn", candidates=["linear"])
        >>> wb.explain(run).sentence(0, names={"Churn": "leaving", "tenure": "the time with us"})
        'The probability of leaving is ..., mostly because ...'
        """
        return sentence(self._told(row, names or {}), language, most)

    def frame(self) -> pd.DataFrame:
        """The values, shape (rows, p)."""
        return self._frame(self.values, columns=list(self.features))

    def table(self) -> pd.DataFrame:
        """The explained rows, shape (rows, p)."""
        return self._frame(dict(self.columns))

    def compare(self, other: Explanation, *, by: str | None = None, rate: float = 0.01) -> ExplanationComparison:
        """Whether other rows, or another model, are explained otherwise, by column and by segment.

        Parameters
        ----------
        other : Explanation
            In the same unit, of the same class, with columns in common.
        by : str, optional
            A column whose values make segments: each is compared by itself, too. Numbers are cut at the quarters of the
            reference.
        rate : float
            The chance, in (0, 1), that anything at all is called different between two samples of one population.

        Returns
        -------
        ExplanationComparison
            Columns whose values changed by more than chance first.

        Raises
        ------
        BadParameter
            If the two can't be compared, or ``rate`` is not between 0 and 1.
        ColumnNotFound
            If there is no column ``by`` in both.

        Examples
        --------
        >>> import workbench as wb
        >>> run = wb.train("churn.csv", target="Churn", candidates=["linear"])
        >>> explanation = wb.explain(run, rows=200)
        >>> explanation.compare(wb.explain(run, rows=100)).differing
        ()
        """
        return late("Explanation.compare")(self, other, by=by, rate=rate)

    def to_shap(self) -> shap.Explanation:
        """The same as a ``shap.Explanation``, for shap's own plots.

        They colour by numbers: a column of other things is given as codes of its sorted values, and as it is for
        ``display_data``, which the plots write.
        """
        import numpy as np
        import shap

        given = [["missing" if value is None else value for value in self.given(f)] for f in self.features]
        shown = np.array(given, dtype=object).T.reshape(self.values.shape)
        return shap.Explanation(
            self.values,
            base_values=np.full(len(self.values), self.base),
            data=np.column_stack([_coded(self.given(f)) for f in self.features]),
            display_data=shown,
            feature_names=list(self.features),
            output_names=None if self.label is None else str(self.label),
        )

    def save(self, path: str | Path) -> Path:
        """Write the whole to one Parquet file, in one step, and return its path.

        Its columns are the explained rows, then the values in single precision; what there is besides lies in the
        file's metadata.
        """
        return explanation_file.save(self, Path(path))

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """Read what :meth:`save` wrote, or the JSON file of older versions.

        Raises
        ------
        NotFound
            If there is no such file.
        Damaged
            If the file is not what was written.
        FormatVersion
            If a newer Workbench wrote it.
        """
        path = Path(path)
        return explanation_file.load(cls, path) if explanation_file.is_ours(path) else super().load(path)

    def results(self) -> dict[str, Any]:
        """Base value and importances."""
        return {"base": self.base, "importance": self.importance()}

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON data."""
        numbers = {name: _listed(getattr(self, name)) for name in NUMBERS}
        return {
            **self.header(),
            **numbers,
            "columns": {name: list(values) for name, values in self.columns.items()},
            "positions": list(self.positions),
            "truth": None if self.truth is None else list(self.truth),
            "others": [each.to_dict() for each in self.others],
        }

    def header(self) -> dict[str, Any]:
        """What is not told row by row, as plain JSON data."""
        names = (
            "run_id",
            "base",
            "unit",
            "label",
            "additivity_error",
            "method",
            "created",
            "threshold",
            "model",
            "fingerprint",
        )
        return {
            **{name: getattr(self, name) for name in names},
            "target": self.target,
            "units": dict(self.units),
            "features": list(self.features),
            "groups": [list(group) for group in self.groups],
            "findings": [asdict(f) for f in self.findings],
        }

    @classmethod
    def from_dict(cls, content: dict[str, Any]) -> Self:
        """Read what :meth:`to_dict` wrote, here or in an older version, which had dicts of rows."""
        content = dict(content)
        if "rows" in content:
            rows = content.pop("rows")
            content["columns"] = {name: [row.get(name) for row in rows] for name in (rows[0] if rows else ())}
        truth = content.get("truth")
        return cls(
            **{
                **content,
                "features": tuple(content["features"]),
                "columns": {name: tuple(values) for name, values in content["columns"].items()},
                "positions": tuple(content.get("positions", ())),
                "truth": None if truth is None else tuple(truth),
                "groups": tuple(tuple(group) for group in content.get("groups", ())),
                "others": tuple(cls.from_dict(each) for each in content.get("others", ())),
                "findings": tuple(Finding.from_dict(f) for f in content["findings"]),
            }
        )

    def _told(self, row: int, names: Mapping[str, str]) -> Told:
        """What a sentence about a row is made of."""
        many = len(self.values)
        if not isinstance(row, int) or isinstance(row, bool) or not -many <= row < many:
            raise BadParameter(f"row is the place of an explained row, from 0 to {many - 1}; got {described(row)}.")
        predicted = self.outputs if self.predictions is None and self.unit != "log-odds" else self.predictions
        if predicted is None:
            raise BadParameter("This explanation kept no predictions: it is of an older version. Make it again.")
        error = 0.0 if self.half_width is None else self.half_width[row]
        sure = abs(self.values[row]) > error
        return Told(
            target=self.target or "the target",
            label=self.label,
            prediction=float(predicted[row]),
            reasons=[one for one in self.reasons(row) if sure[self.features.index(one[0])]],
            rises=bool(self.outputs[row] >= self.base),
            unit=self.units.get(self.target, ""),
            units=self.units,
            names=names,
            groups=self.groups,
        )

    @cached_property
    def _means(self) -> dict[str, float]:
        import numpy as np

        sizes = np.abs(self.values).sum(axis=0) / max(len(self.values), 1)
        return dict(zip(self.features, sizes.tolist(), strict=True))

    @cached_property
    def _drawn(self) -> Numbers:
        """The importances in draws of the rows, shape (draws, p)."""
        import numpy as np

        counts = row_counts(len(self.values), np.random.default_rng(0))
        total: Numbers = counts @ np.abs(self.values)
        return total / max(len(self.values), 1)


def _mean_size(values: Numbers) -> float:
    return float(abs(values).mean()) if len(values) else 0.0


def _listed(values: Numbers | None) -> list[Any] | None:
    return None if values is None else values.tolist()


def _coded(values: Sequence[Any]) -> Numbers:
    """Numbers as they are, other things as places among their sorted kinds; NaN where missing."""
    import numpy as np

    if all(value is None or isinstance(value, (int, float)) for value in values):
        return np.array([np.nan if value is None else float(value) for value in values])
    kinds = {kind: float(i) for i, kind in enumerate(sorted({str(v) for v in values if v is not None}))}
    return np.array([np.nan if value is None else kinds[str(value)] for value in values])
