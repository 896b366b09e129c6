"""What things are: the nouns, how they are written to disk, and the tables of a compiled model.

Nothing here reads a table, fits a model or draws. Heavy packages are imported inside the few functions that need them.
"""
