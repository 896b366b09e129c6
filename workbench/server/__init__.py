"""The extension of the Jupyter server: forms, cells, jobs and events for the panel."""
