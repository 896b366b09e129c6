"""An explanation: what each original column added to each prediction."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from workbench.core.finding import Finding
from workbench.core.result import Result

if TYPE_CHECKING:
    import pandas as pd
    import shap


@dataclass(frozen=True)
class Explanation(Result):
    """SHAP values of the original columns. Made by :func:`workbench.explain`.

    Parameters
    ----------
    run_id : str
        The run that was explained.
    features : tuple of str
        The original columns, p of them.
    values : tuple of tuple of float, shape (rows, p)
        What each column added to the output, in ``unit``.
    base : float
        The output without any column: ``base + sum(values[i]) == outputs[i]`` up to ``additivity_error``.
    outputs : tuple of float, shape (rows,)
        The model's own output for each row, in ``unit``.
    unit : str
        ``log-odds`` for a classifier, the target's unit for a regression.
    label : object
        The class that is explained; None for a regression.
    additivity_error : float
        Largest difference between the model's own output and the sum of base and values.
    method : str
        ``tree paths`` or ``linear`` (exact, from the compiled model), or shap's explainer by name.
    rows : tuple of dict
        The explained rows, column to value, as plain JSON (sensitive columns masked).
    """

    run_id: str
    features: tuple[str, ...]
    values: tuple[tuple[float, ...], ...] = field(repr=False)
    base: float
    outputs: tuple[float, ...] = field(repr=False)
    unit: str
    label: Any
    additivity_error: float
    method: str
    rows: tuple[dict[str, Any], ...] = field(repr=False)
    created: str = ""
    findings: tuple[Finding, ...] = ()

    noun: ClassVar[str] = "explanation"

    def importance(self) -> dict[str, float]:
        """Mean absolute value of each column over the rows, largest first, in ``unit``."""
        n = max(len(self.values), 1)
        means = {f: sum(abs(row[i]) for row in self.values) / n for i, f in enumerate(self.features)}
        return dict(sorted(means.items(), key=lambda item: -item[1]))

    def headline(self) -> str:
        """The three strongest columns in one line."""
        strongest = ", ".join(list(self.importance())[:3])
        return f"Driven by {strongest} ({len(self.values):,} rows, additive within {self.additivity_error:.1e})"

    def reasons(self, row: int = 0) -> tuple[tuple[str, Any, float], ...]:
        """Column, its value and what it added, for one row, strongest first."""
        pairs = zip(self.features, self.values[row], strict=True)
        return tuple((f, self.rows[row].get(f), v) for f, v in sorted(pairs, key=lambda p: -abs(p[1])))

    def frame(self) -> pd.DataFrame:
        """The values, shape (rows, p)."""
        return self._frame(self.values, columns=list(self.features))

    def to_shap(self) -> shap.Explanation:
        """The same as a ``shap.Explanation``, for shap's own plots."""
        import numpy as np
        import shap

        data = np.array([[row.get(f) for f in self.features] for row in self.rows], dtype=object)
        base = np.full(len(self.values), self.base)
        return shap.Explanation(np.array(self.values), base_values=base, data=data, feature_names=list(self.features))

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON data."""
        return {
            "run_id": self.run_id,
            "features": list(self.features),
            "values": [list(r) for r in self.values],
            "base": self.base,
            "outputs": list(self.outputs),
            "unit": self.unit,
            "label": self.label,
            "additivity_error": self.additivity_error,
            "method": self.method,
            "rows": list(self.rows),
            "created": self.created,
            "findings": [asdict(f) for f in self.findings],
        }

    @classmethod
    def from_dict(cls, content: dict[str, Any]) -> Explanation:
        """Read what :meth:`to_dict` wrote."""
        return cls(
            **{
                **content,
                "features": tuple(content["features"]),
                "values": tuple(tuple(r) for r in content["values"]),
                "outputs": tuple(content["outputs"]),
                "rows": tuple(content["rows"]),
                "findings": tuple(Finding.from_dict(f) for f in content["findings"]),
            }
        )
