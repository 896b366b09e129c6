"""vetiver with a written prototype: the one that it makes of sample rows refuses every missing value."""

import joblib
import pandas as pd
import vetiver
from pydantic import create_model

model = joblib.load("model.joblib")
example = pd.read_json("example.json", orient="records")
TYPES = {"i": int | None, "f": float | None}
Row = create_model("Row", **{name: (TYPES.get(column.dtype.kind, str | None), ...) for name, column in example.items()})
made = vetiver.VetiverModel(model, "adult", prototype_data=example)
made.prototype = Row
app = vetiver.VetiverAPI(made, check_prototype=True).app
