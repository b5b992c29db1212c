"""Folder, result and ledger entry of a run."""
