"""Summarization: a long text, and a short one that says what matters in it."""
