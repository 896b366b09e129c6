"""pysuricata: its streaming report of a path."""

from stopwatch import measure


def load():
    """The module."""
    import pysuricata

    return pysuricata


def work(pysuricata, table, folder):
    """The HTML report."""
    return pysuricata.profile(str(table)).html


measure(load, work, ["pysuricata", "pandas", "polars", "numpy"])
