"""A compiled model at run time: encoders, trees, look-ups and links as plain arrays, on numpy alone."""
