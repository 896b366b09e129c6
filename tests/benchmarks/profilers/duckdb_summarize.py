"""DuckDB: SUMMARIZE of a file; no HTML."""

from stopwatch import measure


def load():
    """The module."""
    import duckdb

    return duckdb


def work(duckdb, table, folder):
    """The summary as text."""
    path = str(table).replace("'", "''")
    return repr(duckdb.sql(f"SUMMARIZE SELECT * FROM '{path}'").fetchall())


measure(load, work, ["duckdb"])
