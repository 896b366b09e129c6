"""A row of a leaderboard as a notebook of plain scikit-learn and LightGBM, without an import of ours."""
