"""What a run leaves: its folder, its figures, and its trial in the ledger."""
