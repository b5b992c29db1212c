"""Text generation: going on with a text, or answering one."""
