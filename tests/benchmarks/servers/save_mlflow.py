"""Keeps the pipeline as an MLflow model with a signature that allows missing values."""

import joblib
import mlflow
import pandas as pd

example = pd.read_json("example.json", orient="records")
model = joblib.load("model.joblib")
signature = mlflow.models.infer_signature(example, model.predict_proba(example))
packages = ["mlflow", "scikit-learn", "pandas"]
mlflow.sklearn.save_model(model, "mlflow-model", signature=signature, pyfunc_predict_fn="predict_proba",
                          serialization_format="cloudpickle", pip_requirements=packages)  # fmt: skip
