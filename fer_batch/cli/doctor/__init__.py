"""`fer-batch doctor`."""
