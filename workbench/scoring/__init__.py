"""The runtime that a bundle carries: checks, predictions, reasons and a log. Needs numpy and an HTTP server."""
