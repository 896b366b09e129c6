"""What NannyML estimates, in its own environment: ``python estimating_nannyml.py FOLDER``, told as JSON.

The folder holds ``asked.json``, ``reference.parquet`` and ``analysis.parquet``.
"""

import json
import sys
import time
import warnings
from pathlib import Path

import pandas as pd

warnings.filterwarnings("ignore")
import nannyml  # noqa: E402 - its imports warn

nannyml.disable_usage_logging()


def main(folder: Path) -> None:
    """Estimate, and print values by score and CPU seconds."""
    asked = json.loads((folder / "asked.json").read_text(encoding="utf-8"))
    reference, analysis = (pd.read_parquet(folder / f"{name}.parquet") for name in ("reference", "analysis"))
    started = time.process_time()
    if asked["features"]:
        estimator = nannyml.DLE(
            feature_column_names=asked["features"], y_pred="prediction", y_true="truth", metrics=asked["scores"],
            chunk_size=asked["chunk"], tune_hyperparameters=False,
        )  # fmt: skip
    else:
        estimator = nannyml.CBPE(
            y_pred_proba="prediction", y_pred="answer", y_true="truth", metrics=asked["scores"],
            chunk_size=asked["chunk"], problem_type="classification_binary",
        )  # fmt: skip
    table = estimator.fit(reference).estimate(analysis).filter(period="analysis").to_df()
    spent = time.process_time() - started
    values = {name: [float(value) for value in table[(name, "value")]] for name in asked["scores"]}
    print(json.dumps({"values": values, "cpu": spent, "version": nannyml.__version__}))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
