"""Chunks of time tell how far windows lie apart without any drift, and tests of windows know it."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.signal import lfilter
from scipy.stats import kstwobign

from workbench.core.chunks import Chunks, ColumnChunks
from workbench.core.contract import Column, Contract
from workbench.errors import Damaged
from workbench.profiling.chunking import LEAST_ROWS, MOST, chunked, counted_again, in_parts, places_of
from workbench.profiling.compare import compare
from workbench.profiling.dispersion import blocks, kolmogorov, neighbours, usually
from workbench.profiling.drift_tests import TestResult
from workbench.profiling.profile import profile_columns

KINDS = ("number", "category", "boolean", "text")
CONTRACT = Contract((*(Column(kind, kind) for kind in KINDS), Column("gaps", "number"),
                     replace(Column("hidden", "text"), sensitive=True)))  # fmt: skip


def alike(rng, n, rho):
    """A process whose neighbours are alike, with standard deviation 1."""
    return lfilter([(1 - rho**2) ** 0.5], [1, -rho], rng.normal(size=n + 300))[300:]


def table(n, rho, seed, shift=0.0):
    """A number, a category, a flag, many texts, a number with gaps that come in spells, and names of persons."""
    rng = np.random.default_rng(seed)
    one, other, third = (alike(rng, n, rho) for _ in range(3))
    return pd.DataFrame({
        "number": one + shift, "category": np.array(list("abcde"))[np.digitize(other, [-1, 0, 0.5, 1.5])],
        "boolean": third > 1, "text": [f"t{k:.1f}" for k in other * 60], "gaps": np.where(third > 1.3, np.nan, one),
        "hidden": [f"p{k:.0f}" for k in third * 20],
    })  # fmt: skip


def chunks_of(frame, seen):
    places = places_of(len(frame))
    return Chunks("", tuple(np.bincount(places).tolist()), tuple(chunked(frame, CONTRACT, seen, places)))


def sides(n, window, rho, seed, shift=0.0):
    """Profiles of a training period and of the window behind it, and the period's chunks."""
    whole = table(n + window, rho, seed)
    before, after = whole[:n], whole[n:].reset_index(drop=True)
    after["number"] += shift
    seen = profile_columns(before, CONTRACT)
    return seen, profile_columns(after, CONTRACT), chunks_of(before, seen)


@pytest.mark.slow
@given(seed=st.integers(0, 10**6), n=st.integers(250, 4000), rho=st.sampled_from([0.0, 0.9]))
@settings(max_examples=10, deadline=None)
def test_a_profile_falls_into_the_parts_as_the_sum_of_its_chunks(seed, n, rho):
    """Whatever a column holds, in the open or hashed, exact or in a sketch."""
    frame = table(n, rho, seed)
    seen = profile_columns(frame, CONTRACT)

    chunks = chunks_of(frame, seen)

    for column in seen:
        of = chunks.of(column.name)
        sums = np.asarray(of.counts).sum(axis=0)
        assert sum(of.missing) == column.missing
        assert in_parts(of, column.state) == pytest.approx(sums, abs=0.02 * n if column.rank_error else 0)


@given(rows=st.integers(0, 10**5))
def test_chunks_have_rows_enough_and_are_few(rows):
    places = places_of(rows)

    counts = np.bincount(places)
    assert len(counts) <= MOST
    assert counts.size == 0 or (counts.min() >= LEAST_ROWS and counts.max() - counts.min() <= 1)


@given(many=st.integers(8, 96), window=st.floats(1, 1e6))
def test_blocks_are_sums_of_neighbours_and_eight_fit(many, window):
    rows = np.arange(100.0, 100 + many)

    sums, fit = blocks(rows, rows, window)

    length = neighbours(rows, window)
    assert fit == many / length >= 8
    assert sums.tolist() == [rows[k : k + length].sum() for k in range(many - length + 1)]


def test_an_estimated_scale_has_heavier_tails_and_a_known_one_is_kolmogorovs():
    scaled = np.array([0.5, 0.9, 1.4, 2.0, 2.6])

    assert [kolmogorov(x, 1e9) for x in scaled] == pytest.approx(kstwobign.sf(scaled), rel=1e-5)
    assert all(kolmogorov(x, 7) > kolmogorov(x, 70) > kolmogorov(x, 1e9) for x in scaled[2:])


@pytest.mark.slow
@given(seed=st.integers(0, 10**6), rho=st.sampled_from([0.0, 0.9, 0.99]), window=st.integers(60, 700))
@settings(max_examples=8, deadline=None)
def test_chunks_never_make_a_test_surer(seed, rho, window):
    seen, now, chunks = sides(2000, window, rho, seed)

    plain, known = ({d.column: d.p_value for d in compare(seen, now, chunks=c)} for c in (None, chunks))

    assert all(known[name] >= plain[name] * (1 - 1e-9) or known[name] > 0.01 for name in plain)


