"""A BentoML service of one worker."""

import bentoml
import joblib
import pandas as pd

MISSING = float("nan")  # a column of None alone is not missing to the imputer: another prediction, in silence


@bentoml.service(workers=1)
class Model:
    def __init__(self):
        self.model = joblib.load("model.joblib")

    @bentoml.api
    def predict(self, rows: list[dict]) -> dict:
        return {"predictions": self.model.predict_proba(pd.DataFrame(rows).fillna(MISSING))[:, 1].tolist()}
