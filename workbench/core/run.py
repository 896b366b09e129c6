"""A run: one training. It is an MLflow run, and everything about it can be read back from there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from workbench.core.chunks import Chunks
from workbench.core.claim import Claim, scores_hash
from workbench.core.contract import Contract, Task
from workbench.core.cost import Cost
from workbench.core.evaluation import Evaluation
from workbench.core.finding import Finding
from workbench.core.group_choices import choices
from workbench.core.late import late
from workbench.core.literals import Code, call
from workbench.core.metric import Metric
from workbench.core.profile import Profile
from workbench.core.reference_predictions import Reference
from workbench.core.result import Result
from workbench.core.thresholds import Confusion, Thresholds
from workbench.core.uncertainty import Uncertainty
from workbench.errors import BadParameter, Refused

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray
    from sklearn.pipeline import Pipeline

    from workbench.core.counterfactual import Counterfactuals
    from workbench.core.effect import Effect, JointEffect
    from workbench.core.estimation import Estimation
    from workbench.core.fairness import Fairness
    from workbench.core.pair_effects import PairEffects
    from workbench.core.path import DecisionPath
    from workbench.core.said_words import SaidWords
    from workbench.core.seen_rows import SeenRows
    from workbench.core.slices import Slices
    from workbench.core.surrogate import Surrogate
    from workbench.explanation.what_if import WhatIf

    Folds = tuple[tuple[NDArray[np.intp], NDArray[np.intp]], ...]

SplitKind = Literal["time", "group", "random", "given"]
# Rows of the hold-out whose answers bind a run's scores to its pipeline.
BOUND = 20
# What is made of a column that is not taken as it is.
MADE = {
    "words": "by its words, and two in a row",
    "levels": "by the mean of the target for each value",
    "words and levels": "by its words, and the mean of the target for each value",
    "numbers and levels": "by the number in it, and the mean of the target for each value",
    "numbers and categories": "by the number in it, and as a category",
}


@dataclass(frozen=True)
class Candidate:
    """One row of the leaderboard.

    Parameters
    ----------
    name : str
        ``baseline``, ``linear``, ``boosting``, ``forest``.
    run_id : str
        Its MLflow run.
    metrics : tuple of Metric
        Validated, the deciding one first.
    parameters : dict
        What it was fitted with, plain JSON.
    seconds : float
        CPU seconds of its validation and fit.
    tied : bool
        Whether the best one scores no better than it by more than chance: on the same rows, nine times in ten.
    """

    name: str
    run_id: str
    metrics: tuple[Metric, ...]
    parameters: dict[str, Any] = field(default_factory=dict)
    seconds: float = 0.0
    tied: bool = False

    @classmethod
    def from_dict(cls, content: dict[str, Any]) -> Candidate:
        """Read what ``dataclasses.asdict`` wrote."""
        return cls(**{**content, "metrics": tuple(Metric.from_dict(m) for m in content["metrics"])})


@dataclass(frozen=True)
class Tried:
    """A setting that was tried.

    Parameters
    ----------
    name : str
        Of the candidate.
    settings : dict
        Its hyper-parameters.
    metrics : tuple of Metric
        Of all validated rows; none where it was not validated to the end.
    seconds : float
        CPU seconds.
    told : str
        What became of it.
    failed : bool
        Whether it could not be fitted.
    """

    name: str
    settings: dict[str, Any]
    metrics: tuple[Metric, ...]
    seconds: float
    told: str
    failed: bool = False

    @classmethod
    def from_dict(cls, content: dict[str, Any]) -> Tried:
        """Read what ``dataclasses.asdict`` wrote."""
        return cls(**{**content, "metrics": tuple(Metric.from_dict(m) for m in content["metrics"])})


@dataclass(frozen=True)
class Split:
    """How the score was found.

    Parameters
    ----------
    kind : {"time", "group", "random", "given"}
        *time*: each part is validated on what came after it. *given*: the hold-out came with an adopted pipeline.
    folds : int
        Parts of the validation.
    train_rows, holdout_rows : int
        Rows that candidates were chosen on, and later (or drawn) rows that were only scored at the end.
    column : str, optional
        The time or group column.
    boundary : str, optional
        Where the hold-out begins, for *time*.
    reason : str
        Why this split, in one sentence.
    found : bool
        Whether it follows from evidence: nobody said so.
    """

    kind: str
    folds: int
    train_rows: int
    holdout_rows: int
    column: str | None = None
    boundary: str | None = None
    reason: str = ""
    found: bool = False


@dataclass(frozen=True)
class Run(Result):
    """One training and its best candidate. Made by :func:`workbench.train` and :func:`workbench.adopt`.

    Parameters
    ----------
    id : str
        MLflow run id of the training (the parent; candidates are its children).
    task : {"binary", "multiclass", "regression"}
        Set by the target.
    contract : Contract
        The table it was trained on, with usual ranges and categories *of the training rows*.
    features : tuple of str
        Columns that the model uses.
    left_out : dict of str to str
        Columns that it does not use, with the reason.
    classes : tuple
        Labels in the order of the probabilities (binary: the second is the positive one); empty for a regression.
    candidates : tuple of Candidate
        Best first.
    metrics : tuple of Metric
        Of the best candidate on the hold-out, with 90% intervals, the deciding one first.
    split : Split
        How the scores were found.
    fingerprint, source : str
        Of the dataset.
    seed : int
        Of everything random.
    threshold : float, optional
        Binary: probability from which on the positive class is answered, in (0, 1).
    pipeline : sklearn.pipeline.Pipeline
        Fitted on all rows, or as it was adopted; takes the raw feature columns.
    profile : Profile
        Of the training rows: the reference for monitoring. It also profiles ``prediction``: what models that had not
        seen a row answered for it.
    reference : Reference, optional
        Which predictions those are. None in runs of older versions.
    chunks : Chunks, optional
        The training rows by chunks of time; None where nothing orders them, and in runs of older versions.
    holdout : pandas.DataFrame
        Rows that were held out (at most 20,000, the latest): features, target, id and time columns.
    background : pandas.DataFrame, optional
        Features of some rows that the pipeline was fitted on (at most 1,000, drawn at random): what a column is when it
        is not known, for explanations. Sensitive columns are shuffled, each by itself, so no row is anybody's. None in
        runs of older versions.
    findings : tuple of Finding
        About the training.
    answers : tuple of float
        What the pipeline answers for the first rows of the hold-out, as :func:`first_answers` has them. Empty in runs
        of older versions.
    claim : Claim, optional
        Binds the scores to the pipeline that they are of; none in runs of older versions.
    at_random : tuple of Metric
        What the same candidate would have scored on rows drawn at random, where the split is another: the promise that
        time or groups break.
    asked : dict
        What the training was asked for, as :func:`workbench.train` takes it, with the settings that it tried; empty in
        runs of older versions, and where somebody's own estimator or score was part of it.
    evaluation : Evaluation, optional
        How the kept candidate answered the hold-out: what curves, calibration and worst groups are drawn from. None in
        runs of older versions.
    trials : tuple of Tried
        All settings that were tried, those of the leaderboard last; empty in runs of older versions.
    held : float array, optional
        What the kept candidate answered for the rows of ``holdout`` before it had seen them, shape (n,), or of several
        classes (n, classes). None in runs of older versions.
    chosen : tuple of str
        Where somebody chose the candidate, by :meth:`choose`: all whose score on the hold-out is known by now, this one
        last. Else empty.
    costs : dict of str to Cost
        What each candidate costs when it ships, by its name; without those that were not measured. Milliseconds are of
        the machine that trained, and no part of what a run claims.
    made : dict of str to {"words", "levels", "words and levels", "numbers and levels", "numbers and categories"}
        What was made of texts and categories of many levels, by column; others are taken as they are. Empty in runs of
        older versions.
    uncertainty : Uncertainty, optional
        Intervals or sets that hold the truth of nine in ten rows. None where there are too few rows, and in runs of
        older versions.
    unweighted : tuple of Metric
        Where rows have weights: the scores of the hold-out with each row counted the same, as a service sees rows, so
        what monitoring compares with. Else empty.
    tables : str, optional
        Hash of the tables that are kept in place of a pipeline of types that only a pickle could keep.
    folds : tuple of (int array, int array)
        Rows that candidates were fitted on, and rows that were scored, fold by fold: their positions among those with a
        target. Empty in runs of older versions, and where nothing was validated here.
    thirds : tuple of (int array, int array)
        Where the kept candidate has a calibrator: the rows on which that was fitted, three pairs a fold, as positions
        among the fold's rows to fit on. Else empty.
    loss : str, optional
        Regression: what our candidates were fitted by, as :func:`workbench.train` takes it but for ``auto``; none of an
        adopted pipeline, and in runs of older versions.
    unfitted : dict of str to sklearn.pipeline.Pipeline
        Candidates by their names that are not ours as they are, not fitted: somebody's own, and the calibrated one. Of
        a run that is read back, those that could be kept.
    estimation : Estimation, optional
        How its score is told without labels; None where too few rows were validated, and in runs of older versions.
    losses : dict of str to CompiledModel
        Regression: what the loss of a row is expected to be, by the score that it makes.
    seen : SeenRows, optional
        What tells the rows that it was trained on; None in runs of older versions.
    beside : dict of str to object
        What was made of it later and is kept beside it: ``fairness``.
    """

    id: str
    task: Task
    contract: Contract
    features: tuple[str, ...]
    left_out: dict[str, str]
    classes: tuple[Any, ...]
    candidates: tuple[Candidate, ...]
    metrics: tuple[Metric, ...]
    split: Split
    fingerprint: str
    source: str
    seed: int
    threshold: float | None
    created: str
    findings: tuple[Finding, ...] = ()
    answers: tuple[float, ...] = ()
    at_random: tuple[Metric, ...] = ()
    asked: dict[str, Any] = field(default_factory=dict)
    claim: Claim | None = None
    evaluation: Evaluation | None = None
    uncertainty: Uncertainty | None = None
    trials: tuple[Tried, ...] = ()
    chosen: tuple[str, ...] = ()
    costs: dict[str, Cost] = field(default_factory=dict, compare=False)
    loss: str | None = None
    made: dict[str, str] = field(default_factory=dict)
    unweighted: tuple[Metric, ...] = ()
    reference: Reference | None = None
    tables: str | None = field(default=None, compare=False)
    chunks: Chunks | None = field(default=None, repr=False, compare=False)
    pipeline: Pipeline = field(default=None, repr=False, compare=False)
    profile: Profile = field(default=None, repr=False, compare=False)  # type: ignore[assignment]
    holdout: pd.DataFrame = field(default=None, repr=False, compare=False)  # type: ignore[assignment]
    background: pd.DataFrame | None = field(default=None, repr=False, compare=False)
    held: NDArray[np.float64] | None = field(default=None, repr=False, compare=False)
    folds: Folds = field(default=(), repr=False, compare=False)
    thirds: Folds = field(default=(), repr=False, compare=False)
    unfitted: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)
    estimation: Estimation | None = field(default=None, repr=False, compare=False)
    losses: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)
    seen: SeenRows | None = field(default=None, repr=False, compare=False)
    beside: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)

    noun: ClassVar[str] = "run"

    @property
    def read_as(self) -> dict[str, str]:
        """What was made of texts and categories of many levels, in words."""
        return {name: MADE[made] for name, made in self.made.items() if name in self.features}

    @property
    def usual(self) -> pd.DataFrame:
        """Features of rows that stand for all others in explanations: the background, or what was held out."""
        return self.holdout[list(self.features)] if self.background is None else self.background

    @property
    def fairness(self) -> Fairness | None:
        """How groups of its hold-out are answered, as :func:`workbench.fairness` told last; None where it has not.

        None as well where that was by another threshold.

        Examples
        --------
        >>> import workbench as wb
        >>> run = wb.train("churn.csv", target="Churn", candidates=["linear"])
        >>> fair = wb.fairness(run, "Contract")
        >>> run.fairness == fair, wb.run(run.id).fairness == fair, run.decide(0.3).fairness
        (True, True, None)
        """
        found = self.beside.get("fairness")
        return found if found is not None and found.is_of(self) else None

    @property
    def best(self) -> Candidate:
        """The candidate that was kept."""
        return self.candidates[0]

    def bound(self) -> Run:
        """The same run, its scores bound to the pipeline that it holds: for whoever has just scored that one."""
        model = _digest(self.pipeline)
        return replace(self, claim=Claim(model, self._scores_hash(model)))

    def checked(self) -> Run:
        """The run itself, if its scores are of the pipeline that it holds.

        Raises
        ------
        Refused
            If the pipeline was exchanged or changed since it was scored, or the scores were. Runs of older versions,
            which say nothing of it, pass.
        """
        if self.claim is None or self.pipeline is None:
            return self
        if _digest(self.pipeline) != self.claim.model:
            raise Refused(
                "The run's scores are of another pipeline than the one it holds: that one was exchanged, or changed "
                f"since it was scored. Take the run as it was made, {_kept(self)}, or score the pipeline as it is now: "
                "wb.adopt(run.pipeline, data)."
            )
        if self._scores_hash(self.claim.model) != self.claim.scores:
            raise Refused(
                "The scores, columns or split that the run tells of are not those that its pipeline was scored with: "
                f"they were exchanged or changed. Take the run as it was made, {_kept(self)}."
            )
        return self

    def with_tables(self, tabled: Any) -> Run:
        """The run that was read back with its tables in place of a pipeline that could not be kept, bound to these.

        Raises
        ------
        Refused
            If the tables, or what the run tells of its pipeline, are not what was written.
        """
        same_scores = self.claim is None or self._scores_hash(self.claim.model) == self.claim.scores
        if _digest(tabled) != self.tables or not same_scores:
            raise Refused(
                f"The tables or the scores of the run {self.id} are not those that were written: they were exchanged "
                "or changed. Train it again: wb.train(…)."
            )
        return replace(self, pipeline=tabled).bound()

    def _scores_hash(self, model: str) -> str:
        told = ("id", "fingerprint", "task", "classes", "features", "candidates", "metrics", "split", "at_random")
        parts = {name: getattr(self, name) for name in (*told, "evaluation", "uncertainty", "loss")}
        parts["unweighted"] = self.unweighted or None
        parts["chosen"] = self.chosen or None
        return scores_hash(model, **{name: part for name, part in parts.items() if part is not None})

    def confusion(self) -> Confusion | None:
        """Two classes: how the hold-out is answered at the threshold; None for other tasks and older runs."""
        counted = self.evaluation and self.evaluation.thresholds
        return counted.confusion(self.threshold) if counted and self.threshold is not None else None

    def decide(self, threshold: str | float) -> Run:
        """Answer the second class by another rule: the same model and scores, with another threshold.

        The threshold is chosen on the validated rows, so the hold-out still tells what to expect of it:
        :meth:`confusion`. What :func:`workbench.package` makes of the new run decides by it.

        Parameters
        ----------
        threshold : str or float
            ``"f1"``, ``"recall >= 0.9"``, ``"precision >= 0.8"``, ``"top 5%"`` of the rows, ``"cost 1:10"`` (a false
            alarm costs 1, a missed one 10), or the threshold itself, in (0, 1).
            :meth:`workbench.core.thresholds.Thresholds.chosen` says what each does.

        Raises
        ------
        BadParameter
            If the run has no two classes, is of a version that kept no counts, the rule is none, or no threshold
            fulfils it.

        Examples
        --------
        >>> import workbench as wb
        >>> run = wb.train("churn.csv", target="Churn", candidates=["linear"])
        >>> careful = run.decide("recall >= 0.9")
        >>> careful.threshold < run.threshold
        True
        >>> careful.confusion().recall > 0.8
        True
        """
        chosen = self._validated().chosen(str(threshold))
        if chosen is None:
            raise BadParameter(
                f"No threshold fulfils {threshold!r} on the validated rows. Ask for less, or for the most that there "
                'is: run.decide("f1").'
            )
        asked = self.asked and {**self.asked, "threshold": str(threshold)}
        return replace(self, threshold=chosen, asked=asked, beside={})

    def choose(self, candidate: str, *, data: Any = None) -> Run:
        """Keep another candidate of the leaderboard: it is scored on the same hold-out and fitted on all rows.

        A simpler or cheaper one than the best, say: :attr:`costs` has what each costs when it ships. Choose by the
        validated scores of the leaderboard. Whoever chooses several times and takes the best score on the hold-out has
        one that flatters; a finding (WB220) counts them. Its threshold and intervals are of its own validated rows.

        Parameters
        ----------
        candidate : str
            Name of the row.
        data : Dataset, or a path, frame, query or other table, optional
            What it was trained on; by default the file that it was read from.

        Returns
        -------
        Run
            A run of its own in MLflow, with the same leaderboard, split and hold-out. The run itself where it is the
            best already.

        Raises
        ------
        BadParameter
            If there is no such candidate, its estimator or its score were not kept, or the data or what comes of them
            are others than those of the training.
        BadTable
            If the file that it was trained on is gone.

        Examples
        --------
        >>> import workbench as wb
        >>> run = wb.train("churn.csv", target="Churn", candidates=["baseline", "linear"])
        >>> run.choose("baseline").best.name
        'baseline'
        """
        return late("Run.choose")(self, candidate, data=data)

    def _validated(self) -> Thresholds:
        if self.task != "binary":
            raise BadParameter(f"A threshold decides between two classes; this run is a {self.task} one.")
        if self.evaluation is None or self.evaluation.validated is None:
            raise BadParameter(
                "This run kept no counts of validated rows: it is of an older version, or of a pipeline that was "
                "adopted with a hold-out. Train again, wb.train(data), or adopt it without."
            )
        return self.evaluation.validated

    def headline(self) -> str:
        """Best candidate and its score in one line."""
        return f"{self.best.name}: {self.metrics[0]} on {self.split.holdout_rows:,} held-out rows"

    def results(self) -> dict[str, Any]:
        """The scores of the hold-out, the best candidate, the validated scores of all, and the threshold."""
        candidates = {one.name: {m.name: m.value for m in one.metrics} for one in self.candidates}
        told = {"metrics": {m.name: m.value for m in self.metrics}, "best": self.best.name, "candidates": candidates}
        return told if self.threshold is None else {**told, "threshold": self.threshold}

    def origin(self) -> dict[str, Any]:
        """Where the table came from, its fingerprint, and the seed."""
        return {"source": self.source, "fingerprint": self.fingerprint, "seed": self.seed}

    def record(self) -> dict[str, Any]:
        """The short record, with the columns whose groups may be compared: what the panel offers."""
        return {**super().record(), "groups": choices(self.contract)._asdict()}

    def as_parameter(self) -> str:
        """Its id."""
        return self.id

    def frame(self) -> pd.DataFrame:
        """The leaderboard: one row a candidate, one column a metric (validated), and what it costs."""
        rows = [
            {
                "candidate": c.name, **{m.name: m.value for m in c.metrics}, "cpu_seconds": c.seconds,
                **({} if c.name not in self.costs else self.costs[c.name].told()),
            }
            for c in self.candidates
        ]  # fmt: skip
        return self._frame(rows).set_index("candidate")

    def reweighed(self, fairness: Fairness, *, data: Any = None) -> NDArray[np.float64]:
        """Fit the kept candidate anew on rows whose weights make group and outcome independent; answer the hold-out.

        With the settings that it has, on the rows that it was scored by, so that what it answers is of rows that it has
        not seen. Nothing is kept of it: ``wb.train(fairness.reweigh(data))`` makes a run.

        Parameters
        ----------
        fairness : Fairness
            Which groups.
        data : Dataset, or another table, optional
            What it was trained on; by default the file that it was read from.

        Returns
        -------
        float array, shape (n,) or (n, classes)
            Of the rows of ``holdout``, as ``held`` has them.

        Raises
        ------
        BadParameter
            If the data or what comes of them are others than those of the training, or it was not validated here.
        BadTable
            If the file that it was trained on is gone.

        Examples
        --------
        >>> import workbench as wb
        >>> run = wb.train("churn.csv", target="Churn", candidates=["linear"])
        >>> run.reweighed(wb.fairness(run, "Contract", why=False)).shape == run.held.shape
        True
        """
        return late("Run.reweighed")(self, fairness, data=data)

    def slices(
        self, by: str | Sequence[str] | None = None, *, bins: Mapping[str, Sequence[float]] | None = None
    ) -> Slices:
        """How the model answers parts of the hold-out: score, size, and the difference to the rest.

        Each slice has its score with an interval, its mean loss, and by how much that differs from the loss of all
        other rows, with a p-value that is corrected for all slices that were looked at (Holm). Slices of fewer than ten
        rows are told together. Columns whose values are masked are refused.

        Parameters
        ----------
        by : str or sequence of str, optional
            A column, or several that are crossed; by default each feature by itself.
        bins : mapping of str to sequence of float, optional
            Where a number's parts begin, rising; by default its quarters, or its values where they are few.

        Returns
        -------
        Slices
            Shows itself, column by column; ``wb.package(run, name=…, slices=…)`` puts it on the card.

        Raises
        ------
        BadParameter
            If a column's values must not be told, bins do not rise or are of no number, or the run kept no predictions.
        ColumnNotFound
            If a column is not among the rows that the run kept.

        Examples
        --------
        >>> import workbench as wb
        >>> run = wb.train("churn.csv", target="Churn", candidates=["linear"])
        >>> run.slices("tenure", bins={"tenure": [24]}).frame()["value"].tolist()
        ['below 24', '24 and more']
        """
        return late("Run.slices")(self, by, bins=bins)

    def what_if(self, label: Any = None) -> WhatIf:
        """Rows that somebody makes up, and what the model answers about them at once, with its reasons.

        Parameters
        ----------
        label : object, optional
            The class that is explained: of two the second by default, of more the one that is answered.

        Returns
        -------
        WhatIf
            ``ask(row)`` gives prediction, probability, reasons and flags; ``controls`` says what may be turned.

        Raises
        ------
        BadParameter
            If there is no such class, or the run kept no hold-out.
        Refused
            If the run's scores are of another pipeline than the one it holds.

        Examples
        --------
        >>> import workbench as wb
        >>> what_if = wb.train("churn.csv", target="Churn", candidates=["linear"]).what_if()
        >>> what_if.ask({**what_if.usual(), "tenure": 70}).prediction
        'No'
        """
        return late("Run.what_if")(self, label)

    def counterfactuals(
        self,
        row: Mapping[str, Any] | int,
        wanted: Any = None,
        *,
        immutable: Iterable[str] = (),
        mutable: Iterable[str] = (),
        monotone: Mapping[str, Literal["up", "down"]] | None = None,
        n: int = 3,
        most: int = 3,
    ) -> Counterfactuals:
        """What would have to be different for another answer: the fewest changes first, then the nearest.

        Only values that the hold-out's rows have are proposed, within the contract's range, and none that excludes
        another one of the row: values that many rows would share by chance alone, and none does. Each way changes other
        columns than the ways before it. The fitted pipeline itself is asked about each.

        Parameters
        ----------
        row : mapping, or int
            Every feature and its value, as JSON has them; or the position of a row in the hold-out.
        wanted : object, optional
            The label; by default the other class, of more than two the second most probable one. Of a regression the
            lowest and the highest number, ``(200_000, None)``, None where that end is open.
        immutable : sequence of str
            Columns that must stay, beside those that do by themselves: sensitive ones, those that name or order rows,
            moments and free text.
        mutable : sequence of str
            Of the latter, those that may change all the same.
        monotone : mapping of str to {"up", "down"}, optional
            Numbers and moments that may only grow, or only fall, such as ``{"age": "up"}``.
        n : int
            Ways to find, from 1 to 20.
        most : int
            Columns that may change at once, from 1 to 5.

        Returns
        -------
        Counterfactuals
            Its ``found`` is empty where there is no way; ``nearest`` says how far the best one gets.

        Raises
        ------
        BadParameter
            If the wanted answer is given already, is no class or no range, or a rule is none.
        BadRow
            If the row breaks the contract.
        ColumnNotFound
            If a rule names a column that is no feature.
        Refused
            If the run's scores are of another pipeline than the one it holds.

        Examples
        --------
        >>> import workbench as wb
        >>> run = wb.train("churn.csv", target="Churn", candidates=["linear"])
        >>> customer = {"tenure": 2, "Contract": "monthly", "MonthlyCharges": 80.0}
        >>> ways = run.counterfactuals(customer, monotone={"tenure": "up"})
        >>> ways.wanted, ways.found[0].prediction
        ('No', 'No')
        """
        return late("Run.counterfactuals")(
            self, row, wanted, immutable=immutable, mutable=mutable, monotone=monotone, n=n, most=most
        )

    def effect(
        self, column: str, beside: str | None = None, *, label: Any = None, rows: int = 500, points: int = 30
    ) -> Effect | JointEffect:
        """What the model answers along a column, or two: partial dependence, single rows, accumulated local effects.

        Parameters
        ----------
        column : str
            A feature.
        beside : str, optional
            A second one: both together, as a table.
        label : object, optional
            The class whose probability is told: of two the second by default, of more the one predicted most often.
        rows : int
            Of the hold-out to look at, drawn at random, at least 2.
        points : int
            Of the grid, at least 2: at quantiles of a number, so that as many rows lie between each two.

        Returns
        -------
        Effect or JointEffect
            The second where ``beside`` is given.

        Raises
        ------
        BadParameter
            If there is no such class, a number is out of its range, or the column is free text or has one value only.
        ColumnNotFound
            If a column is no feature.
        Refused
            If the run's scores are of another pipeline than the one it holds.

        Examples
        --------
        >>> import workbench as wb
        >>> run = wb.train("churn.csv", target="Churn", candidates=["linear"])
        >>> along = run.effect("tenure")
        >>> bool(along.pdp[0] > along.pdp[-1]), bool(along.ale[0] > along.ale[-1])
        (True, True)
        >>> run.effect("tenure", "Contract").pdp.shape
        (15, 2)
        """
        return late("Run.effect")(self, column, beside, label=label, rows=rows, points=points)

    def interactions(self, columns: Iterable[str] | None = None, *, label: Any = None, rows: int = 100) -> PairEffects:
        """How much each two columns do together that neither does alone: Friedman's H, of any model.

        Parameters
        ----------
        columns : sequence of str, optional
            Two features or more; by default the eight that move the answers most.
        label : object, optional
            The class whose probability is told: of two the second by default, of more the one predicted most often.
        rows : int
            Of the hold-out, drawn at random, at least 20: each is asked about with the two values of each other one.

        Returns
        -------
        PairEffects
            Size, in the unit of the answers, and share, of each pair.

        Raises
        ------
        BadParameter
            If there is no such class, fewer than two columns, or a number is out of its range.
        ColumnNotFound
            If a column is no feature.
        Refused
            If the run's scores are of another pipeline than the one it holds.

        References
        ----------
        Friedman, J. and Popescu, B. (2008), Predictive learning via rule ensembles, section 8.1.

        Examples
        --------
        >>> import workbench as wb
        >>> run = wb.train("churn.csv", target="Churn", candidates=["linear"])
        >>> together = run.interactions(["tenure", "Contract"])
        >>> together.columns, bool(together.size[0, 1] < 0.1)
        (('tenure', 'Contract'), True)
        """
        return late("Run.interactions")(self, columns, label=label, rows=rows)

    def lime(
        self,
        row: Mapping[str, Any] | int,
        *,
        label: Any = None,
        samples: int = 2000,
        width: float | None = None,
        seed: int = 0,
    ) -> Surrogate:
        """A straight line that stands for the model near one row, and how far it may be believed.

        Parameters
        ----------
        row : mapping, or int
            Every feature and its value, as JSON has them; or the position of a row in the hold-out.
        label : object, optional
            The class whose probability is followed: of two the second by default, of more the most probable one.
        samples : int
            Rows to fit the line on, and as many to check it on; at least 100.
        width : float, optional
            Of the kernel, above 0; by default 0.75 times the root of the number of columns. Narrower is more local.
        seed : int
            Of the rows.

        Returns
        -------
        Surrogate
            Weights by original column, and the fidelity.

        Raises
        ------
        BadParameter
            If there is no such class or row, or a number is out of its range.
        BadRow
            If the row breaks the contract.
        Refused
            If the run's scores are of another pipeline than the one it holds.

        Examples
        --------
        >>> import workbench as wb
        >>> run = wb.train("churn.csv", target="Churn", candidates=["linear"])
        >>> near = run.lime({"tenure": 2, "Contract": "monthly", "MonthlyCharges": 80.0})
        >>> near.weights["tenure"] < 0, near.fidelity > 0.7
        (True, True)
        """
        return late("Run.lime")(self, row, label=label, samples=samples, width=width, seed=seed)

    def words(self, row: Mapping[str, Any] | int, column: str | None = None, *, label: Any = None) -> SaidWords:
        """What each word of a text adds to the prediction of a row.

        Parameters
        ----------
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

        Examples
        --------
        >>> import pandas as pd, workbench as wb
        >>> how, what, who = ("late", "broken", "fine", "lovely"), ("box", "door", "cup"), ("Anna", "Bert", "Carl")
        >>> said = [f"{a} {b} of {c}, no {k}" for k in range(8) for c in who for b in what for a in how]
        >>> back = [("late" in note or "broken" in note) != (i % 7 == 0) for i, note in enumerate(said)]
        >>> run = wb.train(wb.dataset(pd.DataFrame({"note": said, "back": back}), target="back"), candidates=["linear"])
        >>> told = run.words({"note": "It came late, as ever"})
        >>> told.words[0].word, told.words[0].added > 0
        ('late', True)
        """
        return late("Run.words")(self, row, column, label=label)

    def decision_path(self, row: Mapping[str, Any] | int) -> DecisionPath:
        """The conditions that one row meets on its way through all trees: within them its answer stays as it is.

        Parameters
        ----------
        row : mapping, or int
            Every feature and its value, as JSON has them; or the position of a row in the hold-out.

        Returns
        -------
        DecisionPath
            One condition a column: all tests on it together, as an interval or a set of categories.

        Raises
        ------
        BadParameter
            If there is no such row.
        BadRow
            If the row breaks the contract.
        Refused
            If the model is not made of trees alone, or the run's scores are of another pipeline than the one it holds.

        Examples
        --------
        >>> import workbench as wb
        >>> run = wb.train("churn.csv", target="Churn", candidates=["forest"], trials=1)
        >>> path = run.decision_path(0)
        >>> [condition.column for condition in path.conditions]
        ['tenure', 'Contract', 'MonthlyCharges']
        """
        return late("Run.decision_path")(self, row)

    def to_notebook(self, path: str | Path, candidate: str | None = None, *, data: Any = None) -> Path:
        """Write a row of the leaderboard as a notebook of plain scikit-learn and LightGBM, which finds its score again.

        The notebook imports nothing of Workbench: it reads the table with pandas, makes the same folds, fits the same
        pipeline on each, and compares what it scores with the leaderboard. What pandas or scikit-learn can't say in
        code lies beside it, in files of its name: ``.rows.parquet`` with the rows, ``.folds.parquet`` with the folds.

        Parameters
        ----------
        path : str or Path
            Of the notebook, with the ending ``.ipynb``.
        candidate : str, optional
            Name of the row; the best by default.
        data : Dataset, or a path, frame, query or other table, optional
            What it was trained on; by default the file that it was read from.

        Returns
        -------
        Path
            Of the notebook.

        Raises
        ------
        BadParameter
            If there is no such candidate, its estimator can't be written as code, the data is another than that of the
            training, or a notebook at this path was edited.
        BadTable
            If the file that it was trained on is gone.

        Examples
        --------
        >>> import workbench as wb
        >>> run = wb.train("churn.csv", target="Churn", candidates=["baseline", "linear"])
        >>> run.to_notebook("linear.ipynb").name
        'linear.ipynb'
        """
        return late("Run.to_notebook")(self, path, candidate, data=data)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON data; pipeline, profile, hold-out and folds are files of the MLflow run."""
        return {
            "id": self.id,
            "task": self.task,
            "contract": self.contract.to_dict(),
            "features": list(self.features),
            "left_out": self.left_out,
            "classes": list(self.classes),
            "candidates": [asdict(c) for c in self.candidates],
            "metrics": [asdict(m) for m in self.metrics],
            "split": asdict(self.split),
            "at_random": [asdict(m) for m in self.at_random],
            "unweighted": [asdict(m) for m in self.unweighted],
            "fingerprint": self.fingerprint,
            "source": self.source,
            "seed": self.seed,
            "threshold": self.threshold,
            "created": self.created,
            "findings": [asdict(f) for f in self.findings],
            "answers": list(self.answers),
            "asked": self.asked,
            "tables": self.tables,
            "claim": self.claim and asdict(self.claim),
            "evaluation": self.evaluation and self.evaluation.to_dict(),
            "uncertainty": self.uncertainty and self.uncertainty.to_dict(),
            "trials": [asdict(one) for one in self.trials],
            "chosen": list(self.chosen),
            "costs": {name: asdict(cost) for name, cost in self.costs.items()},
            "loss": self.loss,
            "made": self.made,
            "reference": self.reference and asdict(self.reference),
        }

    @classmethod
    def from_dict(cls, content: dict[str, Any]) -> Run:
        """Read what :meth:`to_dict` wrote."""
        return cls(
            **{
                **content,
                "contract": Contract.from_dict(content["contract"]),
                "features": tuple(content["features"]),
                "classes": tuple(content["classes"]),
                "candidates": tuple(Candidate.from_dict(c) for c in content["candidates"]),
                "metrics": tuple(Metric.from_dict(m) for m in content["metrics"]),
                "split": Split(**content["split"]),
                "at_random": tuple(Metric.from_dict(m) for m in content.get("at_random", ())),
                "unweighted": tuple(Metric.from_dict(m) for m in content.get("unweighted", ())),
                "findings": tuple(Finding.from_dict(f) for f in content["findings"]),
                "answers": tuple(content.get("answers", ())),
                "asked": _listed_again(content.get("asked", {})),
                "claim": Claim(**content["claim"]) if content.get("claim") else None,
                "evaluation": (seen := content.get("evaluation")) and Evaluation.from_dict(seen),
                "uncertainty": (open_ := content.get("uncertainty")) and Uncertainty.from_dict(open_),
                "trials": tuple(Tried.from_dict(one) for one in content.get("trials", ())),
                "chosen": tuple(content.get("chosen", ())),
                "costs": {name: Cost(**cost) for name, cost in content.get("costs", {}).items()},
                "reference": (told := content.get("reference")) and Reference.from_dict(told),
            }
        )


def _digest(pipeline: Any) -> str:
    from workbench.storage.model_digest import digest

    return digest(pipeline)


def _kept(run: Run) -> Code:
    return call("wb.run", run.id)


def _listed_again(asked: dict[str, Any]) -> dict[str, Any]:
    """JSON has lists where the step has tuples."""
    return {name: tuple(value) if isinstance(value, list) else value for name, value in asked.items()}


def first_answers(pipeline: Pipeline, holdout: pd.DataFrame, features: Sequence[str], task: Task) -> tuple[float, ...]:
    """What a fitted pipeline answers for the first rows of a hold-out, at most :data:`BOUND`.

    Parameters
    ----------
    pipeline : sklearn.pipeline.Pipeline
    holdout : pandas.DataFrame
    features : sequence of str
        Columns that it takes.
    task : {"binary", "multiclass", "regression"}

    Returns
    -------
    tuple of float
        A number a row; of classes their probabilities, row after row.
    """
    rows = holdout[list(features)].head(BOUND)
    predicted = pipeline.predict(rows) if task == "regression" else pipeline.predict_proba(rows)
    return tuple(float(value) for value in predicted.ravel())
