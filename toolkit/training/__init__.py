"""Training: a recipe, data and an opened model become trained weights; a killed run can be resumed."""

from toolkit.training.train import Trained, train

__all__ = ["Trained", "train"]
