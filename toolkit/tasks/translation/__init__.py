"""Translation: a source in one language, a target in another."""
