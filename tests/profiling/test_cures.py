"""Whatever a column is called, the cure of a finding is the code that it is for any other name."""

import ast
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings

import workbench as wb
from tests.benchmarks import planted
from tests.hostile_names import TEXTS
from workbench.core.finding import Finding
from workbench.core.names import normal
from workbench.profiling import profile
from workbench.profiling.findings import CHECKS, find
from workbench.profiling.findings.context import Context, Gaps

NAMES = {"data", "wb", "np", "pd", "float", "tuple", "set", "current", "reference", "profile", "source", "run", "c"}
# WB199 says that a check failed: nobody can cure it by a line.
WITHOUT_CURE = {"WB230"}  # that rows have weights is told, and nothing is amiss


def timed(n: int = 600) -> tuple[pd.DataFrame, dict[str, str]]:
    """A target that was cut, a clock, what follows it, a gap, free texts, decimal commas and dates in words."""
    rng = np.random.default_rng(4)
    days = pd.date_range("2023-01-01", periods=n, freq="D")
    days = days.where(np.arange(n) < n // 2, days + pd.Timedelta(days=200))
    return pd.DataFrame({
        "at": days,
        "odometer": np.arange(n) * 10.0 + rng.normal(0, 3, n),
        "note": [f"the {i}th note says that nothing went wrong" for i in range(n)],
        "comma": [f"{v:.2f} €".replace(".", ",") for v in rng.gamma(2, 30, n)],
        "x": rng.normal(size=n),
        "y": np.minimum(rng.exponential(100, n), 180.0),
    }), {"target": "y", "time": "at"}  # fmt: skip


def rare(n: int = 600) -> tuple[pd.DataFrame, dict[str, str]]:
    """A rare class, and rows in the order of a date that is not named as the time."""
    rng = np.random.default_rng(5)
    y = np.where(np.arange(n) % 40 == 0, "yes", "no")
    return pd.DataFrame({"on": pd.date_range("2023-01-01", periods=n), "x": rng.normal(size=n), "y": y}), {
        "target": "y"
    }


def coded(n: int = 600) -> tuple[pd.DataFrame, dict[str, str]]:
    """Parts of a date, two names of one code, questions that some left blank, and scores as the target."""
    rng = np.random.default_rng(6)
    days = pd.date_range("2023-01-01", periods=n).to_series(index=range(n)).sample(frac=1, random_state=0)
    level, blank = rng.integers(0, 3, n), rng.random(n) < 0.3
    questions = {f"q{i}": np.where(blank, np.nan, rng.normal(size=n)) for i in range(6)}
    return pd.DataFrame({
        "year": days.dt.year.to_numpy(), "month": days.dt.month.to_numpy(), "day": days.dt.day.to_numpy(),
        "code": level, "name": np.array(["first", "second", "third"])[level], **questions,
        "weight": np.where(level == 1, "5 kg", [f"{w} g" for w in rng.integers(1, 900, n)]), "y": rng.integers(1, 6, n),
    }), {"target": "y"}  # fmt: skip


def bills() -> tuple[pd.DataFrame, dict]:
    """Parts that nearly add up to the target."""
    rng = np.random.default_rng(0)
    meal, wine = rng.lognormal(3, 0.5, 400), rng.lognormal(2, 0.5, 400)
    return pd.DataFrame({"meal": meal, "wine": wine, "bill": meal + wine + rng.normal(0, 0.5, 400)}), {"target": "bill"}


@pytest.fixture(scope="module")
def contexts() -> list[Context]:
    """What the checks look at, of tables in which each of them has something to say."""
    seen: list[Context] = []
    tables = [(frame, {"target": target}) for frame, _, target in (planted.first(3, 1500), planted.second(3, 1500))]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(profile, "find", lambda context: seen.append(context) or find(context))
        for frame, roles in (*tables, bills(), timed(), rare(), coded()):
            wb.profile(frame, **roles)
    return [*seen[:-1], replace(seen[-1], pairs_left_out=7)]


@pytest.fixture(scope="module")
def plainly(contexts) -> list[list[Finding]]:
    """What the checks say of each under its own names."""
    return [list(find(context)) for context in contexts]


def renamed(context: Context, names: dict[str, str]) -> Context:
    """The same table under other names."""
    columns = tuple(replace(c, name=names[c.name]) for c in context.contract.columns)
    frames = {k: f.rename(names) for k in ("sample", "raw") if (f := getattr(context, k)) is not None}
    return replace(
        context,
        columns=tuple(replace(c, name=names[c.name]) for c in context.columns),
        contract=replace(context.contract, columns=columns),
        associations=tuple(replace(a, a=names[a.a], b=names[a.b]) for a in context.associations),
        gaps=context.gaps and Gaps(tuple(names[n] for n in context.gaps.names), context.gaps.counts),
        equal=tuple((names[a], names[b]) for a, b in context.equal),
        **frames,
    )


def names_of(context: Context, text: str) -> dict[str, str]:
    """A name for each column that holds the text; the end keeps them apart, and keeps what a check reads of an end."""
    parts = ("year", "month", "day")
    ends = (f"_{c.name}" if c.name in parts else f"{i:02d}{c.name[-3:]}" for i, c in enumerate(context.columns))
    return {c.name: f"{text}{end}" for c, end in zip(context.columns, ends, strict=True)}


def tree_of(cure: str, names: dict[str, str]) -> str:
    """The syntax tree of a cure, hostile names turned back."""
    tree = ast.parse(cure)
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            node.value = _turned_back(node.value, names)
    return ast.dump(tree)


def _turned_back(text: str, names: dict[str, str]) -> str:
    ends = ("", " is zero")
    return next((old + end for old, new in names.items() for end in ends if text == new + end), text)


@pytest.mark.slow
def test_every_check_says_something_of_these_tables(contexts):
    """Else the next test would say nothing of its cure."""
    told = {f.code for context in contexts for f in find(context) if f.cure}

    assert {check.CODE for check in CHECKS} - told == WITHOUT_CURE


@pytest.mark.slow
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=TEXTS)
def test_a_name_never_leaves_its_literal(contexts, plainly, text):
    for context, plain in zip(contexts, plainly, strict=True):
        names = names_of(context, text)
        hostile = list(find(renamed(context, names)))

        assert [(f.code, names.get(f.column)) for f in plain] == [(f.code, f.column) for f in hostile]
        for one, other in zip(plain, hostile, strict=True):
            assert tree_of(other.cure, names) == tree_of(one.cure, {}), other.cure


def test_the_cures_of_plain_names_use_what_a_notebook_has(contexts):
    """With the test above: no cure of any name uses anything else."""
    for finding in (f for context in contexts for f in find(context)):
        nodes = list(ast.walk(ast.parse(finding.cure)))

        assert {n.id for n in nodes if isinstance(n, ast.Name)} <= NAMES
        assert not [n for n in nodes if isinstance(n, ast.Attribute) and n.attr.startswith("_")]


@pytest.mark.slow
@settings(max_examples=30, deadline=None)
@given(text=TEXTS)
def test_a_comparison_has_cures_without_names(text):
    a = wb.profile(pd.DataFrame({text + "x": range(100), "y": ["a", "b"] * 50}))
    b = wb.profile(pd.DataFrame({text + "x": ["u", "v"] * 50, "y": ["a", "b"] * 50}))
    told = {f.code: f for f in a.compare(b).findings}

    assert told["WB151"].column == normal(text + "x")
    assert ast.unparse(ast.parse(told["WB151"].cure)) == "data = wb.dataset(source, contract=profile.contract)"
