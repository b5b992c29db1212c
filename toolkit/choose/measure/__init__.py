"""Measure one way to use one candidate: baselines, zero-shot, frozen features, short trainings, and their costs."""
