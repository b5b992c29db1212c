"""Linear heads: logistic regression for classes, ridge regression for numbers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.optimize import minimize
from threadpoolctl import ThreadpoolController
from torch import Tensor
from torch.nn.functional import linear

from toolkit.progress import progress_bar
from toolkit.training.head_trials import CurvePoint, Examples, Trial

PENALTIES = tuple(10.0 ** (exponent / 2) for exponent in range(8, -5, -1))
"""The penalties to compare, 10,000 to 0.01; the strongest first, so that of equals the stronger one is chosen."""

# The largest gradient of the mean loss at the end: while penalties are compared, and of the final head. scikit-learn
# has 1e-4.
_ROUGH, _EXACT = 3e-4, 3e-5
_ITERATIONS = 1_000
_WORSE_IN_A_ROW = 2  # penalties without a smaller loss, after which weaker ones are left out
_BLOCK = 65_536  # examples


def choose_penalty(trials: Sequence[Trial]) -> tuple[CurvePoint, list[CurvePoint], Tensor]:
    """Find the penalty whose heads have the least loss on held-out examples.

    Args:
        trials: one, or one a fold; each held-out example counts once.

    Returns:
        The best penalty, all that were compared, and the head of the first trial for the best one.
    """
    starts: list[Tensor | None] = [None] * len(trials)
    sizes = [len(trial.held_out) for trial in trials]
    curve: list[CurvePoint] = []
    with progress_bar("choosing the regularisation", len(PENALTIES)) as bar:
        for penalty in PENALTIES:
            # A fit begins where that of the stronger penalty ended, which is near.
            heads = [
                fit_linear(trial.train, penalty=penalty, start=start, tolerance=_ROUGH)
                for trial, start in zip(trials, starts, strict=True)
            ]
            losses = [_loss(trial.held_out, head) for trial, head in zip(trials, heads, strict=True)]
            starts = [*heads]
            curve.append(CurvePoint(penalty, float(np.average(losses, weights=sizes))))
            bar.advance()
            best = min(curve, key=lambda point: point.loss)  # the first of equals
            if best is curve[-1]:
                best_head = heads[0]
            elif len(curve) - curve.index(best) > _WORSE_IN_A_ROW:
                break
    return best, curve, best_head


def fit_linear(examples: Examples, *, penalty: float, start: Tensor | None = None, tolerance: float = _EXACT) -> Tensor:
    """Fit the linear head of least loss, with an L2 penalty on its weights and none on its biases.

    For classes and label sets the objective is the summed loss plus half of `penalty` times the squared weights
    (scikit-learn's ``LogisticRegression`` with ``C = 1 / penalty``); a label set is one logistic regression a label.
    For numbers it is the squared errors plus `penalty` times the squared weights (``Ridge`` with ``alpha = penalty``).

    Args:
        examples: scaled.
        penalty: strength of the regularisation.
        start: where to begin, such as the head of a similar penalty, ``[labels, dim + 1]``.
        tolerance: the largest gradient of the mean loss at the end.

    Returns:
        Weights, and biases as the last column, ``[labels, dim + 1]``.
    """
    if examples.kind.is_least_squares:
        return _ridge(examples, penalty)
    shape = (examples.n_labels, examples.features.shape[1] + 1)

    def loss_and_gradient(values: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        head = torch.from_numpy(values).float().view(shape).requires_grad_()
        weight = head[:, :-1]
        loss = examples.loss(linear(examples.features, weight, head[:, -1]))
        loss = loss + penalty / (2 * len(examples)) * weight.square().sum()
        (gradient,) = torch.autograd.grad(loss, head)
        return float(loss.detach()), gradient.double().flatten().numpy()

    begin = torch.zeros(shape) if start is None else start
    options = {"maxiter": _ITERATIONS, "gtol": tolerance, "ftol": 64 * np.finfo(float).eps}
    # The threads of numpy's own products would wait for those of torch's, and these for them: three times the time.
    with ThreadpoolController().select(internal_api="openblas").limit(limits=1):
        begin_values = begin.double().flatten().numpy()
        fitted = minimize(loss_and_gradient, begin_values, jac=True, method="L-BFGS-B", options=options)
    return torch.from_numpy(fitted.x).float().view(shape)


def _loss(examples: Examples, head: Tensor) -> float:
    return float(examples.loss(linear(examples.features, head[:, :-1], head[:, -1])))


def _ridge(examples: Examples, penalty: float) -> Tensor:
    """Solve the normal equations in float64, block by block; the bias has no penalty, so means are taken out."""
    mean, mean_target = (values.mean(dim=0, dtype=torch.float64) for values in (examples.features, examples.targets))
    dim = examples.features.shape[1]
    squares = penalty * torch.eye(dim, dtype=torch.float64)
    products = torch.zeros(dim, examples.n_labels, dtype=torch.float64)
    for begin in range(0, len(examples), _BLOCK):
        block = slice(begin, begin + _BLOCK)
        centred = examples.features[block].double() - mean
        squares += centred.T @ centred
        products += centred.T @ (examples.targets[block].double() - mean_target)
    weight = torch.cholesky_solve(products, torch.linalg.cholesky(squares)).T
    return torch.cat([weight, (mean_target - weight @ mean)[:, None]], dim=1).float()
