"""Where the steps stand, what is out of date, what a click writes and what is sensible next."""

from __future__ import annotations

import ast
import symtable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.codegen.advice import advice
from workbench.codegen.cells import CodeCell, names, needed, out_of_date
from workbench.codegen.journey import brief, journey, offered, prefilled, write
from workbench.core.parameters import STEPS, problems

SOURCES = {
    "dataset": 'import workbench as wb\n\ndata = wb.dataset("churn.csv", target="Churn")\ndata',
    "profile": "profile = wb.profile(data)\nprofile",
    "train": "run = wb.train(data, trials=1)\nrun",
    "explain": "explanation = wb.explain(run)\nexplanation",
    "fairness": 'fairness = wb.fairness(run, by=["sex"])\nfairness',
    "package": 'bundle = wb.package(run, name="churn")\nbundle',
    "score": 'answers = wb.score("churn", "july.csv", window="2026-07")\nanswers',
    "feedback": 'joined = wb.feedback("churn", "july-labels.csv")\njoined',
    "monitor": 'report = wb.monitor("churn")\nreport',
}


def taken(*verbs: str, **records: dict[str, Any]) -> list[CodeCell]:
    """A notebook in which the steps ran in order."""
    return [
        CodeCell(v, SOURCES[v], ran=SOURCES[v], count=n + 1, records=(records[v],) if v in records else ())
        for n, v in enumerate(verbs)
    ]


def states(cells: list[CodeCell], **options: Any) -> dict[str, str]:
    return {verb: place.state for verb, place in journey(cells, **options).places.items()}


@pytest.mark.parametrize(
    ("source", "reads", "writes"),
    [
        ("import os\nx = y + 1", {"y"}, {"os", "x"}),
        ("df['a'].b = c", {"df", "c"}, {"df"}),
        ("def f(a):\n    b = a\n    return b + g", {"g"}, {"f"}),
        ("[z for z in zs]", {"zs"}, set()),
        ("{z for z in zs if z in keep}", {"zs", "keep"}, set()),
        ("{k: v for k, v in pairs}", {"pairs"}, set()),
        ("[[z for z in row] for row in {r: 1 for r in rows}]", {"rows"}, set()),
        ("x = lambda: [z for z in zs]", {"zs"}, {"x"}),
        ("[last := z for z in zs]", {"zs"}, {"last"}),
        ("[z async for z in zs]", {"zs"}, set()),
        ("z = 1\ny = [z for z in zs]", {"zs"}, {"z", "y"}),
        ("def f(a, a): pass", set(), set()),
        ("%matplotlib inline\n!ls\nx = 1", set(), {"x"}),
        ("%%bash\nx = 1", set(), set()),
        ("x = ", set(), set()),
        ("x += 1", {"x"}, {"x"}),
    ],
)
def test_a_cell_tells_what_it_reads_and_writes(source: str, reads: set[str], writes: set[str]) -> None:
    assert names(source)[0] >= reads
    assert names(source)[1] == writes


@pytest.mark.parametrize("shape", ["[{0} for {0} in zs]", "{{{0} for {0} in zs}}", "{{{0}: {0} for {0} in zs}}"])
@pytest.mark.parametrize("place", ["{}", "x = {}", "f({})", "if {}: pass", "[y for y in {}]"])
def test_a_comprehensions_variable_is_its_own(shape: str, place: str) -> None:
    reads, writes = names(place.format(shape.format("own")))

    assert "own" not in reads | writes
    assert "zs" in reads


def test_a_comprehension_over_a_name_of_another_cell_is_not_out_of_date() -> None:
    cells = [
        CodeCell("a", "column = 1", ran="column = 1", count=3),
        CodeCell("b", "[column for column in []]", ran="[column for column in []]", count=2),
    ]

    assert out_of_date(cells) == {}


def test_what_is_only_written_is_not_read() -> None:
    assert names("[last := z for z in zs]")[0] == {"zs"}


@given(st.text())
def test_any_text_has_names_or_none(source: str) -> None:
    assert all(isinstance(part, frozenset) for part in names(source))


def test_steps_that_ran_in_order_are_done() -> None:
    assert states(taken("dataset", "profile", "train")) == {
        **dict.fromkeys(STEPS, "waiting"),
        **dict.fromkeys(("dataset", "profile", "train"), "done"),
    }


