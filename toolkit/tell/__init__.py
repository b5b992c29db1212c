"""Gather the story of a work from its run folders, the ledger, the records of `toolkit choose` and a comparison."""
