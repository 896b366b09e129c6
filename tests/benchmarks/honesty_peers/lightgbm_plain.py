"""LightGBM with early stopping on a fifth of the rows that was drawn at random, as most people call it."""

import lightgbm as lgb
from judging import features, judge, score
from sklearn.model_selection import train_test_split


def train(known, target, number):
    table, truth = features(known.drop(columns=target)), known[target]
    kinds = table.dtypes
    fit, held = train_test_split(known.index, test_size=0.2, random_state=0, stratify=None if number else truth)
    make = lgb.LGBMRegressor if number else lgb.LGBMClassifier
    model = make(n_estimators=2000, learning_rate=0.05, n_jobs=1, verbose=-1, random_state=0)
    stop = lgb.early_stopping(50, verbose=False)
    model.fit(table.loc[fit], truth[fit], eval_set=[(table.loc[held], truth[held])], callbacks=[stop])

    def predict(later):
        rows = features(later).astype(kinds)
        return model.predict(rows) if number else model.predict_proba(rows)[:, -1]

    return score(truth[held], predict(known.loc[held].drop(columns=target)), number), None, predict


if __name__ == "__main__":
    judge(train)
