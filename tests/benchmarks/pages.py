"""The same stored report on pages of Workbench, Streamlit, Panel and marimo, in one run.

    python tests/benchmarks/pages.py --cache FOLDER [--viewers 8] [--rounds 3] [--results MONITORING.md]

Each server is started, and looked at in a real browser by one viewer after another, then by all at once, each with
a cache of its own. What counts: when the first text is there and when the incident is to be read, CPU seconds of the
server's processes a view, memory of its own that each viewer's open page takes, and bytes over the wire. Peers get
environments of their own in the cache.
"""

from __future__ import annotations

import argparse
import asyncio
import importlib.util
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import psutil

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(ROOT), str(HERE)]

HEAD = "## What pages cost"
COLUMNS = (
    "| page | ready, CPU s | first text, s | incident to be read, s | {n} at once: last incident, s "
    "| CPU s a view | MB a viewer | MB at rest | kB over the wire |\n|---|---:|---:|---:|---:|---:|---:|---:|---:|"
)
CHROMIUM = os.environ.get("WORKBENCH_CHROMIUM", "/usr/bin/chromium-headless-shell")
INCIDENT = "3f2a9c0d"
SETTLED = 2.0  # seconds after which a server has done what a page asks for


@dataclass(frozen=True)
class Page:
    """One way to show the report.

    Parameters
    ----------
    name : str
    command : callable
        From the interpreter and the port to the command that serves it.
    path : str
        Of the page.
    requirements : tuple of str
        Of the environment; none: this one.
    ready : str
        A selector of what is there when the page has come.
    click : str
        What a viewer clicks on first; nothing, where the page is what counts.
    """

    name: str
    command: Callable[[str, int], list[str]]
    path: str
    requirements: tuple[str, ...] = ()
    ready: str = f"text={INCIDENT}"
    click: str = ""


OWN = "from workbench.apps.serve import serve; serve(port={}, open_browser=False, token='look', act_token='act')"


def own(python: str, port: int) -> list[str]:
    return [python, "-c", OWN.format(port)]


def streamlit(python: str, port: int) -> list[str]:
    quiet = ["--server.headless=true", "--browser.gatherUsageStats=false", f"--server.port={port}"]
    return [python, "-m", "streamlit", "run", str(HERE / "pages_peers" / "streamlit_app.py"), *quiet]


def panel(python: str, port: int) -> list[str]:
    app = str(HERE / "pages_peers" / "panel_app.py")
    return [python, "-m", "panel", "serve", app, f"--port={port}", f"--allow-websocket-origin=127.0.0.1:{port}"]


def marimo(python: str, port: int) -> list[str]:
    app = str(HERE / "pages_peers" / "marimo_app.py")
    return [python, "-m", "marimo", "run", app, "--headless", f"--port={port}", "--host=127.0.0.1", "--no-token"]


LIVE = "voila/render/whatif.ipynb?name=flights&token=look"
PAGES = (
    Page("Workbench", own, "voila/render/model.ipynb?name=flights&token=look"),
    Page("Workbench, with a slider's kernel", own, LIVE, ready=".noUi-handle", click="#wb-live"),
    Page("Streamlit", streamlit, "", ("streamlit==1.*", "pandas", "altair")),
    Page("Panel", panel, "panel_app", ("panel==1.*", "pandas", "bokeh")),
    Page("marimo", marimo, "", ("marimo>=0.20", "pandas", "altair")),
)


@dataclass(frozen=True)
class Cost:
    """What was measured of one page; seconds, megabytes and kilobytes."""

    name: str
    started: float
    first: float
    read: float
    together: float
    cpu: float
    memory: float
    rest: float
    wire: float


def stored(home: Path) -> Path:
    """The report of the examples in a home, and as plain data in a file."""
    from workbench.settings import settings

    examples = _loaded(ROOT / "tests" / "display" / "examples.py")
    report = examples.report()
    report.save(settings(home=home).reports / "flights" / "latest.json")
    plain = home / "report.json"
    plain.write_text(json.dumps(report.to_dict()), encoding="utf-8")
    return plain


