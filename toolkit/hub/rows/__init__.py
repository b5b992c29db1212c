"""The rows of a run as a data set on the hub."""
