"""Groups are followed window by window: what changed is told, and nothing that is sensitive is kept in clear."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import workbench as wb
from workbench.core.fairness import Fairness, Group, GroupMetric
from workbench.core.grouping import OTHER, Grouping
from workbench.monitoring.group_windows import PREFIX, _judged, group_columns
from workbench.monitoring.judgement import told_groups
from workbench.monitoring.windows import windows
from workbench.scoring.log import PredictionLog
from workbench.settings import settings as home_settings


def loans(seed, rows=900, apart=0.0):
    """Whoever earns more gets a loan; ``apart`` moves what women and men earn away from each other."""
    rng = np.random.default_rng(seed)
    sex = rng.choice(["f", "m"], rows)
    income = rng.normal(np.where(sex == "m", apart, -apart), 1.0)
    return pd.DataFrame({
        "income": income.round(4), "sex": sex, "region": rng.choice(["north", "south"], rows),
        "key": [f"{seed}-{k}" for k in range(rows)],
        "loan": np.where(income + rng.normal(0, 0.7, rows) > 0, "yes", "no"),
    })  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory, put_store):
    home = put_store(tmp_path_factory.mktemp("groups"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WORKBENCH_HOME", str(home))
        patch.setenv("WORKBENCH_THREADS", "1")
        yield home


@pytest.fixture(autouse=True)
def _there(folder, monkeypatch):
    monkeypatch.setenv("WORKBENCH_HOME", str(folder))


@pytest.fixture(scope="module")
def bundle(folder):
    """``sex`` is sensitive and no feature; ``region`` is neither."""
    data = wb.dataset(loans(0), target="loan", id="key", ignore=["sex"])
    data = replace(data, contract=data.contract.change("sex", sensitive=True))
    run = wb.train(data, candidates=["linear"], folds=2)
    return wb.package(run, name="loans", fairness=wb.fairness(run, ["sex", "region"], why=False))


@pytest.fixture(scope="module")
def report(bundle):
    for window, seed, apart in (("2026-01", 1, 0.0), ("2026-02", 2, 1.0)):
        rows = loans(seed, apart=apart)
        wb.score("loans", rows.drop(columns="loan"), window=window)
        wb.feedback("loans", rows[["key", "loan"]])
    return wb.monitor("loans")


def test_a_group_that_is_answered_otherwise_than_before_is_told(report):
    quiet, loud = report.windows

    assert not [one for group in quiet.groups for one in group.metrics if one.differs]
    assert {group.column for group in loud.groups for one in group.metrics if one.differs} == {"sex"}
    assert loud.status in ("warning", "alarm")
    assert any("distance to the others" in reason for reason in loud.reasons)
    (finding,) = [one for one in report.findings if one.code == "WB311"]
    assert finding.column == "sex"
    assert finding.evidence["windows"] == ["2026-02"]


def test_rates_of_a_window_are_those_of_its_rows(report, bundle):
    seen = windows("loans", home_settings())[0]
    answers, rows = seen.predictions(), loans(1)
    women = (rows["sex"] == "f").to_numpy()
    came = (rows["loan"] == "yes").to_numpy()
    found = next(group for group in report.windows[0].groups if group.value == "f")

    said = (answers["answer"] == "yes").to_numpy()
    assert found.rows == women.sum()
    assert found["selection_rate"].value == pytest.approx(said[women].mean())
    assert found["selection_rate"].rest == pytest.approx(said[~women].mean())
    assert found["true_positive_rate"].value == pytest.approx(said[women & came].mean())
    assert found["accuracy"].rows == women.sum()


def test_sensitive_groups_are_kept_as_hashes_and_others_by_name(report):
    kept = windows("loans", home_settings())[0].predictions()

    assert set(kept[f"{PREFIX}region"]) == {"north", "south"}
    assert kept[f"{PREFIX}sex"].str.fullmatch("hash:[0-9a-f]{16}").all()
    assert kept[f"{PREFIX}sex"].nunique() == 2


def test_the_log_of_a_service_knows_the_same_groups(bundle):
    """There a sensitive value is a hash already; what the service did not get is no group."""
    force, rows = home_settings(), loans(3, rows=40)
    log = PredictionLog(force.predictions / "loans")
    hashed = rows.assign(sex=[log.hidden(value) for value in rows["sex"]])
    log.close()

    batch = group_columns(bundle, rows, force)
    service = group_columns(bundle, hashed, force, hashed=True)

    assert list(service[f"{PREFIX}sex"]) == list(batch[f"{PREFIX}sex"])
    assert list(service[f"{PREFIX}region"]) == list(batch[f"{PREFIX}region"])
    assert list(group_columns(bundle, rows[["income", "region"]], force)) == [f"{PREFIX}region"]


def test_values_that_were_not_there_at_first_are_a_group_of_their_own(bundle):
    found = group_columns(bundle, loans(3, rows=5).assign(region="isle"), home_settings())

    assert set(found[f"{PREFIX}region"]) == {OTHER}


def test_windows_without_groups_and_bundles_without_fairness_say_nothing(report, bundle):
    assert wb.MonitorReport.load(report.save(bundle.path.parent / "report.json")) == report
    old = [{**one, "groups": ()} for one in report.to_dict()["windows"]]
    for one in old:
        del one["groups"]
    assert all(not window.groups for window in wb.MonitorReport.from_dict({**report.to_dict(), "windows": old}).windows)


def of_two(rates, rows, column="sex"):
    """Two groups with their selection rates, each beside the other."""
    pairs = [(rates[0], rates[1], rows[0]), (rates[1], rates[0], rows[1])]
    return tuple(
        Group(column, name, int(n), 0.5, False, (GroupMetric("selection_rate", own, 0.0, 1.0, n, rest),))
        for name, (own, rest, n) in zip("fm", pairs, strict=True)
    )


def fairness(groups):
    return Fairness("r", "binary", "yes", (Grouping("sex", ("f", "m")),), 0, (), groups, ())


def test_only_what_moves_away_from_the_rest_by_a_tenth_is_told():
    before = fairness(of_two([0.5, 0.5], [2000, 2000]))

    def told(rates):
        return list(told_groups(tuple(_judged(before, of_two(rates, [2000, 2000]), 0.05))))

    assert told([0.7, 0.7]) == []  # both moved
    assert told([0.52, 0.47]) == []  # beyond chance, too little to matter
    assert len(told([0.6, 0.45])) == 1  # of two groups one says it all


@settings(max_examples=30)
@given(st.floats(0.1, 0.9), st.floats(0.1, 0.9), st.integers(0, 10**6))
def test_groups_that_stay_as_they_were_are_told_no_more_often_than_was_asked(own, rest, seed):
    rng = np.random.default_rng(seed)

    def drawn(rows):
        return of_two([rng.binomial(n, p) / n for n, p in zip(rows, (own, rest), strict=True)], rows)

    told = [list(told_groups(tuple(_judged(fairness(drawn([300, 300])), drawn([200, 400]), 0.05)))) for _ in range(40)]
    assert sum(map(bool, told)) <= 7  # of 40 with a chance of one in twenty
