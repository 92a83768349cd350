"""What is asked, under way and done: the truth in Redis, and who holds what."""