def test_a_step_goes_out_of_date_with_what_it_reads_and_nothing_else() -> None:
    cells = taken("dataset", "profile", "train", "explain")
    cells.insert(0, CodeCell("notes", "x = 2", ran="x = 1", count=9))
    cells[3] = replace(cells[3], source="run = wb.train(data, trials=2)\nrun")

    found = journey(cells).places

    assert [found[v].state for v in ("dataset", "profile", "train", "explain")] == ["done", "done", "stale", "stale"]
    assert found["train"].because == ("Its code changed since it ran",)
    assert found["explain"].because == ("%1 changed", "Train")


def test_running_a_step_again_makes_those_below_out_of_date_until_they_run() -> None:
    cells = taken("dataset", "profile", "train")
    cells[0] = replace(cells[0], count=7)

    now = journey(cells)

    assert [p.state for p in now.places.values()][:3] == ["done", "stale", "stale"]
    assert now.places["profile"].because == ("%1 ran again", "Data")
    assert now.places["profile"].refresh == (1,)
    assert now.places["dataset"].refresh == (0, 1, 2)
    assert advice(now).refresh


def test_a_cell_that_was_put_above_and_has_not_run_counts() -> None:
    cells = taken("dataset", "train")
    cells.insert(1, CodeCell("new", "data = data.known_after('x')"))

    now = journey(cells)

    assert now.places["train"].because == ("Cell %1 has not run", "2")
    assert now.places["train"].refresh == (1, 2)


@pytest.mark.parametrize(("alive", "todo"), [(None, []), ([], [0, 1]), (["data"], [1]), (["data", "run"], [])])
def test_what_the_kernel_has_lost_runs_again_first(alive: list[str] | None, todo: list[int]) -> None:
    now = journey(taken("dataset", "train"), alive=None if alive is None else [*alive, "wb"] if alive else [])

    assert list(write(now, "explain", {}).before) == todo


def test_a_failed_step_is_failed_until_its_code_changes() -> None:
    cells = taken("dataset", "train")
    cells[1] = replace(cells[1], failed=True)

    assert states(cells)["train"] == "failed"
    assert advice(journey(cells)).verb == "train"
    assert states([cells[0], replace(cells[1], source="run = wb.train(data)")])["train"] == "stale"


def test_a_notebook_of_a_colleague_is_understood_without_the_panel() -> None:
    cells = [
        CodeCell("a", "from workbench import dataset, train\nimport pandas as pd\nPATH = 'x.csv'"),
        CodeCell("b", "flights = dataset(PATH, target='late')  # all of them", count=2),
        CodeCell("c", "%time\nmodel = train(flights)"),
        CodeCell("d", "for n in range(3):\n    model = train(flights, folds=n)"),
    ]

    now = journey(cells)

    assert now.places["dataset"].reading.gives == "flights"
    assert now.value("dataset", "source") == "x.csv"
    assert now.places["train"].edited
    assert now.places["train"].cell == 3


def test_the_active_cell_counts_where_a_step_stands_twice() -> None:
    cells = [*taken("dataset"), CodeCell("one", "a = wb.train(data)"), CodeCell("two", "b = wb.train(data)")]

    assert journey(cells).places["train"].cell == 2
    assert journey(cells, active="one").places["train"].cell == 1


def test_a_step_rewritten_by_hand_is_shown_as_such_and_not_overwritten() -> None:
    cells = [CodeCell("a", "data = load()", mark="dataset"), CodeCell("b", "1")]

    made = write(journey(cells), "dataset", {"source": "b.csv"})

    assert journey(cells).places["dataset"].edited
    assert (made.cell, made.after) == (None, 0)


def test_a_click_updates_its_own_cell_and_keeps_its_names() -> None:
    cells = [CodeCell("a", "import workbench as w\nflights = w.dataset('a.csv')"), CodeCell("b", "f = 1")]

    update = write(journey(cells), "dataset", {"source": "b.csv"})
    new = write(journey(cells), "train", {"folds": 2})

    assert (update.source, update.cell) == ('import workbench as w\nflights = w.dataset("b.csv")', 0)
    assert (new.source, new.cell, new.after) == ("run = w.train(flights, folds=2)\nrun", None, 0)
    assert new.before == (0,)


def test_a_variable_of_the_person_is_not_taken() -> None:
    cells = [CodeCell("a", "import pandas as pd\ndata = pd.read_csv('a.csv')")]

    made = write(journey(cells), "dataset", {}, {"source": "data"})

    assert made.source == "import workbench as wb\n\nwb_data = wb.dataset(data)\nwb_data"


def test_later_steps_know_the_names_above() -> None:
    now = journey(taken("dataset", "train", "package"))

    assert prefilled(now, "package") == ({"name": "churn"}, {})
    assert prefilled(now, "monitor") == ({"name": "churn"}, {})


