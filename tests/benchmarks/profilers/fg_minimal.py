"""fg-data-profiling (once pandas-profiling), minimal mode."""

from stopwatch import measure


def load():
    """The report, and the reader it needs."""
    import pandas
    from data_profiling import ProfileReport

    return pandas, ProfileReport


def work(tool, table, folder):
    """The HTML report."""
    pandas, report = tool
    frame = pandas.read_parquet(table) if table.suffix == ".parquet" else pandas.read_csv(table, low_memory=False)
    return report(frame, minimal=True, progress_bar=False).to_html()


measure(load, work, ["fg-data-profiling", "pandas", "numpy"])
