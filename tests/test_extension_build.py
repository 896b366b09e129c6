"""The JupyterLab extension: its lock holds no address, and its bundle is small and fits the server's extension."""

from __future__ import annotations

import importlib.util
import json
import os
import re
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[1]
LAB = ROOT / "extensions" / "lab"
BUNDLE = ROOT / "workbench" / "labextension"


@pytest.fixture
def bundle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The build's module, pointed at an empty folder."""
    spec = importlib.util.spec_from_file_location("bundle", LAB / "bundle.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "HERE", tmp_path / "lab")
    monkeypatch.setattr(module, "BUNDLE", tmp_path / "made")
    (tmp_path / "lab" / "src").mkdir(parents=True)
    for name in module.SOURCES[3:]:
        (tmp_path / "lab" / name).touch()
    for name in module.SOURCES[:3]:
        (tmp_path / "lab" / name).mkdir(exist_ok=True)
        (tmp_path / "lab" / name / "file").touch()
    return module


@pytest.fixture
def built() -> Path:
    if not (BUNDLE / "package.json").is_file():
        message = "the extension is not built; install the checkout with pip"
        if os.environ.get("CI") == "true":
            pytest.fail(message)
        pytest.skip(message)
    return BUNDLE


def test_the_lock_file_holds_hashes_and_no_address() -> None:
    lock = json.loads((LAB / "package-lock.json").read_text())

    packages = [p for name, p in lock["packages"].items() if name]
    assert packages
    assert all("integrity" in p and "resolved" not in p for p in packages)


def test_the_lock_file_fits_the_manifest() -> None:
    lock, manifest = (json.loads((LAB / name).read_text()) for name in ("package-lock.json", "package.json"))

    assert lock["packages"][""]["dependencies"] == manifest["dependencies"]
    assert lock["packages"][""]["devDependencies"] == manifest["devDependencies"]


def test_the_bundle_is_made_again_only_when_a_source_is_newer(bundle: ModuleType, tmp_path: Path) -> None:
    assert bundle.stale()

    (tmp_path / "made").mkdir()
    (tmp_path / "made" / "package.json").touch()
    assert not bundle.stale()

    newer = (tmp_path / "made" / "package.json").stat().st_mtime + 5
    os.utime(tmp_path / "lab" / "src" / "file", (newer, newer))
    assert bundle.stale()


def test_packages_are_installed_only_where_there_are_none(
    bundle: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    called: list[str] = []
    monkeypatch.setattr(bundle, "_npm", lambda *arguments: called.append(arguments[0]))
    (tmp_path / "made").mkdir()
    monkeypatch.setattr(bundle, "stale", lambda: True)

    (tmp_path / "made" / "package.json").touch()
    bundle.build("wheel", "editable")
    (tmp_path / "lab" / "node_modules").mkdir()
    (tmp_path / "lab" / "node_modules" / ".package-lock.json").touch()
    bundle.build("wheel", "editable")

    assert called == ["ci", "run", "run"]


def test_the_bundle_is_small_and_loads_nothing_from_elsewhere(built: Path) -> None:
    files = [f for f in built.rglob("*") if f.is_file() and "licenses" not in f.name]

    assert sum(f.stat().st_size for f in files) < 150_000
    text = "".join(f.read_text(encoding="utf-8") for f in files if f.suffix == ".js")
    assert not re.search(r"(unpkg|jsdelivr|cdnjs|googleapis)\.", text)
    assert "console.log" not in "".join(f.read_text() for f in (LAB / "src").glob("*.ts"))


def test_the_event_schema_has_one_name_on_both_sides() -> None:
    from workbench.server.events import SCHEMA

    assert f"'{SCHEMA['$id']}'" in (LAB / "src" / "jobs.ts").read_text()


def test_the_panel_and_the_package_have_one_version() -> None:
    import workbench

    assert json.loads((LAB / "package.json").read_text())["version"] == workbench.__version__
    assert f"VERSION = '{workbench.__version__}'" in (LAB / "src" / "version.ts").read_text()


def test_the_readme_tells_every_command_and_its_arguments() -> None:
    told = re.findall(r"^\| `(workbench:[\w-]+)` \| ([^|]*)\|", (LAB / "README.md").read_text(), re.MULTILINE)
    arguments = json.loads((LAB / "src" / "arguments.json").read_text())
    tokens = (LAB / "src" / "tokens.ts").read_text()

    assert [command for command, _ in told] == list(arguments) == re.findall(r"'(workbench:[\w-]+)'", tokens)
    for command, cell in told:
        of = arguments[command]
        shown = [name if name in of.get("required", ()) else f"{name}?" for name in of["properties"]]
        assert re.findall(r"`([^`]+)`", cell) == shown, command


def test_every_shortcut_is_told_and_its_command_exists() -> None:
    schema = json.loads((LAB / "schema" / "plugin.json").read_text())
    readme = (LAB / "README.md").read_text()
    menus = [i for m in schema["jupyter.lab.menus"]["main"] for i in m["items"]] + schema["jupyter.lab.menus"][
        "context"
    ]
    used = [*schema["jupyter.lab.shortcuts"], *menus, *schema["jupyter.lab.toolbars"]["Notebook"]]

    assert {u["command"] for u in used if "command" in u} <= set(re.findall(r"`(workbench:[\w-]+)`", readme))
    for shortcut in schema["jupyter.lab.shortcuts"]:
        assert re.search(rf"`{shortcut['command']}`.*{re.escape(shortcut['keys'][0])}", readme)


def test_every_setting_is_used() -> None:
    settings = json.loads((LAB / "schema" / "plugin.json").read_text())["properties"]

    assert all(re.search(rf"\b{name}\b", (LAB / "src" / "settings.ts").read_text()) for name in settings)


def test_colours_are_those_of_the_theme() -> None:
    styles = "".join(f.read_text() for f in (LAB / "style").glob("*.css"))

    assert re.findall(r"#[0-9a-fA-F]{3,8}\b|\b(?:rgb|hsl)a?\(", re.sub(r"/\*.*?\*/", "", styles, flags=re.DOTALL)) == []
