"""From a trained network to shipped models."""
