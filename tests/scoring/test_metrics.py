"""What several processes count is one sum, and nobody can fill the memory with ever new labels."""

import json

from hypothesis import given
from hypothesis import strategies as st

from workbench.scoring import metrics as told
from workbench.scoring.metrics import Metrics

ACTS = st.lists(
    st.one_of(
        st.tuples(st.just("answered"), st.sampled_from(["/predict", "other"]), st.sampled_from([200, 503]),
                  st.floats(0, 20)),
        st.tuples(st.just("predicted"), st.just([(1, ""), (2, "canary")]), st.just(["out_of_range:age"]),
                  st.floats(0, 1)),
        st.tuples(st.just("failed"), st.integers(1, 3), st.just("canary"), st.just("ValueError"), st.integers(1, 9)),
        st.tuples(st.just("skipped"), st.integers(1, 3), st.integers(0, 9)),
        st.tuples(st.just("unanswered"), st.just("/predict"), st.sampled_from(["crowded", "late", "left"])),
        st.tuples(st.just("erred"), st.just("/predict"), st.just("KeyError")),
    ),
    max_size=30,
)  # fmt: skip


def numbers(text: str) -> dict[str, float]:
    lines = [line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#")]
    return {name: round(float(number), 6) for name, number in lines}


@given(ACTS, ACTS)
def test_two_processes_told_as_one_are_what_one_would_have_counted(first, second):
    parts, whole = (Metrics(), Metrics()), Metrics()
    for part, acts in zip(parts, (first, second), strict=True):
        for name, *arguments in acts:
            getattr(part, name)(*arguments)
            getattr(whole, name)(*arguments)

    states = [json.loads(json.dumps(part.state())) for part in parts]
    assert numbers(Metrics.of(states).text()) == numbers(whole.text())


def test_gauges_of_several_processes_are_added_or_the_most_or_least_of_them():
    one, other = (
        Metrics(lambda n=n: {"workbench_ready": {(): n}, "workbench_model_version": {(): 3 + n},
                             "workbench_waiting_rows": {("3",): 10 + n}})
        for n in (0, 1)
    )  # fmt: skip

    found = numbers(Metrics.of([one.state(), other.state()]).text())

    assert (found["workbench_ready"], found["workbench_model_version"]) == (0, 4)
    assert found['workbench_waiting_rows{version="3"}'] == 21


def test_ever_new_columns_and_faults_are_counted_as_others():
    metrics = Metrics()
    metrics.predicted([], [f"extra_column:{i}" for i in range(1000)] + ["out_of_range:age"] * 2)
    for i in range(1000):
        metrics.erred("/predict", f"Fault{i}")

    found = numbers(metrics.text())
    flags = [name for name in found if name.startswith("workbench_flags_total")]
    assert len(flags) == told.MOST_EXTRAS + 2
    assert found['workbench_flags_total{flag="extra_column:other",kind="extra_column",column="other"}'] == 900
    assert found['workbench_flags_total{flag="out_of_range:age",kind="out_of_range",column="age"}'] == 2
    assert len([name for name in found if name.startswith("workbench_errors_total")]) == told.MOST_FAULTS + 1


def test_a_newer_process_may_tell_what_is_not_known_here():
    state = Metrics().state()
    state["counts"]["workbench_new_total"] = [[["a"], 1]]

    assert "workbench_new_total" not in Metrics.of([state]).text()
