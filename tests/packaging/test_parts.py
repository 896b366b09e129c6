"""What a bundle is made of: the lock with hashes where an index answers, and the list of parts in CycloneDX."""

import json
import sys
from importlib.metadata import version

import pytest

import workbench as wb
from workbench.errors import Damaged
from workbench.packaging import lock
from workbench.packaging.lock import has_hashes, hashed, read_lock, requirements, uv_environment
from workbench.packaging.sbom import sbom

LINES = "h11==0.16.0\nsix==1.17.0\n"
ANSWER = "".join(f"{line} \\\n    --hash=sha256:{'a' * 64}\n" for line in LINES.split())


@pytest.fixture
def index(tmp_path, monkeypatch):
    """``index(script)``: a Python script stands for uv; returns the file that counts how often it was asked."""
    monkeypatch.delenv("UV_OFFLINE")
    monkeypatch.setenv("UV_DEFAULT_INDEX", "https://user:secret@index.example/simple")
    monkeypatch.setenv("SSL_CERT_FILE", "none.pem")

    def answering(script: str):
        program, asked = tmp_path / "uv", tmp_path / "asked"
        program.write_text(f"#!{sys.executable}\nopen({str(asked)!r}, 'a').write('x')\n{script}\n")
        program.chmod(0o755)
        monkeypatch.setattr(lock, "uv_program", lambda: str(program))
        return asked

    return answering


def test_an_answer_of_the_index_is_kept(index):
    asked = index(f"print({ANSWER!r}, end='')")

    assert hashed(LINES) == hashed(LINES) == ANSWER
    assert asked.read_text() == "x"


@pytest.mark.parametrize(
    "script",
    [
        "raise SystemExit(2)",
        "print('nonsense')",
        f"print({LINES!r}, end='')",
        f"print({ANSWER.replace('1.17.0', '1.16.0')!r}, end='')",
        f"print('--index-url https://user:secret@index.example/simple\\n' + {ANSWER!r})",
        "import time; time.sleep(60)",
    ],
    ids=["fails", "nonsense", "no hashes", "another version", "an address", "hangs"],
)
def test_without_a_good_answer_the_lock_has_no_hashes(index, monkeypatch, script):
    monkeypatch.setattr(lock, "PATIENCE", 0.5 if "sleep" in script else 15.0)
    asked = index(script)

    assert hashed(LINES) == LINES
    assert hashed(LINES) == LINES
    assert asked.read_text() == "x", "asked again at once"


def test_an_index_that_did_not_answer_is_asked_again_later(index, monkeypatch):
    index("raise SystemExit(2)")
    assert hashed(LINES) == LINES
    index(f"print({ANSWER!r}, end='')")
    monkeypatch.setattr(lock, "ASK_AGAIN", 0.0)

    assert hashed(LINES) == ANSWER


@pytest.mark.parametrize("name", ["UV_OFFLINE", "PIP_NO_INDEX", "UV_NO_INDEX"])
def test_who_is_offline_is_not_asked(index, monkeypatch, name):
    asked = index(f"print({ANSWER!r}, end='')")
    monkeypatch.setenv(name, "1")

    assert hashed(LINES) == LINES
    assert not asked.exists()


def test_uv_asks_the_index_that_pip_is_told(monkeypatch):
    monkeypatch.delenv("UV_DEFAULT_INDEX", raising=False)
    monkeypatch.setenv("PIP_INDEX_URL", "https://mirror.example/simple")
    monkeypatch.setenv("PIP_CERT", "ours.pem")
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)

    told = uv_environment()

    assert (told["UV_DEFAULT_INDEX"], told["SSL_CERT_FILE"]) == ("https://mirror.example/simple", "ours.pem")


def test_a_lock_has_hashes_only_if_each_package_has_one():
    assert has_hashes(ANSWER)
    assert not has_hashes(ANSWER + "numpy==2.4.6\n")
    assert not has_hashes("")


@pytest.mark.parametrize(
    "line",
    [
        "--index-url https://evil.example/simple",
        "-r /etc/passwd",
        "-e .",
        "numpy @ https://evil.example/numpy.whl",
        "git+https://evil.example/x",
        "numpy>=2",
        "numpy==2.*",
        "numpy==2.0,!=2.1",
        "numpy[evil]==2.0",
        "numpy",
        "numpy==2.0 --hash=md5:00",
        "numpy==2.0 --hash=sha256:00",
        "numpy==2.0 --config-settings=x=y",
        "./wheel.whl",
        "numpy==2.0\x00",
    ],
)
def test_a_lock_that_would_fetch_something_else_is_refused(line):
    with pytest.raises(Damaged, match="no exact version"):
        read_lock(f"six==1.17.0\n{line}\n")


@pytest.mark.slow  # asks the index of this machine
def test_a_real_index_gives_hashes_for_every_platform(monkeypatch):
    monkeypatch.delenv("UV_OFFLINE")
    found = hashed(requirements(compiled=True))
    if not has_hashes(found):
        pytest.skip("no package index answers here")

    assert found.count("--hash=sha256:") > 40, "one hash a platform and Python"
    assert "://" not in found
    assert f"numpy=={version('numpy')} " in found


@pytest.fixture
def parts(run):
    bundle = wb.package(run, name="shop")
    return bundle, json.loads((bundle.path / "sbom.cdx.json").read_text())


@pytest.mark.slow
def test_the_list_of_parts_is_valid_cyclonedx(parts):
    from cyclonedx.schema import SchemaVersion
    from cyclonedx.validation.json import JsonStrictValidator

    bundle, _ = parts
    text = (bundle.path / "sbom.cdx.json").read_text()

    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    assert "sbom.cdx.json" in bundle.files


@pytest.mark.slow
def test_the_model_is_a_part_with_its_hash(parts):
    bundle, made = parts
    model = made["metadata"]["component"]

    assert (model["type"], model["name"], model["version"]) == ("machine-learning-model", "shop", "1")
    assert model["hashes"] == [{"alg": "SHA-256", "content": bundle.files["model.npz"]}]


@pytest.mark.slow
def test_every_package_of_the_lock_is_a_part_with_its_license(parts):
    bundle, made = parts
    listed = {f"{c['name']}=={c['version']}": c for c in made["components"] if "purl" in c}

    lock = read_lock((bundle.path / "requirements.lock").read_text())
    assert set(listed) == {f"{package.name}=={package.version}" for package in lock}
    assert all(c["licenses"] for c in listed.values())
    assert listed[f"h11=={version('h11')}"]["purl"] == f"pkg:pypi/h11@{version('h11')}"


@pytest.mark.slow
def test_what_only_another_system_needs_is_optional(parts):
    bundle, _ = parts
    made = json.loads(sbom(bundle, ANSWER + "tzdata==2026.6 ; sys_platform == 'win32'"))

    scopes = {c["name"]: c.get("scope") for c in made["components"]}
    assert (scopes["six"], scopes["tzdata"]) == ("required", "optional")


@pytest.mark.slow
def test_parts_know_what_they_need(parts):
    _, made = parts
    needs = {d["ref"].partition("@")[0]: d.get("dependsOn", []) for d in made["dependencies"]}

    assert needs["model"] == ["runtime"]
    assert any("h11" in ref for ref in needs["pkg:pypi/uvicorn"])


@pytest.mark.slow
def test_the_same_bundle_has_the_same_list(parts):
    bundle, _ = parts
    text = (bundle.path / "requirements.lock").read_text()

    assert sbom(bundle, text) == (bundle.path / "sbom.cdx.json").read_text()
