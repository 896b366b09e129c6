"""skrub's TableReport as it comes."""

from stopwatch import measure


def load():
    """The report, and the reader it needs."""
    import pandas
    import skrub

    return pandas, skrub.TableReport


def work(tool, table, folder):
    """The HTML report."""
    pandas, report = tool
    frame = pandas.read_parquet(table) if table.suffix == ".parquet" else pandas.read_csv(table, low_memory=False)
    return report(frame, verbose=0).html()


measure(load, work, ["skrub", "pandas", "numpy"])
