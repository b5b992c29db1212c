"""Look at the data and the candidates: rows, sizes, and what each tokenizer makes of the texts."""
