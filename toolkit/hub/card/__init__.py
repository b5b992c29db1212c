"""Write the model card: every figure in it comes from the run."""
