"""The house itself: light imports, complete docs, one list of public names, a lock that fits."""

import ast
import inspect
import re
import subprocess
import sys
import tomllib
from dataclasses import fields
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import workbench as wb
from workbench.core.parameters import STEPS

ROOT = Path(__file__).parents[1]
HEAVY = ("numpy", "pandas", "sklearn", "scipy", "mlflow", "plotly", "shap", "pyarrow")


def modules_after(statement: str) -> list[str]:
    """Names of the modules that a fresh interpreter holds after a statement."""
    code = f"{statement}\nimport sys\nprint('\\n'.join(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    return done.stdout.split()


@pytest.mark.parametrize("statement", ["import workbench", "import workbench.cli", "import workbench.server"])
def test_importing_loads_nothing_heavy(statement):
    """Neither the package, the command line nor the server extension loads the data stack."""
    loaded = set(modules_after(statement))

    assert not loaded & set(HEAVY)


def test_importing_the_package_loads_few_modules():
    """``import workbench`` adds its own root and no more than sixty modules in all."""
    bare = set(modules_after("pass"))

    assert len(set(modules_after("import workbench")) - bare) <= 60


def test_public_names_agree():
    """The names for type checkers, for readers and for the loader are the same."""
    tree = ast.parse(Path(wb.__file__).read_text())
    typed = {
        alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.If)
        for line in node.body
        if isinstance(line, ast.ImportFrom) and line.level == 0 and line.module != "typing"
        for alias in line.names
    }

    assert set(wb.__all__) == set(wb._PLACES) == typed


@pytest.mark.parametrize("name", wb.__all__)
def test_each_public_name_is_documented(name):
    """A docstring with a first line, and for verbs: parameters, result or errors, and an example."""
    thing = getattr(wb, name)
    doc = inspect.getdoc(thing)

    assert doc
    assert doc.splitlines()[0].endswith(".")
    if inspect.isfunction(thing):
        assert ">>>" in doc, f"{name} has no example"
        assert "Raises" in doc, f"{name} names no errors"
        missing = [p for p in inspect.signature(thing).parameters if not re.search(rf"\b{p}\b", doc)]
        assert not missing, f"{name} does not document {missing}"


@pytest.mark.parametrize("verb", STEPS)
def test_a_verb_takes_the_parameters_of_its_step(verb):
    """The form, the cell and the function have the same names and defaults."""
    parameters = inspect.signature(getattr(wb, verb)).parameters
    for field in fields(STEPS[verb]):
        assert field.name in parameters
        if not inspect.isclass(field.default) and parameters[field.name].default is not inspect.Parameter.empty:
            assert parameters[field.name].default == field.default


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="profil"):
        wb.profil  # noqa: B018


def test_each_error_ends_in_what_to_do():
    """Every error class is in the drawn tree."""
    from workbench import errors

    classes = [
        name for name, thing in vars(errors).items() if inspect.isclass(thing) and thing.__module__ == errors.__name__
    ]

    assert all(re.search(rf"\b{name}\b", errors.__doc__) or name == "WorkbenchError" for name in classes)


def locked() -> dict[str, str]:
    """Versions in the lock by canonical name; a package may stand there once per Python version."""
    text = (ROOT / "requirements.lock").read_text()
    found: dict[str, list[str]] = {}
    for name, version in re.findall(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)", text, re.MULTILINE):
        found.setdefault(canonicalize_name(name), []).append(version)
    return found


