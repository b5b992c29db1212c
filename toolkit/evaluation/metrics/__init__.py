"""Metrics of classes, label sets, numbers and texts, each with its bootstrap interval."""
