"""The words of a report's page in one place; templates say them in the reader's language."""

from __future__ import annotations

from workbench.core import watch

# What a check is about, where it is told on the page, and what it says where all is as it was.
CHECKS = {
    "score": ("How good the answers are", "score", "As good as in training."),
    "meaning": ("What the answers mean", "score", "They come true as often as they say."),
    "inputs": ("What comes in", "columns", "The columns hold what they held in training."),
    "data": ("Whether data are whole", "columns", "Values are there, can be read, and are known."),
    "answers": ("What goes out", "columns", "Answers lie as they did in training."),
    "segments": ("Parts of the rows", "segments", "No part lost more than all rows did."),
    "groups": ("Groups", "groups", "They are treated as they were in training."),
    "reasons": ("Why it answers so", "reasons", "Columns weigh as they did."),
    "value": ("What mistakes cost", "taken", "A row costs what it did in training."),
    "service": ("How the service answers", "taken", "As fast and as seldom in vain as before."),
    "others": ("Everything else", "window", "As usual."),
}
UNKNOWN = {
    "score": "No label has come yet, and no estimate can be trusted.",
    "meaning": "No label has come yet.",
    "": "Nothing tells it yet.",
}
VERDICTS = {
    "yes": "Answers can be trusted.",
    "estimated": "Answers can be trusted, as far as that can be told before labels come.",
    "look": "Answers can be used; something is worth a look.",
    "no": "Do not rely on the answers: something is wrong that matters.",
    "unknown": "Whether answers can be trusted is not known.",
}
TRENDS = {"better": "getting better", "worse": "getting worse", "steady": "steady"}
STATES = {"ok": "normal", "warning": "worth a look", "alarm": "wrong", "unknown": "not known"}
LEVELS = {"alarm": "alarm", "warning": "warning", "small": "small", "ok": "ok", "unknown": "unknown"}
KINDS = {
    "score": "score",
    "calibration": "calibration",
    "concept": "meaning of the answers",
    "errors": "errors",
    "estimate": "estimated score",
    "schema": "schema",
    "swap": "columns exchanged",
    "unit": "unit",
    "missing": "missing",
    "unreadable": "unreadable",
    "group": "group",
    "flags": "flagged rows",
    "category": "categories",
    "range": "range",
    "stuck": "stuck value",
    "target": "labels",
    "drift": "drift",
    "prediction": "predictions",
    "spread": "spread",
    "joint": "columns together",
    "reasons": "reasons",
    "segment": "part of the rows",
    "value": "cost",
    "failures": "failed requests",
    "refused": "refused requests",
    "latency": "time",
    "cpu": "CPU",
    "memory": "memory",
    "unseen": "flagged rows",
    "other": "other",
}
ACTS = {
    "acknowledge": "Acknowledge", "note": "Note", "snooze": "Snooze", "close": "Close", "reopen": "Reopen",
    "own": "Take over",
}  # fmt: skip
DONE = {
    "acknowledge": "acknowledged", "note": "noted", "snooze": "snoozed", "close": "closed", "reopen": "reopened",
    "own": "taken over by", "package": "packaged", "promote": "promoted", "rollback": "rolled back", "open": "open",
    "acknowledged": "acknowledged", "snoozed": "snoozed", "closed": "closed",
}  # fmt: skip
MEASURES = {
    "selection_rate": "selection rate", "mean_prediction": "mean prediction", "accuracy": "accuracy",
    "true_positive_rate": "true positive rate", "false_positive_rate": "false positive rate", "mae": "mean error",
}  # fmt: skip
TESTS = {
    "ks": "Kolmogorov-Smirnov", "mean": "difference of means", "chi2": "chi-square", "missing": "share without a value",
}  # fmt: skip
SNOOZES = {"1d": "a day", "3d": "three days", "7d": "a week", "30d": "a month"}
# What requests and answers take.
TAKEN = {
    "failures": "Requests that failed",
    "refused": "Requests whose rows break the contract",
    "latency": "95 of 100 answered within, ms",
    "cpu": "CPU of a row, ms",
    "memory": "Memory, MB",
    "value": "Cost of a row",
}
# What a watch decides.
DECIDED = watch.KINDS
