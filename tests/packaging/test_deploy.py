"""The folder ``deploy/`` of a bundle: every file is what its own tool takes, whatever the bundle is called."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from workbench.core.bundle import Bundle
from workbench.packaging.deploy import label_of, write_deploy

# What a name may be: letters of both cases, digits, and words that YAML reads as something else.
NAMES = st.one_of(
    st.from_regex(r"\A[A-Za-z0-9][A-Za-z0-9._-]{0,99}\Z"),
    st.sampled_from(["yes", "null", "1e3", "0x10", "3", "1.0", "2026-11-21", "NaN", "a--b", "x" * 100, "0."]),
)
LABEL = re.compile(r"[a-z]([-a-z0-9]*[a-z0-9])?")


def bundle_of(name="shop", version=3) -> Bundle:
    return Bundle(
        name=name, version=version, run_id="r", model="boosting", task="binary", classes=(), features=("age",),
        threshold=0.5, metrics=(), fingerprint="f", compiled=True, files={},
        lineage={"environment": {"python": "3.11.7"}},
    )  # fmt: skip


def write(folder: Path, bundle: Bundle, lock: str = "numpy==2.4.6\n") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "requirements.lock").write_text(lock)
    write_deploy(folder, bundle)
    return folder / "deploy"


@pytest.fixture
def deploy(tmp_path):
    return write(tmp_path / "shop", bundle_of())


def text(deploy: Path, name: str) -> str:
    return (deploy / name).read_text(encoding="utf-8")


@given(NAMES)
def test_a_label_is_a_name_for_images_and_services_alike(name):
    assert LABEL.fullmatch(label_of(name))
    assert len(label_of(name)) <= 40


def test_names_that_differ_in_case_or_signs_keep_different_labels():
    names = ["shop", "Shop", "shop_2", "shop.2", "shop-2", "SHOP-2", "model-3", "3"]
    assert len({label_of(n) for n in names}) == len(names)


@hypothesis_settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(NAMES)
def test_no_name_breaks_a_file_or_becomes_something_else(tmp_path, name):
    deploy = write(tmp_path / "any", bundle_of(name))

    compose = yaml.safe_load(text(deploy, "compose.yaml"))
    assert compose["services"]["scoring"]["image"] == f"{label_of(name)}:3"
    assert compose["name"] == label_of(name)
    for file in deploy.iterdir():
        assert "@@" not in text(deploy, file.name)


def test_packages_are_held_to_their_hashes_where_the_lock_has_them(tmp_path):
    hashed = write(tmp_path / "a", bundle_of(), "numpy==2.4.6 \\\n    --hash=sha256:00\n")
    plain = write(tmp_path / "b", bundle_of())

    assert "--require-hashes --no-deps" in text(hashed, "Dockerfile")
    assert "--require-hashes" not in text(plain, "Dockerfile")


def test_the_image_runs_without_root_and_its_python_is_the_bundles(tmp_path):
    bundle = replace(bundle_of(), lineage={"environment": {"python": "3.13.2"}})
    lines = text(write(tmp_path / "a", bundle), "Dockerfile").splitlines()

    assert "ARG BASE=python:3.13-slim" in lines
    last = lines[max(i for i, line in enumerate(lines) if line.startswith("FROM")) :]
    assert "USER 10001" in last
    assert last.index("USER 10001") < next(i for i, line in enumerate(last) if line.startswith("ENTRYPOINT"))
    assert any(line.startswith("HEALTHCHECK") for line in last)


def test_compose_listens_on_loopback_and_asks_for_a_key(deploy):
    service = yaml.safe_load(text(deploy, "compose.yaml"))["services"]["scoring"]

    assert all(p.startswith("127.0.0.1:") for p in service["ports"])
    assert service["environment"]["WORKBENCH_API_KEY"].startswith("${WORKBENCH_API_KEY:?")
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
