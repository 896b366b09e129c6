"""Ways to another answer: real values, the rules kept, the pipeline's own answer, the nearest there is."""

from time import process_time

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import workbench as wb
from tests.explanation.runs import made, run_of
from workbench.core.contract import Column
from workbench.errors import BadParameter, BadRow, ColumnNotFound
from workbench.explanation.answering import Answering
from workbench.explanation.counterfactuals import Search
from workbench.explanation.existing import Existing, Together

ASKED = [
    *(("leaves", model, None) for model in ("boosting", "linear", "network")),
    ("level", "boosting", None),
    ("amount", "boosting", (120.0, None)),
    ("amount", "forest", (None, 110.0)),
]


def search_of(target="leaves", model="boosting", **changes):
    return Search(Answering.of(made(target, model, **changes), "test"))


def asked(search, rows, wanted=None, **rules):
    """What is found for rows whose answer is not the wanted one already."""
    for row in rows:
        try:
            yield search.find(row, wanted, **rules)
        except BadParameter as error:
            assert "already" in str(error)  # noqa: PT017 - rows that have the wanted answer are passed over


@pytest.mark.slow
@pytest.mark.parametrize(("target", "model", "wanted"), ASKED)
def test_each_way_keeps_to_the_rules_and_the_pipeline_answers_as_wanted(target, model, wanted):
    search = search_of(target, model)
    run = search.answering.run
    found = list(asked(search, range(10), wanted))
    assert sum(bool(one.found) for one in found) >= len(found) - 1
    for one in found:
        assert len({tuple(c.column for c in way.changes) for way in one.found}) == len(one.found)
        assert [len(way.changes) for way in one.found] == sorted(len(way.changes) for way in one.found)
        for way in one.found:
            after = one.row | {change.column: change.after for change in way.changes}
            assert 1 <= len(way.changes) <= 3
            assert "sex" not in {change.column for change in way.changes}
            assert all(change.before == one.row[change.column] != change.after for change in way.changes)
            assert all(change.after in run.holdout[change.column].tolist() for change in way.changes)
            assert reach(run, [after], one.wanted).all()
            assert way.distance == pytest.approx(gower(run, one.row, after))
            fewer = [after | {change.column: change.before} for change in way.changes]
            fewer = [row for row in fewer if possible(search, one.row, row)]
            assert not fewer or not reach(run, fewer, one.wanted).any()


def reach(run, rows, wanted):
    """Whether the pipeline answers each row as wanted."""
    frame = pd.DataFrame(rows).astype(run.holdout[list(run.features)].dtypes)
    if run.task == "regression":
        low, high = (end if end is not None else other for end, other in zip(wanted, (-np.inf, np.inf), strict=True))
        return (run.pipeline.predict(frame) >= low) & (run.pipeline.predict(frame) <= high)
    if run.task == "binary":
        return (run.pipeline.predict_proba(frame)[:, 1] >= run.threshold) == (wanted == run.classes[1])
    return run.pipeline.predict(frame) == wanted


def gower(run, row, other):
    """By its definition: numbers by their range, others alike or not, the mean over the columns."""
    total = 0.0
    for name in run.features:
        values = run.holdout[name].dropna()
        if row[name] is None or other[name] is None or isinstance(row[name], str):
            total += row[name] != other[name]
        else:
            total += abs(row[name] - other[name]) / (values.max() - values.min())
    return total / len(run.features)


@pytest.mark.slow
def test_no_smaller_single_change_exists():
    """Every existing value of every column that may change, one at a time, asked of the pipeline."""
    search = search_of()
    run = search.answering.run
    compared = 0
    for one in asked(search, range(8), n=4):
        best = min((way.distance for way in one.found if len(way.changes) == 1), default=np.inf)
        every = [one.row | {name: value} for name in run.features for value in run.holdout[name].dropna().unique()]
        reached = reach(run, every, one.wanted)
        rows = [row for row, fine in zip(every, reached, strict=True) if fine and possible(search, one.row, row)]
        least = min((gower(run, one.row, row) for row in rows), default=np.inf)
        assert best <= least + 0.02  # between the values that were asked about at first there may be nearer ones
        assert (best == np.inf) == (least == np.inf)
        compared += best < np.inf
    assert compared >= 3


