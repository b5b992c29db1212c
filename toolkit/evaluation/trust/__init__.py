"""Rows that do not deserve trust: labels that the other rows contradict, texts without or with too near neighbours."""
