"""Use a model: train its weights, fit a head on its frozen features, or ask it as it is."""
