"""What the rules look at: one window and the bundle that answered it, each part read or computed once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from workbench.core.bundle import Bundle
from workbench.core.chunks import Chunks, ColumnChunks
from workbench.core.measures import known_anywhere
from workbench.core.metric import Metric
from workbench.core.profile import ColumnProfile, Profile
from workbench.core.ranked import ranked
from workbench.core.reasons import Reasons
from workbench.core.report import Window
from workbench.core.scores import scores
from workbench.monitoring.group_windows import fairness_of
from workbench.monitoring.reason_windows import followed_reasons
from workbench.monitoring.windows import Seen, prediction_of, truths
from workbench.profiling.outcomes import Answered, Outcomes, answered
from workbench.profiling.together import Together
from workbench.settings import Settings

# Below this, a score's interval is wider than any loss that matters, and a bootstrap of it means little.
FEWEST = 50


@dataclass(frozen=True, eq=False)
class Evidence:
    """One window and the bundle that answered it.

    Parameters
    ----------
    seen : Seen
    bundle : Bundle
    labels : mapping of str to object
        True labels by id, as far as they are known.
    force : Settings
    before : Window, optional
        The window before it, as it was judged: its running sums go on.
    """

    seen: Seen
    bundle: Bundle
    labels: Mapping[str, Any]
    force: Settings
    before: Window | None = None

    @cached_property
    def profile(self) -> Profile:
        """Of the window's features and predictions."""
        return self.seen.profile()

    @cached_property
    def predictions(self) -> pd.DataFrame:
        """All of its rows."""
        return self.seen.predictions()

    @cached_property
    def _labels(self) -> pd.Series:
        return truths(self.predictions, self.labels)

    @cached_property
    def known(self) -> NDArray[np.bool_]:
        """Which rows have a label, shape (rows,)."""
        return self._labels.notna().to_numpy()

    @cached_property
    def truth(self) -> pd.Series:
        """Labels of those that have one."""
        return self._labels[self.known]

    @cached_property
    def labelled(self) -> pd.DataFrame:
        """Predictions of those that have one."""
        return self.predictions[self.known]

    @cached_property
    def performance(self) -> tuple[Metric, ...]:
        """Scores of the labelled rows, the deciding one first; nothing where they can't be compared."""
        if len(self.truth) < FEWEST:
            return ()
        bundle = self.bundle
        deciding = known_anywhere(bundle.metrics, bundle.task)
        metrics = scores(
            bundle.task, self.truth.to_numpy(), prediction_of(self.labelled), ranked(bundle.classes, bundle.contract),
            deciding.name, deciding.level,
        )  # fmt: skip
        # Where the deciding score can't be computed (one class only), the others say nothing about the reference.
        return metrics if metrics and metrics[0].name == deciding.name else ()

    @cached_property
    def outcomes(self) -> Outcomes | None:
        """What came true in training; None in older bundles."""
        kept = self.bundle.reference.state.get("outcomes")
        return Outcomes.from_dict(kept) if kept else None

    @cached_property
    def answered(self) -> Answered | None:
        """The labelled rows; None where there are too few, or nothing to compare them with."""
        if len(self.truth) < FEWEST or self.outcomes is None:
            return None
        large = self.outcomes.large if not self.bundle.classes else None
        return answered(
            self.truth.tolist(),
            prediction_of(self.labelled),
            self.labelled["answer"].tolist(),
            self.bundle.classes,
            large,
        )

    @cached_property
    def target(self) -> ColumnProfile | None:
        """The target in training; None in older bundles."""
        kept = self.bundle.reference.state.get("target")
        return ColumnProfile.from_dict(kept) if kept else None

    @cached_property
    def target_chunks(self) -> Chunks | None:
        """The target by stretches of time of the training; None where nothing orders its rows."""
        kept = self.bundle.reference.state.get("target_chunks")
        return Chunks("", (1,) * len(kept["counts"]), (ColumnChunks.from_dict(kept),)) if kept else None

    @cached_property
    def together(self) -> tuple[Together, Together] | None:
        """How the columns went together in training, and how now; None where that is not known."""
        kept = [profile.state.get("together") for profile in (self.bundle.reference, self.profile)]
        return (Together.from_dict(kept[0]), Together.from_dict(kept[1])) if all(kept) else None  # type: ignore[arg-type]  # both are there

    @cached_property
    def reasons(self) -> Reasons | None:
        """Why it was answered so; None where that is not followed."""
        return followed_reasons(self.bundle, self.seen.reasons())

    @cached_property
    def has_groups(self) -> bool:
        """Whether the bundle tells of groups that can be followed."""
        fairness = fairness_of(self.bundle)
        return fairness is not None and fairness.task != "multiclass"

    @cached_property
    def columns(self) -> tuple[tuple[ColumnProfile, ColumnProfile], ...]:
        """Features that both sides know, in training and now; what a service's log does not keep is left out."""
        contract, now = self.bundle.contract, {c.name: c for c in self.profile}
        hidden = {c.name for c in contract.columns if c.sensitive} if self.seen.source == "service" else set()
        return tuple(
            (c, now[c.name])
            for c in self.bundle.reference
            if c.name in now and c.name in contract and c.name not in hidden and now[c.name].rows and c.rows
        )

    def chunks(self, column: str) -> ColumnChunks | None:
        """What a column did in stretches of time of the training; None where nothing orders its rows."""
        return None if self.bundle.chunks is None else self.bundle.chunks.of(column)

    @property
    def in_time(self) -> bool:
        """Whether neighbouring rows of the training have something in common."""
        return self.bundle.chunks is not None
