"""The method ``Fairness.reweigh``: weights for a training in which group and outcome are independent."""

from __future__ import annotations

from dataclasses import replace

from workbench.core.arguments import text
from workbench.core.dataset import Dataset
from workbench.core.fairness import Fairness
from workbench.core.nouns import expect
from workbench.core.reweighing import reweighed
from workbench.errors import BadParameter, ColumnNotFound


def reweigh(fairness: Fairness, data: Dataset, *, column: str = "fair_weight") -> Dataset:
    """The same rows with weights that make group and outcome independent of each other, to train on.

    Parameters
    ----------
    fairness : Fairness
        Which groups.
    data : Dataset
        With its target and the columns of the groups.
    column : str
        Name of the column of weights that is added.

    Raises
    ------
    ColumnNotFound
        If it lacks a column of the groups.
    BadParameter
        If the target is a number, or the name is taken.
    """
    data, column = expect(data, Dataset, "fairness.reweigh"), text(column, "column", "fairness.reweigh")
    if data.contract.task == "regression":
        raise BadParameter("A number has no classes to weigh. Reweigh classes, or train with weights of your own.")
    absent = next((one.column for one in fairness.by if one.column not in data.names), None)
    if absent is not None:
        raise ColumnNotFound.named(absent, data.names)
    if column in data.names:
        raise BadParameter(f"The data has a column {column!r} already. Give another name as column=.")
    table, weight = data.table, data.contract.weight
    counted = None if weight is None else table[weight].to_numpy(dtype=float)
    weighed = data.assign(**{column: reweighed(fairness.by, table, data.target, counted)})
    contract = weighed.contract if weight is None else weighed.contract.change(weight, role="ignored")
    return replace(weighed, contract=contract.change(column, role="weight"))
