"""Decisions that are chosen on the validation rows: when to withhold an answer, and from which probability to give a label."""
