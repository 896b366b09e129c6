"""``python litserve_app.py PORT``: LitServe as its documentation has it, one worker."""

import sys

import joblib
import litserve
import pandas as pd

MISSING = float("nan")  # a column of None alone is not missing to the imputer: another prediction, in silence


class Model(litserve.LitAPI):
    def setup(self, device):
        self.model = joblib.load("model.joblib")

    def decode_request(self, request):
        return pd.DataFrame(request["rows"]).fillna(MISSING)

    def predict(self, frame):
        return self.model.predict_proba(frame)[:, 1]

    def encode_response(self, output):
        return {"predictions": output.tolist()}


if __name__ == "__main__":
    server = litserve.LitServer(Model(), accelerator="cpu", workers_per_device=1)
    server.run(host="127.0.0.1", port=int(sys.argv[1]), generate_client_file=False, log_level="warning")
