"""Versions are compared on rows that neither has seen, by more than chance and a least gain."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

import workbench as wb
from workbench.core.bundle import MANIFEST
from workbench.core.contract import Column, Contract
from workbench.core.metric import Metric
from workbench.core.rollout import Rollout
from workbench.core.seen_rows import FILE, SeenRows
from workbench.errors import BadParameter, BadTable, Refused
from workbench.monitoring import challenge as of
from workbench.monitoring.answered import answered
from workbench.monitoring.challenge import Rows
from workbench.monitoring.unseen import seen_rows
from workbench.scoring.log import PredictionLog, log_of
from workbench.scoring.runtime import Scorer
from workbench.scoring.service import Service
from workbench.scoring.traffic import Trial
from workbench.settings import settings as at_home


class Answering:
    """What is asked of a bundle."""

    task, classes, name, version = "regression", (), "rent", 1
    contract = Contract(
        (Column("y", "number", "target"), Column("n", "number", "weight"), Column("x", "number")), task="regression"
    )
    metrics = (Metric("rmse", 1.0),)


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_a_row_that_counts_twice_is_two_rows(seed):
    rng = np.random.default_rng(seed)
    truth, times = rng.normal(size=40), rng.integers(1, 4, 40)
    pair = (truth + rng.normal(size=40), truth + rng.normal(size=40))

    weighed = of._compared(Answering, Answering, Rows(truth, pair, times.astype(float)), None, 0.9, 0)
    several = Rows(truth.repeat(times), tuple(p.repeat(times) for p in pair))
    repeated = of._compared(Answering, Answering, several, None, 0.9, 0)
    assert weighed.difference.value == pytest.approx(repeated.difference.value)
    assert [m.value for m in (weighed.champion, weighed.challenger)] == pytest.approx(
        [m.value for m in (repeated.champion, repeated.challenger)]
    )


def test_weights_are_read_by_the_contract_and_bad_ones_are_named():
    table = pd.DataFrame({"y": [1.0, 2.0], "n": ["3", "0.5"], "x": [0.0, 0.0]})

    assert of._weights(Answering, table).tolist() == [3.0, 0.5]
    assert of._weights(Answering, table.drop(columns="n")) is None
    with pytest.raises(BadTable, match="below 0 or infinite in 1 labelled"):
        of._weights(Answering, table.assign(n=["3", "-1"]))


# --- by how much, and whether by chance -----------------------------------------------------------------------------


def judged(truth, pair, **asked):
    asked = {"least_gain": 0.0, "level": 0.9, "seed": 0, **asked}
    return of._compared(Answering, Answering, Rows(truth, pair), *asked.values())


@pytest.mark.slow
@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), rows=st.integers(30, 100), scale=st.floats(0.1, 100))
def test_the_interval_is_of_pairs_and_the_same_from_either_side(seed, rows, scale):
    """What both err alike on tells nothing: it is in neither end. Exchanged, the two are mirrored."""
    rng = np.random.default_rng(seed)
    truth = scale * rng.normal(size=rows)
    one, other = (truth + scale * rng.normal(size=rows) for _ in range(2))
    there, back = judged(truth, (one, other)), judged(truth, (other, one))

    low, value, high = (getattr(there.difference, name) for name in ("low", "value", "high"))
    assert low <= value <= high
    assert [low, high] == pytest.approx([-back.difference.high, -back.difference.low], rel=1e-9, abs=1e-9 * scale)
    same = judged(truth, (one, one))
    assert (same.difference.low, same.difference.value, same.difference.high) == (0.0, 0.0, 0.0)
    assert not same.better
    assert not same.worse
    assert not (there.better and back.better)


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), gain=st.floats(0, 1), spread=st.floats(0.2, 1))
def test_better_is_what_clears_the_least_gain_with_its_whole_interval(seed, gain, spread):
    rng = np.random.default_rng(seed)
    truth = rng.normal(size=80)
    found = judged(truth, (truth + rng.normal(size=80), truth + spread * rng.normal(size=80)), least_gain=gain)

    assert found.better == (found.difference.high < -gain)  # of an error
    assert found.better <= found.ahead
    assert found.least_gain == gain
    assert "is not better by enough than" in found.verdict or found.better or not found.ahead


@pytest.mark.slow
def test_the_interval_holds_the_true_difference_as_often_as_it_says():
    """RMSE of 1 against 0.9: in 90% of the tables, and what chance allows (3 standard errors)."""
    held = 0
    for seed in range(60):
        rng = np.random.default_rng(seed)
        common, truth = 0.5 * rng.normal(size=300), rng.normal(size=300)
        pair = tuple(truth + common + (s**2 - 0.25) ** 0.5 * rng.normal(size=300) for s in (1.0, 0.9))
        difference = judged(truth, pair, seed=seed).difference
        held += difference.low <= -0.1 <= difference.high

    assert 0.9 - 3 * (0.09 / 60) ** 0.5 <= held / 60 <= 1


def test_without_a_least_gain_a_usual_one_is_asked_for():
    assert of.usual_gain(Metric("roc_auc", 0.9)) == 0.005
    assert of.usual_gain(Metric("log_loss", 0.4)) == pytest.approx(0.004)


@pytest.mark.parametrize("gain", [-0.1, float("nan"), float("inf"), "much", True])
def test_a_least_gain_that_is_none_is_named(gain):
    with pytest.raises(BadParameter, match="'least_gain' is a number of at least 0"):
        wb.challenge("shop", 2, least_gain=gain)


# --- rows that neither has seen -------------------------------------------------------------------------------------


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seen=st.integers(0, 769), seed=st.integers(0, 2**32 - 1), drop=st.booleans(), relabelled=st.booleans())
def test_rows_that_a_version_was_trained_on_are_left_out_in_whatever_table_they_come(
    shop, customers, seen, seed, drop, relabelled
):
    """Among new rows, in another order, without their ids, with other labels: 700 of 800 passed before."""
    trained, new = customers(800, 2), customers(800 - seen, 77)
    table = pd.concat([trained.sample(seen, random_state=seed), new]).sample(frac=1, random_state=seed)
    table = table.assign(stays=table["stays"].sample(frac=1, random_state=seed).to_numpy()) if relabelled else table
    bundles = [wb.bundle(f"{shop}/{version}") for version in (1, 2)]

    told = seen_rows(bundles, table.drop(columns="customer") if drop else table)
    is_old = table["customer"].isin(set(trained["customer"])).to_numpy()
    assert told.rows[is_old].all()
    assert (told.rows & ~is_old).sum() <= 0.01 * (~is_old).sum() + 5 * (0.01 * (~is_old).sum()) ** 0.5 + 1
    assert seen <= told.counts[2] == sum(f.evidence["seen"] for f in told.findings if f.evidence["version"] == 2)


def test_a_challenge_tells_what_was_left_out_and_compares_the_rest(shop, customers):
    table = pd.concat([customers(800, 2).iloc[:700], customers(300, 9)])

    found = wb.challenge(shop, 2, table)

    assert found.rows + found.seen == 1000
    assert 700 <= found.seen <= 715
    (told,) = [f for f in found.findings if f.evidence["version"] == 2]
    assert (told.code, told.severity) == ("WB320", "warning")
    assert wb.Comparison.from_dict(found.to_dict()) == found
    with pytest.raises(Refused, match="version 2 was trained on 700"):
        wb.challenge(shop, 2, table.iloc[:720])


def test_of_a_version_without_hashes_the_very_table_is_refused_and_the_rest_is_said_not_to_be_known(shop, customers):
    for version in (1, 2):
        unhashed(wb.bundle(f"{shop}/{version}"))

    found = wb.challenge(shop, 2, customers(300, 9))
    assert [f.code for f in found.findings] == ["WB321", "WB321"]
    assert found.seen == 0
    with pytest.raises(Refused, match="trained on this very table"):
        wb.challenge(shop, 2, customers(800, 2))


def unhashed(bundle):
    """As bundles of before are."""
    (bundle.path / FILE).unlink()
    replace(bundle, files={name: digest for name, digest in bundle.files.items() if name != FILE}).save(
        bundle.path / MANIFEST
    )


class Kept:
    """A bundle of which only its rows are asked."""

    version = 3

    def __init__(self, table, folder, identity):
        columns = [Column("n", "number"), *([Column("nr", "integer", "id")] if identity else [])]
        self.contract, self.path, self.files = Contract(tuple(columns)), folder, {FILE: ""}
        SeenRows.of(table, ("n",), ("nr",) if identity else ()).save(folder / FILE)


@pytest.mark.parametrize("identity", [True, False])
def test_rows_that_hold_little_are_told_by_their_ids_or_by_more_of_them_than_chance_has(tmp_path, identity):
    draw = np.random.default_rng(0)
    trained, later = (
        pd.DataFrame({"n": draw.integers(0, 20, n), "nr": k + np.arange(n)}) for n, k in ((400, 0), (300, 1000))
    )
    both = pd.concat([later, trained[:100]])

    kept = Kept(trained, tmp_path, identity)
    assert not seen_rows([kept], later).rows.any()  # all of them equal some row by chance
    found = seen_rows([kept], both)
    assert found.counts[3] == (100 if identity else 0)


def test_rows_whose_ids_were_numbered_anew_are_found_by_what_they_hold(tmp_path):
    """Half of what is new in a table of few rows a value would be: more equal old ones than chance has it."""
    draw = np.random.default_rng(0)
    trained = pd.DataFrame({"n": draw.integers(0, 300, 400), "nr": np.arange(400)})
    copied = pd.DataFrame({"n": trained["n"], "nr": 5000 + np.arange(400)})

    assert seen_rows([Kept(trained, tmp_path, True)], copied).rows.all()


# --- rows that both have answered -----------------------------------------------------------------------------------


def answer_live(shop, table, stage, share=0.0):
    """The service as it runs while a version is tried out, without HTTP."""
    first, second = (Scorer(wb.bundle(f"{shop}/{version}").path) for version in (1, 2))
    log = PredictionLog(at_home().predictions / shop)
    rollout = Rollout(shop, 2, stage, share, "2026-11-30T09:00:00+00:00", "anna")
    with TestClient(service := Service(first, log)) as client:
        service.try_out(Trial(rollout, second))
        rows = table.drop(columns="stays").to_dict("records")
        assert client.post("/predict", json={"rows": rows}).status_code == 200
    log.close()


@pytest.mark.slow
@pytest.mark.parametrize(("stage", "share", "both"), [("shadow", 0.0, 400), ("canary", 0.5, 211)])
def test_versions_are_compared_by_the_rows_that_both_have_answered(shop, customers, stage, share, both):
    """As by the same rows in a table, digit for digit; a row that one alone has answered counts not."""
    table = customers(400, 9)
    answer_live(shop, table, stage, share)
    wb.feedback(shop, table[["customer", "stays"]])

    found = wb.challenge(shop, 2)

    with log_of(shop, at_home()) as log:
        answered = Counter(r["id"] for r in log.read())
    pairs = table[table["customer"].map(answered) == 2]
    same = wb.challenge(shop, 2, pairs)
    assert len(pairs) == both
    assert (found.source, found.rows, found.seen) == ("log", same.rows, same.seen)
    assert (found.difference, found.champion) == (same.difference, same.champion)


def test_where_too_few_were_answered_by_both_it_says_how_to_get_them(shop, customers):
    with pytest.raises(BadTable, match=r'0 labelled rows of the 0 .*wb.promote\("shop", 2, stage="shadow"\)'):
        wb.challenge(shop, 2)

    answer_live(shop, customers(40, 9), "shadow")
    with pytest.raises(BadTable, match="0 labelled rows of the 40 that"):
        wb.challenge(shop)


def test_a_label_that_was_known_before_a_version_was_made_judges_nobody(shop, customers):
    """The version may have been trained on it."""
    table = customers(60, 9)
    wb.feedback(shop, table[["customer", "stays"]])
    created = datetime.now(UTC) + timedelta(seconds=2)
    for version in (1, 2):
        bundle = wb.bundle(f"{shop}/{version}")
        replace(bundle, created=created.isoformat(timespec="seconds")).save(bundle.path / MANIFEST)
    answer_live(shop, table, "shadow")

    with pytest.raises(BadTable, match="0 labelled rows"):
        wb.challenge(shop, 2)


def test_of_an_id_that_was_asked_several_times_the_last_row_counts_that_both_answered(shop, customers):
    table = customers(60, 9)
    answer_live(shop, table, "shadow")
    answer_live(shop, table.assign(spent=-table["spent"]), "shadow")
    with log_of(shop, at_home()) as log:  # the champion alone, as when nothing is tried out any more
        row = table.assign(spent=9.0).drop(columns="stays").to_dict("records")
        log.append([{"id": r["customer"], "version": 1, "row": r, "prediction": 0.5} for r in row])
    wb.feedback(shop, table[["customer", "stays"]])

    found = answered(wb.bundle(f"{shop}/1"), wb.bundle(f"{shop}/2"), at_home())

    assert found.both == len(found.table) == 60
    by_id = found.table.set_index("customer")["spent"]
    assert by_id[table["customer"]].tolist() == (-table["spent"]).tolist()
