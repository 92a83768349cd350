"""Networks, their optimizers and schedules, and what a training may start from."""
