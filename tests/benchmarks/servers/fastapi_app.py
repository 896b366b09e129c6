"""What most people write: FastAPI, pandas and the pipeline."""

import joblib
import pandas as pd
from fastapi import FastAPI

model = joblib.load("model.joblib")
app = FastAPI()


@app.post("/predict")
def predict(rows: list[dict]):
    return {"predictions": model.predict_proba(pd.DataFrame(rows))[:, 1].tolist()}
