"""Kernels that are forked answer, compute, are interrupted, debugged and ended as others are."""

import asyncio
import os
import tempfile
import textwrap

import pytest

from tests.instant.conftest import SECONDS, until
from workbench.instant import asking, place
from workbench.instant.manager import InstantManager
from workbench.instant.packages import USUAL
from workbench.instant.provisioner import InstantProvisioner
from workbench.jobs.run.channel import SET_UP

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not place.possible(), reason="nothing is forked on this system"),
]
KERNEL = ("ipykernel.debugger", "ipykernel.kernelapp")
COMPUTED = """
import lightgbm, numpy, pandas, plotly.graph_objects, polars, pyarrow, pyarrow.compute
from sklearn.ensemble import HistGradientBoostingClassifier
import workbench as wb

table = pandas.DataFrame(numpy.random.default_rng(0).random((3000, 2)), columns=["x", "y"])
late = table.y > 0.5
HistGradientBoostingClassifier(max_iter=3).fit(table[["x"]], late)
lightgbm.LGBMClassifier(n_estimators=2, verbose=-1).fit(table[["x"]], late)
(table.to_numpy() @ numpy.ones((2, 300))).sum()
polars.from_pandas(table).lazy().group_by("x").len().collect()
pyarrow.compute.sum(pyarrow.array(range(100_000)))
print(len(wb.profile(table).columns), numpy.random.rand() != 0, pandas.get_option("display.max_columns"))
"""


@pytest.fixture
def warm(runtime, request):
    """A zygote that is ready for kernels, with more packages where a test names them."""
    asking.warm(packages=getattr(request, "param", {"kernels": KERNEL}))
    until(asking.ready, "the zygote is not ready")


class Kernel:
    """A kernel and what it printed."""

    def __init__(self, manager, client):
        self.manager, self.client, self.printed = manager, client, ""

    async def run(self, code):
        """Run code; the reply's content."""
        reply = await self.client.execute_interactive(textwrap.dedent(code), output_hook=self._heard, timeout=SECONDS)
        return reply["content"]

    def _heard(self, message):
        if message["msg_type"] == "stream":
            self.printed += message["content"]["text"]


def with_kernel(test, **options):
    """Run a test with a kernel that is ready, and end it."""

    async def ran():
        manager = InstantManager(kernel_name="python3", transport="ipc")
        manager.connection_file = f"{tempfile.mkdtemp(prefix='wb-')}/kernel.json"
        await manager.start_kernel(**options)
        client = manager.client()
        client.start_channels()
        try:
            await client.wait_for_ready(timeout=SECONDS)
            await test(Kernel(manager, client))
        finally:
            client.stop_channels()
            if manager.has_kernel:
                await manager.shutdown_kernel()

    asyncio.run(ran())


def test_a_kernel_is_forked_and_answers(warm):
    async def test(kernel):
        assert isinstance(kernel.manager.provisioner, InstantProvisioner)
        assert kernel.manager.provisioner.why_not == ""
        assert (await kernel.run("import os; print(6 * 7, __name__)"))["status"] == "ok"
        assert kernel.printed == "42 __main__\n"

    with_kernel(test)


def test_without_a_zygote_it_is_started_as_usual_and_says_so(runtime, monkeypatch):
    monkeypatch.setenv("WORKBENCH_INSTANT", "0")

    async def test(kernel):
        assert kernel.manager.provisioner.why_not == "WORKBENCH_INSTANT is 0"
        assert (await kernel.run("1 + 1"))["status"] == "ok"

    with_kernel(test)


@pytest.mark.parametrize("warm", [USUAL], indirect=True)
def test_what_was_imported_before_computes_after(warm):
    """Threads of libraries come anew in a fork of a process that has used none."""

    async def test(kernel):
        reply = await kernel.run(COMPUTED)
        assert reply["status"] == "ok", reply
        assert kernel.printed.split()[-3:] == ["2", "True", "20"]  # columns, as in a kernel that was started

    with_kernel(test)


