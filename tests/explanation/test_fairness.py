"""Fairness: groups as they are answered, what differs for sure, why, and what closing it costs."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import workbench as wb
from workbench.core.fairness import Fairness
from workbench.core.group_metrics import BINARY, REGRESSION, of_numbers, of_two, summed
from workbench.core.reweighing import independent
from workbench.display import html
from workbench.errors import BadParameter, BadTable, ColumnNotFound
from workbench.explanation.gap_drivers import TOGETHER
from workbench.explanation.group_tests import corrected, p_values
from workbench.packaging.package import _fairness
from workbench.storage.tracking import client

ROWS = 1500


def people(seed=0, rows=ROWS):
    """Loans: men have more income, and get one more often; the region tells nothing; the shirt tells the sex."""
    rng = np.random.default_rng(seed)
    sex = rng.choice(["f", "m"], rows)
    income = rng.normal(np.where(sex == "m", 1.0, 0.0), 1.0)
    region = rng.choice(["north", "south", "west", "isle"], rows, p=[0.4, 0.3, 0.29, 0.01])
    frame = pd.DataFrame({
        "income": income.round(4), "noise": rng.normal(size=rows).round(4), "sex": sex,
        "shirt": np.where(rng.random(rows) < 0.95, np.where(sex == "m", "blue", "red"), "green"),
        "region": region, "age": rng.integers(18, 90, rows).astype(float), "counts": rng.choice([0.5, 2.0], rows),
    })  # fmt: skip
    frame.loc[rng.random(rows) < 0.1, "age"] = np.nan
    frame["loan"] = np.where(income + rng.normal(0, 1, rows) > 0.5, "yes", "no")
    return frame


@pytest.fixture(scope="module")
def folder(tmp_path_factory, put_store):
    home = tmp_path_factory.mktemp("fairness")
    put_store(home)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WORKBENCH_HOME", str(home))
        patch.setenv("WORKBENCH_THREADS", "1")
        yield home


@pytest.fixture(autouse=True)
def _there(folder, monkeypatch):
    monkeypatch.setenv("WORKBENCH_HOME", str(folder))


@pytest.fixture(scope="module")
def data():
    return wb.dataset(people(), target="loan", ignore=["sex", "counts"])


@pytest.fixture(scope="module")
def run(folder, data):
    return wb.run(wb.train(data, candidates=["linear"], folds=2).id)


@pytest.fixture(scope="module")
def fair(run):
    return wb.fairness(run, ["sex", "region", "age"], bins={"age": [30, 60]})


def test_each_group_has_its_rates(run, fair):
    held, truth = run.held, (run.holdout["loan"] == "yes").to_numpy()
    men = (run.holdout["sex"] == "m").to_numpy()
    group = fair.by_column["sex"][0] if fair.by_column["sex"][0].value == "m" else fair.by_column["sex"][1]
    answered = held >= run.threshold

    assert group.rows == men.sum()
    assert group["selection_rate"].value == pytest.approx(answered[men].mean())
    assert group["selection_rate"].rest == pytest.approx(answered[~men].mean())
    assert group["true_positive_rate"].value == pytest.approx(answered[men & truth].mean())
    assert group["mean_prediction"].value == pytest.approx(held[men].mean())
    assert group["calibration_gap"].value == pytest.approx(held[men].mean() - truth[men].mean())
    assert group.score.name == run.metrics[0].name
    for one in group.metrics:
        assert one.low <= one.value <= one.high


def test_every_row_is_in_one_group_of_each_column_and_of_all_crossed(fair):
    assert list(fair.by_column) == ["sex", "region", "age", "sex × region × age"]
    assert all(sum(group.rows for group in groups) == fair.rows for groups in fair.by_column.values())
    assert all(sum(group.share for group in groups) == pytest.approx(1) for groups in fair.by_column.values())
    assert [group.value for group in fair.by_column["age"]][-1] == "missing"


def test_what_differs_is_told_and_what_does_not_is_not(fair):
    told = {(group.column, one.name) for group, one in fair.told_apart()}

    assert ("sex", "selection_rate") in told
    assert not {name for column, name in told if column in ("region", "age")}
    assert "selection rate of sex" in fair.headline()
    (finding,) = [one for one in fair.findings if one.code == "WB308" and one.column == "sex"]
    assert finding.severity == "warning"
    assert '["sex", "region", "age"], bins={"age": [30.0, 60.0]}, why=False).reweigh(data)' in finding.cure
    gap = fair.gap("demographic_parity_difference", "sex")
    assert 0.1 < gap.low < gap.value < gap.high
    assert (gap.least, gap.most) == ("f", "m")
    assert fair.gap("demographic_parity_difference", "region").low == 0
    assert fair.gap("demographic_parity_ratio", "region").high == 1


def test_groups_of_few_rows_are_shown_and_not_judged(fair):
    (isle,) = [group for group in fair.by_column["region"] if group.value == "isle"]

    assert isle.small
    assert isle["selection_rate"].value is not None
    assert all(one.p_value is None for one in isle.metrics)
    assert all("isle" not in (gap.least, gap.most) for gap in fair.gaps if gap.column == "region")
    assert "isle" in next(one.message for one in fair.findings if one.code == "WB309" and one.column == "region")


def test_a_column_that_is_no_feature_is_told_by_the_others(fair, run):
    assert "sex" not in run.features
    found = {one.feature: one.strength for one in fair.proxies if one.column == "sex"}

    assert found["shirt"] > 0.8
    assert found[TOGETHER] > 0.8
    assert found["noise"] < 0.2
    assert max(one.strength for one in fair.proxies if one.column == "region") < 0.3
    assert [one.column for one in fair.findings if one.code == "WB310"] == ["sex"]


@pytest.mark.parametrize("label", ["yes", "no"])
def test_what_makes_the_gap_adds_up_to_the_difference_of_the_outputs(run, label):
    from workbench.compiling.pipeline import compile_pipeline

    found = wb.fairness(run, "sex", label=label)
    output = compile_pipeline(run.pipeline, run.features, run.task).output(run.holdout[list(run.features)])
    men = (run.holdout["sex"] == "m").to_numpy()
    apart = (output[men].mean() - output[~men].mean()) * (1 if label == "yes" else -1)

    own = [one for one in found.drivers if one.group == "m"]
    assert sum(one.value for one in own) == pytest.approx(apart, rel=1e-6)
    assert own[0].feature == "income"
    noise = next(one for one in own if one.feature == "noise")
    assert own[0].low < own[0].value < own[0].high
    assert abs(noise.value) < abs(own[0].value) / 10
    assert found.unit == "log-odds"


def test_the_other_class_has_the_mirrored_rates(run, fair):
    other = wb.fairness(run, "sex", label="no", why=False)
    pairs = {"selection_rate": "selection_rate", "true_positive_rate": "true_negative_rate"}

    for group, mine in zip(fair.by_column["sex"], other.groups, strict=True):
        assert mine["selection_rate"].value == pytest.approx(1 - group["selection_rate"].value)
        assert mine["true_positive_rate"].value == pytest.approx(group[pairs["true_positive_rate"]].value)
        assert mine["accuracy"].value == pytest.approx(group["accuracy"].value)


def test_thresholds_by_group_close_the_gap_at_a_cost_and_do_not_ship(run):
    found = wb.fairness(run, "sex").remedies

    assert [one.constraint for one in found] == ["demographic_parity", "true_positive_rate_parity", "equalized_odds"]
    parity = found[0]
    before, after = next(pair for pair in parity.gaps if pair[0].name == "demographic_parity_difference")
    assert after.value < before.value / 2
    assert not parity.ships
    assert set(parity.thresholds) == {"f", "m"}
    assert {one.name for one in parity.before} == {"accuracy", "balanced_accuracy", "precision"}


def test_reweighing_trains_anew_and_tells_what_it_costs(run, data):
    found = wb.fairness(run, "sex", why=False, reweigh=data)

    (remedy,) = found.remedies
    before, after = next(pair for pair in remedy.gaps if pair[0].name == "demographic_parity_difference")
    assert remedy.ships
    assert after.value < before.value
    assert [one.name for one in remedy.before] == [one.name for one in remedy.after]
    assert remedy.before[0].value == pytest.approx(run.metrics[0].value)
    assert found.gap("demographic_parity_difference").value == pytest.approx(before.value)


@pytest.mark.slow
def test_reweighed_rows_make_group_and_outcome_independent_and_can_be_trained_on(fair, run, data):
    found = wb.fairness(run, "sex", why=False)

    rows = found.reweigh(data)

    table = rows.table
    shares = table.groupby("sex").apply(lambda part: np.average(part["loan"] == "yes", weights=part["fair_weight"]))
    assert shares["f"] == pytest.approx(shares["m"])
    assert table["fair_weight"].sum() == pytest.approx(len(table))
    again = wb.train(rows, candidates=["linear"], folds=2)
    closed = wb.fairness(again, "sex", why=False)
    assert again.contract.weight == closed.weight == "fair_weight"
    assert closed.unweighted[0]["selection_rate"].value != closed.groups[0]["selection_rate"].value
    plain = {group.value: group["selection_rate"].value for group in closed.unweighted}
    assert abs(plain["f"] - plain["m"]) < found.gap("demographic_parity_difference").value


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 1), st.integers(1, 5)), min_size=4, max_size=60))
def test_weights_keep_what_groups_and_outcomes_count(rows):
    codes, labels, weights = np.array(rows).T

    found = independent(codes, labels, weights)

    for part in (codes, labels):
        for k in set(part.tolist()):
            others = labels if part is codes else codes
            if all(((part == k) & (others == other)).any() for other in set(others.tolist())):
                assert found[part == k].sum() == pytest.approx(weights[part == k].sum())
    assert (found > 0).all()


def test_where_rows_have_weights_rates_count_by_them(run):
    counted = replace(run, contract=run.contract.change("counts", role="weight"))

    found = wb.fairness(counted, "sex", why=False)

    men = (run.holdout["sex"] == "m").to_numpy()
    rate = np.average(run.held[men] >= run.threshold, weights=run.holdout["counts"][men])
    group = next(group for group in found.groups if group.value == "m")
    assert group["selection_rate"].value == pytest.approx(rate)
    assert group["selection_rate"].rows < men.sum()
    assert found.weight == "counts"
    assert next(g for g in found.unweighted if g.value == "m")["selection_rate"].rows == men.sum()


def test_other_rows_are_answered_by_the_model_as_it_is(run):
    rows = people(seed=9, rows=400)
    rows.loc[:10, "loan"] = None

    found = wb.fairness(run, "sex", data=rows, why=False)

    known = rows[rows["loan"].notna()]
    answered = run.pipeline.predict_proba(known[list(run.features)])[:, 1] >= run.threshold
    assert found.rows == len(known)
    group = found.groups[0]
    assert group["selection_rate"].value == pytest.approx(answered[(known["sex"] == group.value).to_numpy()].mean())
    with pytest.raises(BadTable, match="no class"):
        wb.fairness(run, "sex", data=rows.assign(loan=["yes", "perhaps"] * 200))
    with pytest.raises(ColumnNotFound, match="income"):
        wb.fairness(run, "sex", data=wb.dataset(rows.drop(columns="income"), target="loan"))
    with pytest.raises(BadParameter, match="Leave data= out"):
        wb.fairness(run, "sex", data=rows, reweigh=True)


@pytest.mark.slow
@pytest.mark.parametrize("target", ["age", "region"])
def test_numbers_and_several_classes_have_measures_of_their_own(folder, target):
    frame = people().dropna()
    frame["age"] = 10 * frame["income"] + frame["noise"]
    run = wb.train(wb.dataset(frame[["income", "noise", "sex", target]], target=target), candidates=["linear"], folds=2)

    found = wb.fairness(run, "sex")

    names = {one.name for one in found.overall}
    if target == "age":
        assert {"mean_prediction", "mean_error", "mae", "rmse"} <= names
        assert found.gap("mean_prediction_difference").low > 0
        assert found.drivers[0].feature in run.features
        with pytest.raises(BadParameter, match="no classes to weigh"):
            wb.fairness(run, "sex", reweigh=True)
    else:
        assert {"accuracy", "log_loss", "selection_rate of north"} <= names
        one = wb.fairness(run, "sex", label="north", why=False)
        assert one.label == "north"
        answered = np.asarray(run.classes, dtype=object)[run.held.argmax(axis=1)] == "north"
        assert one.overall[0].value == pytest.approx(answered.mean())
    assert "Fairness" in html(found)


def test_a_sensitive_column_tells_no_single_persons(run):
    sensitive = replace(run, contract=run.contract.change("region", sensitive=True))

    found = wb.fairness(sensitive, "region", why=False)

    (isle,) = [group for group in found.groups if group.value == "isle"]
    assert 0 < isle.rows < 5
    assert all(one.value is None and one.rest is None for one in isle.metrics)


def test_it_is_kept_with_the_run(run, tmp_path):
    found = wb.fairness(run, "sex")
    wb.fairness(run, "region", why=False)  # is a part of it, and takes no place

    kept = client().download_artifacts(run.id, "workbench/fairness.json", str(tmp_path))
    assert Fairness.load(kept) == found
    assert run.fairness == wb.run(run.id).fairness == found


def test_a_verdict_is_of_one_threshold(run):
    wb.fairness(run, "sex")
    careful = run.decide(0.9)

    assert careful.fairness is None
    with pytest.raises(BadParameter, match=rf"of the threshold {run.threshold}, not of 0\.9"):
        wb.package(careful, name="loans", fairness=run.fairness)


def test_a_runs_page_shows_the_verdict_or_the_code_that_makes_one(run):
    wb.fairness(run, "sex")
    fresh = replace(run, beside={})
    masked = replace(fresh, holdout=run.holdout[["income", "loan"]])

    assert run.fairness.headline() in html(run)
    assert "Demographic parity difference" in html(run)
    assert '<pre tabindex="0">run.fairness</pre>' in html(run)
    assert "wb.fairness(run, by=[&#34;sex&#34;, &#34;age&#34;])" in html(fresh)
    assert "run.fairness" not in html(fresh)
    assert "wb.fairness" not in html(masked)
    assert "wb.fairness" not in html(replace(fresh, held=None))


def test_the_card_has_the_verdict_that_is_kept_unless_a_sensitive_column_is_not_told_of(run):
    found = wb.fairness(run, "region")

    assert _fairness(run) == found
    sensitive = replace(run, contract=run.contract.change("sex", sensitive=True))
    assert _fairness(sensitive).columns == ("sex",)
    both = wb.fairness(sensitive, ["region", "sex"])
    assert _fairness(sensitive) == both


def test_slices_cohorts_and_comparisons_call_groups_the_same(run, fair):
    """Whoever cuts a column into groups, and whether by given edges or by quarters."""
    explanation = wb.explain(run)
    bands = {group.value for group in fair.by_column["age"]}
    quarters = {group.value for group in wb.fairness(run, "age", why=False).groups}
    regions = {group.value for group in fair.by_column["region"] if group.rows >= 20}

    assert {one.value for one in run.slices("age", bins={"age": [30, 60]}).slices} == bands
    assert set(explanation.cohorts("age", bins=[30, 60]).groups) == bands
    assert {one.value for one in run.slices("age").slices} == quarters
    assert set(explanation.cohorts("age").groups) == quarters
    assert {one.segment for one in explanation.compare(explanation, by="age").differences} == quarters | {None}
    assert {one.segment for one in explanation.compare(explanation, by="region").differences} == regions | {None}


def test_what_an_older_version_wrote_is_read_with_the_names_of_now(fair):
    """Gaps were ``(missing)`` there; what else groups are called stays."""
    old = json.loads(json.dumps(fair.to_dict()).replace('"missing"', '"(missing)"'))
    for name in ("threshold", "moments"):
        old.pop(name, None)
        [one.pop(name, None) for one in old["by"]]

    read = Fairness.from_dict(old)

    assert [g.value for g in read.by_column["age"]] == [g.value for g in fair.by_column["age"]]
    assert read.gaps == fair.gaps
    assert read.drivers == fair.drivers
    assert read.by == fair.by
    assert Fairness.from_dict(json.loads(json.dumps(read.to_dict()))) == read


def test_by_default_groups_are_those_of_sensitive_columns(run):
    sensitive = replace(run, contract=run.contract.change("sex", sensitive=True).change("region", sensitive=True))

    assert set(wb.fairness(sensitive, why=False).columns[:2]) == {"sex", "region"}


@pytest.mark.parametrize(
    ("given", "error", "said"),
    [
        ({"by": "sexx"}, ColumnNotFound, "sex"),
        ({"by": "loan"}, ColumnNotFound, "loan"),
        ({"by": []}, BadParameter, "No column is sensitive"),
        ({"by": "sex", "bins": {"age": [1]}}, BadParameter, "not grouped by"),
        ({"by": "sex", "label": "perhaps"}, BadParameter, "no class"),
        ({"by": "sex", "smallest": 1}, BadParameter, "smallest"),
        ({"by": "sex", "false_alarm_rate": 0.9}, BadParameter, "false_alarm_rate"),
        ({"by": "sex", "reweigh": "people.csv"}, BadParameter, "Dataset"),
        ({"by": 3}, BadParameter, "by"),
    ],
)
def test_what_can_not_be_told_is_refused(run, given, error, said):
    with pytest.raises(error, match=said):
        wb.fairness(run, **given)


def test_columns_that_make_no_groups_are_refused(run):
    persons = replace(run, contract=run.contract.change("sex", role="personal"))
    dated = replace(run, holdout=run.holdout.assign(region=pd.Timestamp("2026-01-01")))

    with pytest.raises(BadParameter, match="names persons"):
        wb.fairness(persons, "sex")
    with pytest.raises(BadParameter, match="moments"):
        wb.fairness(dated, "region")
    with pytest.raises(BadParameter, match="did not keep"):
        wb.fairness(replace(run, holdout=run.holdout.drop(columns="sex")), "sex")
    with pytest.raises(BadParameter, match="older version"):
        wb.fairness(replace(run, held=None), "sex")
    rows = np.arange(len(run.holdout))
    named = [f"s{k % 17}" for k in rows]
    wide = replace(run, holdout=run.holdout.assign(shirt=named, region=rows // 17))
    with pytest.raises(BadParameter, match="too few rows"):
        wb.fairness(wide, ["shirt", "region"], bins={"region": range(1, 17)}, why=False)


def test_a_result_is_kept_and_read(fair, tmp_path):
    assert Fairness.load(fair.save(tmp_path / "fairness.json")) == fair
    frame = fair.frame()
    assert len(frame) == len(fair.groups)
    assert {"column", "value", "selection_rate", "selection_rate_low", "selection_rate_p"} <= set(frame)


def false_alarms(parts, names, tables, rate=0.1):
    """Share of tables of noise in which some group of two columns, or of both crossed, is said to differ."""
    found = 0
    for seed in range(tables):
        rng = np.random.default_rng(seed)
        first, second = rng.integers(0, 2, 600), rng.integers(0, 4, 600)
        made = parts(rng)
        p = []
        for codes in (first, second, first * 4 + second):
            sums = summed(codes, codes.max() + 1, made, resamples=150, seed=seed)
            p.append(np.stack([p_values(sums, one, 50) for one in names]))
        found += np.nanmin(np.concatenate([one.ravel() for one in corrected(p)])) <= rate
    return found / tables


def outcomes(rng):
    said = rng.beta(2, 4, 600)
    return of_two(rng.random(600) < said, said > 0.4, said)


def numbers(rng):
    truth = rng.exponential(size=600)
    return of_numbers(truth, truth + rng.normal(size=600))


@pytest.mark.slow
@pytest.mark.parametrize(("parts", "told"), [(outcomes, BINARY), (numbers, REGRESSION)])
def test_noise_is_told_apart_no_more_often_than_was_asked(parts, told):
    """One false-alarm rate for all groups and measures: at most one table in ten."""
    assert false_alarms(parts, [one for one in told if one.judged], 80) <= 0.16


@settings(max_examples=20)
@given(st.integers(0, 10**6))
def test_of_two_groups_one_test_is_made(seed):
    rng = np.random.default_rng(seed)
    sums = summed(rng.integers(0, 2, 600), 2, outcomes(rng), resamples=50)
    p = np.stack([p_values(sums, one, 50) for one in BINARY if one.judged])

    (found,) = corrected([p])

    np.testing.assert_allclose(p[:, 0], p[:, 1])
    assert (found[:, 0] == found[:, 1]).all()
    assert np.nanmin(found) <= np.nanmin(p) * len(p) + 1e-12


@pytest.mark.slow
def test_the_census_is_answered_as_fairlearn_says(folder, shared_table):
    from fairlearn import metrics as theirs

    data = wb.dataset(shared_table("adult.csv"), target="income")
    run = wb.train(data.take(np.arange(data.rows) % 4 == 0), candidates=["linear"], folds=2)

    found = wb.fairness(run, ["sex", "race"], smallest=2, why=False)

    asked = {"y_true": run.holdout["income"] == ">50K", "y_pred": run.held >= run.threshold}
    for column in ("sex", "race"):
        asked["sensitive_features"] = run.holdout[column]
        for name in ("demographic_parity_difference", "demographic_parity_ratio", "equalized_odds_difference"):
            assert found.gap(name, column).value == pytest.approx(getattr(theirs, name)(**asked), abs=1e-12)
    assert {group.value for group, _ in found.told_apart() if group.column == "sex"} == {"Male", "Female"}
