"""From a table to its profile."""

from __future__ import annotations

import math
from collections.abc import Container, Iterable
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

import polars as pl
from threadpoolctl import threadpool_limits

from workbench.core.contract import NUMERIC, Column, Contract, Kind, Role, Task
from workbench.core.dataset import Dataset
from workbench.core.finding import Finding, sort
from workbench.core.nouns import expect_or_none
from workbench.core.parameters import DatasetStep, ProfileStep, checked_value, take
from workbench.core.profile import Association, ColumnProfile, Profile
from workbench.core.progress import Tracker, progress
from workbench.errors import BadTable, ColumnNotFound
from workbench.profiling.associations import (
    associations,
    missing_together,
    missing_together_in,
    target_scores,
    target_views,
)
from workbench.profiling.findings import Context, find
from workbench.profiling.findings.context import Gaps, SampledGaps
from workbench.profiling.memory import fitting
from workbench.profiling.pairs import WIDE
from workbench.profiling.saved import saved
from workbench.profiling.scan import Plan, Scanned, TableScan, merged, scan
from workbench.profiling.statistics import column_profile, column_state, merge_states, told_kind, without_values
from workbench.profiling.weighted import weighted
from workbench.reading.again import Again
from workbench.reading.column_findings import findings_of
from workbench.reading.columns import AGAIN
from workbench.reading.door import roles_asked, with_roles
from workbench.reading.files import BLOCK
from workbench.reading.read_columns import in_unit
from workbench.reading.sensitive import set_apart
from workbench.reading.source import Source, values_of
from workbench.reading.sources import from_pandas, source_of
from workbench.reading.tasks import Seen, categorical_columns, check_task, check_time, infer_task
from workbench.reading.values import read

if TYPE_CHECKING:
    import pandas as pd


def profile(
    data: Any,
    *,
    bins: int = 20,
    target: str | None = None,
    task: str | None = None,
    time: str | None = None,
    weight: str | None = None,
    known_after: Iterable[str] = (),
    ignore: Iterable[str] = (),
    contract: Contract | None = None,
    memory_budget: str | float | None = None,
    show_sensitive: bool = False,
) -> Profile:
    """Look at a table: statistics of every column, what goes together, and what is to be known before training.

    Files, queries and frames pass by in chunks: no file is read whole, whatever its size.

    Parameters
    ----------
    data : Dataset, path, pandas or polars frame, Arrow table, query or Dask frame
        From :func:`workbench.dataset`, or anything that holds a table: a path or glob such as ``"2024/*.parquet"``
        (CSV, Parquet, Feather, JSON lines; local, or an fsspec URL), a frame, a :func:`workbench.query`.
    bins : int
        Bars of each histogram, 2 to 200.
    target, time : str, optional
        Column to predict, and column that orders the rows. A dataset gets the target that it lacks, and never others
        than it has.
    weight : str, optional
        Column that says how much a row counts, such as how many people it stands for: each column then has its mean,
        quantiles and shares by weight beside those of the rows (``profile["age"].weighted``, WB230). All else counts
        rows, comparisons and findings too: later rows come without weights.
    task : {"binary", "multiclass", "regression"}, optional
        What is predicted, where the target can be read in several ways, as :func:`workbench.dataset` takes it.
    known_after, ignore : iterable of str
        Columns known only after the moment of prediction, and columns to leave out of the findings.
    contract : Contract, optional
        An accepted contract: its kinds and roles are taken as they are.
    memory_budget : str or float, optional
        Bytes that profiling may take beyond what the process holds already, such as ``"512MB"``.
    show_sensitive : bool
        True: personal data is shown and kept in clear. By default it is masked before anything is shown or saved.

    Returns
    -------
    Profile
        Its ``findings`` come worst first, each with a cure that can be run; its ``contract`` is a proposal. Every
        estimate has its error beside it.

    Raises
    ------
    BadTable
        If the table can't be read or is empty.
    BadParameter
        If ``bins`` is out of its range, the budget is too small (the message says what would do), or a dataset has
        another target.
    ColumnNotFound
        If a named column is not in the table.

    Examples
    --------
    >>> import polars as pl
    >>> found = profile(pl.DataFrame({"year": [2013] * 30, "x": range(30)}))
    >>> found["x"].mean, [f.code for f in found.findings if f.column == "year"]
    (14.5, ['WB101'])
    """
    bins = take(ProfileStep, {"bins": bins}).bins
    asked = roles_asked(target=target, time=time, weight=weight, known_after=known_after, ignore=ignore)
    wanted: Task | None = checked_value(DatasetStep, "task", task)
    contract = expect_or_none(contract, Contract, "wb.profile(contract=…)")
    data = with_roles(data, **asked) if isinstance(data, Dataset) else data
    source = source_of(data)
    accepted = data.contract if isinstance(data, Dataset) else contract
    roles = _roles(source, **asked)
    chunk, kept = fitting(len(source.names), memory_budget)
    known = {} if accepted is None else accepted.by_name
    secret = frozenset(() if accepted is None else (c.name for c in accepted.columns if c.sensitive))
    plan = Plan(known, decimal=source.decimal, sensitive=secret, show=show_sensitive, bins=bins, chunk=chunk, kept=kept)
    # Small products of matrices: more threads would wait for each other longer than they work.
    one_thread = threadpool_limits(1, user_api="blas")
    with one_thread, progress("Profiling", total=_parts(source, chunk)) as tracker:
        seen = _scanned(source, plan, tracker)
        contract = accepted or _seen_contract(seen, source)
        agreed = _agreed(seen, contract, roles, wanted, categorical_columns(data))
        tracker.advance("what goes together")
        profiled = tell(seen, agreed, source.description, noticed=_noticed(data, source, seen, agreed, roles))
    return replace(profiled, fingerprint=data.fingerprint if isinstance(data, Dataset) else seen.digest())


