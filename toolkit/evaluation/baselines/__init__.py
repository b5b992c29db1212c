"""Answer without a pretrained model: what any model has to beat."""
