"""What monitoring costs: CPU seconds, memory and bytes on disk, each part in a process of its own.

    python tests/benchmarks/monitoring_cost.py [--quick] [--cache FOLDER] [--results MONITORING.md]

A shop's model is trained once. Then: a second ``wb.monitor`` with nothing new over a history of 90 and of 400 windows;
two labels in a log of 50,000 records; a log of a million records cut into windows; the page of 50 models of 400 windows
each; imports; and the drift report of a census beside Evidently's, which gets an environment of its own in the cache
(without ``--cache`` it is left out).
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(Path(__file__).resolve().parent)]

TABLES = Path(os.environ.get("WORKBENCH_TEST_DATA", ROOT.parent / "shared" / "data"))
EVIDENTLY = ["evidently==0.7.23", "pandas<3"]
PEER = """
import pandas as pd
from evidently import Report
from evidently.presets import DataDriftPreset

table = pd.read_csv({table!r})
snapshot = Report([DataDriftPreset()]).run(table.iloc[30000:], table.iloc[:30000])
snapshot.save_html({page!r})
"""
HEAD = "## What it costs"
COLUMNS = "| part | goal | measured |\n|---|---|---|"


@dataclass(frozen=True)
class Sizes:
    """How much of everything."""

    histories: tuple[int, ...] = (90, 400)
    log: int = 50_000
    records: int = 1_000_000
    models: int = 50
    windows: int = 400


QUICK = Sizes((6,), 2_000, 6_000, 3, 5)


def customers(rows: int, seed: int) -> Any:
    """Customers of a shop: what they spent decides whether they stay."""
    import numpy as np
    import pandas as pd

    draw = np.random.default_rng(seed)
    spent = draw.normal(0, 1, rows)
    columns: dict[str, Any] = {f"x{k}": draw.normal(0, 1, rows).round(4) for k in range(12)}
    stays = spent + draw.normal(0, 0.7, rows) > 0
    return pd.DataFrame({
        "spent": spent.round(4), **columns, "city": draw.choice(["Rome", "Oslo", "Bonn"], rows),
        "customer": [f"c{seed}-{i}" for i in range(rows)], "stays": np.where(stays, "yes", "no"),
    })  # fmt: skip


def made(sizes: Sizes) -> None:
    """A bundle, in the home of the environment."""
    import workbench as wb

    data = wb.dataset(customers(2000, 1), target="stays", id="customer")
    wb.package(wb.train(data, candidates=("linear",), folds=2), name="shop")


def history(sizes: Sizes, windows: int) -> dict[str, Any]:
    """Windows scored, labelled and judged; then CPU seconds of a second call, and of one with one window more."""
    import workbench as wb

    for k in range(windows):
        batch = customers(200, 100 + k)
        wb.score("shop", batch, window=f"week{k + 1}")
        wb.feedback("shop", batch)
    first = cpu(lambda: wb.monitor("shop"))
    again = min(cpu(lambda: wb.monitor("shop")) for _ in range(3))
    wb.score("shop", customers(200, 99), window="next")
    one_more = cpu(lambda: wb.monitor("shop"))
    folder = Path(os.environ["WORKBENCH_HOME"]) / "reports" / "shop"
    size = sum(path.stat().st_size for path in folder.iterdir())
    before = size
    wb.monitor("shop")
    grown = sum(path.stat().st_size for path in folder.iterdir()) - before
    return {"first": first, "again": again, "one more": one_more, "bytes": size, "grown": grown}


def feedback(sizes: Sizes) -> dict[str, Any]:
    """Two labels in a log: CPU seconds of the third call, when all is loaded and indexed."""
    import workbench as wb

    appended(sizes.log, 1)
    labels = customers(6, 5)[["customer", "stays"]].assign(customer=[f"r{i}" for i in range(6)])
    costs = [cpu(lambda part=part: wb.feedback("shop", labels.iloc[2 * part : 2 * part + 2])) for part in range(3)]
    return {"first": costs[0], "cpu": min(costs[1:])}


def compaction(sizes: Sizes) -> dict[str, Any]:
    """A log is cut into windows: peak of memory, and CPU seconds."""
    import workbench as wb
    from workbench.core.bundles import champion
    from workbench.monitoring.monitor import compacted
    from workbench.settings import settings

    spent, cut = cpu(lambda: compacted(champion("shop").name, settings())), peak()
    judging = cpu(lambda: wb.monitor("shop"))
    windows = len(wb.monitor("shop").windows)
    return {"cpu": spent, "peak": cut, "windows": windows, "judging": judging, "judged peak": peak()}


def written(sizes: Sizes) -> None:
    """The records of that log."""
    appended(sizes.records, 30)


def appended(records: int, days: int) -> None:
    """Records of some days in the log, by the thousand."""
    from workbench.scoring.log import PredictionLog
    from workbench.settings import settings

    log = PredictionLog(settings().predictions / "shop")
    rows = customers(1000, 7).drop(columns=["customer", "stays"]).to_dict("records")
    for start in range(0, records, 1000):
        hour = start * 24 * days // records
        at = f"2026-0{1 + hour // 24 // 28}-{1 + hour // 24 % 28:02d}T{hour % 24:02d}:30"
        log.append([
            {"id": f"r{start + i}", "at": at, "version": 1, "row": row, "prediction": 0.25, "answer": "no", "flags": []}
            for i, row in enumerate(rows[: records - start])
        ])  # fmt: skip
    log.close()


def reports(sizes: Sizes) -> None:
    """The reports of a fleet, each with windows as they are judged here."""
    from dataclasses import replace

    import workbench as wb
    from workbench.core.report_file import Judged, keep
    from workbench.settings import settings

    wb.score("shop", customers(400, 3), window="1")
    wb.feedback("shop", customers(400, 3))
    report = wb.monitor("shop")
    for model in range(sizes.models):
        windows = tuple(replace(report.windows[0], label=f"week{k}") for k in range(sizes.windows))
        named = replace(report, name=f"model-{model:02d}", windows=windows)
        keep(named, [Judged(w.label, w) for w in windows], settings().reports / named.name)


def fleet(sizes: Sizes) -> dict[str, Any]:
    """The page of all models in a process that has just begun, as a viewer's is."""
    from workbench.apps import models

    spent = cpu(lambda: models.page())
    return {"cpu": spent, "again": cpu(lambda: models.page()), "whole": time.process_time(), "peak": peak()}


