"""From fitted objects to tables, and from tables to ONNX. Imports none of the libraries that it reads."""
