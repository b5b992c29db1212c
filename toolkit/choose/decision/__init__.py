"""Decide from what was measured, and write the recipes that are worth their cost."""
