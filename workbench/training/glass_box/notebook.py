"""The method ``Run.to_notebook``: a row of the leaderboard as a notebook that nobody needs us for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from workbench.core.contract import Contract
from workbench.core.dataset import Dataset
from workbench.core.run import Run
from workbench.errors import BadParameter, Damaged, FormatVersion
from workbench.reading.dataset import dataset, held
from workbench.reading.door import to_learn_from
from workbench.storage.files import in_one_step, read, write_json
from workbench.training.candidates import MODELS, columns_by_kind, unfitted
from workbench.training.ensembling import STACK
from workbench.training.glass_box.cells import Book, Row, digest, model_cells
from workbench.training.glass_box.estimators import Writer
from workbench.training.glass_box.splitting import rule, with_thirds
from workbench.training.glass_box.tables import AsRead, Source, beside, by_fingerprint, of_file
from workbench.training.trending import as_given
from workbench.training.weighing import told_weights


def to_notebook(run: Run, path: str | Path, candidate: str | None = None, *, data: Any = None) -> Path:
    """Write a row of the leaderboard as a notebook of plain scikit-learn and LightGBM, which finds its score again.

    Parameters
    ----------
    run : Run
        With its folds.
    path : str or Path
        Of the notebook, with the ending ``.ipynb``.
    candidate : str, optional
        Name of the row; the best by default.
    data : Dataset, or a path, frame, query or other table, optional
        What it was trained on; by default the file that it was read from.

    Returns
    -------
    Path
        Of the notebook.

    Raises
    ------
    BadParameter
        If there is no such candidate, its estimator can't be written as code, the data is another than that of the
        training, or a notebook at this path was edited.
    BadTable
        If the file that it was trained on is gone.
    """
    place = _place(path)
    row = _row(run, candidate)
    writer = Writer(row.candidate.name, {} if row.is_own else _lists(run), run.seed)
    model = model_cells(row, writer)
    source, table = _source(run, data, place)
    y = _labels(run, table)
    split = rule(run, table, y, place.with_suffix(".folds.parquet"))
    if row.cross_fits:
        split = with_thirds(split, run, place.with_suffix(".thirds.parquet"))
    write_json(place, Book(row, place, source, table, y, split, writer).document(model))
    return place


def _place(path: str | Path) -> Path:
    """Where the notebook may be written: an edited one is never lost."""
    place = Path(path).absolute()
    if place.suffix != ".ipynb":
        raise BadParameter(f"A notebook's name ends with .ipynb, got {str(path)!r}.")
    if place.exists() and not _is_as_written(place):
        raise BadParameter(f"{str(path)!r} is there, and was not written so by run.to_notebook. Give another name.")
    return place


def _is_as_written(place: Path) -> bool:
    """Whether a file is a notebook of ours in which nobody has changed a cell."""
    try:
        return read(place, lambda content: content["metadata"]["workbench"]["cells"] == digest(content["cells"]))
    except (Damaged, FormatVersion):
        return False


def _row(run: Run, candidate: str | None) -> Row:
    named = {row.name: row for row in run.candidates}
    if candidate is not None and candidate not in named:
        raise BadParameter.unknown(candidate, tuple(named), "The leaderboard")
    if not run.folds:
        raise BadParameter(
            f"The run {run.id} does not say on which rows its candidates were validated: it is of an older version, or "
            "nothing was validated here. Train with wb.train(data, …)."
        )
    row = run.best if candidate is None else named[candidate]
    cross_fits = bool(run.thirds) and (row.name == STACK or (row is run.best and hasattr(run.pipeline[-1], "cv")))
    if row.name in run.unfitted:
        return Row(run, row, run.unfitted[row.name], row.parameters, is_own=True, cross_fits=cross_fits)
    if cross_fits or row.name not in MODELS:
        raise BadParameter(
            f"The candidate {row.name!r} is somebody's own, and was not kept with the run: its code is no package's. "
            "Ask the run that wb.train returned, in its process."
        )
    model = MODELS[row.name]
    library = model.library
    found = {"n_estimators"} if model.grows else {library.count} if library else set()  # the folds say it
    settings = {name: value for name, value in row.parameters.items() if name not in found}
    settings = told_weights(settings, run.classes)
    pipeline = unfitted(model, run.contract, run.features, run.task, settings, run.seed, run.made)
    return Row(run, row, pipeline, settings, grows=model.grows, library=library.package if library else "")


def _lists(run: Run) -> dict[str, list[str]]:
    return {kind: names for kind, names in columns_by_kind(run.contract, run.features, run.made).items() if names}


def _data(run: Run, data: Any) -> Dataset:
    """The rows that the run was trained on."""
    made = _read_again(run) if data is None else data
    if not isinstance(made, Dataset):
        made = to_learn_from(data, target=run.contract.target, **_roles(run))
    if made.fingerprint != run.fingerprint:
        raise BadParameter(
            "The data is another table than the run was trained on, or was read otherwise. Give the dataset that "
            "wb.train was given: run.to_notebook(path, data=data)."
        )
    return made


def _roles(run: Run) -> dict[str, str | None]:
    """What the user said of the columns; what was found puts no row elsewhere."""
    contract, found = as_given(run), run.split.found
    return {
        "time": None if found else contract.time,
        "group": None if found else contract.group,
        "id": contract.id,
        "weight": contract.weight,
    }


def _as_pandas_reads(run: Run) -> AsRead | None:
    """The file by pandas alone, where its rows have the run's fingerprint: that takes a third of reading as we do."""
    contract = as_given(run)
    dates = {n: "datetime64[us]" for n in contract.names if contract[n].kind == "datetime"}
    known = {str(n): d for n, d in run.holdout.dtypes.items() if n in run.features}
    if not Path(run.source).is_file():
        return None
    said = contract.time if contract.time in _roles(run).values() else None
    return by_fingerprint(run.source, contract, run.fingerprint, said, dates | known)


