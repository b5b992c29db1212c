"""Which family, which model and which method suit a task, decided by measuring on the user's own data."""
