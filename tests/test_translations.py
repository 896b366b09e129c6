"""Every sentence of the panel has a German one: in its sources, its settings, and the server's forms and advice."""

from __future__ import annotations

import ast
import json
import re
import tomllib
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

import workbench
from workbench.core.job_options import JobOptions
from workbench.core.parameters import STEPS, schema, schema_of

ROOT = Path(__file__).parents[1]
LAB = ROOT / "extensions" / "lab"
PACKAGE = Path(workbench.__file__).parent  # of the wheel, where that is what is tested
LOCALES = PACKAGE / "server" / "locale"
TEXT = r"'((?:[^'\\]|\\.)*)'"
# Sentences that come from the server; the tests below read them there.
FROM_SERVER = re.compile(
    r"trans\.__\((?:text, \.\.\.parts|[\w.]*\.title|[\w.]*description|property\.\w+ \?\? \S+?|unit|group|value)\)"
)
CATALOGUES = sorted(LOCALES.glob("*/LC_MESSAGES/ml_workbench.json"))


def _sources() -> dict[str, str]:
    return {f.name: f.read_text(encoding="utf-8") for f in sorted((LAB / "src").glob("*.ts"))}


def _plain(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text)


def _in_sources() -> Iterator[str]:
    for text in _sources().values():
        yield from map(_plain, re.findall(rf"\.__\(\s*{TEXT}", text))
        yield from (_plain(one) for one, _ in re.findall(rf"\._n\(\s*{TEXT},\s*{TEXT}", text))


def _in_settings(of: dict[str, Any]) -> Iterator[str]:
    for key, value in of.items():
        if key in ("title", "description") and isinstance(value, str):
            yield value
        elif isinstance(value, dict) and not key.startswith("jupyter.lab"):
            yield from _in_settings(value)


def _in_forms() -> Iterator[str]:
    yield from (step.title for step in STEPS.values())
    for shown in (*map(schema, STEPS), schema_of(JobOptions)):
        yield shown["description"]
        for name, of in shown["properties"].items():
            yield of.get("title", name)
            yield of.get("description", "")
            yield from (of.get("x-unit", ""), of.get("x-group", ""))


def _in_advice() -> Iterator[str]:
    """What the server says of a notebook: texts with a place for a value, and those that begin a tuple."""
    for file in sorted((PACKAGE / "codegen").glob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            text = _text(node)
            if re.match(r"(Cell )?%1.", text):
                yield text
            elif isinstance(node, ast.Tuple) and node.elts and re.match(r"[A-Z0-9]", _text(node.elts[0])):
                yield _text(node.elts[0])


def _text(node: ast.AST) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def _wanted() -> set[str]:
    settings = json.loads((LAB / "schema" / "plugin.json").read_text())
    return {*_in_sources(), *_in_settings(settings), *_in_forms(), *_in_advice()} - {""}


@pytest.fixture(params=CATALOGUES, ids=lambda file: file.parents[1].name)
def catalogue(request: pytest.FixtureRequest) -> dict[str, Any]:
    return json.loads(request.param.read_text(encoding="utf-8"))


def test_every_sentence_is_translated(catalogue: dict[str, Any]) -> None:
    missing = sorted(_wanted() - set(catalogue))

    assert missing == [], f"add them to {LOCALES.relative_to(PACKAGE.parent)}/*/LC_MESSAGES/ml_workbench.json"
    assert sorted(set(catalogue) - _wanted() - {""}) == []
    assert all(all(forms) for message, forms in catalogue.items() if message)


def test_a_translation_says_the_same_values(catalogue: dict[str, Any]) -> None:
    for message, forms in catalogue.items():
        for form in forms if message else ():
            assert sorted(re.findall(r"%\d", form)) == sorted(re.findall(r"%\d", message)), message
            assert re.findall(r'"([^"%]+)"', message) == re.findall(r"[„\"]([^“\"%]+)[“\"]", form), message


def test_no_sentence_escapes_the_translator() -> None:
    for name, text in _sources().items():
        calls = re.sub(rf"\.(?:__|_n)\(\s*{TEXT}", "", text)
        rest = FROM_SERVER.sub("", calls)
        assert not re.search(r"trans\.(?:__|_n)\(", rest), (name, re.findall(r"trans\.(?:__|_n)\(.*", rest))
        assert not re.search(r"(?:label|caption|title|'aria-label'): '[A-Z]", text), name


def test_jupyterlab_finds_the_catalogues() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    ((domain, module),) = project["entry-points"]["jupyterlab.locale"].items()

    assert Path(import_module(module).__file__ or "").parent / "locale" == LOCALES
    assert [f.stem for f in CATALOGUES] == [domain]
    assert f"DOMAIN = '{domain.replace('_', '-')}'" in (LAB / "src" / "tokens.ts").read_text()
