"""Measure honestly: metrics with intervals, baselines that cost nothing, inference, proof of what was saved."""