def _loaded(path: Path) -> Any:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@contextmanager
def serving(page: Page, cache: Path, home: Path, plain: Path) -> Iterator[tuple[str, psutil.Process]]:
    """Its server, when it answers."""
    from environments import python_with

    folder = cache / "environments" / f"pages-{page.name.split(',')[0].lower()}"
    python = str(python_with(list(page.requirements), folder)) if page.requirements else sys.executable
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    env = {"PATH": os.environ["PATH"], "HOME": str(home), "TMPDIR": str(home), "PAGES_REPORT": str(plain)}
    env |= {"PYTHONPATH": str(HERE / "pages_peers") if page.requirements else str(ROOT), "WORKBENCH_HOME": str(home)}
    with (home / "server.log").open("ab") as log:
        process = subprocess.Popen(page.command(python, port), env=env, cwd=home, stdout=log, stderr=log)
    try:
        base = f"http://127.0.0.1:{port}/"
        _wait(base + page.path)
        yield base, psutil.Process(process.pid)
    finally:
        process.terminate()
        process.wait(60)


def _wait(address: str) -> None:
    for _ in range(600):
        try:
            urllib.request.urlopen(address, timeout=60).close()
            return
        except OSError:
            time.sleep(0.1)
    raise TimeoutError(f"{address} did not come up")


def family(server: psutil.Process) -> list[psutil.Process]:
    """A server's processes: itself, what it has started, and forks that its notebooks run in."""
    folder = str(server.cwd())
    forks = [
        one for one in psutil.process_iter(["cmdline"]) if f"{folder}/voila_" in " ".join(one.info["cmdline"] or ())
    ]
    return list({one.pid: one for one in [server, *server.children(recursive=True), *forks]}.values())


def memory(server: psutil.Process) -> float:
    """MB that nobody else has."""
    return sum(one.memory_full_info().uss for one in family(server)) / 1e6


def cpu(server: psutil.Process) -> float:
    """CPU seconds of all of it, what has ended included where it was waited for."""
    return sum(
        sum(one.cpu_times()[:4]) if one.pid == server.pid else sum(one.cpu_times()[:2]) for one in family(server)
    )


async def view(browser: Any, page: Page, address: str) -> tuple[Any, float, float, int]:
    """Open it as somebody who was never there: the browser's context, seconds to first text and to all, and bytes."""
    context = await browser.new_context()
    tab = await context.new_page()
    session, wire = await context.new_cdp_session(tab), []
    await session.send("Network.enable")
    session.on("Network.loadingFinished", lambda told: wire.append(told["encodedDataLength"]))
    if page.click:
        await tab.goto(address)
        await tab.wait_for_selector(f"{page.click}:not([hidden])")
        await asyncio.sleep(SETTLED)
        wire.clear()
    begin = time.perf_counter()
    await (
        tab.evaluate(f"document.querySelector('{page.click}').click()")
        if page.click
        else tab.goto(address, wait_until="commit")
    )
    await tab.wait_for_selector(page.ready, timeout=120_000)
    read = time.perf_counter() - begin
    first = await tab.evaluate("performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? null")
    return context, (first or 1000 * read) / 1000, read, sum(wire)