def tell(
    seen: Scanned, contract: Contract, source: str, *, whole: bool = True, noticed: Iterable[Finding] = ()
) -> Profile:
    """The profile of what was seen.

    Parameters
    ----------
    seen : Scanned
    contract : Contract
        Roles, kinds and task of all columns.
    source : str
        Of the table, in words.
    whole : bool
        Whether the sample has all columns; False: what needs more of it is left out.
    noticed : iterable of Finding
        Of how the table was read.
    """
    columns = [
        replace(column_profile(seen.states[c.name], _as_seen(c, seen)), meaning=seen.meanings.get(c.name))
        for c in contract.columns
    ]
    sample = seen.typed_sample if seen.sample.rows is not None else None
    pairs, left_out = _pairs(seen, sample, contract)
    if sample is not None:
        scores, views = target_scores(sample, contract), target_views(sample, contract, seen.sensitive)
        columns = [replace(c, target=scores.get(c.name), by_target=views.get(c.name)) for c in columns]
        counted = weighted(columns, sample, contract.weight, seen.rows) if contract.weight else {}
        columns = [replace(c, weighted=counted.get(c.name)) for c in columns]
    duplicates, off = seen.hashes.duplicates()
    rows_at_hand = (sample, seen.sample.rows) if whole else (None, None)
    context = Context(
        tuple(columns), contract, seen.rows, pairs, duplicates, _gaps(seen, sample if whole else None), seen.equal(),
        sample=rows_at_hand[0], raw=rows_at_hand[1], pairs_left_out=left_out,
    )  # fmt: skip
    return Profile(
        rows=seen.rows,
        columns=tuple(columns),
        contract=propose(columns, contract, seen.sensitive),
        findings=sort([*noticed, *find(context)]),
        associations=pairs,
        pairs_left_out=left_out,
        source=source,
        duplicates=duplicates,
        duplicates_error=off,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        state=saved(seen),
    )


