"""Two jobs beside each other: what differs is told, what differs each time is passed over, and a tolerance is kept."""

from __future__ import annotations

import base64
import json
import re
import struct
import zlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nbformat.v4 import new_code_cell, new_notebook, new_output

from workbench.core.environment import JobEnvironment, Repository
from workbench.core.job import Job, JobState
from workbench.core.job_comparison import JobComparison
from workbench.core.result import MIME
from workbench.core.tolerance import Tolerance
from workbench.errors import BadParameter
from workbench.jobs.comparison.comparing import compare
from workbench.jobs.comparison.likeness import PLOTLY, Sides, changes, figure
from workbench.jobs.comparison.ran import Ran, paired
from workbench.jobs.comparison.volatile import RULES, When, settled, settled_page
from workbench.jobs.records import write
from workbench.jobs.run.environment import FILE
from workbench.monitoring import score
from workbench.storage.files import write_text

Make = Callable[..., Job]
START = datetime(2026, 3, 1, 10, 0, tzinfo=UTC)
NOW = When(START.timestamp(), START.timestamp() + 60)
NUMBERS = st.floats(allow_nan=False, allow_infinity=False, min_value=-1e12, max_value=1e12)
HOSTILE = "<script>alert(1)</script>{{ 7*7 }}\"'&"


@pytest.fixture
def made(home: Path) -> Make:
    """A job that has run: its cells, each a source with its outputs, and what else its record says."""

    def make(*cells: Any, name: str = "a", minutes: int = 0, ran_in: JobEnvironment | None = None, **told: Any) -> Job:
        start = START + timedelta(minutes=minutes)
        job = Job(
            f"{start:%Y%m%dT%H%M%S}-{name}-{minutes:04x}",
            f"/home/anna/{name}.ipynb",
            told.pop("parameters", {}),
            told.pop("state", JobState.COMPLETED),
            **{
                "created": start.isoformat(),
                "started": start.isoformat(),
                "ended": (start + timedelta(seconds=60)).isoformat(),
                **told,
            },
        )
        job = Job(**{**vars(job), "path": home / "jobs" / job.id})
        write(job)
        for file in ("input.ipynb", "output.ipynb"):
            notebook = new_notebook(cells=[_cell(one) for one in cells])
            write_text(job.path / file, json.dumps(notebook))
        if ran_in is not None:
            ran_in.save(job.path / FILE)
        return job

    return make


def _cell(told: Any) -> Any:
    source, outputs, metadata = told if isinstance(told, tuple) else (told, [], {})
    shown = [one if "output_type" in one else new_output("display_data", data=one) for one in outputs]
    return new_code_cell(source, outputs=shown, metadata=metadata)


def _record(noun: str = "run", **more: Any) -> dict[str, Any]:
    return {MIME: {"noun": noun, "headline": "linear: roc_auc 0.9", "findings": [], "format_version": 1, **more}}


def _differing(found: JobComparison) -> list[tuple[str, str]]:
    return [(one.kind, one.name) for one in found.differences]


def _png(shade: int, width: int = 2, text: bytes = b"") -> str:
    def chunk(name: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))

    head = struct.pack(">IIBBBBB", width, 1, 8, 0, 0, 0, 0)
    parts = (
        chunk(b"IHDR", head)
        + chunk(b"tEXt", b"Date\0" + text)
        + chunk(b"IDAT", zlib.compress(bytes([0, shade, 9][: width + 1])))
    )
    return base64.b64encode(b"\x89PNG\r\n\x1a\n" + parts + chunk(b"IEND", b"")).decode()


# What goes in, and around


