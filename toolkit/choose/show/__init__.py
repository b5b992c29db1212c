"""Show a choice: as lines for a terminal, as JSON, and as an HTML page with its picture."""
