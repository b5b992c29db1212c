"""Choose labelled examples for the prompt: balanced over the classes, the same ones for the same seed."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain, zip_longest

import numpy as np

from toolkit.data.splits import few_shot

BETWEEN = "\n\n"
"""Separator of the examples of a prompt."""


def choose_examples(references: Sequence[str], labels: Sequence[str], n_shots: int, *, seed: int) -> list[int]:
    """Return the indices of examples, with the classes in turn, so that no class has all of the last ones.

    Args:
        references: the labels of the examples to choose from; examples of other classes are skipped.
        labels: the classes.
        n_shots: how many to choose; fewer where there are not as many.
        seed: of the examples and of the order of the classes.
    """
    known = [row for row, label in enumerate(references) if label in labels]
    per_class = -(-n_shots // len(labels))
    chosen = [known[i] for i in few_shot([references[row] for row in known], per_class, seed=seed)]
    order = np.random.Generator(np.random.PCG64(seed)).permutation(len(labels))
    by_class = [[row for row in chosen if references[row] == labels[i]] for i in order]
    in_turn = chain.from_iterable(zip_longest(*by_class))
    return [row for row in in_turn if row is not None][:n_shots]
