"""Handing jobs over and working on them, through ledger and store."""