def test_parameters_are_those_given_and_the_defaults_of_the_others(made: Make) -> None:
    cells = ("seed = 0\nn = 5", [], {"tags": ["parameters"]})

    found = compare(made(cells), made(cells, minutes=5, parameters={"seed": 1, "key": "env:TOKEN"}))

    assert [(one.name, one.before, one.after, one.same) for one in found.parameters] == [
        ("seed", 0, 1, False), ("n", 5, 5, True), ("key", None, "env:TOKEN", False),
    ]  # fmt: skip
    assert any("key is given by reference" in one for one in found.unknown)


def test_packages_python_machine_and_commits_are_compared(made: Make) -> None:
    same = {"numpy": "2.4.0", "pandas": "3.1.0"}
    before = JobEnvironment(
        "3.11.7", "CPython", "Linux 6", "x86_64", packages=same, repositories=(Repository("/r/p", "a" * 40),)
    )
    after = JobEnvironment(
        "3.12.1", "CPython", "Linux 6", "x86_64", features=("avx2",), variables={"OMP_NUM_THREADS": "4"},
        packages={**same, "numpy": "2.5.0", "polars": "1.0"},
        repositories=(Repository("/r/p", "a" * 40, changed=("x.py",)),),
    )  # fmt: skip

    found = compare(made("1", ran_in=before), made("1", minutes=5, ran_in=after))

    assert found.identical
    assert _differing(found) == [
        ("python", "Python version"), ("package", "numpy"), ("package", "polars"),
        ("platform", "Processor instructions"),
        ("setting", "OMP_NUM_THREADS"), ("git", "p"),
    ]  # fmt: skip
    assert "in another environment: 1 Python, 2 packages" in found.headline()
    assert found.of("git")[0].after == "aaaaaaaaaaaa, 1 changed file"


def test_what_was_not_kept_or_can_not_be_read_is_told_and_is_no_error(made: Make) -> None:
    before, after = made("1"), made("1", minutes=5, ran_in=JobEnvironment(problem="it is no Python kernel"))
    write_text(before.path / FILE, "{")
    (after.path / "output.ipynb").unlink()

    found = compare(before.id, after.id)

    told = " ".join(found.unknown)
    assert all(
        said in told
        for said in ("can't be read", "it is no Python kernel", "has no output notebook", "No table was seen")
    )


# What comes out


def test_results_are_compared_number_by_number_with_their_cause(made: Make) -> None:
    one = {
        "results": {"metrics": {"auc": 0.5, "f1": 0.25}},
        "origin": {"fingerprint": "f" * 64, "rows": 10, "source": "a.csv", "seed": 0},
    }
    other = {"results": {"metrics": {"auc": 0.5, "f1": 0.75}}, "origin": {**one["origin"], "seed": 1}}

    found = compare(made(("wb.train()", [_record(**one)], {})), made(("wb.train()", [_record(**other)], {}), minutes=5))

    assert _differing(found) == [("seed", "run"), ("result", "run metrics.f1")]
    assert found.of("result")[0].cause == "the seed is another one: 0 → 1"
    assert [(p.name, p.same) for p in found.scores] == [("metrics.auc", True), ("metrics.f1", False)]


def test_findings_that_came_or_went_are_told(made: Make) -> None:
    with_one = _record(findings=[{"code": "WB101", "severity": "warning", "column": "km"}])

    found = compare(made(("p", [_record()], {})), made(("p", [with_one], {}), minutes=5))

    assert [(d.kind, d.name, d.before, d.after) for d in found.differences] == [
        ("finding", "run WB101 km", None, "warning")
    ]


def test_a_page_of_ours_is_compared_but_for_what_it_calls_passing(made: Make) -> None:
    def shown(version: int, text: str) -> list[dict[str, Any]]:
        took = f"<td data-passing>{version} ms<td>x</td></td>"
        page = f"<style>v{version}</style><p>churn version {version}</p>{took}<b>{text}</b>"
        return [{**_record("bundle", passing=[f"churn version {version}"]), "text/html": page}]

    first = made(("wb.package()", shown(1, "same"), {}))
    again, other = (made(("wb.package()", shown(2, text), {}), minutes=5 + n) for n, text in enumerate(("same", "new")))

    assert compare(first, again).identical
    assert [(d.before, d.after) for d in compare(first, other).differences] == [("same", "new")]


