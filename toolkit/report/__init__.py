"""Show a finished run: as one HTML page, and as lines for a terminal."""