def possible(search, row, other):
    """Whether no changed value is one that many rows would share with another of the row by chance, and none does."""
    changed = [name for name in row if row[name] != other[name]]
    return all(met(search, other, name, partner) for name in changed for partner in row if name != partner)


def met(search, row, *names):
    """Whether two values are in one row of the hold-out, or too rare to tell."""
    table = search.answering.run.holdout
    pair = [one for one in search.existing if one.column.name in names]
    has = [one.part(table[one.column.name].to_numpy()) == one.part([row[one.column.name]])[0] for one in pair]
    return (has[0] & has[1]).any() or has[0].mean() * has[1].mean() * len(table) < 5


def test_columns_that_must_stay_do_and_others_go_one_way():
    search = search_of()
    for one in asked(
        search, range(10), immutable=["contract", "paperless"], monotone={"tenure": "up", "charge": "down"}
    ):
        assert set(one.kept) == {"sex", "contract", "paperless"}
        for change in (change for way in one.found for change in way.changes):
            assert change.column in ("tenure", "months", "charge")
            assert change.column != "tenure" or change.after > change.before
            assert change.column != "charge" or change.before is None or change.after < change.before


def test_what_stays_by_itself_may_be_allowed():
    search = search_of("leaves", "linear")
    assert "sex" in search.find(0).kept
    assert search.find(0, mutable=["sex"]).kept == ()
    assert search.find(0, mutable=["sex"], immutable=["sex"]).kept == ("sex",)


def test_values_outside_the_contracts_range_are_not_proposed():
    search = search_of(tenure={"maximum": 20.0}, contract={"categories": ("monthly", "yearly")})
    changes = [change for one in asked(search, range(12)) for way in one.found for change in way.changes]
    assert max(change.after for change in changes if change.column == "tenure") <= 20
    assert "two years" not in {change.after for change in changes}


def test_where_there_is_no_way_it_is_said_how_far_the_best_one_gets():
    run = made()
    others = [name for name in run.features if name != "months"]
    one = search_of().find(0, immutable=others, monotone={"months": "up"}, most=1)
    assert one.found == ()
    assert [f.code for f in one.findings] == ["WB240"]
    assert one.nearest is not None
    assert one.nearest.prediction == one.prediction
    assert one.headline().startswith(f"No way to '{one.wanted}' with 1 change; the nearest: months ")
    assert str(one.tried) in one.findings[0].message
    nothing = next(asked(search_of(), [0], immutable=run.features))
    assert (nothing.found, nothing.nearest) == ((), None)


def test_of_more_classes_any_may_be_wanted():
    search = search_of("level")
    for wanted in ("low", "middle", "high"):
        assert all(way.prediction == wanted for one in asked(search, range(8), wanted) for way in one.found)


def test_a_given_row_is_taken_as_a_service_takes_it():
    run = made("leaves", "linear")
    row = {"tenure": 2, "months": 3, "charge": None, "contract": "monthly", "sex": "f", "paperless": True}
    found = run.counterfactuals(row)
    assert found.row["paperless"] is True
    assert found.prediction != found.found[0].prediction
    assert str(found.found[0].changes[0].after) in str(found)
    with pytest.raises(BadRow, match="tenure"):
        run.counterfactuals({**row, "tenure": "two"})


def test_the_table_has_the_row_itself_and_each_way():
    found = made("leaves", "linear").counterfactuals(0)
    table = found.frame()
    assert len(table) == 1 + len(found.found)
    assert table["prediction"].tolist() == [found.prediction, *(way.prediction for way in found.found)]
    assert table["distance"].iloc[0] == 0
    assert found.to_dict()["found"][0]["changes"][0]["column"] == found.found[0].changes[0].column


@pytest.mark.parametrize(
    ("asked_for", "error", "said"),
    [
        ({"wanted": "Maybe"}, BadParameter, "'Yes'"),
        ({"immutable": ["size"]}, ColumnNotFound, "size"),
        ({"immutable": "sex"}, BadParameter, "list"),
        ({"mutable": ["leaves"]}, ColumnNotFound, "leaves"),
        ({"monotone": {"contract": "up"}}, BadParameter, "'up' or 'down'"),
        ({"monotone": {"tenure": "higher"}}, BadParameter, "'up' or 'down'"),
        ({"n": 0}, BadParameter, "n is a whole number from 1"),
        ({"most": 9}, BadParameter, "from 1 to 5"),
    ],
)
def test_what_is_asked_for_wrongly_is_refused(asked_for, error, said):
    with pytest.raises(error, match=said):
        search_of().find(0, **asked_for)


