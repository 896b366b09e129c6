"""Templates are compiled once for all processes, and never stale."""

import sys
from pathlib import Path

import pytest
from jinja2 import Environment, FileSystemLoader

from workbench.display.compiled import Compiled


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Of one template, in a place where compiled files may be written."""
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    monkeypatch.setattr(sys, "pycache_prefix", None)
    (tmp_path / "page.html.j2").write_text("Hello {{ name }}", encoding="utf-8")
    return tmp_path


def shown(folder: Path, **options) -> str:
    """By an environment of its own, as another process has it."""
    environment = Environment(loader=FileSystemLoader(folder), bytecode_cache=Compiled(), autoescape=True, **options)
    return environment.get_template("page.html.j2").render(name="<you>")


def kept(folder: Path) -> list[Path]:
    return list(folder.rglob("*.pyc"))


def test_a_template_is_compiled_once_for_all_processes(folder, monkeypatch):
    first = shown(folder)
    monkeypatch.setattr(Environment, "compile", lambda *_: pytest.fail("compiled again"))

    assert shown(folder) == first == "Hello &lt;you&gt;"
    assert [path.parent for path in kept(folder)] == [folder / "__pycache__"]


def test_a_changed_template_is_compiled_anew(folder):
    shown(folder)
    (folder / "page.html.j2").write_text("Bye {{ name }}", encoding="utf-8")

    assert shown(folder) == "Bye &lt;you&gt;"


def test_what_an_environment_of_other_settings_compiled_is_not_taken(folder):
    (folder / "page.html.j2").write_text("{% if name %}\nHello{% endif %}", encoding="utf-8")

    assert shown(folder) == "\nHello"
    assert shown(folder, trim_blocks=True) == "Hello"


@pytest.mark.parametrize("damage", [b"", b"no code", slice(0, 30)], ids=["empty", "foreign", "cut"])
def test_a_damaged_file_is_compiled_anew(folder, damage):
    shown(folder)
    (path,) = kept(folder)
    path.write_bytes(damage if isinstance(damage, bytes) else path.read_bytes()[damage])

    assert shown(folder) == "Hello &lt;you&gt;"


def test_nothing_is_written_where_python_may_not(folder, monkeypatch):
    monkeypatch.setattr(sys, "dont_write_bytecode", True)

    assert shown(folder) == "Hello &lt;you&gt;"
    assert not kept(folder)


def test_a_template_that_is_in_no_file_is_shown_too():
    from jinja2 import DictLoader

    environment = Environment(loader=DictLoader({"x": "a{{ 1 }}"}), bytecode_cache=Compiled(), autoescape=True)

    assert environment.get_template("x").render() == "a1"
