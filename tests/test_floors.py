"""The floors of the house: imports point down, no ring is left, and no contract has an exception."""

import tomllib
from pathlib import Path

import grimp
import pytest

from workbench.packaging.runtime import MODULES, PIPELINE

ROOT = Path(__file__).parents[1]
CONTRACTS = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]


@pytest.fixture(scope="module")
def graph():
    """Who imports whom, late imports included; what only type checkers read is left out."""
    return grimp.build_graph("workbench", exclude_type_checking_imports=True, cache_dir=None)


def rings(graph):
    """Sets of modules that all reach each other: the strongly connected components of more than one module."""
    around = (graph.find_downstream_modules(m) & graph.find_upstream_modules(m) | {m} for m in graph.modules)
    return {frozenset(ring) for ring in around if len(ring) > 1}


def test_no_ring_of_modules_is_left(graph):
    assert {tuple(sorted(ring)) for ring in rings(graph)} == set()


def test_a_ring_would_be_seen(graph):
    """One late import upwards is enough to tie modules together."""
    tied = grimp.ImportGraph()
    for importer, imported in [("a", "b"), ("b", "c"), ("c", "a"), ("c", "d")]:
        tied.add_import(importer=importer, imported=imported)

    assert rings(tied) == {frozenset("abc")}


def test_no_contract_has_an_exception():
    assert not [c["name"] for c in CONTRACTS["contracts"] if c.get("ignore_imports")]
    assert not [key for key in CONTRACTS if key.startswith("ignore")]


def test_every_part_stands_on_a_floor(graph):
    """A new folder must say where it belongs."""
    floors = next(c["layers"] for c in CONTRACTS["contracts"] if c["type"] == "layers")
    named = {name.strip() for floor in floors for name in floor.split("|")}

    assert named == graph.find_children("workbench") - {"workbench.__main__"}


def test_a_bundle_carries_exactly_what_its_runtime_imports(graph):
    """One module too few, and the folder does not run alone; one too many, and it is no longer small."""
    scoring = {m for m in graph.modules if m.startswith("workbench.scoring")}
    reached = {m for s in scoring for m in graph.find_upstream_modules(s)} - scoring
    around = {m.rpartition(".")[0] for m in reached if "." in m}

    assert {_module(path) for path in MODULES} == reached | around


def test_a_bundle_with_a_pipeline_carries_what_reads_it_too(graph):
    reached = {m for m in map(_module, PIPELINE) for m in graph.find_upstream_modules(m)}

    assert reached <= {*map(_module, MODULES), *map(_module, PIPELINE)}


def _module(path):
    return f"workbench/{path}".removesuffix(".py").removesuffix("/__init__").replace("/", ".")
