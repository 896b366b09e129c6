"""Measures of groups with their intervals beside fairlearn's: equal values, and what they cost.

    python tests/benchmarks/fairness.py [--rows 48842] [--samples 200] [--theirs 10] [--results FAIRNESS.md]

Ours and fairlearn's get the same answers for the same rows of the census: sex and race, crossed. Each is timed alone,
in CPU seconds of this process; fairlearn's bootstrap with fewer samples, for it takes a second for each.
Thresholds by group are compared too: fairlearn's ``ThresholdOptimizer`` beside ours.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import numpy as np
import pandas as pd
from fairlearn import metrics as fairlearn
from fairlearn.postprocessing import ThresholdOptimizer
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.metrics import accuracy_score

from workbench.core.group_metrics import BINARY, largest_gap, of_two, summed
from workbench.core.grouping import Grouping, crossed
from workbench.explanation.group_thresholds import CONSTRAINTS, chances, rules

TABLES = Path(os.environ.get("WORKBENCH_TEST_DATA", Path(__file__).resolve().parents[3] / "shared" / "data"))
THEIRS = {
    "selection_rate": fairlearn.selection_rate,
    "true_positive_rate": fairlearn.true_positive_rate,
    "false_positive_rate": fairlearn.false_positive_rate,
    "accuracy": accuracy_score,
}
GAPS = {
    "demographic_parity_difference": ("selection_rate",),
    "equal_opportunity_difference": ("true_positive_rate",),
    "equalized_odds_difference": ("true_positive_rate", "false_positive_rate"),
}


class Told(ClassifierMixin, BaseEstimator):
    """Answers the probability that is its only column."""

    classes_ = (0, 1)

    def __sklearn_is_fitted__(self) -> bool:
        return True

    def fit(self, table: Any, target: Any) -> Told:
        return self

    def predict_proba(self, table: Any) -> Any:
        return np.column_stack([1 - table[:, 0], table[:, 0]])


def census(rows: int) -> tuple[pd.DataFrame, Any, Any]:
    """Sex and race, who earns more, and a score that anybody could make: the share of a few cells, drawn apart."""
    table = pd.read_csv(TABLES / "adult.csv").head(rows)
    came = (table["income"] == ">50K").to_numpy()
    cells = table.groupby(["education", "marital_status", "sex"], observed=True).ngroup().to_numpy()
    share = (np.bincount(cells, weights=came) + 1) / (np.bincount(cells) + 4)
    noise = np.random.default_rng(0).normal(0, 0.05, len(table))
    return table[["sex", "race"]], came, np.clip(share[cells] + noise, 0.001, 0.999)


def timed(call: Callable[[], Any]) -> tuple[Any, float]:
    begin = time.process_time()
    found = call()
    return found, time.process_time() - begin


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=48_842)
    parser.add_argument("--samples", type=int, default=200, help="of our bootstrap")
    parser.add_argument("--theirs", type=int, default=10, help="of fairlearn's")
    parser.add_argument("--results", type=Path, help="the file to keep the tables in")
    given = parser.parse_args(arguments)
    warnings.simplefilter("ignore")
    told = "\n".join(report(given.rows, given.samples, given.theirs)) + "\n"
    print(told)
    if given.results:
        given.results.write_text(told, encoding="utf-8")
    return 0


def report(rows: int, samples: int, theirs: int) -> Iterator[str]:
    table, came, said = census(rows)
    answered = said >= 0.5
    by = [Grouping.by(table[name]) for name in table]
    codes, names = crossed([one.of(table[one.column]) for one in by], [one.names for one in by])
    four = [one for one in BINARY if one.name in THEIRS]

    def ours() -> Any:
        sums = summed(codes, len(names), of_two(came, answered, said), resamples=samples)
        return sums, [sums.values(one) for one in four], [sums.samples(one) for one in four]

    def frame(n_boot: int | None) -> Any:
        boot = {} if n_boot is None else {"n_boot": n_boot, "ci_quantiles": [0.05, 0.95], "random_state": 0}
        return fairlearn.MetricFrame(
            metrics=THEIRS, y_true=came, y_pred=answered, sensitive_features=np.asarray(names)[codes], **boot
        )

    (sums, values, drawn), took = timed(ours)
    plain, plain_took = timed(lambda: frame(None))
    _, boot_took = timed(lambda: frame(theirs))
    each = (boot_took - plain_took) / theirs
    apart = max(
        float(np.abs(v - plain.by_group[o.name].reindex(names)).max()) for o, v in zip(four, values, strict=True)
    )
    yield from ("# Measures of groups", "", f"{len(table):,} rows of the census, {len(names)} groups, 4 measures.", "")
    yield from ("| | samples | CPU seconds | a sample, ms |", "|---|---:|---:|---:|")
    yield f"| ours | {samples} | {took:.2f} | {1000 * took / samples:.1f} |"
    yield f"| fairlearn, without intervals | 0 | {plain_took:.2f} | |"
    yield f"| fairlearn | {theirs} | {boot_took:.2f} | {1000 * each:.0f} |"
    yield from ("", f"A sample costs {each / (took / samples):,.0f} times as much there. "
                f"Largest difference of the values: {apart:.1e}.", "")  # fmt: skip
    yield from gaps(sums, values, drawn, four, {"y_true": came, "y_pred": answered, "sensitive_features": codes})
    yield from thresholds(table["sex"], came, said)


def gaps(sums: Any, values: Any, drawn: Any, four: Any, asked: dict[str, Any]) -> Iterator[str]:
    place = {one.name: k for k, one in enumerate(four)}
    yield from ("| gap | ours | interval | fairlearn |", "|---|---:|---|---:|")
    for name, of in GAPS.items():
        found = [[side[place[one]] for one in of] for side in (values, drawn)]
        value, low, high = largest_gap(*found, 0.9, most=1.0)
        yield f"| {name} | {value:.6f} | {low:.3f} to {high:.3f} | {getattr(fairlearn, name)(**asked):.6f} |"


def thresholds(sex: pd.Series, came: Any, said: Any) -> Iterator[str]:
    codes = Grouping.by(sex).of(sex)
    yield from ("", "## Thresholds by group", "")
    yield from (
        "| constraint | ours, CPU s | fairlearn, CPU s | largest difference of the chances |",
        "|---|---:|---:|---:|",
    )
    for constraint in CONSTRAINTS:
        found, took = timed(lambda constraint=constraint: rules(constraint, codes, came, said))
        theirs = ThresholdOptimizer(
            estimator=Told(), constraints=constraint, objective="accuracy_score", prefit=True,
            predict_method="predict_proba",
        )  # fmt: skip
        asked = {"sensitive_features": codes}
        _, their = timed(lambda theirs=theirs, asked=asked: theirs.fit(said[:, None], came.astype(int), **asked))
        apart = np.abs(chances(codes, said, found, 0.5) - theirs._pmf_predict(said[:, None], **asked)[:, 1]).max()
        yield f"| {constraint} | {took:.2f} | {their:.2f} | {apart:.1e} |"


if __name__ == "__main__":
    raise SystemExit(main())
