"""What things are: the nouns, what they are made of, and the parameters of the steps that make them.

Nothing here reads a table, fits a model or draws. Heavy packages are imported inside the few functions that need them.
"""
