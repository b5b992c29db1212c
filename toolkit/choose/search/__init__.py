"""Spend the budget: the stages in their order, the promise of candidates, successive halving of trainings."""