def imports(sizes: Sizes) -> dict[str, Any]:
    """What ``import workbench`` and the verb cost beside pandas, which whoever has a table has loaded."""
    names = {"workbench": "import workbench", "pandas": "import pandas, polars, pyarrow.parquet",
             "monitor": "import pandas, polars, pyarrow.parquet, workbench as wb; wb.monitor, wb.feedback"}  # fmt: skip
    spent = {name: min(_python(code) for _ in range(3)) for name, code in names.items()}
    bare = min(_python("pass") for _ in range(3))
    return {"import": spent["workbench"] - bare, "monitor": spent["monitor"] - spent["pandas"]}


def _python(code: str) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-c", code], check=True, env=dict(os.environ))
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def census(sizes: Sizes) -> dict[str, Any]:
    """Profiles of 30,000 and of the other rows, compared, as a page: the whole process."""
    import pandas as pd

    import workbench as wb

    table = pd.read_csv(TABLES / "adult.csv")
    before, now = wb.profile(table.iloc[:30000]), wb.profile(table.iloc[30000:])
    page = before.compare(now)._repr_mimebundle_()["text/html"]
    return {"cpu": time.process_time(), "bytes": len(page.encode()), "columns": len(table.columns)}


def evidently(cache: Path) -> dict[str, Any]:
    """The same by Evidently."""
    from environments import python_with

    python, page = python_with(EVIDENTLY, cache / "environments" / "evidently"), cache / "evidently.html"
    code = PEER.format(table=str(TABLES / "adult.csv"), page=str(page))
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([python, "-W", "ignore", "-c", code], check=True, capture_output=True, env=_bare())
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {"cpu": spent, "bytes": page.stat().st_size}


def cpu(call: Callable[[], Any]) -> float:
    """CPU seconds of this process."""
    begin = time.process_time()
    call()
    return time.process_time() - begin


