"""Open a published model in a fresh process, ask it again, and compare."""
