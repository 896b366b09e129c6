"""The runtime that a bundle carries: it checks rows, predicts, gives reasons and logs. Needs numpy and an HTTP server."""
