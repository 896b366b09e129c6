"""A notebook that only runs where its cells ran in another order is told so: held against its true execution."""

from __future__ import annotations

import itertools
import warnings
from typing import Any

import nbformat
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import workbench as wb
from workbench.errors import JobFailed
from workbench.jobs.notebook.hidden_state import HiddenState, Source, told, unmade

NAMES = st.sampled_from("abcd")
FUNCTIONS = st.sampled_from("fg")
FORMS = [
    "{n}",
    "f'{{{n}}}'",
    "[{n} for _ in [1]]",
    "[i for i in [{n}]]",
    "(lambda: {n})()",
    "sum(1 for _ in [{n}])",
    "list({n} for _ in [1])",
    "late = lambda: {n}",
    "late = ({n} for _ in [1])",
    "[{n} := i for i in [1]]",
    "{{i: {n} for i in [1]}}",
    "{n} = 1",
    "{n} = {m}",
    "{n}, late = 1, 2",
    "{n} += 0",
    "import os as {n}",
    "for {n} in [1]: pass",
    "for late in [{n}]: pass",
    "class {n}: pass",
    "({n} := 1)",
    "late: {n} = 1",
    "{n}: int",
    "class K:\n    {n} = 1\n    late = {n}",
    "class K:\n    {m} = {n}\n    late = [{m} for _ in [1]]",
    "class K:\n    def __init__(self):\n        {n}",
    "class K:\n    def method(self):\n        return {n}",
    "K = len",
    "try:\n    import no_such as {n}\nexcept ImportError:\n    {n} = None",
    "try:\n    {n}\nexcept NameError:\n    pass",
    "try:\n    raise KeyError\nexcept KeyError as {n}:\n    pass",
    "from math import pi as {n}",
    "del {n}",
    "match [1, 2]:\n    case [{n}, *{m}]:\n        pass",
    "match {{'k': 1}}:\n    case {{**{n}}}:\n        {m}",
    "import contextlib\nwith contextlib.suppress(NameError):\n    {n}",
    "'{n}'",
    "len(str({n}))",
    "({n}, {m})",
    "with open('/dev/null') as {n}: {m}",
    "def {n}(a, b=1, *c, d=2): return a, b, c, d",
]
OF_FUNCTIONS = [
    "def {f}():\n    return {n}",
    "def {f}():\n    global {n}\n    {n} = {m}",
    "def {f}():\n    {m} = {n}\n    return {m}",
    "def {f}():\n    {m} = 1\n    return [{m} for _ in [1]]",
    "def {f}(late={n}):\n    return late",
    "{f} = lambda: {n}",
    "def {f}():\n    def inner():\n        return {n}\n    return inner()",
    "def {f}():\n    yield {n}",
    "{f}()",
    "{f}()",
    "def {f}():\n    def inner():\n        return {n}\n    {n} = 1\n    return inner()",
    "[{f}() for _ in [1]]",
    "def {f}():\n    for {m} in [1]:\n        {n}\n    return {m}",
    "def {f}():\n    global {n}\n    del {n}",
]
LINES = st.one_of(
    st.builds(lambda form, n, m: form.format(n=n, m=m), st.sampled_from(FORMS), NAMES, NAMES),
    st.builds(lambda form, n, m, f: form.format(n=n, m=m, f=f), st.sampled_from(OF_FUNCTIONS), NAMES, NAMES, FUNCTIONS),
)
FIRST = "f = g = K = len\nf = lambda: 0\ng = lambda: 0\nK = lambda: 0"


def first_lack(cells: list[str], **names: Any) -> tuple[int, str] | None:
    """The cell and the name of the first NameError where the cells really run; other errors end a cell alone."""
    for at, cell in enumerate(cells):
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                exec(compile(cell, "cell", "exec", dont_inherit=True), names)
        except UnboundLocalError:
            raise
        except NameError as error:
            return at, error.name
    return None


def runs(cells: list[str]) -> bool:
    try:
        first_lack(cells)
    except (TypeError, AttributeError, UnboundLocalError, SyntaxError):
        return False
    return True


@given(st.lists(LINES, max_size=8).map(lambda lines: [FIRST, *lines]).filter(runs))
def test_what_is_told_first_is_what_fails_first(cells: list[str]) -> None:
    """Of statements that all run: neither a false alarm nor a name that is missed."""
    found = unmade([Source(cell) for cell in cells])

    assert ((found[0].cell, found[0].name) if found else None) == first_lack(cells)


def indented(lines: list[str]) -> str:
    return "\n".join(f"    {line}" for text in lines for line in text.split("\n")) or "    pass"


class Branches:
    """Texts of blocks, each with a flag of its own, so that each of its ways is taken in some run."""

    def __init__(self) -> None:
        self.flags = 0

    def text(self, part: Any) -> str:
        if isinstance(part, str):
            return part
        kind, body, otherwise = part
        flag, self.flags = f"flag{self.flags}", self.flags + 1
        one, other = ([self.text(p) for p in block] for block in (body, otherwise))
        first, second = indented(one), indented(other)
        return {
            "if": f"if {flag}:\n{first}\nelse:\n{second}",
            "try": f"try:\n    if {flag}: raise KeyError\n{first}\nexcept KeyError:\n{second}",
            "for": f"for i{flag} in range(2):\n    if i{flag} == {flag}:\n{indented([first])}\n{second}",
            "while": f"n{flag} = 2\nwhile n{flag} := n{flag} - 1:\n    if {flag}: continue\n{first}\n{second}",
        }[kind]


