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
