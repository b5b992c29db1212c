"""Publish a model on the Hugging Face hub: its card, the push, and the verification of what was pushed."""
