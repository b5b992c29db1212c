"""Probabilities of each example's classes by heads that have not learnt from it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from torch.nn.functional import linear

from toolkit.adapters.inference import inference
from toolkit.names import Problem
from toolkit.training.head_linear import choose_penalty, fit_linear
from toolkit.training.head_trials import Examples, Trial, fold_of


def held_out_probabilities(
    features: NDArray[np.float32], labels: NDArray[np.int64], *, n_labels: int, seed: int = 0
) -> NDArray[np.float64]:
    """Cross-validate logistic regression: each fold is answered by a head that was fitted to the others.

    Args:
        features: ``[examples, dim]``.
        labels: indices of classes, ``[examples]``.
        n_labels: number of classes.
        seed: decides the folds.

    Returns:
        ``[examples, classes]``
    """
    examples = Examples.of(features, labels, problem=Problem.SINGLE_LABEL, n_labels=n_labels)
    fold = fold_of(examples, seed=seed)
    parts = [fold == index for index in range(int(fold.max()) + 1)]
    trials = [Trial.of(examples.take(~part), examples.take(part)) for part in parts]
    best, _, start = choose_penalty(trials)
    probabilities = np.empty((len(examples), n_labels))
    for part, trial in zip(parts, trials, strict=True):
        head = fit_linear(trial.train, penalty=best.setting, start=start)
        with inference():
            logits = linear(trial.held_out.features, head[:, :-1], head[:, -1])
        probabilities[part.numpy()] = logits.double().softmax(dim=1).numpy()
    return probabilities
