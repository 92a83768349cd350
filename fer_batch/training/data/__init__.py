"""Training images, their labels, and how they are varied."""
