"""A bundle that somebody hostile made, with hashes that fit, is refused with a reason of its own: nothing runs."""

import io
import json
import os
import pickle
import shutil
import subprocess
import sys
import zipfile
from functools import cache
from pathlib import Path

import numpy as np
import pytest

import workbench as wb
from workbench.core.bundle import MANIFEST, file_hash
from workbench.errors import Damaged, FormatVersion, NotFound, Untrusted, WorkbenchError
from workbench.scoring.runtime import Scorer
from workbench.storage.manifest import path_problem
from workbench.storage.pipelines import load_pipeline


class Attack:
    """Writes a file where it is unpickled; the tests look for it."""

    def __init__(self, place: Path) -> None:
        self.place = place

    def __reduce__(self):
        return os.system, (f"touch {self.place}",)


@pytest.fixture
def folder(request, tmp_path, tmp_path_factory) -> Path:
    """A sound bundle of one's own, packaged once for all tests."""
    kept = tmp_path_factory.getbasetemp() / "sound" / "1"
    if not kept.exists():
        shutil.copytree(wb.package(request.getfixturevalue("run"), name="shop").path, kept)
    return Path(shutil.copytree(kept, tmp_path / "shop" / "1"))


def fields(folder: Path) -> dict:
    return json.loads((folder / MANIFEST).read_text())


def change(folder: Path, **changes) -> None:
    """Change fields of bundle.json."""
    (folder / MANIFEST).write_text(json.dumps({**fields(folder), **changes}))


