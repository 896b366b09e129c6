"""What the stores say on stderr while they work; who compares the outputs of two jobs passes over it."""

MAKING = "Making the MLflow store (once, a few seconds) …"  # in a kernel too, where one is missing
