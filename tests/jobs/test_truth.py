"""The table of truth: what a notebook does, and what its record says afterwards.

Each case runs in a kernel of its own, in this process; that of a whole job is tried in ``test_submit`` and
``test_kills``.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

import workbench as wb
from workbench.core.job import Cause, Job, JobState
from workbench.errors import BadParameter, JobFailed, NotFound, StoreError
from workbench.instant.packages import skip_slow_grammar
from workbench.jobs.records import load, write
from workbench.jobs.run.masking import Masker

KERNEL = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
skip_slow_grammar()


@dataclass(frozen=True)
class Case:
    """Cells, with their tags behind a comma, and what is so afterwards."""

    cells: tuple[str | tuple[str, str], ...]
    statuses: tuple[str, ...]
    cause: Cause | None = None
    error: str = ""
    shown: str = ""
    note: str = ""
    early: int | None = None


OK = "completed"
SESSION = "k = get_ipython().kernel; s = k.session; p = k.get_parent(); t = k.iopub_thread\n"
ODD = SESSION + "_ = s.send(k.iopub_socket, 'display_data', {'data': 5, 'metadata': 7}, parent=p)\nprint('on')"
LOSSY = (
    "thread = get_ipython().kernel.iopub_thread; real = thread._really_send; n = 0\n"
    "def lossy(msg, *a, **k):\n    global n\n    n += 1\n    return None if 100 < n < 106 else real(msg, *a, **k)\n"
    "thread._really_send = lossy"
)
TABLE = {
    "5,000 lines, each flushed": Case(
        ("for i in range(5000): print(i, flush=True)",), (OK,), shown="".join(f"{i}\n" for i in range(5000))
    ),
    "output that is lost": Case(
        (LOSSY, "for i in range(300): print(i, flush=True)"), (OK, OK), note="5 messages of the kernel did not arrive"
    ),
    "an output that is not valid": Case((ODD, "1"), (OK, OK), shown="on\n", note="output of cell 1 is not valid"),
    "an error whose name is a cause": Case(
        ("raise TimeoutError('no route to host')", "1"), ("failed", "pending"), Cause.CELL, "no route to host"
    ),
    "a message of no words": Case(("raise KeyboardInterrupt",), ("failed",), Cause.CELL, "KeyboardInterrupt"),
    "raises-exception": Case((("1/0", "raises-exception"), "print('on')"), (OK, OK), shown="on\n"),
    "skip-execution": Case((("1/0", "skip-execution"), "print('on')"), ("skipped", OK), shown="on\n"),
    "exit()": Case(("exit()", "1/0"), (OK, "pending"), early=0, note="ended the notebook early"),
    "quit": Case(("1", "quit", "1/0"), (OK, OK, "pending"), early=1, note="ended the notebook early"),
    "sys.exit(0)": Case(("import sys; sys.exit(0)", "1/0"), (OK, "pending"), early=0, note="ended the notebook early"),
    "sys.exit(1)": Case(("import sys; sys.exit(1)", "1"), ("failed", "pending"), Cause.CELL, "SystemExit: 1"),
    "input()": Case(("input('name')",), ("failed",), Cause.CELL, "does not support input"),
    "breakpoint()": Case(("breakpoint()", "1"), ("failed", "pending"), Cause.CELL, "nobody is there to answer"),
    "a widget that catches output": Case(
        ("import ipywidgets as w; o = w.Output()\nwith o: print('caught')",), (OK,), shown="caught\n"
    ),
}


def _run(case: Case, folder: Path, masker: Masker | None = None, **options: Any) -> tuple[Job, Any, JobFailed | None]:
    from workbench.jobs.run.execution import Run, execute

    cells = [c if isinstance(c, tuple) else (c, "") for c in case.cells]
    made = [new_code_cell(text, metadata={"tags": [tag] if tag else []}) for text, tag in cells]
    notebook = new_notebook(cells=made, metadata={**KERNEL, "papermill": {}})
    folder.mkdir(parents=True)
    write(Job(folder.name, "n.ipynb", {}, JobState.IN_PROGRESS, path=folder))
    failure = None
    try:
        execute(notebook, "python3", job=Run(masker or Masker(), folder=folder), **options)
    except JobFailed as error:
        failure = error
    return load(folder), nbformat.read(folder / "output.ipynb", 4), failure


def _text(notebook: Any) -> str:
    return "".join(o.get("text", "") for cell in notebook.cells for o in cell.outputs)


@pytest.mark.slow
@pytest.mark.parametrize("name", TABLE)
def test_the_record_says_what_is_so(name: str, tmp_path: Path) -> None:
    case = TABLE[name]

    record, output, failure = _run(case, tmp_path / "job")

    assert tuple(c.metadata.papermill.status for c in output.cells) == case.statuses
    assert (failure.cause if failure else None) == case.cause
    assert case.error in str(failure or "")
    assert _text(output).endswith(case.shown)
    assert case.note in " ".join(record.notes)
    assert bool(record.notes) == bool(case.note)
    assert record.ended_early == case.early
    assert record.cells_done == case.statuses.count(OK)
    assert record.kernel["language_version"].startswith("3.")


@pytest.mark.slow
@pytest.mark.parametrize("moment", [1, 2, 3], ids=["at a start", "within a cell", "at an end"])
def test_a_full_disk_leaves_no_mark_unset(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moment: int) -> None:
    from workbench.jobs.run import execution

    real, writes = execution.write_text, []

    def full(path: Path, text: str) -> None:
        writes.append(text)
        if len(writes) == moment + 1:
            raise OSError(28, "No space left on device")
        real(path, text)

    monkeypatch.setattr(execution, "write_text", full)
    options = {"autosave_cell_every": 1e-9} if moment == 2 else {}

    try:
        lasting = "import time; time.sleep(1.5); print('a')"
        _, _, failure = _run(Case((lasting, "2"), ()), tmp_path / "job", **options)
    except OSError as error:
        failure = error

    assert "No space left" in str(failure)
    statuses = [c["metadata"]["papermill"]["status"] for c in json.loads(writes[-1])["cells"]]
    assert "running" not in statuses


@pytest.mark.slow
def test_a_cell_is_written_when_it_lasts_and_when_it_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each write waits for the disk, and most cells end at once: the events tell of their start."""
    from workbench.jobs.run import execution

    real, writes = execution.write_text, []

    def written(path: Path, text: str) -> None:
        writes.append([c["metadata"]["papermill"]["status"] for c in json.loads(text)["cells"]])
        real(path, text)

    monkeypatch.setattr(execution, "write_text", written)

    _run(Case(("1", "import time; time.sleep(2)", "3"), ()), tmp_path / "job")

    ended = [["completed"] * k + ["pending"] * (3 - k) for k in range(4)]
    assert writes[:1] + [w for w in writes[1:] if "running" not in w] == [*ended, ended[3]]
    assert ["completed", "running", "pending"] in writes


