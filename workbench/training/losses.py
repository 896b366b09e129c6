"""Which loss a training has, and what each candidate is told of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import pandas as pd

from workbench.core.contract import Task
from workbench.core.loss import SQUARED, Loss
from workbench.core.measures import METRICS
from workbench.core.metric import pinball
from workbench.core.parameters import TrainStep
from workbench.core.wording import listed, worded
from workbench.errors import BadParameter, BadTarget
from workbench.reading.tasks import is_count
from workbench.training.candidates import Settings

# Distinct numbers up to which all are counted to see whether they are counts.
MOST_COUNTED = 1_000
# Rows up to which lines are fitted to quantiles: it is a linear program, and takes the square of their number.
MOST_FOR_LINES = 10_000
# And those up to which a model upon the candidates' answers, which are few, is: half a minute a fit.
MOST_FOR_STACKS = 30_000


def loss_of(step: TrainStep, task: Task, target: pd.Series) -> Loss | None:
    """The loss that was asked for, or the one that the target asks for: Poisson's for counts, else the squared error.

    Parameters
    ----------
    step : TrainStep
    task : {"binary", "multiclass", "regression"}
    target : pandas.Series, shape (n,)
        As it is learnt.

    Returns
    -------
    Loss, or None for classes

    Raises
    ------
    BadParameter
        If a loss of numbers is asked for classes, one that a candidate has not, or a model upon quantiles of too many
        rows.
    BadTarget
        If Poisson's is asked for a target below 0, or of zeros alone.
    """
    if task != "regression":
        if step.loss != "auto":
            raise BadParameter(
                f"loss={step.loss!r} is for numbers, and {target.name!r} has classes. Leave it out, or read the "
                "target as a number: wb.dataset(…, task='regression')."
            )
        return None
    loss = _by_evidence(target) if step.loss == "auto" else Loss.of(step.loss)
    if loss.kind == "poisson":
        _check_counts(target)
    without = [name for name in step.candidates if _untold(name, loss)]
    if without and step.loss != "auto":
        raise BadParameter(f"{listed(without)} can't be fitted by loss={step.loss!r}. Leave it out of the candidates.")
    if step.ensemble == "stack" and loss.share is not None and len(target) > MOST_FOR_STACKS:
        raise BadParameter(
            f"ensemble='stack' by loss={step.loss!r} is for up to {MOST_FOR_STACKS:,} rows, for its time goes with "
            f"their square, and there are {len(target):,}. Use ensemble='blend'."
        )
    return loss


def _by_evidence(target: pd.Series) -> Loss:
    counted = target.value_counts()
    found = len(counted) <= MOST_COUNTED and is_count(str(target.name), list(counted.items()))
    return Loss("poisson") if found else SQUARED


def _check_counts(target: pd.Series) -> None:
    low, high = target.min(), target.max()
    if low < 0 or high == 0:
        raise BadTarget(
            f"loss='poisson' is for counts, which are never below 0 and not all 0; {target.name!r} lies between "
            f"{worded(float(low))} and {worded(float(high))}. Use loss='squared'."
        )


def metric_of(step: TrainStep, task: Task, loss: Loss | None) -> str:
    """The score that decides: the one that was asked for, that of the loss that was asked for, else the task's.

    ``pinball`` is that of the loss's own quantile, or of the median.
    """
    if step.metric == "pinball" and task == "regression":
        return pinball((loss.share if loss else None) or 0.5)
    if step.metric is not None:
        return step.metric
    return METRICS[task][0] if loss is None or step.loss == "auto" else loss.metrics[0]


def told_loss(name: str, loss: Loss | None) -> Settings:
    """The settings by which a candidate of ours is told the loss; none for the squared error, which is theirs.

    Examples
    --------
    >>> told_loss("lightgbm", Loss.of("quantile 0.9")), told_loss("linear", SQUARED)
    ({'objective': 'quantile', 'alpha': 0.9}, {})
    """
    return {} if loss is None or _untold(name, loss) or loss.kind == "squared" else TOLD[name][loss.kind](loss.level)


def _untold(name: str, loss: Loss) -> bool:
    return loss.kind != "squared" and loss.kind not in TOLD.get(name, {})


Told = Callable[[float | None], Settings]
TOLD: Mapping[str, Mapping[str, Told]] = {
    "baseline": {
        "poisson": lambda _: {},
        "absolute": lambda _: {"strategy": "median"},
        "quantile": lambda level: {"strategy": "quantile", "quantile": level},
    },
    "linear": {
        "poisson": lambda _: {"loss": "poisson"},
        "absolute": lambda _: {"loss": "quantile", "quantile": 0.5},
        "quantile": lambda level: {"loss": "quantile", "quantile": level},
    },
    "lightgbm": {
        "poisson": lambda _: {"objective": "poisson"},
        "absolute": lambda _: {"objective": "regression_l1"},
        "quantile": lambda level: {"objective": "quantile", "alpha": level},
    },
    "boosting": {
        "poisson": lambda _: {"loss": "poisson"},
        "absolute": lambda _: {"loss": "absolute_error"},
        "quantile": lambda level: {"loss": "quantile", "quantile": level},
    },
    "forest": {"poisson": lambda _: {"criterion": "poisson"}},
}


def without_lines(names: Sequence[str], loss: Loss | None, rows: int) -> tuple[str, ...]:
    """Candidates that are not tried, for they would take too long: lines through quantiles of many rows, beside others.

    Examples
    --------
    >>> without_lines(("baseline", "linear", "lightgbm"), Loss.of("absolute"), 100_000)
    ('linear',)
    """
    slow = loss is not None and loss.share is not None and rows > MOST_FOR_LINES
    return ("linear",) if slow and "linear" in names and set(names) - {"baseline", "linear"} else ()
