"""Faults put into real workers over a real Redis."""