@pytest.mark.parametrize(
    ("metadata", "asked", "message"),
    [
        ({"kernelspec": {"name": "ir", "language": "R", "display_name": "R"}}, None, "No kernel named 'ir'.*--kernel"),
        ({"kernelspec": {"name": "colleague", "display_name": "C"}}, None, "No kernel named 'colleague'.*python3"),
        ({"language_info": {"name": "julia"}}, None, "in julia and names no kernel"),
        ({}, "no/such", "No kernel named"),
        ({}, "", "No kernel named"),
        ({}, 3, "name of a kernel"),
    ],
)
def test_a_kernel_that_is_not_installed_is_refused(
    home: Path, tmp_path: Path, metadata: dict[str, Any], asked: Any, message: str
) -> None:
    nbformat.write(new_notebook(metadata=metadata), tmp_path / "n.ipynb")

    with pytest.raises((NotFound, BadParameter), match=message):
        wb.submit(tmp_path / "n.ipynb", kernel=asked)

    assert not (home / "jobs").exists()


@pytest.mark.slow
def test_the_kernel_that_the_notebook_names_runs_it(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A kernel of another name, which says of itself who it is."""
    spec = tmp_path / "data" / "kernels" / "colleague"
    spec.mkdir(parents=True)
    argv = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    told = {"argv": argv, "display_name": "Colleague's", "language": "python", "env": {"WHO": "colleague"}}
    (spec / "kernel.json").write_text(json.dumps(told))
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path / "data"))
    cells = [new_code_cell("import os; print(os.environ['WHO'])")]
    nbformat.write(
        new_notebook(cells=cells, metadata={"kernelspec": {"name": "colleague", "display_name": "C"}}),
        tmp_path / "n.ipynb",
    )

    ended = wb.submit(tmp_path / "n.ipynb", show=False)

    assert (ended.kernel["name"], ended.kernel["display_name"]) == ("colleague", "Colleague's")
    assert ended.kernel["language_version"].startswith("3.")
    assert _text(nbformat.read(ended.output, 4)) == "colleague\n"


@pytest.mark.slow
def test_a_notebook_of_another_language_gets_its_parameters_as_papermill_writes_them(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There is no R here: a kernel that says R and reads what R and Python both read."""
    spec = tmp_path / "data" / "kernels" / "ir"
    spec.mkdir(parents=True)
    argv = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    (spec / "kernel.json").write_text(json.dumps({"argv": argv, "display_name": "R", "language": "R"}))
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path / "data"))
    cells = [new_code_cell("n <- 1", metadata={"tags": ["parameters", "skip-execution"]}), new_code_cell("TRUE = 1")]
    metadata = {"kernelspec": {"name": "ir", "display_name": "R", "language": "R"}}
    nbformat.write(
        new_notebook(cells=[cells[1], cells[0], new_code_cell("n")], metadata=metadata), tmp_path / "n.ipynb"
    )

    ended = wb.submit(tmp_path / "n.ipynb", {"n": 7, "on": True}, show=False)

    source = nbformat.read(ended.output, 4).cells[2].source
    assert source == "# Parameters\nn = 7\non = TRUE\n"
    assert ended.kernel["name"] == "ir"