@pytest.mark.parametrize("wanted", [None, 120.0, (None, None), (3, 2), "high", (1, 2, 3), (float("nan"), None)])
def test_of_a_number_a_range_is_wanted(wanted):
    with pytest.raises(BadParameter, match="lowest and the highest"):
        search_of("amount").find(0, wanted)


@given(st.lists(st.one_of(st.none(), st.integers(-5, 5).map(float)), min_size=1, max_size=40), st.integers(-5, 5))
def test_distances_and_parts_of_numbers(values, own):
    """Distances are in [0, 1], 0 of itself, 1 of what is missing; the part of a value does not fall as it rises."""
    one = Existing.of(Column("x", "number"), pd.Series(values, dtype=float))
    distance = one.distance(values, float(own))
    assert ((distance >= 0) & (distance <= 1)).all()
    assert all((d == 0) == (v == own) for d, v in zip(distance, values, strict=True) if v is not None)
    assert all(d == 1 for d, v in zip(distance, values, strict=True) if v is None)
    ordered = one.part(sorted(v for v in values if v is not None))
    assert (np.diff(ordered) >= 0).all()
    assert all(one.part([None]) == one.parts - 1)


def test_values_that_exclude_each_other_are_found_and_rare_ones_are_not_blamed():
    table = pd.DataFrame({"a": ["x"] * 50 + ["y"] * 50 + ["z"], "b": ["p"] * 50 + ["q"] * 50 + ["p"]})
    columns = [Column("a", "category"), Column("b", "category")]
    there = [Existing.of(column, table[column.name]) for column in columns]
    together = Together.of(there, table)
    first, second = together.starts
    assert together.never[first + 0, second + 1]  # x with q
    assert together.never[second + 0, first + 1]  # p with y
    assert not together.never[first + 2, second + 1]  # z with q: one z may be chance
    assert not together.never[first : first + 4, first : first + 4].any()


def test_a_wide_table_is_searched_within_its_time():
    """Three hundred numbers of which two decide; and 5,000 values and more are not looked at two by two."""
    random = np.random.default_rng(0)
    names = [f"x{i}" for i in range(300)]
    table = pd.DataFrame(random.normal(size=(150, 300)).round(2), columns=names)
    table["y"] = 10 * (table["x7"] + table["x9"])
    contract = wb.profile(wb.dataset(table, target="y")).contract
    search = Search(Answering.of(run_of(table, contract, None, names, "y", "linear"), "test"))
    assert not search.together.never.any()
    began = process_time()
    found = search.find(0, (25.0, None))
    assert process_time() - began < 5
    assert {change.column for change in found.found[0].changes} & {"x7", "x9"}


def test_values_are_typed_as_their_column():
    table = pd.DataFrame({"day": pd.to_datetime(["2024-01-02", None, "2024-03-01"]), "n": [1, 2, 3]})
    day = Existing.of(Column("day", "datetime"), table["day"])
    assert day.values.tolist() == pd.to_datetime(["2024-01-02", "2024-03-01"]).to_pydatetime().tolist()
    assert day.distance(table["day"].to_numpy(), pd.Timestamp("2024-01-02")).tolist() == [0, 1, 1]
    first, last = np.datetime64("2024-01-02"), np.datetime64("2024-03-01")
    assert day.between(first, last, 5).tolist() == [day.values[-1].item()]


@pytest.mark.slow
def test_nearly_all_rows_of_the_census_have_another_answer(shared_table):
    """Nine ways in ten of one change, none of sex, race or origin, and at most a quarter of a second a row."""
    data = wb.dataset(shared_table("adult.csv"), target="income")
    table = data.frame().sample(9000, random_state=0).reset_index(drop=True)
    profile = wb.profile(wb.dataset(table, target="income"))
    names = [name for name in profile.contract.names if name not in ("income", "fnlwgt")]
    search = Search(Answering.of(run_of(table, profile.contract, profile, names, "income", "boosting"), "test"))
    stay = ["sex", "race", "native_country", "age"]
    began = process_time()
    found = [search.find(row, immutable=stay) for row in range(60)]
    assert (process_time() - began) / len(found) <= 0.25
    assert sum(bool(one.found) for one in found) >= 57
    assert all(change.column not in stay for one in found for way in one.found for change in way.changes)
