"""Customers who may leave: ``useful`` and ``city`` say something of it, ``noise`` does not."""

import numpy as np
import pandas as pd


def churners(rows=400, seed=0):
    rng = np.random.default_rng(seed)
    useful, city = rng.normal(size=rows), rng.choice(["Ulm", "Bonn", "Köln"], rows)
    signal = useful + (city == "Ulm") + rng.normal(0, 0.5, rows)
    frame = pd.DataFrame({"useful": useful, "city": city, "noise": rng.normal(size=rows)})
    return frame.assign(churn=np.where(signal > 0.3, "Yes", "No"))
