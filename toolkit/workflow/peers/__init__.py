"""Files of other tools for fine-tuning, and what of them becomes a recipe: a module a tool."""
