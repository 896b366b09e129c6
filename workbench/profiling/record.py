"""A profile in MLflow: the page, the statistics, and which dataset they are of."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.core.nouns import expect
from workbench.core.nouns import run_id as id_of
from workbench.core.profile import Profile
from workbench.core.run import Run
from workbench.errors import NotFound
from workbench.storage.files import write_json, write_text
from workbench.storage.tracking import client, experiment_id

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import DatasetInput

FOLDER = "profile"
DIGEST = 32  # characters of the fingerprint: MLflow takes 36 at most


def log_profile(profile: Profile, run_id: str | Run | None = None) -> str:
    """Log a profile to MLflow: ``profile/profile.html``, ``profile/profile.json`` and the dataset as an input.

    What is sensitive is masked in the profile already. The JSON is read by ``Profile.load``; it has no sketches, so
    it can't be merged with another profile.

    Parameters
    ----------
    profile : Profile
        From :func:`workbench.profile`.
    run_id : str or Run, optional
        The run that gets it; None: a run of its own.

    Returns
    -------
    str
        Id of the run.

    Raises
    ------
    BadParameter
        If something else than a profile came.
    NotFound
        If there is no run ``run_id``.

    Examples
    --------
    >>> import pandas as pd
    >>> import workbench as wb
    >>> run_id = wb.log_profile(wb.profile(wb.dataset(pd.DataFrame({"x": range(30)}))))
    >>> from workbench.storage.tracking import client
    >>> sorted(file.path for file in client().list_artifacts(run_id, "profile"))
    ['profile/profile.html', 'profile/profile.json']
    """
    profile = expect(profile, Profile, "wb.log_profile")
    store, run_id = client(), None if run_id is None else id_of(run_id, "wb.log_profile(run_id=…)")
    if run_id is not None:
        _write(store, _known(store, run_id), profile)
        return run_id
    new_id: str = store.create_run(experiment_id(), run_name=f"profile {profile.source}"[:200]).info.run_id
    try:
        _write(store, new_id, profile)
    except BaseException:
        store.set_terminated(new_id, status="FAILED")  # none stays *running*
        raise
    store.set_terminated(new_id)
    return new_id


def _known(store: MlflowClient, run_id: str) -> str:
    from mlflow.exceptions import MlflowException

    try:
        store.get_run(run_id)
    except MlflowException as error:
        raise NotFound(f"No run {run_id!r} is in MLflow's store. Leave run_id out to make a run.") from error
    return run_id


def _write(store: MlflowClient, run_id: str, profile: Profile) -> None:
    store.log_inputs(run_id, datasets=[_input(profile)])
    with tempfile.TemporaryDirectory() as folder:
        write_text(Path(folder) / "profile.html", _page(profile))
        write_json(Path(folder) / "profile.json", _without_sketches(profile))
        store.log_artifacts(run_id, folder, FOLDER)


def _page(profile: Profile) -> str:
    """A page of its own, as the browser opens it."""
    view = profile._repr_mimebundle_()["text/html"]
    head = '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Profile</title></head>'
    return f"{head}<body><main>{view}</main></body></html>"


def _without_sketches(profile: Profile) -> dict[str, Any]:
    content = profile.to_dict()
    columns = [{**c, "state": {}} for c in content["columns"]]
    return {"noun": profile.noun, "format_version": profile.format_version, **content, "columns": columns, "state": {}}


def _input(profile: Profile) -> DatasetInput:
    from mlflow.entities import Dataset, DatasetInput, InputTag

    columns = [{"name": c.name, "type": c.kind} for c in profile.columns]
    return DatasetInput(
        Dataset(
            name=profile.source[:500] or "memory",
            digest=profile.fingerprint[:DIGEST] or "unknown",
            source_type="workbench",
            source=json.dumps({"source": profile.source}),
            schema=json.dumps({"columns": columns}) if len(columns) < 1000 else None,
            profile=json.dumps({"num_rows": profile.rows, "num_columns": len(columns)}),
        ),
        [InputTag("mlflow.data.context", "profile")],
    )
