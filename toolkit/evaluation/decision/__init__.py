"""What the validation rows decide: when an answer is withheld, and from which probability a label is given."""
