"""DiCE's ways to another answer: rows of a Parquet file, one after the other, until the time is up.

    python dice_ways.py KNOWN ASKED TARGET METHOD SECONDS KEPT…

Prints one line of JSON a row: seconds and the rows that it found.
"""

import json
import sys
import time
import warnings

import dice_ml
import pandas as pd
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

known, asked, target, method, seconds, *kept = sys.argv[1:]
warnings.simplefilter("ignore")
table, rows = pd.read_parquet(known).astype({target: int}), pd.read_parquet(asked)
features = [name for name in table if name != target]
numbers = [name for name in features if pd.api.types.is_numeric_dtype(table[name])]
for frame in (table, rows):
    texts = [name for name in features if name not in numbers]
    frame[texts] = frame[texts].astype(object)  # it knows no other texts
encode = make_column_transformer(
    ("passthrough", numbers),
    (OneHotEncoder(handle_unknown="ignore", sparse_output=False), make_column_selector(dtype_include=object)),
)
pipeline = make_pipeline(encode, HistGradientBoostingClassifier(random_state=0)).fit(table[features], table[target])
data = dice_ml.Data(dataframe=table, continuous_features=numbers, outcome_name=target)
engine = dice_ml.Dice(data, dice_ml.Model(model=pipeline, backend="sklearn", model_type="classifier"), method=method)
began = time.perf_counter()
for i in range(len(rows)):
    start, told, reason = time.perf_counter(), [], ""
    if start - began > float(seconds):
        break
    try:
        found = engine.generate_counterfactuals(
            rows[features].iloc[[i]], total_CFs=3, desired_class="opposite", verbose=False,
            features_to_vary=[name for name in features if name not in kept],
        )  # fmt: skip
        ways = found.cf_examples_list[0].final_cfs_df
        told = [] if ways is None else json.loads(ways[features].to_json(orient="records"))
    except Exception as error:  # noqa: BLE001 - it raises where it finds none, and for much else
        reason = f"{type(error).__name__}: {str(error)[:80]}"
    print(json.dumps({"row": i, "seconds": time.perf_counter() - start, "ways": told, "error": reason}), flush=True)
