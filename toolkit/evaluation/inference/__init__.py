"""Ask a saved model in float32: logits, likelihoods, generated texts, and their predictions as columns."""
