"""The result of a step is taken over only where a whole run would come to the same."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import nbformat
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from nbformat.v4 import new_code_cell, new_notebook, new_output

from workbench.core.profile import Profile
from workbench.jobs.run import kept
from workbench.jobs.run.kept import Kept, same
from workbench.jobs.run.step_results import StepResults, step_cell


class Kernel:
    """Runs cells as a job does, here: what a job's client asks its kernel is asked of a namespace."""

    def __init__(self, folder: Path, earlier: Path | None = None) -> None:
        kept._RUNS.clear()
        folder.mkdir(parents=True)
        self.names: dict[str, Any] = {}
        self.folder, self.reused, self.failed = folder, [], None
        self.results = StepResults(folder, self._ask, earlier)

    def _ask(self, source: str, expression: str) -> str | None:
        try:
            exec(source, self.names)
            return repr(eval(expression, self.names))
        except Exception:  # noqa: BLE001 - as a kernel does
            return None

    def run(self, *sources: str, tags: tuple[str, ...] = ()) -> Kernel:
        cells = [new_code_cell(source, metadata={"tags": list(tags), "papermill": {}}) for source in sources]
        self.results.cells = self.results.cells or cells
        for index, cell in enumerate(cells):
            try:
                self._run(index, cell)
            except Exception as error:  # noqa: BLE001 - as a job does
                self.failed = (index, type(error).__name__)
                break
            cell.metadata.papermill["status"] = "completed"
        nbformat.write(new_notebook(cells=cells), self.folder / "output.ipynb")
        return self

    def _run(self, index: int, cell: Any) -> None:
        taken = self.results.take(cell)
        if taken is None:
            exec(cell.source, self.names)
            cell.outputs = [new_output("stream", text=f"{self.folder.name} {index}")]
            self.results.keep(cell, index)
        else:
            step, found, cell.outputs = taken
            exec(step.stands_in, self.names)
            self.reused.append(index)
            self.results.keep(cell, index, found.job)

    def values(self) -> dict[str, Any]:
        """What the cells made; the moment of a profile is its own."""
        plain = {name: value for name, value in self.names.items() if isinstance(value, (int, Profile))}
        return {n: replace(v, created="") if isinstance(v, Profile) else v for n, v in plain.items()}


BEGIN = "import pandas as pd\nimport workbench as wb\ntable = pd.DataFrame({'x': range(6), 'y': list('aabbcc')})\nn = 5"
number = st.integers(3, 5)
CELLS = st.one_of(
    number.map("n = {}".format),
    number.map("table = pd.DataFrame({{'x': [float(i) for i in range({})]}})".format),
    number.map("table['x'] = table['x'] * {}".format),
    number.map("data.table['x'] = {}".format),
    number.map("data = wb.dataset(table.head({}))".format),
    number.map("data = data.assign(x=data.table['x'] + {})".format),
    number.map("n = first.rows + {}".format),
    st.sampled_from(
        [
            "data = wb.dataset(table)\ndata",
            "data = data.without('x')",
            "wb.profile = wb.profile",
            "missing + 1",
            "first, second = second, first",
        ]
    ),
)
STEPS = st.sampled_from(
    [
        "first = wb.profile(data)",
        "first = wb.profile(data, bins=n)\nfirst",
        "second = wb.profile(data, bins=4)\nsecond",
        "from workbench import profile as look\nsecond = look(data, bins=n)",
        "first = wb.profile(table)",
        "second = wb.profile(data, bins=n + 1)",
    ]
)
PROGRAMS = st.lists(st.one_of(CELLS, STEPS), min_size=1, max_size=4).map(
    lambda cells: [BEGIN, "data = wb.dataset(table)", "first = wb.profile(data, bins=n)\nfirst", *cells]
)


