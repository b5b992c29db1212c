"""Token classification: a tag for each token, and the entities that tags mark."""