def test_streams_are_whole_and_words_in_another_order_are_told_as_such(made: Make) -> None:
    def stream(*pieces: str) -> list[Any]:
        return [new_output("stream", name="stdout", text=piece) for piece in pieces]

    first = made(("s", stream("a", "b\n"), {}), ran_in=JobEnvironment("3.11", hashing="1"))
    whole = made(("s", stream("ab\n"), {}), minutes=5, ran_in=JobEnvironment("3.11", hashing="2"))
    turned = made(("s", stream("ba\n"), {}), minutes=6, ran_in=JobEnvironment("3.11", hashing="2"))

    assert compare(first, whole).identical
    assert "PYTHONHASHSEED" in compare(first, turned).differences[0].cause


def test_a_cell_or_an_output_that_says_so_is_not_compared(made: Make) -> None:
    passing = new_output("display_data", data={"text/plain": "3 s"}, metadata={"workbench": {"passing": True}})
    first = made(("a", [{"text/plain": "1"}], {"tags": ["volatile"]}), ("b", [passing], {}))
    second = made(("a", [{"text/plain": "2"}], {}), ("b", [], {}), minutes=5)

    found = compare(first, second)

    assert found.identical
    assert found.cells[0].skipped
    assert any("tagged volatile" in one for one in found.unknown)


def test_cells_are_paired_by_step_then_by_source_and_place(made: Make) -> None:
    before = made(("old = 1", [], {"workbench": {"step": "train"}}), "same()", "left()")
    after = made("new()", "same()", ("changed = 2", [], {"workbench": {"step": "train"}}), minutes=5)

    pairs = {cell.positions: cell.same_code for cell in compare(before, after).cells}

    assert pairs == {(2, None): False, (None, 0): False, (1, 1): True, (0, 2): False}


SOURCES = st.lists(st.sampled_from(["a", "b", "c", "d"]), max_size=8)


@given(SOURCES, SOURCES)
def test_each_cell_is_in_one_pair_and_equal_notebooks_pair_alike(one: list[str], other: list[str]) -> None:
    before, after = (tuple(Ran(i, source, (source,)) for i, source in enumerate(side)) for side in (one, other))

    pairs = paired(before, after)

    assert sorted(a.position for a, _ in pairs if a) == list(range(len(one)))
    assert [b.position for _, b in pairs if b] == list(range(len(other)))
    if one == other:
        assert all(a and b and a.position == b.position for a, b in pairs)


# Figures


def test_pictures_are_the_same_by_their_pixels_whatever_their_file_says() -> None:
    sides = Sides(NOW, NOW)

    assert figure("image/png", _png(10, text=b"today"), _png(10, text=b"tomorrow"), sides).same
    assert "50% of its pixels differ, by up to 5 of 255" in figure("image/png", _png(10), _png(15), sides).told
    assert "size differs" in figure("image/png", _png(10), _png(10, width=1), sides).told
    assert figure("image/png", _png(10), _png(15), Sides(NOW, NOW, Tolerance(absolute=0.02))).same
    assert "no picture" in figure("image/png", "AAAA", "BBBB", sides).told
    assert not figure("image/png", _png(10), None, sides).same


def test_a_picture_too_large_to_unpack_is_not_unpacked() -> None:
    bomb = base64.b64decode(_png(10))
    bomb = bomb[:16] + struct.pack(">II", 60_000, 60_000) + bomb[24:]
    content = base64.b64encode(bomb).decode()

    assert not figure("image/png", content, _png(10), Sides(NOW, NOW)).same


