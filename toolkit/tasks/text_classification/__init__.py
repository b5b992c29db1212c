"""Text classification: one class, several labels, or a score."""
