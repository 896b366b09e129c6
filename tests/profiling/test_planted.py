"""Planted defects are named, clean columns are left alone; real tables are told what is true of them."""

import importlib.util
from pathlib import Path

import pytest

import workbench as wb

_SPEC = importlib.util.spec_from_file_location("planted", Path(__file__).parents[1] / "benchmarks" / "planted.py")
planted = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(planted)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [3, 4, 5])
@pytest.mark.parametrize("frame", list(planted.FRAMES))
def test_nearly_every_planted_kind_is_named(frame, seed):
    found, _ = planted.judged(frame, seed)

    missed = [p.kind for p, named in found if not named]
    assert len(missed) <= 1, missed


@pytest.mark.parametrize("seed", [3, 4, 5])
def test_forty_clean_columns_get_at_most_two_false_findings(seed):
    wrong = planted.false_findings(seed)

    assert len(wrong) <= 2, [str(f) for f in wrong]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("table", "target", "leaks"),
    [
        ("telco_churn.csv", "Churn", set()),
        ("adult.csv", "income", set()),
        ("housing.csv", "median_house_value", set()),
        ("elec.csv", "class", set()),
        ("bike_hour.csv", "count", {"casual", "registered"}),
    ],
)
def test_leaks_of_real_tables_are_the_true_ones(shared_table, table, target, leaks):
    assert set(wb.profile(shared_table(table), target=target).leaks) == leaks


@pytest.mark.slow
def test_personal_values_are_in_no_finding():
    frame, kinds, target = planted.first(6, n=800)
    secret = [k.column for k in kinds if k.codes == ("WB121",)]
    profile = wb.profile(frame, target=target)
    told = " ".join(f"{f} {f.cure} {f.evidence}" for f in profile.findings)

    assert all(profile[name].sensitive for name in secret)
    assert not [v for name in secret for v in map(str, frame[name].head(50)) if v in told]


@pytest.mark.slow
def test_rows_of_the_training_table_in_the_test_table_are_told():
    frame = planted.clean(7, n=6000)
    train, apart, mixed = frame[:4000], frame[4000:], frame[3900:]

    assert [f.code for f in wb.profile(train).compare(wb.profile(apart)).findings if f.code == "WB127"] == []
    told = [f for f in wb.profile(train).compare(wb.profile(mixed)).findings if f.code == "WB127"]
    assert told[0].evidence["share"] == pytest.approx(100 / 2100, abs=0.04)