def test_drawings_and_plotly_figures_are_the_same_by_what_they_show() -> None:
    def svg(clip: str, x: float) -> str:
        return f'<svg><metadata>{clip}</metadata><g id="{clip}"><path clip-path="url(#{clip})" d="M{x} 0"/></g></svg>'

    def plot(values: list[float], uid: str) -> dict[str, Any]:
        packed = {"dtype": "f8", "bdata": base64.b64encode(struct.pack(f"<{len(values)}d", *values)).decode()}
        return {"data": [{"type": "scatter", "y": packed, "uid": uid}], "layout": {"title": "t"}}

    sides = Sides(NOW, NOW)
    assert figure("image/svg+xml", svg("p1f2", 1.0), svg("p9c8", 1.0), sides).same
    assert not figure("image/svg+xml", svg("p1f2", 1.0), svg("p9c8", 2.0), sides).same
    assert figure(PLOTLY, plot([1.0, 2.0], "a"), plot([1.0, 2.0], "b"), sides).same
    assert figure(PLOTLY, plot([1.0, 2.0], "a"), plot([1.0, 3.0], "a"), sides).told == "data[0].y.values[1]: 2.0 → 3.0"
    assert figure(PLOTLY, plot([1.0], "a"), plot([1.0 + 1e-12], "a"), Sides(NOW, NOW, Tolerance(1e-9))).same


# The tolerance


@given(NUMBERS, st.floats(1e-12, 0.1), st.floats(0, 1e3))
def test_a_number_within_the_tolerance_is_the_same_wherever_it_stands_and_one_beyond_it_nowhere(
    value: float, relative: float, absolute: float
) -> None:
    limits = Tolerance(relative, absolute)
    near, far = (value + share * max(absolute, relative * abs(value)) for share in (0.5, 3.0))
    for other, same in ((near, True), (far, far == value or limits.same(value, far))):
        sides = Sides(NOW, NOW, limits)
        plots = [{"data": [{"y": [n]}]} for n in (value, other)]
        assert limits.same(value, other) is limits.same(other, value) is same
        assert (not list(changes({"a": [value]}, {"a": [other]}, sides))) is same
        assert figure(PLOTLY, *plots, sides).same is same
    assert limits.same_text(f"auc {value:.3f} of 7", f"auc {near:.3f} of 7")


@given(NUMBERS, NUMBERS, st.floats(0, 0.01), st.floats(0, 0.9))
def test_what_is_the_same_stays_the_same_with_more_tolerance(a: float, b: float, less: float, more: float) -> None:
    if Tolerance(less).same(a, b):
        assert Tolerance(max(less, more)).same(a, b)
    assert Tolerance(less, abs(a - b)).same(a, b)
    assert Tolerance().same(a, b) is (a == b)


def test_exactly_is_the_default_and_states_itself(made: Make) -> None:
    one, other = (made(("a", [_record(results={"x": x})], {}), minutes=n) for n, x in enumerate((0.3, 0.1 + 0.2)))

    exact, near = compare(one, other), compare(one, other, tolerance=1e-9)

    assert (exact.identical, exact.tolerance) == (False, "exact")
    assert (near.identical, near.tolerance) == (True, "1e-09 relative")


@pytest.mark.parametrize("value", [-1e-9, 1.0, float("nan"), "1e-9", True, None])
def test_a_tolerance_that_is_none_is_refused(value: Any) -> None:
    with pytest.raises(BadParameter, match="relative tolerance is a number"):
        Tolerance(value)


# What differs each time

