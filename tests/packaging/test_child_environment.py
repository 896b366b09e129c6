"""A bundle's code never sees the caller's secrets, whatever they are called; the installer sees the index's alone."""

import ast
import json
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import workbench as wb
from workbench.core.bundle import MANIFEST, Bundle, file_hash
from workbench.packaging import environment
from workbench.packaging.child_environment import code_environment, installer_environment
from workbench.packaging.process import running
from workbench.packaging.verify import verify

SECRETS = (
    "AWS_SECRET_ACCESS_KEY", "MLFLOW_TRACKING_PASSWORD", "WORKBENCH_API_KEY", "WORKBENCH_KEY_PASSPHRASE",
    "GITHUB_TOKEN", "LC_SECRET", "OMP_TOKEN", "SSL_KEY", "PATH_TO_KEY", "zq81",
)  # fmt: skip
FOR_THE_INSTALLER = ("UV_INDEX_OURS_PASSWORD", "PIP_INDEX_URL", "HTTPS_PROXY")


@pytest.fixture
def secrets(monkeypatch):
    for name in (*SECRETS, *FOR_THE_INSTALLER):
        monkeypatch.setenv(name, f"https://hunter2-{name}.example")


@pytest.fixture
def curious(run, tmp_path):
    """A bundle, unsigned, whose code writes down the environment that it meets; returns it and where."""
    bundle = wb.package(run, name="shop")
    place = tmp_path / "seen.json"
    entry = bundle.path / "scoring" / "__main__.py"
    spy = f"open({str(place)!r}, 'w').write(json.dumps([dict(os.environ), sys.stdin.read()]))"
    entry.write_text(f"import json, os, sys\n{spy}\n{entry.read_text()}")
    manifest = json.loads((bundle.path / MANIFEST).read_text())
    manifest["files"]["scoring/__main__.py"] = file_hash(entry)
    (bundle.path / MANIFEST).write_text(json.dumps(manifest))
    return Bundle.load_folder(bundle.path), place


@pytest.mark.slow
def test_verifying_a_bundle_shows_its_code_no_secret(curious, secrets):
    bundle, place = curious

    found = verify(bundle)

    seen, typed = json.loads(place.read_text())
    assert found.ok, str(found)
    assert "hunter2" not in place.read_text()
    assert not {*SECRETS, *FOR_THE_INSTALLER} & set(seen)
    assert typed == ""
    assert seen["HOME"] != str(Path.home())


@pytest.mark.slow
def test_running_a_bundle_shows_its_code_no_secret(curious, secrets):
    bundle, place = curious

    with running(bundle):
        pass

    assert "hunter2" not in place.read_text()


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="a script in uv's place")
def test_the_installer_gets_the_index_and_the_proxy_alone_and_builds_nothing(run, secrets, tmp_path, monkeypatch):
    wb.package(run, name="shop")
    program, place = tmp_path / "uv", tmp_path / "seen.jsonl"
    program.write_text(
        f"#!{sys.executable}\nimport json, os, sys\n"
        f"open({str(place)!r}, 'a').write(json.dumps([sys.argv, dict(os.environ), os.getcwd()]) + chr(10))\n"
        "sys.exit('enough') if sys.argv[1] == 'pip' else None\n"
    )
    program.chmod(0o755)
    monkeypatch.setattr(environment, "uv_program", lambda: str(program))

    with pytest.raises(wb.errors.Refused, match="enough"):
        verify("shop", fresh=True)

    calls = [json.loads(line) for line in place.read_text().splitlines()]
    assert len(calls) == 2
    for _, seen, _ in calls:
        assert set(FOR_THE_INSTALLER) <= set(seen)
        assert not set(SECRETS) & set(seen)
    arguments, _, folder = calls[1]
    assert arguments[arguments.index("--only-binary") + 1] == ":all:"
    assert not (Path(folder) / MANIFEST).exists()


@pytest.mark.slow
def test_a_bundle_of_another_origin_is_told_to_have_run_with_your_rights(run, tmp_path):
    ours = wb.package(run, name="shop")
    foreign = ours.path.rename(tmp_path / "elsewhere")

    line = next(c for c in verify(foreign).checks if c.name == "signature")

    assert line.ok
    assert "outside this workspace" in line.detail
    assert "your rights" in line.detail
    assert "no sandbox" in line.detail


@given(st.dictionaries(st.text(max_size=12).map("MY_{}".format), st.just("hunter2")))
def test_no_variable_of_another_name_is_passed_on(given_environment):
    known = code_environment(Path("scratch"), {})

    assert set(code_environment(Path("scratch"), given_environment)) == set(known)
    assert not installer_environment(given_environment)


@pytest.mark.slow
def test_each_process_that_is_started_names_its_environment():
    """Git and a job's engine are the user's own: they get all of it, and nothing else may."""
    package = Path(wb.__file__).parent
    calls = [
        (path.relative_to(package).as_posix(), {k.arg for k in node.keywords})
        for path in package.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        and ast.unparse(node.func).startswith("subprocess.")
        and node.args
        and not ast.unparse(node.func).endswith("Error")
    ]

    assert len(calls) >= 5
    assert [path for path, keywords in calls if "env" not in keywords] == ["packaging/lineage.py"]
