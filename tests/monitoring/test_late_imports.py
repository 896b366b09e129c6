"""What takes seconds to load is loaded when it is needed."""

import os
import subprocess
import sys

import pytest

CODE = """
import sys
import workbench as wb
wb.monitor, wb.score, wb.feedback
from workbench.apps import model, models
print(*(name for name in ("scipy", "sklearn", "mlflow", "plotly", "shap") if name in sys.modules))
"""


@pytest.mark.slow
def test_the_verbs_of_monitoring_load_neither_scipy_nor_mlflow():
    done = subprocess.run(
        [sys.executable, "-c", CODE], check=True, capture_output=True, text=True, env=dict(os.environ)
    )

    assert done.stdout.split() == []


@pytest.mark.slow
def test_the_server_of_the_pages_loads_no_table_and_no_model():
    """It holds 60 MB at rest instead of 140, and each page is text."""
    code = "import sys, workbench.apps.server; print(*{'pandas', 'polars', 'sklearn', 'mlflow'} & set(sys.modules))"

    done = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True, env=dict(os.environ)
    )

    assert done.stdout.split() == []
