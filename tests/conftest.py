"""Fixtures that all tests share."""

import gc
import os
import shutil
import sys
from pathlib import Path

import pytest
from hypothesis import Phase
from hypothesis import settings as hypothesis_settings

# A machine at work is slow at times; that is not what properties are about. The examples are the same each time and
# everywhere, so that a change is judged by what it changed; `pytest --hypothesis-profile=new` tries others.
hypothesis_settings.register_profile("same", deadline=None, derandomize=True, print_blob=True)
hypothesis_settings.register_profile("new", deadline=None, derandomize=False, print_blob=True)
# For tests/mutants.py, where only whether a test fails is asked, a thousand times, and for other Pythons.
hypothesis_settings.register_profile(
    "quick", deadline=None, derandomize=True, max_examples=30, phases=(Phase.explicit, Phase.generate)
)
hypothesis_settings.load_profile("same")

# No test asks a package index unless it says so: a bundle's lock is written without hashes then.
os.environ["UV_OFFLINE"] = "1"

# OpenMP's threads wait asleep and OpenBLAS has none beside the caller's. By default both spin while they wait, which is
# faster where each has a core of its own; two processes of tests on two cores spend most of their time so. Set before
# anything loads them, and for the processes they start; .ci/variation has three threads of each, and a result must be
# the same.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

# Trees are walked by numpy, whatever compiler there is; tests/tables/conftest.py compiles the loops for those of both.
os.environ["WORKBENCH_COMPILER"] = "off"

ROOT = Path(__file__).parents[1]

# What every process that reads a notebook imports and hardly one needs, here and in the processes that tests start.
QUICK_IMPORTS = str(ROOT / "tests" / "quick_imports")
sys.path.insert(0, QUICK_IMPORTS)
os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, (QUICK_IMPORTS, os.environ.get("PYTHONPATH"))))

# A stand-in for another processor, for every test and the processes that they start, where the environment says so.
OTHER_PROCESSOR = str(ROOT / "tests" / "other_processor")
sys.path.append(OTHER_PROCESSOR)
import moved  # noqa: E402  (its folder is known from here on)

if os.environ.get(moved.VARIABLE):
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, (OTHER_PROCESSOR, os.environ.get("PYTHONPATH"))))
    moved.install()

TABLES = Path(os.environ.get("WORKBENCH_TEST_DATA", ROOT.parent / "shared" / "data"))


def pytest_collection_modifyitems(items):
    """Files with slow tests come first: with two processes none is left alone with a long one at the end.

    Those that drive a browser come last: while there is one, its loop of events runs, and no test can start another.
    """
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: (item.get_closest_marker("browser") is not None, item.path not in slow))


@pytest.hookimpl(wrapper=True)
def pytest_collection():
    """What is collected stays, thousands of tests and all modules: no look for garbage goes through them any more.

    Neither while they are made, nor in the tests, nor at the end: a quarter of what a collection costs.
    """
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    """Everything that a test writes goes to a folder of its own."""
    folder = tmp_path / "workbench-home"
    monkeypatch.setenv("WORKBENCH_HOME", str(folder))
    monkeypatch.setenv("WORKBENCH_THREADS", "1")
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "jupyter-data"))  # jobs sign what they write there
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    return folder


@pytest.fixture(params=["held", "kept"])
def both_ways(request, monkeypatch):
    """Each test twice: tables of files are held in memory, as small ones are, and kept in them, as large ones are."""
    if request.param == "kept":
        monkeypatch.setattr("workbench.reading.dataset.MOST_HELD", 0)
    return request.param


@pytest.fixture
def other_processor(monkeypatch):
    """For one test: the tables' exponentials, logarithms and powers are one unit in the last place off."""
    other = moved.other_numpy(seed=7)
    for name, module in list(sys.modules.items()):
        if name.startswith(("workbench.tables", "workbench.compiling")) and hasattr(module, "np"):
            monkeypatch.setattr(module, "np", other)
    return other


@pytest.fixture(scope="session")
def shared_table():
    """Path of a real table by its file name; the tables live beside the repository."""

    def find(name: str) -> Path:
        path = TABLES / name
        if not path.exists():
            message = f"the table {name} is not in {TABLES}; set WORKBENCH_TEST_DATA"
            if os.environ.get("CI") == "true":
                pytest.fail(message)
            pytest.skip(message)
        return path

    return find


@pytest.fixture(scope="session")
def _migrated_store(tmp_path_factory):
    """One MLflow store for the whole session: its migrations take seconds."""
    from workbench.settings import settings
    from workbench.storage.tracking import client

    folder = tmp_path_factory.mktemp("mlflow")
    client(settings(home=folder, tracking_uri=f"sqlite:///{folder / 'mlflow.db'}"))
    return folder


@pytest.fixture(scope="session")
def put_store(_migrated_store):
    """Puts a fresh MLflow store into a home, copied and not migrated anew; artifacts go to the session's folder."""

    def put(home):
        home.mkdir(parents=True, exist_ok=True)
        shutil.copy(_migrated_store / "mlflow.db", home / "mlflow.db")
        (home / "mlflow.ready").write_text(f"sqlite:///{home / 'mlflow.db'}")
        return home

    return put


@pytest.fixture
def store(home, put_store):
    """A fresh MLflow store in this test's home."""
    return put_store(home)


# What takes seconds to import, in each process again.
SLOW_IMPORTS = (
    "pandas",
    "pyarrow.parquet",
    "scipy.stats",
    "sklearn.pipeline",
    "mlflow.store.tracking.sqlalchemy_store",
    "mlflow.store.model_registry.sqlalchemy_store",
    "workbench.monitoring.monitor",
)


@pytest.fixture(scope="session")
def forks():
    """Starts processes of their own that have imported the slow packages already."""
    from tests.forks import Forks

    with Forks(SLOW_IMPORTS) as forks:
        yield forks


# The one without windows, where it is there: the other draws them all the same, which is a quarter of a test's CPU.
CHROMIUM = Path(
    os.environ.get("WORKBENCH_CHROMIUM")
    or shutil.which("chromium-headless-shell", path="/usr/bin")
    or "/usr/bin/chromium"
)
# Works without graphics and as root, and asks nothing of the network on its own.
CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="session")
def _browser():
    """One browser for all tests of a process: starting one costs four CPU seconds."""
    if not CHROMIUM.exists():
        message = f"there is no browser at {CHROMIUM}; apt-get install chromium, or set WORKBENCH_CHROMIUM"
        if os.environ.get("CI") == "true":
            pytest.fail(message)
        pytest.skip(message)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=CHROMIUM_FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def chromium(_browser):
    """A browser without a window, as new; needed where CI is true, else its tests are skipped where there is none."""
    yield _browser
    for context in _browser.contexts:
        context.close()