def _pairs(seen: Scanned, sample: pl.DataFrame | None, contract: Contract) -> tuple[tuple[Association, ...], int]:
    """What goes together, by values and by gaps, and the pairs of columns that were not looked at."""
    if len(seen.kinds) <= WIDE:
        gaps = missing_together(tuple(seen.kinds), seen.gaps, seen.rows)
    else:
        gaps = () if sample is None else missing_together_in(sample, seen.rows)
    if sample is None:
        return gaps, 0
    values, left_out = associations(sample, contract, seen.rows, seen.sums)
    return (*values, *gaps), left_out


def _gaps(seen: Scanned, sample: pl.DataFrame | None) -> Gaps | SampledGaps | None:
    """By all rows, or by the sample where the table is wide."""
    if len(seen.kinds) <= WIDE:
        return Gaps(tuple(seen.kinds), seen.gaps)
    if sample is None:
        return None
    return SampledGaps({n: values_of(sample, n).is_null().to_numpy() for n in sample.columns}, seen.rows)


def profile_columns(frame: pd.DataFrame, contract: Contract, *, bins: int = 20) -> tuple[ColumnProfile, ...]:
    """Statistics of a batch's columns alone, without associations and findings: quick.

    Parameters
    ----------
    frame : pandas.DataFrame
        Shape (rows, columns), typed as the contract says. Columns that the contract does not have are left out, and
        those that the frame does not have.
    contract : Contract
        What each column is. Columns marked sensitive are kept as hashes.
    bins : int
        Bars of each histogram.
    """
    return tuple(_alone(frame[c.name], c, bins) for c in contract.columns if c.name in frame)


def merge_columns(
    one: Iterable[ColumnProfile], other: Iterable[ColumnProfile], contract: Contract
) -> tuple[ColumnProfile, ...]:
    """The columns of the rows of both, as :func:`profile_columns` would have them of all rows at once.

    Parameters
    ----------
    one, other : iterable of ColumnProfile
        Of the same columns, in the same order.
    contract : Contract
        By which both were made.
    """
    pairs = [(a, b, contract[a.name]) for a, b in zip(one, other, strict=True)]
    return tuple(column_profile(merge_states(a.state, b.state), replace(column, kind=a.kind)) for a, b, column in pairs)


def propose(columns: Iterable[ColumnProfile], contract: Contract, sensitive: Iterable[str] = ()) -> Contract:
    """The contract with the ranges, categories and gaps that were seen."""
    seen, hidden = {c.name: c for c in columns}, set(sensitive)
    return replace(contract, columns=tuple(_proposed(c, seen[c.name], c.name in hidden) for c in contract.columns))


def _roles(source: Source, known_after: Iterable[str], ignore: Iterable[str], **single: str | None) -> dict[str, Role]:
    roles: dict[str, Role] = dict.fromkeys(ignore, "ignored")
    roles.update(dict.fromkeys(known_after, "known_after"))
    roles.update({name: role for role, name in single.items() if name is not None})  # type: ignore[misc]  # the keywords
    for name in roles:
        if name not in source.names:
            raise ColumnNotFound.named(name, source.names)
    return roles


