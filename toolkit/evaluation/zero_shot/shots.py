"""Labelled examples for the prompt: balanced over the classes, always the same ones for a seed."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain, zip_longest

import numpy as np

from toolkit.data.splits import few_shot

BETWEEN = "\n\n"
"""What parts the examples of a prompt."""


def choose_examples(references: Sequence[str], labels: Sequence[str], n_shots: int, *, seed: int) -> list[int]:
    """The places of examples, one of each class in turn, so that none is seen last only.

    Args:
        references: the labels of the rows to choose from; other ones than `labels` are passed over.
        labels: the classes.
        n_shots: how many; fewer if there are not as many.
        seed: decides the rows, and the order of the classes.
    """
    known = [row for row, label in enumerate(references) if label in labels]
    per_class = -(-n_shots // len(labels))
    chosen = [known[i] for i in few_shot([references[row] for row in known], per_class, seed=seed)]
    order = np.random.Generator(np.random.PCG64(seed)).permutation(len(labels))
    by_class = [[row for row in chosen if references[row] == labels[i]] for i in order]
    in_turn = chain.from_iterable(zip_longest(*by_class))
    return [row for row in in_turn if row is not None][:n_shots]