EACH_TIME = [
    "done at {at:%Y-%m-%d %H:%M:%S.%f}",
    "{at:%Y-%m-%dT%H:%M:%SZ}",
    "{at:%Y-%m-%dT%H:%M:%S+00:00} INFO",
    "{at:%d} Mar {at:%Y}, {at:%H:%M} UTC",
    "Sun Mar  1 {at:%H:%M:%S} {at:%Y}",
    "[{at:%H:%M:%S}] epoch",
    "run_{at:%Y%m%d_%H%M%S}.parquet",
    "{at:%Y%m%dT%H%M%S}-score-{nibble}f2a",
    "today is {at:%Y-%m-%d}",
    "{epoch:.6f}",
    "{epoch:.0f}000",
    "took {short:.3f} s",
    "fit in {short:.2f} seconds",
    "elapsed: {short:.1f}s",
    "total=   {short:.1f}s",
    "Wall time: {short:.2f} ms",
    "CPU times: user {short:.2f} s, sys: 0 ns, total: {short:.2f} s",
    "{short:.2f} ms ± 3 µs per loop (mean ± std. dev. of 7 runs, 100 loops each)",
    "100%|██████████| 10/10 [00:0{digit}<00:00, 3{digit}.2it/s]",
    "10/10 - {digit}s {digit}2ms/step",
    "<object object at 0x7f{nibble}c5a2e00{nibble}>",
    "{nibble}5a12f3c-90ab-4cde-8f01-23456789abc{nibble}",
    "{nibble}abb7b6cb6864fc8995bbca226bf811{digit}",
    "/tmp/tmp{nibble}bcd_12{nibble}/x.csv",
    "/tmp/ipykernel_{digit}12/{digit}456.py:3: UserWarning: odd",
    "pid {digit}123",
    "http://127.0.0.1:4{digit}123/",
    "\x1b[31mred\x1b[0m 10{digit}%\rdone",
]


@pytest.mark.parametrize("form", EACH_TIME)
def test_what_differs_each_time_is_passed_over(form: str) -> None:
    texts = []
    for n, digit in ((0, 1), (3, 2)):
        at = START + timedelta(minutes=n, seconds=7 + digit)
        when = When((START + timedelta(minutes=n)).timestamp(), (START + timedelta(minutes=n, seconds=60)).timestamp())
        told = form.format(at=at, epoch=at.timestamp(), short=0.5 + digit, digit=digit, nibble="ab"[digit - 1])
        texts.append(settled(told, when))

    assert texts[0] == texts[1]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("departs 2013-07-01 05:15:00", "departs 2013-07-01 05:16:00"),  # a table's own moment
        ("mean delay 12.5 min", "mean delay 13.5 min"),  # no line that calls it a duration of the run
        ("all arrive in 90 min", "all arrive in 95 min"),  # longer than the run was
        ("sha256 " + "ab" * 32, "sha256 " + "cd" * 32),
        ("md5 d41d8cd98f00b204e9800998ecf8427e", "md5 d41d8cd98f00b204e9800998ecf8427f"),
        ("0x7f3c is a colour", "0x7f3d is a colour"),
        ("1600000000 cells", "1600000001 cells"),
        ("mae 0.31", "mae 0.32"),
        ("2026-02-01", "2026-02-02"),
        ("left 2013-07-01 10:00:10", "left 2013-07-01 10:00:11"),  # a time of day of the run, of another day
        ("left 2026-03-01 12:30", "left 2026-02-28 12:30"),  # the day of the run, at another time
    ],
)
def test_what_a_notebook_finds_is_compared(one: str, other: str) -> None:
    assert settled(one, NOW) != settled(other, NOW)


@given(st.text(max_size=80), st.text(max_size=80))
def test_texts_without_a_digit_or_a_sign_of_a_terminal_are_the_same_only_if_they_are(one: str, other: str) -> None:
    bare = [re.sub(r"[\d\r\x1b]", "", text) for text in (one, other)]

    assert (settled(bare[0], NOW) == settled(bare[1], NOW)) is (bare[0] == bare[1])


@given(st.text(max_size=200))
def test_a_text_is_settled_in_one_step_and_any_page_is_read(text: str) -> None:
    assert settled(settled(text, NOW), NOW) == settled(text, NOW)
    settled_page(text, NOW)


