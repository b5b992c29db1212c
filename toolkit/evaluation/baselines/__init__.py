"""Baselines without a pretrained model, which any model has to beat."""
