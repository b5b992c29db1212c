"""A recipe for a file, without any training: columns are guessed, sizes fit the rows, the model suits the language."""