def _read_again(run: Run) -> Dataset:
    if not Path(run.source).is_file():
        raise BadParameter(
            f"The run was trained on {run.source!r}, which is no file here. Give the table: "
            "run.to_notebook(path, data=data)."
        )
    # What columns are is known, so none has to be looked at for what its values mean.
    contract, said = as_given(run), {*_roles(run).values(), run.contract.target}
    with held():
        return dataset(run.source, contract=contract.set_role("ignored", (n for n in contract.names if n not in said)))


def _source(run: Run, data: Any, place: Path) -> tuple[Source, pd.DataFrame]:
    """How the notebook reads its rows, and the rows."""
    read = _as_pandas_reads(run) if data is None else None
    if read is not None:
        contract, path, whole = as_given(run), run.source, read.table[_names(run, as_given(run))]
    else:
        given = _data(run, data)
        contract, path, whole = given.contract, given.source, given.columns(_names(run, given.contract))
    names, wanted = [str(name) for name in whole.columns], _known(whole, run)
    if Path(path).is_file():
        fewer = len(wanted) < whole[run.contract.target].notna().sum()
        source = of_file(path, contract, wanted, contract.time, run.classes if fewer else (), read)
        if source is not None:
            return source, wanted
    wanted = wanted[[n for n in names if n in run.features or not _is_private(run.contract, n)]]
    rows = place.with_suffix(".rows.parquet")
    with in_one_step(rows) as file:
        wanted.to_parquet(file, write_page_checksum=True)
    return beside(rows), wanted


def _names(run: Run, contract: Contract) -> list[str]:
    """Columns of the notebook: features, target, and those that say how rows are split and in which order they are."""
    used = {*run.features, run.contract.target, run.contract.weight, run.split.column, contract.time}
    return [name for name in contract.names if name in used]


def _is_private(contract: Contract, name: str) -> bool:
    return contract[name].role != "target" and (contract[name].sensitive or contract[name].role == "personal")


def _known(table: pd.DataFrame, run: Run) -> pd.DataFrame:
    target, weight = table[run.contract.target], run.contract.weight
    learnt = target.isin(run.classes) if run.classes else target.notna()
    return table[learnt if weight is None else learnt & (table[weight] > 0)].reset_index(drop=True)


def _labels(run: Run, table: pd.DataFrame) -> pd.Series:
    """The target as it was learnt: truth values and whole numbers that are classes were floats beside missing ones."""
    target = table[run.contract.target]
    exact: Any = {"boolean": bool, "integer": "int64"}.get(run.contract[str(target.name)].kind)
    return target.astype(exact) if exact and run.task != "regression" else target
