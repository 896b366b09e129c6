"""What most people write: FastAPI, pandas and the pipeline."""

import joblib
import pandas as pd
from fastapi import FastAPI

MISSING = float("nan")  # a column of None alone is not missing to the imputer: another prediction, in silence

model = joblib.load("model.joblib")
app = FastAPI()


@app.post("/predict")
def predict(rows: list[dict]):
    return {"predictions": model.predict_proba(pd.DataFrame(rows).fillna(MISSING))[:, 1].tolist()}
