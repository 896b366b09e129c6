"""Polars: describe of a lazy frame; no HTML."""

from stopwatch import measure


def load():
    """The module."""
    import polars

    return polars


def work(pl, table, folder):
    """The statistics as text."""
    lazy = pl.scan_parquet(table) if table.suffix == ".parquet" else pl.scan_csv(table, infer_schema_length=100_000)
    return repr(lazy.describe().to_dicts())


measure(load, work, ["polars"])
