"""Prove that a copy of a model answers as the saved one did: golden rows and parity."""