LEAKS = {
    "noun": "profile",
    "headline": "800 rows, 3 columns, 2 findings to look at",
    "findings": [
        {"code": "WB120", "severity": "error", "column": "refund"},
        {"code": "WB120", "severity": "error", "column": 'ca"ll'},
        {"code": "WB101", "severity": "warning", "column": "year"},
    ],
}


def test_leaks_are_dropped_and_a_model_trained_by_one_button() -> None:
    found = advice(journey(taken("dataset", "profile", profile=LEAKS)))

    assert found.reason[0] == "%1 leaks found: drop them, then train"
    assert [act.verb for act in found.acts] == ["dataset", "profile", "train"]
    assert found.acts[0].values["known_after"] == ["refund", 'ca"ll']


RUN = {
    "noun": "run",
    "headline": "linear: roc_auc 0.9",
    "groups": {"people": ["sex", "race", "age", "belief"], "others": ["city"]},
}


def test_advice_leads_from_an_empty_notebook_to_a_monitored_model() -> None:
    led = [advice(journey(taken(*list(STEPS)[:n], train=RUN))) for n in range(len(STEPS) + 1)]

    assert [a.verb for a in led] == [*STEPS, "monitor"]
    # A table is for a person to choose.
    assert [at for at, one in enumerate(led) if not one.button] == [0, list(STEPS).index("score")]
    assert advice(journey([CodeCell("a", SOURCES["dataset"], running=True)])) is None


@pytest.mark.parametrize("groups", [None, 3, {"people": "sex"}, {"people": [], "others": ["city"]}, {"people": [1]}])
def test_where_no_column_tells_people_apart_fairness_is_no_duty(groups: Any) -> None:
    record = {"noun": "run", "headline": "linear"} | ({} if groups is None else {"groups": groups})

    now = journey(taken("dataset", "profile", "train", "explain", train=record))

    assert advice(now).verb == "package"
    assert prefilled(now, "fairness") == ({}, {})
    assert write(now, "fairness", {"by": ["city"]}).source == 'fairness = wb.fairness(run, by=["city"])\nfairness'


def test_fairness_begins_with_the_columns_that_tell_people_apart() -> None:
    now = journey(taken("dataset", "profile", "train", "explain", train=RUN))

    assert offered(now, "fairness") == (["sex", "race", "age", "belief"], ["city"])
    (act,) = advice(now).acts
    assert (act.verb, act.values) == ("fairness", {"by": ["sex", "race", "age"]})
    assert advice(now).reason == ("See how the groups of %1 are answered", "sex, race, age")


@pytest.mark.parametrize(
    ("headline", "short"),
    [
        (
            "160 held-out rows: no group of 5 differs from the others by more than chance; equalized odds difference "
            "up to 0.152 is possible",
            "no group of 5 differs from the others by more than chance",
        ),
        (
            "9,749 held-out rows: selection rate of sex Male is 0.34, 0.1 for all others, and 2 more such differences",
            "selection rate of sex Male is 0.34, 0.1 for all others, and 2 more such differences",
        ),
    ],
)
def test_a_steps_line_says_the_verdict_of_fairness_in_few_words(headline: str, short: str) -> None:
    assert brief(headline) == short


def test_who_has_packaged_is_not_led_back_to_fairness_but_who_wrote_its_cell_is_led_to_run_it() -> None:
    packaged = taken("dataset", "profile", "train", "explain", "package", train=RUN)
    written = [*taken("dataset", "profile", "train", "explain"), CodeCell("f", SOURCES["fairness"])]

    assert advice(journey(packaged)).verb == "score"
    assert advice(journey(written)).verb == "fairness"


def test_who_has_no_labels_yet_goes_on_by_one_button_and_is_not_asked_again() -> None:
    answered = taken("dataset", "profile", "train", "explain", "package", "score")

    asked = advice(journey(answered))
    monitored = advice(journey([*answered, CodeCell("m", SOURCES["monitor"], ran=SOURCES["monitor"], count=9)]))

    assert (asked.verb, asked.reason[1:], asked.button) == ("feedback", ("2026-07",), ("Monitor without labels",))
    assert [(act.verb, act.values) for act in asked.acts] == [("monitor", {"name": "churn"})]
    assert monitored.job


def test_who_looks_after_a_service_is_not_asked_to_score() -> None:
    assert advice(journey(taken("dataset", "profile", "train", "explain", "package", "monitor"))).job


