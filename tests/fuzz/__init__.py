"""Seeded mutations of everything that strangers may hand over; see ``make fuzz``."""