def put(folder: Path, name: str, content: bytes) -> None:
    """Write a file and list it with its hash, as its maker would."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    path.write_bytes(content)
    change(folder, files={**fields(folder)["files"], name: file_hash(path)})


def relist(folder: Path, name: str) -> None:
    """List a path without a look at what is there."""
    change(folder, files={**fields(folder)["files"], name: "0" * 64})


def arrays(folder: Path) -> dict[str, np.ndarray]:
    with np.load(folder / "model.npz") as file:
        return {name: file[name] for name in file.files}


def put_arrays(folder: Path, **changes) -> None:
    made = io.BytesIO()
    np.savez(made, **{**arrays(folder), **{k.replace("__", "."): v for k, v in changes.items()}})
    put(folder, "model.npz", made.getvalue())


def header(folder: Path, **changes) -> None:
    told = {**json.loads(arrays(folder)["header"].tobytes()), **changes}
    put_arrays(folder, header=np.frombuffer(json.dumps(told).encode(), np.uint8))


def poked(name: str, value, place: int = 0):
    """``folder -> None``: one value of a table of the trees is another."""

    def act(folder: Path) -> None:
        table = arrays(folder)[f"model.{name}"].copy()
        table.flat[place] = value
        put_arrays(folder, **{f"model__{name}": table})

    return act


def archive(*parts: tuple[str, bytes]) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as file:
        for name, content in parts:
            file.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return made.getvalue()


@cache
def bomb(name: str) -> bytes:
    """A small archive of 600 MB, which take seconds to pack."""
    return archive((name, bytes(600 * 2**20)))


def npy(shape: tuple[int, ...], content: bytes = b"") -> bytes:
    """An array that says it has this shape."""
    made = io.BytesIO()
    np.lib.format.write_array_header_1_0(made, {"descr": "<f8", "fortran_order": False, "shape": shape})
    return made.getvalue() + content


def unlisted_pickle(folder: Path) -> None:
    (folder / "deploy" / "state.pkl").write_bytes(pickle.dumps(Attack(folder / "ran")))


def link_out(folder: Path) -> None:
    (folder / "card.md").unlink()
    (folder / "card.md").symlink_to("/etc/hostname")


def unlisted_link_out(folder: Path) -> None:
    (folder / "deploy" / "notes").symlink_to("/etc")


def link_to_itself(folder: Path) -> None:
    (folder / "card.md").unlink()
    (folder / "card.md").symlink_to("card.md")


def links_to_each_other(folder: Path) -> None:
    """Nobody lists them, and a folder on the way is a link of the loop."""
    (folder / "deploy" / "one").symlink_to("two")
    (folder / "deploy" / "two").symlink_to("one/more")


def a_pipe(folder: Path) -> None:
    os.mkfifo(folder / "deploy" / "pipe")


def objects(folder: Path) -> None:
    """Numpy would unpickle an array of objects."""
    made = io.BytesIO()
    np.savez(made, **{**arrays(folder), "model.value": np.array([Attack(folder / "ran")], dtype=object)})
    put(folder, "model.npz", made.getvalue())


def renamed_pickle(folder: Path) -> None:
    put(folder, "notes.txt", pickle.dumps(Attack(folder / "ran")))


def own_trust_list(folder: Path) -> None:
    """A skops file that names a type, and a list of trusted types beside it."""
    schema = {"__class__": "system", "__module__": "os", "__loader__": "FunctionNode", "protocol": 2}
    put(folder, "model.skops", archive(("schema.json", json.dumps(schema).encode())))
    put(folder, "trusted.json", b'["os.system"]')
    change(folder, compiled=False)


def skops_pickle(folder: Path) -> None:
    put(folder, "model.skops", archive(("schema.json", b"{}"), ("a.pkl", pickle.dumps(Attack(folder / "ran")))))
    change(folder, compiled=False)


def deep(folder: Path) -> None:
    (folder / MANIFEST).write_bytes(b'{"lineage": ' + b"[" * 200_000 + b"]" * 200_000 + b"}")


def swapped_case(folder: Path) -> None:
    change(folder, files={**fields(folder)["files"], "CARD.md": fields(folder)["files"]["card.md"]})


def without(name: str):
    def act(folder: Path) -> None:
        (folder / MANIFEST).write_text(json.dumps({k: v for k, v in fields(folder).items() if k != name}))

    return act


def unlisted(name: str):
    def act(folder: Path) -> None:
        (folder / name).write_bytes(b"x")

    return act


def contract(**changes):
    def act(folder: Path) -> None:
        told = json.loads((folder / "contract.json").read_text())
        told["columns"][0].update(changes)
        put(folder, "contract.json", json.dumps(told).encode())

    return act


CASES = {
    # What runs code when it is read.
    "a pickle by its name": (lambda f: put(f, "model.pkl", b"x"), Untrusted, "holds a pickle"),
    "a joblib file": (lambda f: put(f, "golden/model.joblib", b"x"), Untrusted, "holds a pickle"),
    "a pickle under another name": (renamed_pickle, Untrusted, "holds a pickle"),
    "a pickle that nobody listed": (unlisted_pickle, Untrusted, "holds a pickle"),
    "a pickle in an archive": (skops_pickle, Untrusted, "holds a pickle"),
    "an array of objects": (objects, Damaged, "Object arrays"),
    "a type that it trusts by its own word": (own_trust_list, Untrusted, "os.system"),
    "code that nobody listed": (unlisted("scoring/numpy.py"), Damaged, "was not packaged"),
    "a file that nobody listed": (unlisted("notes.txt"), Damaged, "was not packaged"),
    # What leaves the folder.
    "a path upwards": (lambda f: relist(f, "../../secret"), Damaged, "leaves the folder"),
    "a path upwards in the middle": (lambda f: relist(f, "golden/../../secret"), Damaged, "leaves the folder"),
    "an absolute path": (lambda f: relist(f, "/etc/passwd"), Damaged, "is absolute"),
    "a drive": (lambda f: relist(f, "C:/secret"), Damaged, "Windows drive"),
    "a network path": (lambda f: relist(f, "\\\\host\\share"), Damaged, "backslashes"),
    "a stream": (lambda f: relist(f, "card.md:hidden"), Damaged, "drive or stream"),
    "a device": (lambda f: relist(f, "golden/NUL.json"), Damaged, "not the plain path"),
    "NUL in a path": (lambda f: relist(f, "card.md\0.png"), Damaged, "control character"),
    "a path without an end": (lambda f: relist(f, "a" * 5000), Damaged, "is no path"),
    "two paths that differ in case": (swapped_case, Damaged, "upper and lower case"),
    "a link out": (link_out, Damaged, "leaves the folder"),
    "a link out that nobody listed": (unlisted_link_out, Damaged, "link that leaves the folder"),
    "a link to itself": (link_to_itself, Damaged, "leaves the folder"),
    "links to each other": (links_to_each_other, Damaged, "link that leaves the folder"),
    "a pipe": (a_pipe, Damaged, "no plain file"),
    "a path upwards in an archive": (lambda f: put(f, "x.npz", archive(("../a.npy", b"x"))), Damaged, "leaves"),
    "an absolute path in an archive": (lambda f: put(f, "x.npz", archive(("/a.npy", b"x"))), Damaged, "is absolute"),
    "a drive in an archive": (lambda f: put(f, "x.npz", archive(("C:/a.npy", b"x"))), Damaged, "Windows drive"),
    # What is too much.
    "bundle.json without an end": (
        lambda f: (f / MANIFEST).write_bytes(b" " * (17 * 2**20)),
        Damaged,
        "longer than 16 MB",
    ),
    "bundle.json as deep as a well": (deep, Damaged, "no JSON"),
    "a bomb": (lambda f: put(f, "x.npz", bomb("a.npy")), Damaged, "at most 512 MB are read"),
    "an array that says it is huge": (
        lambda f: put(f, "model.npz", archive(("header.npy", npy((2**40,))))),
        Damaged,
        "not the model",
    ),
    "an archive that is none": (lambda f: put(f, "model.npz", b"PK\x03\x04" + b"x" * 99), Damaged, "no sound archive"),
    "a contract as deep as a well": (
        lambda f: put(f, "contract.json", b"[" * 100_000 + b"]" * 100_000),
        Damaged,
        "contract.json",
    ),
    # Trees that lead outside, or never end.
    "a child outside": (poked("left", 10**6), Damaged, "a child lies outside"),
    "a child before its parent": (poked("right", 0), Damaged, "a child lies outside"),
    "a negative child": (poked("left", -5), Damaged, "a child lies outside"),
    "a feature outside": (poked("feature", 99), Damaged, "a feature lies outside"),
    "a category table outside": (poked("category", 99), Damaged, "a category table lies outside"),
    "an output outside": (poked("outputs", 7), Damaged, "an output lies outside"),
    "a tree that starts outside": (poked("roots", 10**6, -1), Damaged, "a tree starts outside"),
    "a threshold that is no number": (poked("threshold", np.nan), Damaged, "a threshold is not a number"),
    "a leaf that is no number": (poked("value", np.nan, -1), Damaged, "a leaf is not finite"),
    "an endless leaf": (poked("value", np.inf, -1), Damaged, "a leaf is not finite"),
    "a cover that is no number": (poked("cover", np.nan), Damaged, "a cover is not a number"),
    "a model of a newer format": (lambda f: header(f, format_version=99), FormatVersion, "reads up to"),
    "a link that is none": (lambda f: header(f, link="os.system"), Damaged, "the link"),
    # Fields of bundle.json.
    "a newer format": (lambda f: change(f, format_version=2), FormatVersion, "Upgrade ml-workbench"),
    "a format that is no number": (lambda f: change(f, format_version="1"), FormatVersion, "has format '1'"),
    "no object": (lambda f: (f / MANIFEST).write_text("[]"), Damaged, "no object"),
    "no JSON": (lambda f: (f / MANIFEST).write_text("{"), Damaged, "no JSON"),
    "no text": (lambda f: (f / MANIFEST).write_bytes(b"\xff\xfe\x00"), Damaged, "no JSON"),
    "NaN": (lambda f: (f / MANIFEST).write_text('{"threshold": NaN}'), Damaged, "NaN is no number"),
    "an unknown field": (lambda f: change(f, on_load="os.system"), Damaged, "an unknown field 'on_load'"),
    "a path of its own": (lambda f: change(f, path="/etc"), Damaged, "an unknown field 'path'"),
    "a model that is not listed": (lambda f: change(f, compiled=False), Damaged, "lists no model.skops"),
    "classes that do not fit": (lambda f: change(f, classes=["a", "b", "c"]), Damaged, "does not fit a binary model"),
    "features in another order": (
        lambda f: change(f, features=fields(f)["features"][::-1]),
        Damaged,
        "not the model that bundle.json tells of",
    ),
    "a feature without a column": (lambda f: change(f, features=["age", "x"]), Damaged, "has no column 'x'"),
    "a reference that is none": (lambda f: change(f, lineage={"reference": "x"}), Damaged, "'lineage' must be"),
    "a reference far off": (
        lambda f: change(f, lineage={"reference": {"apart": "far"}}),
        Damaged,
        "'lineage' must be",
    ),
    "a hash that is none": (lambda f: change(f, files={"card.md": "none"}), Damaged, "'files' must be"),
    "no bundle": (lambda f: (f / MANIFEST).unlink(), NotFound, "no bundle.json"),
    # The contract.
    "a kind that is none": (contract(kind="code"), Damaged, "kind is 'code'"),
    "a bound that is text": (contract(minimum="many"), Damaged, "minimum is 'many'"),
    "a column without a name": (contract(name=None), Damaged, "name is 'None'"),
    "a column with a field of its own": (contract(run="x"), Damaged, "contract.json is not what was written"),
}  # fmt: skip


@pytest.mark.parametrize(("spoil", "error", "reason"), CASES.values(), ids=CASES)
def test_a_hostile_bundle_is_refused_with_its_reason(folder, spoil, error, reason):
    spoil(folder)

    with pytest.raises(error) as caught:
        Scorer(folder)

    assert reason in str(caught.value)
    assert not (folder / "ran").exists()


def test_the_sound_bundle_is_taken(folder):
    assert Scorer(folder).bundle.name == "shop"


WRONG = [None, True, 0, -1, 1.5, 10**400, "", "../x", "x" * 200, [], {}, [None], [[]], {"a": 1}, ["a", "a"]]
# What is sound for a field although it is odd.
FINE = {
    "version": [], "name": [], "run_id": [], "model": ["", "../x", "x" * 200], "task": [], "classes": [],
    "features": [], "threshold": [None, 0, -1, 1.5], "metrics": [], "fingerprint": ["", "../x", "x" * 200],
    "compiled": [True], "files": [], "created": ["", "../x", "x" * 200], "lineage": [{}, {"a": 1}],
}  # fmt: skip


@pytest.mark.parametrize("name", FINE)
def test_a_field_of_a_wrong_type_is_named(folder, name):
    for wrong in WRONG:
        if any(wrong is fine or (type(wrong) is type(fine) and wrong == fine) for fine in FINE[name]):
            continue
        change(folder, **{name: wrong})
        with pytest.raises(Damaged, match=f"bundle.json is not what was written: .*{name}"):
            Scorer(folder)


@pytest.mark.parametrize("name", sorted(set(FINE) - {"threshold", "created", "lineage"}))
def test_a_field_that_is_missing_is_named(folder, name):
    without(name)(folder)

    with pytest.raises(Damaged, match=f"'{name}' is missing"):
        Scorer(folder)


@pytest.mark.parametrize("name", ["a", "golden/rows.json", "scoring/workbench/tables/trees.py", "deploy/.dockerignore"])
def test_a_plain_path_is_taken(name):
    assert path_problem(name) is None


@pytest.mark.slow
def test_a_skops_bomb_is_refused_before_skops_reads_it(tmp_path):
    (tmp_path / "model.skops").write_bytes(b"prefix" + bomb("schema.json"))

    with pytest.raises(Damaged, match="at most 512 MB are read"):
        load_pipeline(tmp_path / "model.skops")


BOUNDED = ["a bomb", "an array that says it is huge", "bundle.json without an end", "a contract as deep as a well"]


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="no limit of memory there")
@pytest.mark.parametrize("name", BOUNDED)
def test_a_bomb_takes_no_memory(folder, name):
    """In a process that may take 200 MB more than Python and numpy do."""
    CASES[name][0](folder)
    code = (
        "import resource, sys\n"
        "from workbench.scoring.runtime import Scorer\n"
        "from workbench.errors import WorkbenchError\n"
        "taken = int(open('/proc/self/statm').read().split()[0]) * resource.getpagesize()\n"
        "resource.setrlimit(resource.RLIMIT_AS, (taken + 200 * 2**20,) * 2)\n"
        "try: Scorer(sys.argv[1])\n"
        "except WorkbenchError as error: print('refused', error)\n"
    )
    done = subprocess.run([sys.executable, "-c", code, str(folder)], capture_output=True, text=True, timeout=60)

    assert done.stdout.startswith("refused"), done.stderr[-500:]


def test_a_changed_byte_of_bundle_json_never_crashes(folder):
    """Without a signature a change may pass, but it is either refused by an error of ours or a bundle."""
    rng, sound = np.random.default_rng(0), (folder / MANIFEST).read_bytes()
    refused = 0
    for _ in range(150):
        content = bytearray(sound)
        for place in rng.integers(len(content), size=3):
            content[place] = rng.integers(256)
        (folder / MANIFEST).write_bytes(content)
        try:
            assert Scorer(folder).bundle.features
        except WorkbenchError:
            refused += 1
    assert refused > 100
