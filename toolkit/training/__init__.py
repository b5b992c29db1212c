"""From a recipe, data and an opened model to trained weights; kill it at any moment and it goes on."""

from toolkit.training.train import Trained, train

__all__ = ["Trained", "train"]
