"""Compiled loops over trees: SHAP values, interactions and values against rows, ten times as fast as shap."""
