"""What the words on the pages of monitoring mean: the one place. Pages say them in the reader's language."""

from __future__ import annotations

TERMS: dict[str, tuple[str, str]] = {
    "window": (
        "Window",
        "A stretch of time or a batch of rows that is judged as one.",
    ),
    "training": (
        "Training",
        "The rows that the model learned from. Windows are compared with what was seen there.",
    ),
    "check": (
        "Check",
        "One thing that is compared with the training. It is normal where nothing beyond chance and large "
        "enough to matter was seen.",
    ),
    "label": (
        "Label",
        "What really came of a row. It often comes later than the answer; rows wait for it until then.",
    ),
    "score": (
        "Score",
        "How good the answers were, by rows whose label has come. It stands beside what the training "
        "promised, with an interval that few rows make wide.",
    ),
    "estimate": (
        "Estimated score",
        "The score that is to be expected from the answers alone, while labels are not there. It says whether "
        "it can be trusted.",
    ),
    "drift": (
        "Drift",
        "The values of a column lie otherwise than in the training. Its size is between 0, the same, and 1, "
        "nothing in common; whether it costs anything, only labels tell.",
    ),
    "flagged": (
        "Flagged",
        "Rows with a value that the model was not made for: unknown, out of range or unreadable.",
    ),
    "alarm": (
        "Alarm",
        "Beyond chance, and large enough that somebody should act.",
    ),
    "warning": (
        "Warning",
        "Beyond chance, and worth a look.",
    ),
    "small": (
        "Small",
        "Beyond chance, and too little to matter.",
    ),
    "chance": (
        "Beyond chance",
        "Windows differ a little by themselves. What is told here would seldom be seen if nothing had "
        "changed; how seldom is the false-alarm rate.",
    ),
    "calibration": (
        "Calibration",
        "Whether of the rows with a predicted probability of 20% one in five comes true.",
    ),
    "segment": (
        "Part of the rows",
        "Rows with one value of a column, or in one range of it, whose score is followed by itself.",
    ),
    "group": (
        "Group",
        "People or things that share a sensitive value. It is followed whether they are treated otherwise "
        "than in the training.",
    ),
    "reasons": (
        "Reasons",
        "What each column adds to an answer (SHAP values). They tell what the model does, not what causes the outcome.",
    ),
    "incident": (
        "Incident",
        "Windows in which the same thing was seen, from its start to its end. Somebody can take it over and "
        "say what was done.",
    ),
    "champion": (
        "Champion",
        "The version of the model that answers.",
    ),
    "cost": (
        "Cost of a row",
        "What wrong answers cost on average, by the costs that the model was made for.",
    ),
}