@pytest.mark.slow
def test_a_folder_that_is_deleted_while_a_job_runs_is_told_in_a_sentence(
    home: Path, notebook: Callable[..., Path]
) -> None:
    path = notebook("import os, shutil, threading\n" + "threading.Event().wait()")
    started = wb.submit(path, wait=False)
    while load(started.path).cells == 0:
        time.sleep(0.05)

    shutil.rmtree(started.path, ignore_errors=True)

    from workbench.jobs.submit import watched

    with pytest.raises(JobFailed, match="somebody removed") as caught:
        watched(started, show=False)
    assert caught.value.cause is Cause.RECORD
    assert not started.path.exists()


def test_a_home_that_cant_be_written_is_told_in_a_sentence(notebook: Callable[..., Path], tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(StoreError, match=r"can't be written to .*WORKBENCH_HOME"):
        wb.submit(notebook("1"), home=tmp_path / "file" / "home")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("cells", "options", "code"),
    [
        (("1/0",), (), 1),
        (("1",), ("-p", "typo=1"), 2),
        (("import os; os._exit(0)",), (), 138),
        (("import threading; threading.Event().wait()",), ("--timeout", "4"), 124),
    ],
    ids=["failed cell", "wrong parameter", "dead kernel", "timed out"],
)
def test_exit_codes_tell_ends_apart(
    home: Path, notebook: Callable[..., Path], cells: tuple[str, ...], options: tuple[str, ...], code: int
) -> None:
    command = [sys.executable, "-m", "workbench", "submit", str(notebook(*cells)), *options]

    ended = subprocess.run(command, capture_output=True, text=True, check=False)

    assert ended.returncode == code, ended.stderr
    assert "Traceback" not in ended.stderr + ended.stdout


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="signals")
@pytest.mark.parametrize("number", ["SIGTERM", "SIGHUP"])
def test_a_signal_to_the_command_stops_the_job(home: Path, notebook: Callable[..., Path], number: str) -> None:
    import signal

    from workbench.jobs.processes import family
    from workbench.jobs.records import jobs

    path = notebook("import threading; threading.Event().wait()")
    command = subprocess.Popen(
        [sys.executable, "-m", "workbench", "submit", str(path)],
        stderr=subprocess.PIPE,
        text=True,
        # Where the tests run under nohup all that they start would be deaf to it.
        preexec_fn=lambda: signal.signal(getattr(signal, number), signal.SIG_DFL),
    )
    while not any(j.cells for j in jobs()):
        time.sleep(0.05)

    command.send_signal(getattr(signal, number))
    _, told = command.communicate(timeout=120)

    assert command.returncode == 130
    assert "Traceback" not in told
    assert jobs()[0].state is JobState.STOPPED
    assert family(jobs()[0].id) == []