def test_ids_of_a_page_are_numbered_where_they_may_be_drawn() -> None:
    one, other = (
        f'<style>#T_{x}_row0 {{}}</style><td id="T_{x}_row0" class="a">1</td><p id="age">' for x in ("3f1c", "9ab2")
    )

    assert settled_page(one, NOW) == settled_page(other, NOW)
    assert 'id="age"' in settled_page(one, NOW)


def test_every_rule_says_what_it_passes_over() -> None:
    assert all(rule.told.endswith(".") for rule in RULES)


def test_what_a_batch_says_of_an_earlier_one_is_known(tmp_path: Path) -> None:
    said = re.search(r'f"(Window .*?)\\n"', Path(score.__file__).read_text("utf-8"))
    assert said is not None

    assert settled(re.sub(r"\{.*?\}", "a b", said[1]) + "\nmore", NOW) == "more"


# The page


def test_the_page_of_hostile_jobs_holds_no_markup_of_theirs(made: Make) -> None:
    outputs = [
        new_output("stream", name="stdout", text=HOSTILE), {"text/html": HOSTILE, "text/plain": "x"},
        _record(HOSTILE, results={HOSTILE: 1.0}, findings=[{"code": HOSTILE, "severity": HOSTILE}]),
        {"image/svg+xml": f"<svg onload='alert(1)'>{HOSTILE}</svg>"},
        {PLOTLY: {"data": [{"y": [1, 2], "name": HOSTILE}]}},
    ]  # fmt: skip
    ran_in = JobEnvironment(HOSTILE, packages={HOSTILE: HOSTILE}, repositories=(Repository(HOSTILE, problem=HOSTILE),))
    first = made((HOSTILE, outputs, {}), name="x", parameters={HOSTILE: HOSTILE}, ran_in=ran_in)
    second = made((HOSTILE, [], {}), minutes=5, error=HOSTILE, state=JobState.FAILED, notes=(HOSTILE,))

    for drawn in (compare(first, second).page(), compare(second, first).page()):
        inside = re.sub(r"<script>\(\(\) => \{ const CATALOGUES.*?</script>", "", drawn, flags=re.DOTALL)
        assert "<script" not in inside
        assert "onload" not in inside.replace("&#39;", "")


def test_a_comparison_is_saved_and_read_back(made: Make, tmp_path: Path) -> None:
    shown = [{"image/png": _png(10)}, _record(results={"x": 1})]
    found = compare(
        made(("a", shown, {})), made(("a", [{"image/png": _png(20)}, _record(results={"x": 2})], {}), minutes=5)
    )

    assert JobComparison.load(found.save(tmp_path / "c.json")) == found
    assert list(found.frame()["kind"]) == ["result", "figure"]
    assert compare(found.jobs[0], found.jobs[0]).identical


OUTPUTS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=40)
@given(
    st.lists(
        st.dictionaries(st.sampled_from([MIME, "text/html", "text/plain", PLOTLY, "image/png", "x"]), OUTPUTS),
        max_size=3,
    )
)
def test_whatever_an_output_holds_it_is_compared_with_itself_and_with_nothing(
    tmp_path_factory: Any, outputs: list[Any]
) -> None:
    folder = tmp_path_factory.mktemp("any")
    jobs = []
    for n, shown in enumerate((outputs, outputs, [])):
        job = Job(f"j{n}", "n.ipynb", {}, JobState.COMPLETED, created=START.isoformat(), path=folder / f"j{n}")
        raw = [{"output_type": "display_data", "data": data, "metadata": {}} for data in shown]
        cell = {"cell_type": "code", "source": "a", "metadata": {}, "outputs": raw}
        job.path.mkdir()
        content = json.dumps({"cells": [cell], "metadata": {}, "nbformat": 4})
        (job.path / "output.ipynb").write_text(content, encoding="utf-8")
        jobs.append(job)

    assert compare(jobs[0], jobs[1]).identical
    assert compare(jobs[0], jobs[2]).compared is not None
