"""woodelf's SHAP values of a pickled model, for explaining.py: seconds of the first call and of the next ones."""

import json
import pickle
import sys
import time
from pathlib import Path

import pandas as pd
import woodelf

estimator, matrix = pickle.loads(Path(sys.argv[1]).read_bytes())
rows = pd.DataFrame(matrix, columns=[f"x{i}" for i in range(matrix.shape[1])])
explainer = woodelf.WoodelfExplainer(estimator)
walls, cpus = [], []
for _ in range(3):
    wall, cpu = time.perf_counter(), time.process_time()
    explainer.shap_values(rows)
    walls.append(time.perf_counter() - wall)
    cpus.append(time.process_time() - cpu)
print(json.dumps({"first": walls[0], "again": sorted(walls[1:])[0], "cpu": sorted(cpus[1:])[0]}))
