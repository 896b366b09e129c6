"""Ours: everything, with the HTML."""

from stopwatch import measure


def load():
    """The import that a notebook's first cell makes, and the verb."""
    import workbench as wb

    return wb.profile


def work(profile, table, folder):
    """The profile of a path, and what the notebook shows."""
    return profile(str(table))._repr_mimebundle_()["text/html"]


measure(load, work, ["polars", "pyarrow", "datasketches", "numpy", "pandas"])
