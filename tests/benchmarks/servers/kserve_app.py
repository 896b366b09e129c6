"""KServe's own model server, without Kubernetes; its options are on the command line."""

import joblib
import kserve
import pandas as pd

MISSING = float("nan")  # a column of None alone is not missing to the imputer: another prediction, in silence


class Model(kserve.Model):
    def __init__(self):
        super().__init__("adult")
        self.model, self.ready = joblib.load("model.joblib"), True

    def predict(self, payload, headers=None, response_headers=None):
        return {
            "predictions": self.model.predict_proba(pd.DataFrame(payload["instances"]).fillna(MISSING))[:, 1].tolist()
        }


if __name__ == "__main__":
    kserve.ModelServer(workers=1).start([Model()])
