"""Fill-mask: the words that a text hides, which is how encoders are pretrained."""
