"""Shared storage: inputs, work folders and results of jobs."""
