"""Inputs worked on in processes of their own: what a file can do, it does to its child only."""
