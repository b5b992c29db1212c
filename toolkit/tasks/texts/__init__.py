"""What the rooms share whose output is text: translation, text generation, fill-mask."""
