"""Send a run to the hub as one commit of exactly its files."""
