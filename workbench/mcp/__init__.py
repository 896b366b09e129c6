"""The verbs as tools of the Model Context Protocol: an agent takes the steps that a person clicks."""
