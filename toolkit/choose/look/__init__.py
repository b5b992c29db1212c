"""Examine data and candidates before measuring: splits, sizes, and the texts as each tokenizer reads them."""