@pytest.mark.parametrize("debugger", [True, False])
def test_a_debugger_hears_of_the_modules_that_were_there_when_the_kernel_started(warm, debugger):
    """ipykernel looks at each of them at its start; a fork when it is asked, for the same."""

    async def test(kernel):
        told = "kernel.debugger.kernel_modules" if debugger else "kernel._kernel_modules"
        await kernel.run("import sys; kernel = get_ipython().kernel; print(type(kernel).__name__)")
        await kernel.run("late = sys.modules['late'] = type(sys)('late'); late.__file__ = 'late.py'")
        await kernel.run(f"files = list({told}); print('late.py' in files)")
        await kernel.run("print({sys.modules[n].__file__ for n in ('json', 'IPython', 'zmq')} <= set(files))")
        assert kernel.printed.split() == ["ForkedKernel", "False", "True"]

    with_kernel(test)


LAST_WORD_COMES_LATE = """
import atexit, pathlib, threading, time
kernel = get_ipython().kernel
publish = kernel.iopub_thread.schedule
def late(what):
    if threading.current_thread() is kernel.control_thread:
        time.sleep(0.1)
    publish(what)
kernel.iopub_thread.schedule = late
atexit.register(lambda: pathlib.Path(SAID).write_text(str(kernel.control_thread.is_alive())))
"""


def test_a_kernel_of_a_job_publishes_until_the_thread_that_hears_of_its_end_is_done(warm, tmp_path):
    """ipykernel ends the thread that publishes first, and one kernel in six waits for it until it is killed."""

    async def test(kernel):
        await kernel.run(LAST_WORD_COMES_LATE.replace("SAID", repr(str(tmp_path / "said"))))
        await kernel.run(SET_UP)

    with_kernel(test)

    assert (tmp_path / "said").read_text(encoding="utf-8") == "False"


def test_a_cell_is_interrupted(warm):
    async def test(kernel):
        running = asyncio.ensure_future(kernel.run("print('on', flush=True)\nimport time; time.sleep(600)"))
        while "on" not in kernel.printed:
            await asyncio.sleep(0.02)
        await kernel.manager.interrupt_kernel()
        assert (await running)["ename"] == "KeyboardInterrupt"
        assert (await kernel.run("1"))["status"] == "ok"

    with_kernel(test)


def test_a_kernel_that_dies_is_seen_dead(warm):
    async def test(kernel):
        kernel.client.execute("import os; os._exit(5)")
        assert await asyncio.wait_for(kernel.manager.provisioner.wait(), SECONDS) == 5
        assert not await kernel.manager.is_alive()

    with_kernel(test)


def test_it_is_restarted(warm):
    async def test(kernel):
        await kernel.run("x = 1")
        await kernel.manager.restart_kernel(now=True)
        await kernel.client.wait_for_ready(timeout=SECONDS)
        assert (await kernel.run("x"))["ename"] == "NameError"
        assert kernel.manager.provisioner.why_not == ""

    with_kernel(test)


def test_it_is_debugged(warm):
    """The debugger was imported in the process that it is forked from."""

    async def test(kernel):
        request = {
            "type": "request",
            "seq": 1,
            "command": "initialize",
            "arguments": {"clientID": "t", "adapterID": ""},
        }
        message = kernel.client.session.msg("debug_request", request)
        kernel.client.control_channel.send(message)
        reply = await kernel.client.get_control_msg(timeout=SECONDS)
        assert reply["content"]["success"], reply["content"]

    with_kernel(test)


def test_its_working_folder_and_environment_are_given(warm, tmp_path):
    async def test(kernel):
        await kernel.run("import os; print(os.getcwd(), os.environ['GIVEN'])")
        assert kernel.printed.split() == [str(tmp_path), "yes"]

    with_kernel(test, cwd=str(tmp_path), env={**os.environ, "GIVEN": "yes"})