@pytest.mark.parametrize(
    "package",
    [SOURCES["package"], 'b = wb.package(run, name="churn")', 'shop = "churn"\nbundle = wb.package(run, name=shop)'],
)
def test_what_lies_in_a_bundles_folder_makes_steps_out_of_date_though_no_variable_says_so(package: str) -> None:
    name = {"b": "b", "shop": "shop"}.get(package.split(" =")[0], '"churn"')
    sources = [package, f'wb.score({name}, "a.csv", window="a")', f'wb.score({name}, "b.csv", window="b")']
    sources += [f'wb.feedback({name}, "l.csv")', 'wb.monitor("churn")', 'wb.monitor("other")']
    cells = [CodeCell(str(n), text, ran=text, count=n + 1) for n, text in enumerate(sources)]
    cells[1] = replace(cells[1], source=f'wb.score({name}, "c.csv", window="c")')

    found = journey(cells)

    assert out_of_date(cells).keys() == {1, 3, 4}
    assert found.places["monitor"].state == "done", "the last one is of another bundle"
    assert journey(cells, active="4").places["monitor"].refresh == (1, 3, 4)
    assert found.places["feedback"].because == ("Cell %1 changed", "2")


def test_a_folder_is_there_when_the_kernel_is_new() -> None:
    now = journey(taken("dataset", "train", "package", "score"), alive=["wb"])

    assert write(now, "monitor", {"name": "churn"}).before == ()
    assert write(now, "explain", {}).before == (0, 1)


def test_another_training_makes_the_fairness_out_of_date() -> None:
    cells = taken("dataset", "train", "fairness")
    cells[1] = replace(cells[1], source="run = wb.train(data, folds=5)\nrun")

    found = journey(cells).places["fairness"]

    assert (found.state, found.because, found.refresh) == ("stale", ("%1 changed", "Train"), (1, 2))


def test_without_a_target_the_person_is_asked_for_it() -> None:
    cells = taken("dataset", "profile")
    cells[0] = replace(cells[0], source='data = wb.dataset("a.csv")', ran='data = wb.dataset("a.csv")')

    assert advice(journey(cells)).reason == ("Say which column is to be predicted",)


@pytest.mark.slow
def test_typing_in_a_long_notebook_is_followed_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the cells beside the steps only the one that changed is read again, so 4,000 lines are no slower than none."""
    body = "\n".join(f"x{i} = [k * {i} for k in range(3)]" for i in range(40))
    cells = [CodeCell(str(n), f"# {n}\n{body}", count=n) for n in range(1, 101)] + taken("dataset", "train")
    typed = "run = wb.train(data, trials=31)\nrun"
    journey(cells)
    read: list[str] = []
    for module, name in ((ast, "parse"), (symtable, "symtable")):
        whole = getattr(module, name)
        monkeypatch.setattr(module, name, lambda text, *a, of=whole, **k: [read.append(text), of(text, *a, **k)][1])

    journey([*cells[:-1], replace(cells[-1], source=typed)])

    assert typed in read
    assert not set(read) & {cell.source for cell in cells[:100]}


@st.composite
def notebooks(draw: st.DrawFn) -> list[CodeCell]:
    sources = st.sampled_from([*SOURCES.values(), "x = 1", "data = data.drop(x)", "run = wb.train(", "1 / 0", ""])
    made = draw(st.lists(st.tuples(sources, st.one_of(st.none(), st.integers(1, 9)), st.booleans()), max_size=7))
    return [CodeCell(str(i), s, ran=s, count=n, failed=f and n is not None) for i, (s, n, f) in enumerate(made)]


@pytest.mark.slow
@given(notebooks(), st.sampled_from(list(STEPS)))
def test_running_what_a_step_needs_brings_it_up_to_date(cells: list[CodeCell], verb: str) -> None:
    place = journey(cells).places[verb]
    for run, index in enumerate(place.refresh):
        cells[index] = replace(cells[index], count=100 + run, failed=False)

    assert list(place.refresh) == sorted(set(place.refresh))
    if place.cell is not None:
        assert place.cell not in out_of_date(cells)
        assert needed(cells, frozenset({place.cell})) == []


@pytest.mark.slow
@given(notebooks())
def test_advice_can_always_be_followed(cells: list[CodeCell]) -> None:
    now = journey(cells)
    found = advice(now)

    for act in found.acts if found else ():
        assert problems(act.verb, act.values, tuple(act.code)) == {}
        ast.parse(write(now, act.verb, act.values, act.code).source)
