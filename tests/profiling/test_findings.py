"""Checks one by one: what each names, what it leaves alone, and that its cure runs."""

from __future__ import annotations

import sys

import numpy as np
import pandas as pd
import pytest

import workbench as wb

ROWS = 400


def rng(seed=8):
    """A generator of its own for each table, so that what is drawn does not hang on which tests ran before."""
    return np.random.default_rng(seed)


def other():
    return rng(9).normal(size=ROWS)


def found(code, table, **roles):
    return [f for f in wb.profile(table, **roles).findings if f.code == code]


def named(code, values, **roles):
    return [f.column for f in found(code, pd.DataFrame({"x": values, "other": other()[: len(values)]}), **roles)]


DAYS = pd.date_range("2024-01-01", periods=ROWS, freq="D")
PLANTED = [
    ("WB122", np.arange(ROWS) + rng().normal(0, 20, ROWS)),
    ("WB122", -np.arange(ROWS, dtype=float)),
    ("WB122", DAYS),
    ("WB123", np.where(rng(7).random(ROWS) < 0.5, 0.0, rng().gamma(2, 3, ROWS))),
    ("WB124", rng().choice(["yes", "no"], ROWS)),
    ("WB124", rng().choice(["Y", "N"], ROWS)),
    ("WB125", rng().permutation(DAYS[(DAYS < "2024-05-01") | (DAYS > "2024-07-01")])),
    ("WB126", pd.Series([[i, i + 1] for i in range(ROWS)])),
    ("WB126", pd.Series([f'{{"a": {i}}}' for i in range(ROWS)])),
    ("WB116", pd.Series([f"the {i}th note says that nothing went wrong" for i in range(ROWS)])),
]
PLANTED += [
    ("WB108", np.where(rng().random(ROWS) < 0.9, 999, rng(3).integers(0, 28, ROWS))),  # days since a call, mostly none
    ("WB108", np.where(rng().random(ROWS) < 0.9, -1, rng(3).integers(0, 800, ROWS))),
    ("WB108", np.where(np.arange(ROWS) % 50 == 0, 0.0, rng().normal(5.7, 1.1, ROWS).clip(3).round(2))),  # a length
    ("WB107", [f"This is the file of customer number {i}, kept in the north" for i in rng().permutation(ROWS)]),
]
CLEAN = [
    ("WB108", rng().exponential(3, ROWS).round(1)),  # zeros beside small numbers
    ("WB108", np.where(np.arange(ROWS) % 2 == 0, 0.0, rng().normal(50, 5, ROWS))),  # many zeros are another thing
    ("WB108", rng().poisson(9, ROWS)),
    ("WB108", np.where(np.arange(ROWS) % 50 == 0, 0, rng().integers(1, 90, ROWS))),
    ("WB107", [" ".join(rng(i).choice(["a", "late", "order", "came", "again", "well"], 8)) for i in range(ROWS)]),
    ("WB122", rng().permutation(ROWS)),
    ("WB122", np.repeat([1, 2], ROWS // 2)),  # two blocks are not a clock
    ("WB123", rng().poisson(0.5, ROWS)),  # counts are often zero, and often one
    ("WB123", rng().integers(0, 2, ROWS)),
    ("WB124", rng().choice(["yes", "no", "perhaps"], ROWS)),
    ("WB125", rng().permutation(DAYS)),
    ("WB125", rng().permutation(DAYS[::7])),  # one a week is no gap
    ("WB126", rng().choice(["[a", "b]", "c"], ROWS)),
    ("WB116", rng().choice(["a", "b", "c"], ROWS)),
]


@pytest.mark.parametrize(("code", "values"), PLANTED, ids=lambda v: v if isinstance(v, str) else "")
def test_a_planted_defect_is_named(code, values):
    assert named(code, values) == ["x"]


@pytest.mark.parametrize(("code", "values"), CLEAN, ids=lambda v: v if isinstance(v, str) else "")
def test_what_is_sound_is_left_alone(code, values):
    assert named(code, values) == []


def test_the_order_of_rows_is_no_news_where_a_time_is_named():
    table = pd.DataFrame({"at": DAYS, "x": np.arange(ROWS, dtype=float)})

    assert [f.column for f in found("WB122", table)] == ["at", "x"]
    assert found("WB122", table, time="at") == []


def test_a_gap_is_told_with_its_days():
    (one,) = found("WB125", pd.DataFrame({"x": rng().permutation(DAYS[(DAYS < "2024-05-01") | (DAYS > "2024-07-01")])}))

    assert one.message == "has nothing between 2024-04-30 and 2024-07-02 (63 days)."


def test_several_columns_of_yes_and_no_make_one_finding():
    table = pd.DataFrame({name: rng(seed).choice(["yes", "no"], ROWS) for seed, name in enumerate("abc")})

    assert [f.evidence["columns"] for f in found("WB124", table)] == [["a", "b", "c"]]


def test_free_text_is_called_so():
    (one,) = found("WB116", pd.DataFrame({"x": [f"the {i}th note says that all went well" for i in range(ROWS)]}))

    assert one.message.startswith("is free text: 400 distinct texts")


@pytest.mark.parametrize(("code", "values"), PLANTED, ids=lambda v: v if isinstance(v, str) else "")
def test_the_cure_runs_with_what_workbench_brings(code, values, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)  # no dependency, though others bring it
    data = wb.dataset(pd.DataFrame({"x": values, "other": other()[: len(values)]}))
    (one,) = [f for f in wb.profile(data).findings if f.code == code]

    exec(one.cure, {"wb": wb, "data": data})  # our own code, with names from the table


def test_a_column_that_a_cure_adds_is_a_feature_of_its_kind():
    data = wb.dataset(pd.DataFrame({"x": [0, 3, 0], "sold": ["yes", "no", "yes"]}), target="sold")

    more = data.assign(**{"x is zero": data.table["x"] == 0, "half": data.table["x"] / 2, "word": ["a", "b", "c"]})

    assert [(c.name, c.kind) for c in more.contract.columns[2:]] == [
        ("x is zero", "boolean"),
        ("half", "number"),
        ("word", "category"),
    ]
    assert more.contract.features == ("x", "x is zero", "half", "word")


WORDS = ["first", "second", "third"]
CLASSES = rng(2).integers(1, 4, ROWS)
LEVELS = pd.DataFrame({"pclass": CLASSES, "class": np.array(WORDS)[CLASSES - 1], "other": other()})


def test_columns_that_map_one_to_one_are_told_and_one_is_proposed_to_go():
    (one,) = found("WB133", LEVELS)

    assert (one.column, one.evidence["columns"]) == ("class", ["class", "pclass"])
    assert one.message == "goes with pclass one to one (3 values of each): a model needs one of them."
    assert one.cure == 'data = data.without("class")'


def test_gaps_must_be_in_the_same_rows_for_one_to_one():
    gap = np.arange(ROWS) % 100 == 0
    table = LEVELS.assign(pclass=LEVELS["pclass"].mask(gap), **{"class": LEVELS["class"].mask(gap)})

    assert [f.column for f in found("WB133", table)] == ["class"]
    assert found("WB133", table.assign(pclass=LEVELS["pclass"])) == []


def test_a_column_that_another_one_determines_is_told():
    cities = rng(4).integers(0, 12, ROWS)
    names = np.array([f"city of {chr(97 + i) * 3}" for i in range(12)])
    table = pd.DataFrame({"city": names[cities], "country": np.array(["north", "south", "east"])[cities % 3]})
    (one,) = found("WB133", table)

    assert (one.column, one.evidence["columns"]) == ("country", ["country", "city"])


@pytest.mark.parametrize("swapped", [1, 20])
def test_one_row_that_breaks_the_rule_is_enough(swapped):
    table = LEVELS.copy()
    table.loc[: swapped - 1, "class"] = "other"

    assert found("WB133", table) == []


def test_columns_that_are_nearly_constant_agree_by_chance():
    rare = np.where(np.arange(ROWS) < 4, "rare", "usual")
    table = pd.DataFrame({"a": rare, "b": np.where(rare == "rare", "x", "y"), "other": other()})

    assert found("WB133", table) == []


def test_equal_columns_and_units_are_told_once():
    table = pd.DataFrame({"a": CLASSES, "b": CLASSES * 10, "c": LEVELS["class"], "d": LEVELS["class"]})

    assert [f.evidence["columns"] for f in found("WB133", table)] == [["c", "a", "d"]]
    assert {f.column for f in found("WB106", table)} == {"b", "d"}


DATED = pd.DataFrame({"at": rng(5).permutation(pd.date_range("2021-03-01", periods=ROWS, freq="7h"))})
PARTS = {"year": "year", "month": "month", "day": "day", "hour": "hour"}


@pytest.mark.parametrize(
    "names",
    [PARTS, {"sale_year": "year", "sale_month": "month", "sale_day": "day"}, {"Jahr": "year", "Monat": "month"},
     {"Año": "year", "Mes": "month", "Día": "day", "Hora": "hour"}],
)  # fmt: skip
def test_parts_of_a_date_are_offered_as_the_time_and_the_cure_makes_these_moments(names):
    table = pd.DataFrame({name: getattr(DATED["at"].dt, part) for name, part in names.items()})
    table = table.assign(x=other(), y=rng().choice(["no", "yes"], ROWS))
    data = wb.dataset(table, target="y")
    (one,) = [f for f in wb.profile(data).findings if f.code == "WB135"]
    scope = {"wb": wb, "data": data}
    exec(one.cure, scope)  # our own code, with names from the table
    made = scope["data"]

    wanted = pd.to_datetime(pd.DataFrame({"day": 1, **{part: table[name] for name, part in names.items()}}))
    assert (made.contract.time, made.contract.target, made.contract.task) == ("when", "y", "binary")
    assert made.table["when"].tolist() == sorted(wanted)
    assert one.evidence["columns"] == list(names)


@pytest.mark.parametrize(
    "table",
    [
        DATED.assign(year=DATED["at"].dt.year, month=DATED["at"].dt.month),  # there is a clock
        pd.DataFrame({"month": rng().integers(1, 13, ROWS), "day": rng().integers(1, 29, ROWS)}),
        pd.DataFrame({"year": rng().integers(0, 2, ROWS), "month": rng().integers(1, 13, ROWS)}),
        pd.DataFrame({"year": rng().integers(2000, 2020, ROWS), "month": rng().integers(1, 20, ROWS)}),
    ],
)
def test_what_is_no_date_is_not_offered(table):
    assert found("WB135", table) == []


def test_the_whole_date_is_told_once_a_time_is_named():
    table = pd.DataFrame({part: getattr(DATED["at"].dt, part) for part in PARTS}).assign(n=np.arange(ROWS))

    assert len(found("WB135", table)) == 1
    assert found("WB135", table, time="n") == []


def test_an_index_that_rises_is_offered_as_the_time():
    table = pd.DataFrame({"n": np.arange(100, 100 + 3 * ROWS, 3), "x": other()})
    (one,) = found("WB122", table)
    scope = {"wb": wb, "data": wb.dataset(table)}
    exec(one.cure, scope)

    assert scope["data"].contract.time == "n"


def test_a_target_that_drifts_along_the_rows_is_told():
    table = pd.DataFrame({"x": other(), "y": np.linspace(0, 5, ROWS) + rng().normal(0, 0.5, ROWS)})

    assert [f.column for f in found("WB122", table, target="y")] == ["y"]


@pytest.mark.parametrize("rows", [1_000, 2_500, 9_999])
def test_a_first_look_at_some_rows_overlooks_no_order(rows, monkeypatch):
    """Trends from none to full, some of them bent, in steps or with gaps: the same findings as without that look."""
    draw, at = rng(rows), np.linspace(-1, 1, rows)
    table = pd.DataFrame({f"n{i}": i / 10 * at + draw.normal(0, 0.5, rows) for i in range(12)})
    table["bent"], table["steps"] = np.exp(5 * at) + draw.normal(0, 1, rows), np.floor(20 * at)
    table["gaps"] = np.where(draw.random(rows) < 0.7, np.nan, at + draw.normal(0, 0.4, rows))
    table["waves"] = np.sin(40 * at) + 0.9 * at

    quick = found("WB122", table)
    monkeypatch.setattr("workbench.profiling.findings.wb122_order_of_rows.DOUBTFUL", -1.0)

    assert 4 < len(quick) < 15
    assert quick == found("WB122", table)


SCORES = np.r_[np.repeat([3, 4, 5, 6, 7], ROWS // 5)[: ROWS - 2], [8, 8]]


@pytest.mark.parametrize(("values", "task", "other_task"), [
    (SCORES, "regression", "multiclass"),
    (np.resize([3, 4, 5, 6, 7, 8], ROWS), "multiclass", "regression"),
])  # fmt: skip
def test_scores_are_read_by_a_rule_and_the_cure_takes_the_other_way(values, task, other_task):
    table = pd.DataFrame({"x": other(), "score": values})
    data = wb.dataset(table, target="score")
    (one,) = [f for f in wb.profile(data).findings if f.code == "WB137"]
    scope = {"wb": wb, "data": data}
    exec(one.cure, scope)

    assert (data.contract.task, scope["data"].contract.task) == (task, other_task)
    assert ("8 has 2 rows of 10" in one.message) == (task == "regression")


@pytest.mark.parametrize("values", [rng().integers(0, 3, ROWS), rng().integers(0, 2, ROWS), rng().integers(0, 99, ROWS),
                                    rng().choice(["a", "b", "c"], ROWS)])  # fmt: skip
def test_other_targets_are_read_in_one_way(values):
    assert found("WB137", pd.DataFrame({"x": other(), "y": values}), target="y") == []


def test_spellings_of_one_class_are_told_and_the_cure_leaves_two():
    table = pd.DataFrame({"x": other(), "y": rng().choice(["yes", "yes ", "Yes", "no"], ROWS)})
    data = wb.dataset(table, target="y")
    (one,) = [f for f in wb.profile(data).findings if f.code == "WB110"]
    scope = {"wb": wb, "data": data}
    exec(one.cure, scope)

    assert one.column == "y"
    assert one.evidence["spellings"] == [["Yes", "yes", "yes "]]
    assert (data.contract.task, scope["data"].contract.task) == ("multiclass", "binary")


def test_notes_that_tell_the_outcome_are_a_leak_and_other_notes_are_none():
    sold = rng().random(ROWS) < 0.4
    said = np.where(sold, "signed the contract today", "hung up before the end")
    words = ["monday", "call", "north", "again", "price", "asked", "list", "waited"]
    chat = [" ".join(rng(i).choice(words, 6)) for i in range(ROWS)]
    table = pd.DataFrame(
        {"sold": np.where(sold, "yes", "no"), "x": other(), "chat": [f"{c} {i}" for i, c in enumerate(chat)]}
    )
    table["notes"] = [f"{c}; {s} {i}" for i, (c, s) in enumerate(zip(chat, said, strict=True))]

    assert [f.column for f in found("WB120", table, target="sold")] == ["notes"]
