"""Targets from models that are already trained."""
