"""One registry of codes: what the code base makes, what the registry says, and what is documented are the same."""

import ast
import copy
import pickle
import re
from collections import Counter
from dataclasses import asdict
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import workbench
from workbench.core.codes import ALL, CODES, KINDS, SEVERITIES, check_code, document
from workbench.core.finding import Finding, sort
from workbench.errors import BadParameter
from workbench.profiling.findings import CHECKS

HOME = Path(workbench.__file__).parent
REGISTRY = HOME / "core" / "codes.py"
CODE = re.compile(r"WB\d+")


def codes_in(tree: ast.AST) -> set[str]:
    texts = (n.value for n in ast.walk(tree) if isinstance(n, ast.Constant) and isinstance(n.value, str))
    return {text for text in texts if CODE.fullmatch(text)}


def makes_findings(tree: ast.AST) -> bool:
    calls = (n.func for n in ast.walk(tree) if isinstance(n, ast.Call))
    return any(isinstance(called, ast.Name) and called.id == "Finding" for called in calls)


@cache
def trees() -> list[ast.AST]:
    return [ast.parse(path.read_text()) for path in HOME.rglob("*.py") if path != REGISTRY]


def test_no_code_stands_twice_in_the_registry():
    assert [code for code, n in Counter(one.code for one in ALL).items() if n > 1] == []
    assert [title for title, n in Counter(one.title for one in ALL).items() if n > 1] == []


def test_each_code_is_made_in_one_module_and_is_in_the_registry():
    made = Counter(code for tree in trees() if makes_findings(tree) for code in codes_in(tree))

    assert made == Counter(CODES.keys())


def test_whatever_names_a_code_names_one_of_the_registry():
    assert {code for tree in trees() for code in codes_in(tree)} <= CODES.keys()


def test_the_document_is_the_registry():
    text = (HOME / "core" / "FINDINGS.md").read_text()

    assert text == document(), "run: python -m workbench.core.codes > workbench/core/FINDINGS.md"
    assert re.findall(r"^## (WB\d+) ", text, re.MULTILINE) == list(CODES)
    assert re.findall(r'<a id="(wb\d+)">', text) == [one.anchor for one in ALL]


@pytest.mark.parametrize("one", ALL, ids=lambda one: one.code)
def test_a_code_says_what_it_means(one):
    assert one.code[2] in KINDS
    assert CODE.fullmatch(one.code)
    assert one.title
    assert one.text.endswith(".")
    assert one.severities
    assert set(one.severities) <= set(SEVERITIES)


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__.rpartition(".")[2])
def test_a_check_has_the_code_of_its_file(check):
    name = check.__name__.rpartition(".")[2]

    assert name.startswith(f"{check.CODE.lower()}_")
    assert not hasattr(check, "TITLE")


def test_every_file_with_a_check_is_asked():
    files = sorted(path.stem for path in (HOME / "profiling" / "findings").glob("wb*.py"))

    assert [check.__name__.rpartition(".")[2] for check in CHECKS] == files


@pytest.mark.parametrize("code", ["WB999", "wb101", "", "101"])
def test_a_finding_of_an_unknown_code_is_refused(code):
    with pytest.raises(BadParameter, match=r"core/codes\.py"):
        Finding(code, "info", "…")


@pytest.mark.parametrize("one", ALL, ids=lambda one: one.code)
def test_a_finding_has_a_severity_of_its_code(one):
    for severity in SEVERITIES:
        if severity in one.severities:
            assert Finding(one.code, severity, "…").severity == severity
        else:
            with pytest.raises(BadParameter, match=f"got '{severity}'"):
                Finding(one.code, severity, "…")


def test_a_refused_severity_is_told_with_those_that_the_code_has():
    several = next(one for one in ALL if one.severities == ("warning", "info"))

    with pytest.raises(BadParameter, match=rf"A finding {several.code} is warning or info, got 'error'\."):
        check_code(several.code, "error")


@given(st.text(max_size=8) | st.sampled_from(list(CODES)), st.sampled_from(SEVERITIES), st.none() | st.text(max_size=8))
def test_a_finding_of_another_version_is_read_written_and_sorted(code, severity, column):
    content = {"code": code, "severity": severity, "message": "…", "column": column, "cure": "", "evidence": {"n": 1}}

    finding = Finding.from_dict(content)

    assert asdict(finding) == content
    assert sort([finding]) == (finding,) == (copy.deepcopy(finding),) == (pickle.loads(pickle.dumps(finding)),)


def test_a_finding_that_is_read_equals_the_one_that_was_written():
    finding = Finding("WB101", "warning", "…")

    assert Finding.from_dict(asdict(finding)) == finding
    assert Finding.from_dict({"code": "WB101", "severity": "warning", "message": "…"}) == finding


@pytest.mark.parametrize(
    ("content", "error"),
    [
        ({"code": "WB101", "severity": "fatal", "message": "…"}, ValueError),
        ({"code": "WB101", "severity": "info", "message": "…", "link": "x"}, TypeError),
        ({"code": "WB101", "severity": "info"}, TypeError),
        ({}, TypeError),
    ],
)
def test_what_is_no_finding_is_not_read(content, error):
    with pytest.raises(error):
        Finding.from_dict(content)