@st.composite
def edited(draw: Any) -> tuple[list[str], list[str]]:
    """A program, and what somebody made of it."""
    before = draw(PROGRAMS)
    after = list(before)
    for _ in range(draw(st.integers(0, 2))):
        place = draw(st.integers(1, len(after) - 1))
        match draw(st.sampled_from(["put", "add", "drop", "swap"])):
            case "put":
                after[place] = draw(st.one_of(CELLS, STEPS))
            case "add":
                after.insert(place, draw(st.one_of(CELLS, STEPS)))
            case "drop" if len(after) > 2:
                del after[place]
            case "swap":
                after[place - 1 or 1], after[place] = after[place], after[place - 1 or 1]
    return before, after


@pytest.mark.slow
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(programs=edited())
def test_a_replayed_notebook_comes_to_what_a_whole_run_comes_to(
    tmp_path_factory: pytest.TempPathFactory, programs: tuple[list[str], list[str]]
) -> None:
    folder, (before, after) = tmp_path_factory.mktemp("jobs"), programs
    first = Kernel(folder / "first").run(*before)

    whole = Kernel(folder / "whole").run(*after)
    replayed = Kernel(folder / "replayed", first.folder).run(*after)
    again = Kernel(folder / "again", first.folder).run(*before)

    assert replayed.failed == whole.failed
    assert same(replayed.values(), whole.values())
    assert same(again.values(), first.values())
    assert 2 in again.reused  # nothing was edited there


def _kept(folder: Path) -> list[Kept]:
    return [Kept.load(path) for path in sorted((folder / "kept").glob("*.json")) if path.name != kept.RUNS]


TABLE = """
import numpy as np, pandas as pd, workbench as wb
draw = np.random.default_rng(0)
table = pd.DataFrame({"spent": draw.normal(0, 1, 200).round(3), "city": draw.choice(["Rome", "Oslo"], 200)})
table["stays"] = np.where(table.spent + draw.normal(0, 0.5, 200) > 0, "yes", "no")
"""
JOURNEY = (
    TABLE,
    'data = wb.dataset(table, target="stays")\ndata',
    "profile = wb.profile(data)\nprofile",
    'run = wb.train(data, candidates=["linear"], folds=2)\nrun',
    "explanation = wb.explain(run, rows=20)\nexplanation",
    'fair = wb.fairness(run, "city")\nfair',
    'bundle = wb.package(run, name="shop")\nbundle',
)