PARTS = st.recursive(
    LINES,
    lambda part: st.tuples(
        st.sampled_from(["if", "try", "for", "while"]), st.lists(part, max_size=2), st.lists(part, max_size=2)
    ),
    max_leaves=6,
)


@pytest.mark.slow
@given(st.lists(PARTS, max_size=5))
def test_nothing_is_told_of_what_runs_whichever_way_it_goes(parts: list[Any]) -> None:
    branches = Branches()
    cells = [FIRST, *map(branches.text, parts)]
    assume(branches.flags <= 6)
    ways = list(itertools.product([False, True], repeat=branches.flags))
    try:
        lacks = [first_lack(cells, **{f"flag{i}": on for i, on in enumerate(way)}) for way in ways]
    except (TypeError, AttributeError, UnboundLocalError, SyntaxError):
        assume(False)
    flags = Source("\n".join(f"flag{i} = 0" for i in range(branches.flags)))
    found = unmade([flags, *map(Source, cells)])

    assert not found or any(lacks), (cells, found)


@pytest.mark.parametrize(
    "cells",
    [
        ["%matplotlib inline\nx = 1", "x"],
        ["files = !ls\n%time y = len(files)", "y, files"],
        ["%%time\nx = 1", "x"],
        ["%%capture out\nx = 1", "out, x"],
        ["%%bash\necho $nothing", "1"],
        ["%sql result << select 1", "result"],
        ["%run other.py", "anything"],
        ["from math import *", "cos(pi)"],
        ["globals().update(a=1)", "a"],
        ["x = ('%s'\n     % 1)\n%cd ..", "x"],
        ["if 1:\n    %pip install a\n", "len?"],
        ["not python here (", "python"],
        ["def f():\n    return later", "later = 1", "f()"],
        ["for i in range(3):\n    if i:\n        before\n    before = i"],
        ["try:\n    import cudf as pd\nexcept ImportError:\n    import pandas as pd", "pd"],
        ["exit()", "nothing"],
        ["In[1], Out, _, _1, _i2, get_ipython(), __name__, display(1)"],
        ["class A:\n    def __init__(self):\n        self.x = __class__\n    y = __qualname__", "A()"],
    ],
)
def test_what_a_notebook_may_have_by_other_ways_is_not_told(cells: list[str]) -> None:
    assert unmade([Source(cell) for cell in cells]) == []


@pytest.mark.parametrize(
    ("cells", "name", "maker"),
    [
        (["f'{x!r:>{width}}'", "x = width = 1"], "x", 1),
        (["match 1:\n    case 1 if limit:\n        pass"], "limit", None),
        (["x = 1", "del x", "x"], "x", None),
        (["def f():\n    return later\nf()", "later = 1"], "later", 1),
        (["print(x)\nx = 1"], "x", 0),
        (["%time fit(data)"], "fit", None),
        (["class A(Base): pass"], "Base", None),
    ],
)
def test_where_it_is_made_is_told(cells: list[str], name: str, maker: int | None) -> None:
    first = unmade([Source(cell) for cell in cells])[0]

    assert (first.name, first.maker) == (name, maker)


def test_tags_say_what_runs_and_what_is_given() -> None:
    cells = [
        Source("month: int", ("parameters",)),
        Source("month"),
        Source("nothing", ("skip-execution",)),
        Source("absent", ("raises-exception",)),
    ]

    assert unmade(cells) == []


def test_it_is_told_in_one_sentence() -> None:
    cells = [nbformat.v4.new_code_cell(text) for text in ("print(total)", "total = 1", "print(nothing)")]

    assert told(nbformat.v4.new_notebook(cells=cells), "night.ipynb") == (
        "night.ipynb runs from its first cell to its last, and code cell 1 uses 'total', which only a cell below it "
        "makes; code cell 3 uses 'nothing', which no cell makes. Make it in a cell above."
    )


@given(st.lists(st.text(alphabet=st.sampled_from("ab=:\n ()[]%!?.def"), max_size=60), max_size=4))
def test_any_text_is_looked_at(texts: list[str]) -> None:
    unmade([Source(text) for text in texts])


@pytest.mark.slow
def test_who_submits_is_warned_and_an_error_names_no_temporary_file(tmp_path: Any) -> None:
    cells = [nbformat.v4.new_code_cell(text) for text in ("x = 1\n2 = x", "print(total)", "total = 1")]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), tmp_path / "night.ipynb")

    with (
        pytest.warns(HiddenState, match="code cell 2 uses 'total'"),
        pytest.raises(JobFailed, match=r"cell 1: SyntaxError: .*\(line 2\)"),
    ):
        wb.submit(tmp_path / "night.ipynb", home=tmp_path / "home", show=False)
