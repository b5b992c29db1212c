"""What goes to the Hugging Face hub with a model."""

from toolkit.hub.card import render_card

__all__ = ["render_card"]
