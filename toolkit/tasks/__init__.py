"""Tasks, one room each: everything that depends on which task a model does."""
