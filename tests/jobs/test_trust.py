"""What a job writes is trusted by JupyterLab, or the job goes on without."""

import nbformat
import pytest
from nbformat.sign import NotebookNotary

from workbench.jobs.run.trust import sign
from workbench.jobs.submit import submit


@pytest.mark.slow
def test_the_output_of_a_job_is_trusted(notebook, home, tmp_path, monkeypatch):
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "data"))

    done = submit(notebook("1 + 1"))

    output = nbformat.read(done.output, as_version=4)
    assert NotebookNotary(data_dir=str(tmp_path / "data")).check_signature(output)
    output.cells[-1].outputs[0].data["text/html"] = "<script>alert(1)</script>"
    assert not NotebookNotary(data_dir=str(tmp_path / "data")).check_signature(output)


def test_a_folder_that_cant_be_written_is_no_failure(notebook, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "file"))

    assert not sign(notebook("1 + 1"))
