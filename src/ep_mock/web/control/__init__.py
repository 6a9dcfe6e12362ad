"""The control plane: what a test can do to the server."""
