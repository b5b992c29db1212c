"""A story of trials as slides: what each says, where it fits, and the files it becomes."""
