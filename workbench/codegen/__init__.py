"""A step and its parameters to the source of a cell, and back."""
