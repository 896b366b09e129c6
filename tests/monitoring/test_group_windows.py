"""Groups are followed window by window: what changed is told, and nothing that is sensitive is kept in clear."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import workbench as wb
from workbench.core.fairness import Fairness, Group, GroupMetric
from workbench.core.grouping import MISSING, OTHER, Grouping
from workbench.display import html
from workbench.monitoring import group_windows
from workbench.monitoring.group_windows import PREFIX, _judged, _read_names, group_columns, told_groups, unfollowed
from workbench.monitoring.windows import windows
from workbench.scoring.log import PredictionLog
from workbench.settings import settings as home_settings

BANDS = {"age": [30, 60]}
NAMES = ["below 30", "30 to below 60", "60 and more"]


def loans(seed, rows=900, apart=0.0, older=0):
    """Whoever earns more gets a loan; ``apart`` moves what women and men earn away from each other.

    The age tells nothing, ``older`` makes everybody so many years older, and one in ten does not say it.
    """
    rng = np.random.default_rng(seed)
    sex = rng.choice(["f", "m"], rows)
    income = rng.normal(np.where(sex == "m", apart, -apart), 1.0)
    age = np.where(rng.random(rows) < 0.1, np.nan, rng.integers(18, 80, rows) + older)
    return pd.DataFrame({
        "income": income.round(4), "sex": sex, "age": age, "region": rng.choice(["north", "south"], rows),
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
    """``sex`` is sensitive and no feature; ``region`` and ``age`` are neither."""
    data = wb.dataset(loans(0), target="loan", id="key", ignore=["sex", "age"])
    data = replace(data, contract=data.contract.change("sex", sensitive=True))
    run = wb.train(data, candidates=["linear"], folds=2)
    return wb.package(run, name="loans", fairness=wb.fairness(run, ["sex", "region", "age"], bins=BANDS, why=False))


def where(bundle, column, sensitive):
    """The bundle as it would be, were a column sensitive or not."""
    kept = {name: getattr(bundle, name) for name in ("name", "version", "path", "files")}
    return SimpleNamespace(**kept, contract=bundle.contract.change(column, sensitive=sensitive))


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


def test_bands_of_age_are_those_of_the_reference_in_every_window(report):
    """All are ten years older or younger in another month: they are of another band, and the bands stay."""
    for window in report.windows:
        rows = loans({"2026-01": 1, "2026-02": 2}[window.label], apart=1.0)
        bands = pd.cut(rows["age"], [-np.inf, 30, 60, np.inf], right=False, labels=NAMES)
        found = {group.value: group.rows for group in window.groups if group.column == "age"}

        assert found == {**bands.value_counts().to_dict(), MISSING: int(rows["age"].isna().sum())}
        assert not [one for group in window.groups if group.column == "age" for one in group.metrics if one.differs]


@pytest.mark.parametrize(
    ("age", "band"),
    [
        (29, NAMES[0]), (30, NAMES[1]), (59, NAMES[1]), (60, NAMES[2]), (-4, NAMES[0]), (1e12, NAMES[2]),
        (None, MISSING), (float("nan"), MISSING), ("44", NAMES[1]), ("", MISSING), ("old", MISSING),
    ],
)  # fmt: skip
@pytest.mark.parametrize("sensitive", [False, True])
def test_an_age_is_of_the_band_it_lies_in_also_where_it_is_sensitive(bundle, age, band, sensitive):
    asked = where(bundle, "age", sensitive)
    rows = pd.DataFrame({"age": pd.Series([age, 44.0], dtype=object)})

    kept = pd.DataFrame(group_columns(asked, rows, home_settings()))

    grouping = Grouping("age", edges=(30.0, 60.0))
    assert list(_read_names(grouping, kept, asked, home_settings())) == [band, NAMES[1]]
    assert sensitive == kept[f"{PREFIX}age"].str.startswith("hash:").all()


@given(st.lists(st.floats(-1e4, 1e4), min_size=9, max_size=40, unique=True), st.floats(-1e4, 1e4))
def test_quarters_of_a_window_are_those_of_the_reference_wherever_its_rows_lie(reference, moved):
    grouping = Grouping.by(pd.Series(reference, name="age"))
    later = pd.Series(reference, name="age") + moved

    assert grouping.of(later).tolist() == [sum(age >= edge for edge in grouping.edges) for age in later]


@pytest.mark.slow
def test_a_band_that_is_answered_otherwise_is_told_by_its_name(bundle):
    rows = loans(4)
    rows["income"] = np.where(rows["age"] >= 60, -3.0, rows["income"])
    wb.score("loans", rows.drop(columns="loan"), window="2026-03")

    report = wb.monitor("loans")
    window = next(one for one in report.windows if one.label == "2026-03")

    told = {(group.column, group.value) for group in window.groups for one in group.metrics if one.differs}
    assert ("age", "60 and more") in told
    assert "60 and more: selection rate 0.000" in " ".join(window.reasons)
    assert all(name in html(report) for name in NAMES)


@pytest.mark.parametrize("sensitive", [False, True])
def test_a_window_that_an_older_version_wrote_is_read_with_the_names_of_now(bundle, sensitive):
    """Gaps were ``(missing)`` then, and rare values ``(other values)``; of sensitive columns their hashes are kept."""
    asked = where(bundle, "region", sensitive)
    log = PredictionLog(home_settings().predictions / "loans")
    old = ["north", "(missing)", "(other values)"]
    kept = pd.DataFrame({f"{PREFIX}region": [log.hidden(name) for name in old] if sensitive else old})
    log.close()

    read = _read_names(Grouping("region", ("north", "south")), kept, asked, home_settings())
    assert list(read) == ["north", MISSING, OTHER]


def test_what_windows_do_not_know_is_told(report, bundle, monkeypatch):
    """A service that is sent no age has no bands; one that is sent a sensitive one keeps hashes of it."""
    without = [replace(w, groups=tuple(g for g in w.groups if g.column != "age")) for w in report.windows]
    hidden = where(bundle, "age", True)

    assert not [one for one in report.findings if one.code == "WB315"]
    (plain,), (hashed,) = list(unfollowed(bundle, without)), list(unfollowed(hidden, without[:1]))
    assert (plain.column, plain.evidence) == ("age", {"windows": ["2026-01", "2026-02"]})
    assert "came without it" in plain.message
    assert "hashes" in hashed.message
    assert list(unfollowed(bundle, [replace(w, version=99) for w in without])) == []
    monkeypatch.setattr(group_windows, "fairness_of", lambda _: None)
    assert list(unfollowed(bundle, without)) == []


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
