"""The signature of a job's output, so that JupyterLab shows its charts as those of a notebook that was run there."""

from __future__ import annotations

import logging
import sqlite3
from pathlib import Path


def sign(notebook: Path) -> bool:
    """Enter a notebook in the user's own database of trusted notebooks.

    JupyterLab strips styles and drawings from the outputs of a notebook that it does not know. What a job writes was
    run by the user, all its outputs are from that run, and so it is as trusted as what was run by hand.

    Parameters
    ----------
    notebook : Path
        The executed notebook, in its last state: any change of a code cell undoes the signature.

    Returns
    -------
    bool
        False where the database can't be written; the notebook can be trusted by hand then.
    """
    import nbformat
    from jupyter_core.paths import jupyter_data_dir
    from nbformat.sign import NotebookNotary

    folder = Path(jupyter_data_dir())
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        notary = NotebookNotary(data_dir=str(folder))
        # Read as the server reads it, because the signature is of that.
        notary.sign(nbformat.read(notebook, as_version=4))
        notary.store.close()
    except (OSError, sqlite3.Error) as error:
        logging.getLogger(__name__).warning("The output is not signed (%s): JupyterLab will ask to trust it.", error)
        return False
    return True