def _parts(source: Source, chunk: int) -> int | None:
    """Chunks to come and one for the rest, where that is known."""
    if source.rows is not None:
        return -(-source.rows // chunk) + 1
    return None if source.size is None else source.size // BLOCK + 2


def _scanned(source: Source, plan: Plan, tracker: Tracker) -> Scanned:
    seen = _pass(source, plan, tracker)
    for _ in range(AGAIN):
        if not seen.again or not source.again:
            break
        # What began as numbers went on as words: the table is read once more, with these columns as what they are.
        plan = replace(plan, decisions={**plan.decisions, **seen.again})
        seen = _pass(source, plan, tracker)
    return seen


def _pass(source: Source, plan: Plan, tracker: Tracker) -> Scanned:
    if source.workers is not None:
        return source.workers(partial(_seen_part, names=source.names, plan=plan), merged)
    one = TableScan(source.names, plan)
    for chunk in source.chunks(plan.chunk):
        one.update(chunk)
        del chunk  # a part of what was read, which would stay while more is read
        tracker.advance(f"{one.rows:,} rows")
    if not one.rows:
        raise BadTable(f"The table has 0 rows and {len(source.names)} columns. Give one with at least one of each.")
    return one.finish()


def _seen_part(chunks: Iterable[pl.DataFrame], number: int, names: tuple[str, ...], plan: Plan) -> Scanned:
    """What a worker sees of its part."""
    small = (part for chunk in chunks for part in chunk.iter_slices(plan.chunk))
    return scan(small, names, replace(plan, seed=plan.seed + number))


def _seen_contract(seen: Scanned, source: Source) -> Contract:
    columns = (in_unit(_column(seen, name, kind), source.units.get(name)) for name, kind in seen.kinds.items())
    return Contract(tuple(columns), layout=source.layout)


def _agreed(
    seen: Scanned, accepted: Contract, roles: dict[str, Role], task: Task | None, categorical: Container[str]
) -> Contract:
    """The contract with roles and task."""
    agreed = replace(accepted, columns=tuple(c for c in accepted.columns if c.name in seen.kinds)).set_roles(roles)
    agreed = set_apart(agreed, seen.meanings)
    if agreed.time is not None:
        check_time(agreed, (value for value, _ in seen.states[agreed.time]["top"]))
    if agreed.target is None or (agreed.task is not None and task is None):
        return agreed
    one = column_profile(seen.states[agreed.target], agreed[agreed.target])
    if task is not None:
        return replace(agreed, task=check_task(task, one.name, one.kind, one.count, one.distinct))
    return replace(agreed, task=infer_task(Seen.of(one, one.name in categorical)))


def _column(seen: Scanned, name: str, kind: Kind | None) -> Column:
    form = seen.form(name)
    return Column(name, told_kind(seen.states[name], kind or "category"), unit=form.unit or None, form=form)


def _noticed(
    data: Any, source: Source, seen: Scanned, contract: Contract, roles: dict[str, Role]
) -> tuple[Finding, ...]:
    """What somebody should know of how the table was read."""
    if isinstance(data, Dataset):
        return data.findings
    given: dict[str, Any] = {role: name for name, role in roles.items() if role in ("target", "time")}
    again = Again(data if isinstance(data, str) else None, given)
    return (*source.notes(), *findings_of(seen.notes, contract, again, source.typed))


def _as_seen(column: Column, seen: Scanned) -> Column:
    """A number that holds personal data was looked at as text."""
    kind = seen.kinds[column.name]
    return replace(column, kind="text") if kind == "text" and column.kind in NUMERIC else column


def _alone(values: pd.Series, column: Column, bins: int) -> ColumnProfile:
    series, read_as = as_read(values, column)
    state = column_state(series, read_as, bins)
    return column_profile(without_values(state) if column.sensitive else state, replace(column, kind=read_as))


def as_read(values: pd.Series, column: Column) -> tuple[pl.Series, Kind]:
    """The values of a batch's column as a profile counts them, and what they are read as."""
    read_as: Kind = "text" if column.sensitive and column.kind in NUMERIC else column.kind
    plain = from_pandas(values.astype("str") if read_as != column.kind else values)
    return read(plain, read_as), read_as


def _proposed(column: Column, seen: ColumnProfile, sensitive: bool) -> Column:
    low, high, categories = column.minimum, column.maximum, column.categories
    if column.kind in NUMERIC and not seen.sensitive:
        low = seen.minimum if low is None and seen.minimum is not None and math.isfinite(seen.minimum) else low
        high = seen.maximum if high is None and seen.maximum is not None else high
    if column.kind in ("category", "boolean") and categories is None and seen.state.get("counts"):
        categories = _levels(seen, column)
    missing = column.missing_allowed and (seen.missing > 0 or column.role != "feature" or not seen.rows)
    hidden = sensitive or seen.sensitive
    return replace(column, minimum=low, maximum=high, categories=categories, missing_allowed=missing, sensitive=hidden)


def _levels(seen: ColumnProfile, column: Column) -> tuple[str, ...]:
    values = (value for value, _ in seen.state["counts"])
    words = (("true" if v else "false") if column.kind == "boolean" else str(v) for v in values)
    return tuple(sorted(words))
