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

from toolkit.names import Problem
from toolkit.progress import progress_bar
from toolkit.training.head_trials import CurvePoint, Rows, Trial, loss_of

PENALTIES = tuple(10.0 ** (exponent / 2) for exponent in range(8, -5, -1))
"""What is tried, the strongest first, so that the stronger of equals is taken: 10,000 to 0.01."""

# How steep the mean loss may still be: where penalties are compared, and at the end (1e-4 in scikit-learn).
_ROUGH, _EXACT = 3e-4, 3e-5
_ITERATIONS = 1_000
_WORSE_IN_A_ROW = 2  # penalties without a smaller loss, after which weaker ones are left out
_BLOCK = 65_536  # rows


def choose_penalty(trials: Sequence[Trial]) -> tuple[CurvePoint, list[CurvePoint], Tensor]:
    """Find the penalty whose heads have the least loss on rows that they have not seen.

    Args:
        trials: one, or one a fold; each row that is held back counts once.

    Returns:
        The best one, all that were tried, and the head of the first trial for the best one.
    """
    starts: list[Tensor | None] = [None] * len(trials)
    sizes = [len(trial.held) for trial in trials]
    curve: list[CurvePoint] = []
    with progress_bar("choosing the regularisation", len(PENALTIES)) as bar:
        for penalty in PENALTIES:
            # Each begins where the one of the stronger penalty ended, which is near.
            heads = [
                fit_linear(trial.learnt, penalty=penalty, start=start, tolerance=_ROUGH)
                for trial, start in zip(trials, starts, strict=True)
            ]
            losses = [_loss(trial.held, head) for trial, head in zip(trials, heads, strict=True)]
            starts = [*heads]
            curve.append(CurvePoint(penalty, float(np.average(losses, weights=sizes))))
            bar.advance()
            best = min(curve, key=lambda point: point.loss)  # the first of equals
            if best is curve[-1]:
                best_head = heads[0]
            elif len(curve) - curve.index(best) > _WORSE_IN_A_ROW:
                break
    return best, curve, best_head


def fit_linear(rows: Rows, *, penalty: float, start: Tensor | None = None, tolerance: float = _EXACT) -> Tensor:
    """The linear head of least loss, with a penalty on its weights, not on its biases.

    Classes: the losses of all rows plus half of `penalty` times the squares of the weights (scikit-learn's
    ``C = 1 / penalty``); several classes a text are one logistic regression each. Numbers: the squared errors plus
    `penalty` times the squares of the weights (``alpha = penalty``).

    Args:
        rows: scaled.
        penalty: how strong the regularisation is.
        start: where to begin, such as the head of a like penalty, ``[labels, dim + 1]``.
        tolerance: how steep the mean loss may still be.

    Returns:
        Weights, and biases behind them, ``[labels, dim + 1]``.
    """
    if rows.problem is Problem.REGRESSION:
        return _ridge(rows, penalty)
    shape = (rows.n_labels, rows.features.shape[1] + 1)

    def loss_and_slope(numbers: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        head = torch.from_numpy(numbers).float().view(shape).requires_grad_()
        weight = head[:, :-1]
        loss = loss_of(linear(rows.features, weight, head[:, -1]), rows.targets, rows.problem)
        loss = loss + penalty / (2 * len(rows)) * weight.square().sum()
        (slope,) = torch.autograd.grad(loss, head)
        return float(loss.detach()), slope.double().flatten().numpy()

    begin = torch.zeros(shape) if start is None else start
    options = {"maxiter": _ITERATIONS, "gtol": tolerance, "ftol": 64 * np.finfo(float).eps}
    # The threads of numpy's own products would wait for those of torch's, and these for them: three times the time.
    with ThreadpoolController().select(internal_api="openblas").limit(limits=1):
        found = minimize(loss_and_slope, begin.double().flatten().numpy(), jac=True, method="L-BFGS-B", options=options)
    return torch.from_numpy(found.x).float().view(shape)


def _loss(rows: Rows, head: Tensor) -> float:
    return float(loss_of(linear(rows.features, head[:, :-1], head[:, -1]), rows.targets, rows.problem))


def _ridge(rows: Rows, penalty: float) -> Tensor:
    """Solve the normal equations in float64, block by block; the bias is free, so that means are taken out."""
    mean, mean_target = (values.mean(dim=0, dtype=torch.float64) for values in (rows.features, rows.targets))
    dim = rows.features.shape[1]
    squares = penalty * torch.eye(dim, dtype=torch.float64)
    products = torch.zeros(dim, rows.n_labels, dtype=torch.float64)
    for begin in range(0, len(rows), _BLOCK):
        block = slice(begin, begin + _BLOCK)
        centred = rows.features[block].double() - mean
        squares += centred.T @ centred
        products += centred.T @ (rows.targets[block].double() - mean_target)
    weight = torch.cholesky_solve(products, torch.linalg.cholesky(squares)).T
    return torch.cat([weight, (mean_target - weight @ mean)[:, None]], dim=1).float()