@pytest.mark.slow
@given(seed=st.integers(0, 10**6), place=st.floats(0, 1), length=st.integers(1, 8))
@settings(max_examples=10, deadline=None)
def test_what_a_stretch_of_the_training_did_is_no_news(seed, place, length):
    """A season, a spell of bad weather, a step: whatever the rows did, they may do again."""
    frame = table(2880, 0.99, seed).assign(number=lambda t: t["number"] + np.where(np.arange(2880) < 1000, 0, 4))
    seen = profile_columns(frame, CONTRACT)
    first = round(place * (96 - length)) * 30
    window = frame[first : first + 30 * length].reset_index(drop=True)

    drift = compare(seen, profile_columns(window, CONTRACT), rate=0.05, chunks=chunks_of(frame, seen))

    assert [one.column for one in drift if one.drifted] == []


@pytest.mark.slow
def test_a_process_that_wanders_gets_the_rate_that_was_asked_for():
    """At 5%, of 30 windows 4 or more drift once in twenty tries; as independent rows nearly all do."""
    made = [sides(3000, 150, 0.9, seed) for seed in range(30)]

    told, plain = (
        sum(any(d.drifted for d in compare(seen, now, rate=0.05, chunks=use)) for seen, now, use in judged)
        for judged in (made, [(seen, now, None) for seen, now, _ in made])
    )

    assert told <= 4
    assert plain >= 25


@pytest.mark.slow
@pytest.mark.parametrize(("rho", "shift"), [(0.0, 0.6), (0.5, 1.0), (0.8, 2.0)])
def test_a_shift_beyond_what_windows_did_is_found(rho, shift):
    made = [sides(3000, 300, rho, seed, shift) for seed in range(8)]

    found = [
        {d.column for d in compare(seen, now, rate=0.05, chunks=chunks) if d.important} for seen, now, chunks in made
    ]

    assert sum("number" in columns for columns in found) >= 7


def test_what_changes_from_model_to_model_is_no_drift():
    """A stretch that the model that ships answers otherwise than those that had not seen it."""
    rng = np.random.default_rng(0)
    contract = Contract((Column("prediction", "number"),))
    unseen = pd.DataFrame({"prediction": rng.normal(size=3000)})
    itself = unseen.assign(prediction=unseen["prediction"] + 3 * (np.arange(3000) >= 2700))
    places, seen = places_of(3000), profile_columns(unseen, contract)
    (plain,) = chunked(unseen, contract, seen, places)
    known = counted_again(plain, itself, contract, places)
    window = profile_columns(itself.tail(300).reset_index(drop=True), contract)

    told, plainly = (compare(seen, window, chunks=Chunks("", plain.missing, (one,)))[0] for one in (known, plain))

    assert plainly.important
    assert not told.drifted


def test_a_reference_that_is_off_as_a_whole_is_as_sure_as_fewer_rows():
    """Of a million rows a shift of a thirtieth is beyond chance, and no larger than what models differ by."""
    rng = np.random.default_rng(0)
    contract = Contract((Column("prediction", "number"),))
    sides = [profile_columns(pd.DataFrame({"prediction": rng.normal(by, 1, 50_000)}), contract) for by in (0, 0.05)]

    assert compare(*sides)[0].drifted
    assert not compare(*sides, apart=0.05)[0].drifted
    assert compare(sides[0], [replace(sides[1][0], missing=50_000)], apart=0.05)[0].test == "missing"


def test_a_column_of_another_kind_by_now_is_no_error():
    seen, now, chunks = sides(1000, 100, 0.5, 0)
    other = profile_columns(pd.DataFrame({"number": ["a"] * 100, "category": [1.0] * 100}),
                            Contract((Column("number", "category"), Column("category", "number"))))  # fmt: skip

    assert {d.p_value for d in compare(seen, other, chunks=chunks)} == {1.0}
    assert usually({"chi2": TestResult(9.0, 0.01, 0.2, 3)}, None, now[1])["chi2"].p_value == 0.01


def test_chunks_are_kept_and_damaged_ones_are_refused(tmp_path):
    frame = table(600, 0.5, 0)
    chunks = chunks_of(frame, profile_columns(frame, CONTRACT))

    path = chunks.save(tmp_path / "chunks.json")

    assert Chunks.load(path) == chunks
    for wrong in (
        replace(chunks, rows=chunks.rows[1:]),
        replace(chunks, scores=((0.5,),)),
        replace(chunks, columns=(ColumnChunks("number", ((1, 2), (3, 4)), (0, 0), edges=(2.0, 3.0)),)),
        replace(chunks, columns=(replace(chunks.columns[0], counts=((-1,) * 12,) * 20),)),
    ):
        with pytest.raises(Damaged):
            Chunks.load(wrong.save(tmp_path / "wrong.json"))


def test_no_value_of_a_sensitive_column_is_in_clear():
    frame = table(600, 0.5, 0)

    hidden = chunks_of(frame, profile_columns(frame, CONTRACT)).of("hidden")

    assert (hidden.edges, hidden.levels, hidden.means) == ((), (), ())
    assert len(hidden.counts[0]) == 16