def peak() -> float:
    """MB of memory that this process has had at most."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


PARTS = {
    part.__name__: part for part in (made, history, feedback, compaction, written, reports, fleet, imports, census)
}


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="a small one of each")
    parser.add_argument("--cache", type=Path, help="folder of the peer's environment")
    parser.add_argument("--results", type=Path, help="the file whose section is replaced")
    parser.add_argument("--part", nargs="+", help="for this file itself")
    given = parser.parse_args(arguments)
    sizes = QUICK if given.quick else Sizes()
    if given.part:
        print(json.dumps(PARTS[given.part[0]](sizes, *map(int, given.part[1:]))))
        return 0
    told = "\n".join([HEAD, "", COLUMNS, *lines(sizes, given.cache)]) + "\n"
    print(told)
    if given.results:
        given.results.write_text(replaced(given.results, told), encoding="utf-8")
    return 0


def lines(sizes: Sizes, cache: Path | None) -> Iterator[str]:
    """One a part."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "shop"
        part(home, sizes, "made")
        for windows in sizes.histories:
            found = part(copied(home), sizes, "history", windows)
            yield line(f"a second monitor of {windows} windows", "0.3 CPU s", f"{found['again']:.2f} CPU s; the first "
                       f"{found['first']:.1f}, with a window more {found['one more']:.2f}; the reports "
                       f"{kb(found['bytes'])}, {kb(found['grown'])} more a call")  # fmt: skip
        found = part(copied(home), sizes, "feedback")
        yield line(f"2 labels in a log of {sizes.log:,}", "0.05 CPU s", f"{found['cpu']:.3f} CPU s")
        busy = copied(home)
        part(busy, sizes, "written")
        found = part(busy, sizes, "compaction")
        yield line(f"a log of {sizes.records:,} records becomes {found['windows']} windows", "250 MB",
                   f"{found['peak']:.0f} MB, {found['cpu']:.1f} CPU s; judged {found['judged peak']:.0f} MB, "
                   f"{found['judging']:.1f} CPU s")  # fmt: skip
        many = copied(home)
        part(many, sizes, "reports")
        found = part(many, sizes, "fleet")
        yield line(f"page of {sizes.models} models of {sizes.windows} windows", "0.2 CPU s",
                   f"{found['cpu']:.2f} CPU s, {found['again']:.2f} again; the process {found['whole']:.2f}, "
                   f"{found['peak']:.0f} MB")  # fmt: skip
        found = part(home, sizes, "imports")
        yield line("import workbench; the verbs of monitoring beside pandas, polars and pyarrow", "0.3 CPU s",
                   f"{found['import']:.2f}; {found['monitor']:.2f} CPU s")  # fmt: skip
        ours = part(home, sizes, "census")
        theirs = evidently(cache) if cache else None
        beside = (
            f", Evidently {theirs['cpu']:.2f} and {kb(theirs['bytes'])}: 1/{theirs['cpu'] / ours['cpu']:.1f}"
            if theirs
            else ""
        )
        yield line("drift report of the census, whole process, with its page", "1/6 of Evidently, 100 kB",
                   f"{ours['cpu']:.2f} CPU s, {kb(ours['bytes'])}{beside}")  # fmt: skip


def part(home: Path, sizes: Sizes, name: str, *values: int) -> dict[str, Any]:
    """What one part found in a process of its own."""
    command = [sys.executable, __file__, "--part", name, *map(str, values), *(["--quick"] if sizes is QUICK else [])]
    env = {**_bare(), "WORKBENCH_HOME": str(home), "WORKBENCH_THREADS": "1", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env=env)
    return json.loads(done.stdout.splitlines()[-1]) or {}


def _bare() -> dict[str, str]:
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("WORKBENCH_HOME", "PYTHONPATH", "MLFLOW"))
    }


def copied(home: Path) -> Path:
    """Another home with the same model."""
    import shutil

    place = Path(tempfile.mkdtemp(dir=home.parent))
    shutil.copytree(home, place, dirs_exist_ok=True)
    (place / "mlflow.ready").write_text(f"sqlite:///{place / 'mlflow.db'}", encoding="utf-8")
    return place


def line(what: str, goal: str, found: str) -> str:
    return f"| {what} | {goal} | {found} |"


def kb(size: float) -> str:
    return f"{size / 1000:,.1f} kB"


def replaced(path: Path, section: str) -> str:
    """The file with this section in place of the one of that name, or behind the others."""
    text = path.read_text(encoding="utf-8") if path.exists() else "# Monitoring, measured\n"
    before, _, behind = text.partition(HEAD)
    rest = behind[behind.find("\n## ") + 1 :] if "\n## " in behind else ""
    return f"{before.rstrip()}\n\n{section}" + (f"\n{rest}" if rest else "")


if __name__ == "__main__":
    raise SystemExit(main())