def test_the_lock_satisfies_the_project():
    """Each dependency and extra of pyproject.toml is in requirements.lock in a version that it allows."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = [*project["dependencies"], *(r for rs in project["optional-dependencies"].values() for r in rs)]
    versions = locked()
    for requirement in map(Requirement, wanted):
        if requirement.name == "ml-workbench":
            continue
        found = versions.get(canonicalize_name(requirement.name))

        assert found, f"{requirement.name} is not in the lock"
        assert all(v in requirement.specifier for v in found), f"{requirement} is locked at {found}"


def test_the_lock_has_hashes_and_no_address():
    text = (ROOT / "requirements.lock").read_text()
    entries = re.findall(r"^[A-Za-z0-9._-]+==", text, re.MULTILINE)

    assert text.count("--hash=sha256:") >= len(entries)
    assert "://" not in text
    assert "--index-url" not in text


def test_each_dependency_has_its_reason():
    """A line of dependencies in pyproject.toml says why it is there."""
    text = (ROOT / "pyproject.toml").read_text()
    block = text.split("\ndependencies = [")[1].split("\n]")[0]
    lines = [line for line in block.splitlines() if line.strip().startswith('"')]

    assert lines
    assert all("#" in line for line in lines)


MODULES = sorted((ROOT / "workbench").rglob("*.py"))
BUILDER = ROOT / "workbench" / "core" / "literals.py"
# Code or a command of ours with something put between: \\0 stands for it.
PASTED = re.compile(
    r"\b(?:wb|data|run|profile|bundle)\.\w+\([^)]*\0|\bworkbench [a-z]+ (?:[^`\0]* )?\0|\bdata = [^.]*\0"
)


@pytest.mark.parametrize(
    "text", ['wb.rollback("\0")', "data = data.without(\0)", "workbench promote \0", "`workbench sign --key \0`"]
)
def test_pasted_code_is_known(text):
    assert PASTED.search(text)


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(ROOT)))
def test_no_text_is_pasted_into_code(path):
    """Code that we show comes from ``core/literals.py``, where a name from the data stays a literal."""
    tree = ast.parse(path.read_text())
    pasted = [text for node in ast.walk(tree) if (text := filled_in(node)) and PASTED.search(text)]

    assert not pasted or path == BUILDER


def filled_in(node: ast.AST) -> str | None:
    """What an f-string, ``format`` or ``%`` gives, with a mark for each value."""
    match node:
        case ast.JoinedStr(values=parts):
            return "".join(str(p.value) if isinstance(p, ast.Constant) else "\0" for p in parts)
        case ast.Call(func=ast.Attribute(value=ast.Constant(value=str(text)), attr="format")):
            return re.sub(r"\{\w*\}", "\0", text)
        case ast.BinOp(left=ast.Constant(value=str(text)), op=ast.Mod()):
            return re.sub(r"%[a-z]", "\0", text)
    return None


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(ROOT)))
def test_code_is_built_in_one_place_from_constants(path):
    """A type checker takes nothing but ``Code`` as a cure, and only the builder may say that a text is some."""
    tree = ast.parse(path.read_text())
    calls = [n for n in ast.walk(tree) if isinstance(n, ast.Call) and isinstance(n.func, ast.Name)]
    templates = [c.args[0] for c in calls if c.func.id == "python"]
    own = {t.id: n.value for n in tree.body if isinstance(n, ast.Assign) for t in n.targets if isinstance(t, ast.Name)}

    assert path == BUILDER or not [c for c in calls if c.func.id == "Code"]
    assert all(is_constant(t, own) for t in templates)


def is_constant(value: ast.expr, own: dict[str, ast.expr]) -> bool:
    """Whether a template is put together from constants of its module alone."""
    match value:
        case ast.Constant():
            return True
        case ast.Name(id=name):
            return name.isupper() and (name not in own or is_constant(own[name], own))
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            return is_constant(left, own) and is_constant(right, own)
        case ast.Dict(values=values):
            return all(is_constant(v, own) for v in values)
        case ast.Call(func=ast.Attribute(value=ast.Name() as table, attr="get"), args=[_, other]):
            return is_constant(table, own) and is_constant(other, own)
    return False


def test_no_page_pastes_a_value_into_code():
    for path in (ROOT / "workbench" / "display" / "templates").glob("*.j2"):
        assert not re.findall(r"\b(?:wb\.\w+\([^)]*|workbench [a-z]+ )\{\{", path.read_text()), path