async def looked_at(page: Page, base: str, server: psutil.Process, viewers: int, rounds: int) -> Cost:
    """By one after another, then by all at once; the first view of all is not counted."""
    from playwright.async_api import async_playwright

    started, address = cpu(server), base + page.path
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        await (await view(browser, page, address))[0].close()
        await asyncio.sleep(SETTLED)
        before, one_by_one = cpu(server), []
        for _ in range(rounds):
            context, *seen = await view(browser, page, address)
            await asyncio.sleep(SETTLED)
            one_by_one.append((*seen, cpu(server)))
            await context.close()
            await asyncio.sleep(SETTLED)
        spent = [
            now - was
            for was, now in zip([before, *(s[-1] for s in one_by_one)], (s[-1] for s in one_by_one), strict=False)
        ]
        await asyncio.sleep(6 * SETTLED)  # until those that have gone are forgotten
        rest = memory(server)
        together = await asyncio.gather(*(view(browser, page, address) for _ in range(viewers)))
        await asyncio.sleep(SETTLED)
        grown = (memory(server) - rest) / viewers
        await browser.close()
    first, read, wire = (median(column) for column in list(zip(*one_by_one, strict=True))[:3])
    last = max(seen[2] for seen in together)
    return Cost(page.name, started, first, read, last, max(median(spent), 0.0), grown, rest, wire / 1000)


def line(one: Cost) -> str:
    """A row of the table."""
    return (
        f"| {one.name} | {one.started:.1f} | {one.first:.2f} | {one.read:.2f} | {one.together:.2f} | {one.cpu:.2f} "
        f"| {one.memory:.1f} | {one.rest:.0f} | {one.wire:,.0f} |"
    )


def ratios(costs: list[Cost]) -> str:
    """What the best of the peers takes, in the measure of our page."""
    ours, peers = costs[0], [one for one in costs if not one.name.startswith("Workbench")]
    told = {
        "read": "until it is read",
        "together": "all at once",
        "cpu": "CPU",
        "rest": "memory at rest",
        "wire": "bytes",
    }
    least = {name: min(getattr(one, name) for one in peers) for name in told}
    parts = [f"{told[name]} {_times(least[name], getattr(ours, name))}" for name in told]
    return f"The best peer of each column takes, beside our page: {'; '.join(parts)}."


def _times(theirs: float, ours: float) -> str:
    floor = 0.005
    return f"{theirs / ours:.1f} x" if ours > floor else f"more than {theirs / floor:.0f} x"


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cache", type=Path, required=True, help="folder of the peers' environments")
    parser.add_argument("--viewers", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--results", type=Path, help="the file whose section is replaced")
    given = parser.parse_args(arguments)
    costs = [cost(page, given.cache, given.viewers, given.rounds) for page in PAGES]
    told = section(costs, given.viewers)
    print(told)
    if given.results:
        given.results.write_text(replaced(given.results, told), encoding="utf-8")
    return 0


def cost(page: Page, cache: Path, viewers: int, rounds: int) -> Cost:
    """Measure one."""
    with tempfile.TemporaryDirectory(prefix="pages") as folder:
        home = Path(folder).resolve()
        plain = stored(home)
        with serving(page, cache, home, plain) as (base, server):
            found = asyncio.run(looked_at(page, base, server, viewers, rounds))
    print(line(found), file=sys.stderr)
    return found


def section(costs: list[Cost], viewers: int) -> str:
    """The whole section."""
    load = os.getloadavg()[0]
    how = (
        f"`python tests/benchmarks/pages.py`: one report of six windows on each page, in chromium, {viewers} "
        f"viewers at once on {os.cpu_count()} cores, which the browsers share with the servers; load at the end "
        f"{load:.1f}, so read the ratios. Memory is what no other process has (USS)."
    )
    return "\n".join([HEAD, "", how, "", COLUMNS.format(n=viewers), *map(line, costs), "", ratios(costs)]) + "\n"


def replaced(path: Path, told: str) -> str:
    """The file with this section in place of the one of that name, or behind the others."""
    text = path.read_text(encoding="utf-8") if path.exists() else "# Monitoring, measured\n"
    before, _, behind = text.partition(HEAD)
    rest = behind[behind.find("\n## ") + 1 :] if "\n## " in behind else ""
    return f"{before.rstrip()}\n\n{told}" + (f"\n{rest}" if rest else "")


if __name__ == "__main__":
    raise SystemExit(main())