@pytest.fixture(scope="module")
def journey(tmp_path_factory: pytest.TempPathFactory, put_store: Any) -> Iterator[Kernel]:
    """A job that went through all steps."""
    home = put_store(tmp_path_factory.mktemp("steps"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WORKBENCH_HOME", str(home))
        yield Kernel(home / "jobs" / "first").run(*JOURNEY)


@pytest.fixture
def at_home(journey: Kernel, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The home of that job."""
    monkeypatch.setenv("WORKBENCH_HOME", str(journey.folder.parent.parent))
    return journey.folder.parent.parent


@pytest.mark.slow
def test_each_step_of_the_journey_is_taken_over_as_it_was(journey: Kernel, at_home: Path) -> None:
    """And again from the job that took it over, when the first one is gone."""
    second = Kernel(at_home / "jobs" / "second", journey.folder).run(*JOURNEY)
    third = Kernel(at_home / "jobs" / "third", second.folder).run(*JOURNEY, "n = bundle.version")

    assert second.reused == third.reused == [2, 3, 4, 5, 6]
    assert {kept.verb for kept in _kept(third.folder)} == {"profile", "train", "explain", "fairness", "package"}
    assert {kept.job for kept in _kept(third.folder)} == {"first"}
    for name in ("profile", "explanation", "fair", "bundle"):
        assert same(journey.names[name], third.names[name]), name
    old, new = journey.names["run"], third.names["run"]
    assert old.document() == new.document()
    assert same(old.fairness, new.fairness)
    assert new.beside["fairness"] is third.names["fair"]
    assert old.holdout.equals(new.holdout)
    assert same(old.held, new.held)
    assert same(old.folds, new.folds)
    assert same(old.profile, new.profile)
    assert (
        old.pipeline.predict(old.holdout[list(old.features)]) == new.pipeline.predict(old.holdout[list(old.features)])
    ).all()
    outputs = nbformat.read(third.folder / "output.ipynb", 4).cells[3].outputs
    assert outputs[0].text == "first 3"
    assert sum(path.stat().st_size for path in (third.folder / "kept").iterdir()) < 100_000


EDITED: dict[str, tuple[tuple[str, ...], list[int]]] = {
    "the failed cell": ((*JOURNEY, "n = bundle.version"), [2, 3, 4, 5, 6]),
    "what a run was told is gone": ((*JOURNEY[:4], *JOURNEY[5:]), [2]),
    "its order is another": ((*JOURNEY[:4], JOURNEY[6], *JOURNEY[4:6]), [2]),
    "a cell before": ((JOURNEY[0], "n = 1", *JOURNEY[1:4]), [3]),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", EDITED)
def test_a_run_of_which_more_is_told_than_the_cells_tell_is_trained_again(
    name: str, journey: Kernel, at_home: Path, tmp_path: Path
) -> None:
    """Whoever packages a run takes the explanation and the verdict that lie beside it in the store."""
    cells, expected = EDITED[name]
    kernel = Kernel(tmp_path / "job", journey.folder)
    kernel.results.cells = [new_code_cell(source) for source in cells]

    taken = []
    for index, cell in enumerate(kernel.results.cells):
        if (found := kernel.results.take(cell)) is None:
            if index in (3, 4) and name != "a cell before":
                break
            exec(cell.source, kernel.names)
        else:
            exec(found[0].stands_in, kernel.names)
            taken.append(index)

    assert taken == expected


def test_what_a_failed_cell_told_of_a_run_is_not_taken_for_the_notebooks(tmp_path: Path) -> None:
    kernel = Kernel(tmp_path / "job")
    (kernel.folder / "kept").mkdir()
    (kernel.folder / "kept" / kept.RUNS).write_text("{}", encoding="utf-8")

    kernel.results.part()
    kernel.run(BEGIN, "data = wb.dataset(table)", "first = wb.profile(data)")

    assert [path.name for path in (kernel.folder / "kept").iterdir() if path.name == kept.RUNS] == []


CHANGED = {
    "another threshold": ("run = run.decide(0.3)", "explanation"),
    "rows changed in place": ("run.holdout.loc[:, 'spent'] = 0.0", "explanation"),
    "another run of the same": ("run = wb.run(run.id)", "explanation"),
    "told something else beside it": ("run.beside.clear(); wb.fairness(run, 'city', smallest=60)", "bundle"),
    "another table": ("data = wb.dataset(table.head(150), target='stays')", "profile"),
    "a table changed in place": ("data.table.loc[0, 'spent'] = 9.0", "profile"),
    "the name means something else": ("import types; wb = types.SimpleNamespace(profile=lambda d: d.rows)", "profile"),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", CHANGED)
def test_what_depends_on_something_that_changed_runs(name: str, journey: Kernel, at_home: Path, tmp_path: Path) -> None:
    source, of = CHANGED[name]
    step = next(cell for cell in JOURNEY if cell.startswith(f"{of} = "))
    kernel = Kernel(tmp_path / "job", journey.folder)
    kernel.results.cells = [new_code_cell(cell) for cell in JOURNEY]
    kernel.run(*JOURNEY[: JOURNEY.index(step)])
    before = kernel.results.take(new_code_cell(step))
    exec(source, kernel.names)

    assert before is not None
    assert kernel.results.take(new_code_cell(step)) is None


UNTOLD = [
    "first = wb.profile(file)",
    "first = wb.profile(data, target='x')",
    "first = wb.profile(data=data, contract=data.contract)",
    "first = wb.profile(table)",
    "first = own(data)",
]


@pytest.mark.parametrize("step", UNTOLD)
def test_what_depends_on_more_than_can_be_told_is_not_kept(step: str, tmp_path: Path) -> None:
    """A path names other rows tomorrow, and a column that is no option of the step may be a path."""
    (tmp_path / "t.csv").write_text("x,y\n1,a\n2,b\n", encoding="utf-8")
    more = f"file = {str(tmp_path / 't.csv')!r}\ndata = wb.dataset(table)\ndef own(data):\n    return wb.profile(data)"

    kernel = Kernel(tmp_path / "job").run(BEGIN, more, step)

    assert kernel.failed is None
    assert kernel.names["first"].rows
    assert _kept(kernel.folder) == []


def test_a_result_that_is_large_is_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "LARGEST", 100)

    kernel = Kernel(tmp_path / "job").run(BEGIN, "data = wb.dataset(table)", "first = wb.profile(data)")

    assert _kept(kernel.folder) == []


def test_a_cell_that_may_fail_keeps_nothing(tmp_path: Path) -> None:
    """What its name holds may be from before."""
    kernel = Kernel(tmp_path / "job")
    step = "first = wb.profile(data)"

    kernel.run(BEGIN, "data = wb.dataset(table)", step, tags=("raises-exception",))
    failed = new_code_cell(step, outputs=[new_output("error", ename="E", evalue="", traceback=[])])
    kernel.results.keep(failed, 2)

    assert _kept(kernel.folder) == []


def test_results_that_are_damaged_or_whose_outputs_are_gone_run_again(tmp_path: Path) -> None:
    cells = (BEGIN, "data = wb.dataset(table)", "first = wb.profile(data)")
    first = Kernel(tmp_path / "first").run(*cells)
    assert Kernel(tmp_path / "second", first.folder).run(*cells).reused == [2]

    (first.folder / "output.ipynb").unlink()
    assert Kernel(tmp_path / "third", first.folder).run(*cells).reused == []

    for path in (first.folder / "kept").iterdir():
        path.write_text(path.read_text(encoding="utf-8").replace("6", "7"), encoding="utf-8")
    nbformat.write(nbformat.read(tmp_path / "second" / "output.ipynb", 4), first.folder / "output.ipynb")
    assert Kernel(tmp_path / "fourth", first.folder).run(*cells).reused == []


@pytest.mark.parametrize(
    "source",
    [
        "run = wb.train(data)\nprint(run)",
        "run = wb.train(data, trials=count())",
        "run = wb.train(data.without('x'))",
        "run = wb.train(*many)",
        "run = wb.train(data, **more)",
        "run = wb.train(data); n += 1",
        "run, n = wb.train(data), 1",
        "run.best = wb.train(data)",
        "data = wb.train(data)",
        "run = run = wb.train(data)",
        "wb.train(data)",
        "import os\nrun = wb.train(data)",
        "from workbench import *\nrun = train(data)",
        "from .workbench import train\nrun = train(data)",
        "run = a.b.train(data)",
        "run = wb.train(data, candidates=[f'{x}'])",
        "run = wb.train(data[0])",
        "run = wb.train(data if n else other)",
        "%time run = wb.train(data)",
        "x = 1",
        "",
    ],
)
def test_a_cell_that_may_do_anything_else_is_no_step(source: str) -> None:
    assert step_cell(source) is None


def test_what_stands_in_for_a_step_gives_its_name_and_shows_it() -> None:
    step = step_cell("import workbench as wb\n\nrun = wb.train(data, trials=-2, candidates=['a', n])  # long\nrun")

    assert step is not None
    assert (step.imports, step.gives, step.call) == ("import workbench as wb", "run", "wb.train")
    assert step.given == "{'0': data, 'trials': -2, 'candidates': ['a', n]}"
    assert step.stands_in.splitlines()[0] == "import workbench as wb"
    assert step.stands_in.splitlines()[2] == "run"


@pytest.mark.parametrize(
    ("one", "other"), [(1, 1.0), (1, True), ((1,), [1]), ({"a": 1, "b": 2}, {"b": 2, "a": 1}), (0.0, "0.0"), ((), (0,))]
)
def test_what_is_not_the_same_is_told(one: Any, other: Any) -> None:
    assert not same(one, other)
    assert same(one, one)
