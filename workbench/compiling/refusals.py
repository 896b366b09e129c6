"""What is said where a part of a pipeline has no tables."""

INSTEAD = "It ships as an audited pipeline instead."
