"""vetiver with a written prototype: the one that it makes of sample rows refuses every missing value."""

import joblib
import pandas as pd
import vetiver
from pydantic import create_model

model = joblib.load("model.joblib")
example = pd.read_json("example.json", orient="records")
numbers = set(example.select_dtypes("number"))
Row = create_model("Row", **{c: (float | None if c in numbers else str | None, ...) for c in example})
app = vetiver.VetiverAPI(vetiver.VetiverModel(model, "adult", prototype_data=Row), check_prototype=True).app
