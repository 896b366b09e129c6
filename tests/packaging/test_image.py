"""The bundle's own Dockerfile, built on a minimal Debian without a container daemon, answers from inside."""

import json
import os
import shutil
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest

import workbench as wb
from workbench.core.ports import free_port
from workbench.packaging.deploy import loadtest

BASE = "localhost/base"
PACKAGES = "python3,python3-venv"
DEBIANS_PYTHON = "3.11"
KEY = "a key of this test alone"
TOOLS = ("buildah", "mmdebstrap")
# A third of such a Debian: each layer of the image is a copy of all of it, and nothing that runs reads these.
NEVER_READ = ("/usr/share/doc/*", "/usr/share/locale/*", "/usr/share/man/*")
PATHS = f"{os.environ['PATH']}:/usr/sbin:/sbin"

pytestmark = pytest.mark.slow


def ask(*command, seconds: int = 300) -> str:
    words = [str(word) for word in command]
    done = subprocess.run(words, capture_output=True, text=True, timeout=seconds, env={**os.environ, "PATH": PATHS})
    assert done.returncode == 0, f"{words[-6:]}: {done.stdout[-1500:]} {done.stderr[-1500:]}"
    return done.stdout.strip()


@pytest.fixture
def buildah(tmp_path):
    """The beginning of a command line; images and containers are this test's own."""
    missing = [tool for tool in TOOLS if shutil.which(tool, path=PATHS) is None]
    if missing or os.geteuid() != 0:
        message = f"an image is built by root with buildah and mmdebstrap; missing: {', '.join(missing) or 'root'}"
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(message)
    own = ["buildah", "--storage-driver", "vfs", "--root", tmp_path / "images", "--runroot", tmp_path / "run"]
    yield own
    ask(*own, "rm", "--all")
    ask(*own, "rmi", "--all", "--force")


@pytest.fixture
def debian(tmp_path, buildah):
    """Files of a minimal Debian with a ``python``, as the usual base image has one."""
    root = tmp_path / "debian"
    left_out = [f"--dpkgopt=path-exclude={paths}" for paths in NEVER_READ]
    how = ["--quiet", "--variant=minbase", f"--include={PACKAGES}", "--dpkgopt=force-unsafe-io", *left_out]
    try:
        ask("mmdebstrap", *how, "bookworm", root, seconds=500)
    except (AssertionError, subprocess.TimeoutExpired) as error:
        pytest.skip(f"mmdebstrap made no Debian, as where no mirror answers: {str(error)[:500]}")
    (root / "usr" / "local" / "bin" / "python").symlink_to("/usr/bin/python3")
    return root


def make_base(buildah: list, root: Path, lock: Path) -> None:
    """An image of the files, with the packages of the lock inside, so that the build itself asks nobody."""
    wanted = ["--only-binary", ":all:", "--no-deps", "--python-version", DEBIANS_PYTHON, "-d", root / "wheels"]
    ask(sys.executable, "-m", "pip", "download", "--quiet", *wanted, "-r", lock)
    (root / "etc" / "pip.conf").write_text("[global]\nno-index = true\nfind-links = /wheels\n")
    container = ask(*buildah, "from", "scratch")
    ask(*buildah, "add", "--quiet", container, root, "/")
    ask(*buildah, "commit", "--quiet", container, BASE)


def build(buildah: list, folder: Path) -> dict:
    """The image by the bundle's Dockerfile as it is; its settings."""
    how = ["--isolation", "chroot", "--network", "host", "--format", "docker", "--pull-never"]
    how += ["--build-arg", f"BASE={BASE}", "--tag", "shop"]
    ask(*buildah, "bud", *how, "-f", folder / "deploy" / "Dockerfile", folder)
    return json.loads(ask(*buildah, "inspect", "--type", "image", "localhost/shop"))["Docker"]["config"]


def inside(buildah: list, container: str, command: list[str], port: int) -> list[str]:
    """A command line that runs the image's command as the image's user, on loopback and a port that is free here."""
    moved = [word.replace("8080", str(port)).replace("0.0.0.0", "127.0.0.1") for word in command]
    how = ["--isolation", "chroot", "--network", "host", "--env", f"WORKBENCH_API_KEY={KEY}"]
    return [str(word) for word in (*buildah, "run", *how, container, "--", *moved)]


@contextmanager
def started(command: list[str]):
    process = subprocess.Popen(command)
    try:
        yield
    finally:
        process.terminate()
        process.wait(60)


def test_the_image_of_a_bundle_answers_its_golden_rows_from_inside(run, buildah, debian, tmp_path, capsys):
    bundle = wb.package(run, name="shop")
    make_base(buildah, debian, bundle.path / "requirements.lock")
    image = build(buildah, bundle.path)
    container = ask(*buildah, "from", "--pull-never", "localhost/shop")
    port = free_port("127.0.0.1")
    healthy = inside(buildah, container, image["Healthcheck"]["Test"][1:], port)

    assert image["User"] == "10001"
    assert subprocess.run(healthy, capture_output=True).returncode != 0, "nothing is started yet"
    with started(inside(buildah, container, image["Entrypoint"], port)):
        address = f"http://127.0.0.1:{port}"
        assert loadtest.ready(loadtest.Target(urlsplit(address)), 60)
        ask(*healthy)
        asked = [address, "--seconds", "1", "--golden", str(bundle.path / "golden" / "rows.json")]
        # Every golden row gets the prediction of the notebook's own model, and nobody gets one without the key.
        assert loadtest.main([*asked, "--key", KEY]) == 0
        assert loadtest.main([*asked, "--key", "another"]) == 1
        assert "status 401" in capsys.readouterr().out
        # While it runs, the volume of the log lies among the container's own files.
        (log,) = (tmp_path / "images" / "vfs-containers").rglob("log.sqlite")
        assert log.stat().st_uid == 10001, "predictions are logged by the user without rights"

    files = Path(ask(*buildah, "mount", container))
    assert (files / "bundle" / "bundle.json").stat().st_uid == 0
    assert not list((files / "env" / "bin").glob("pip*"))
