"""A head with one hidden layer, for classes that no plane divides."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from toolkit.progress import progress_bar
from toolkit.training.head_trials import CurvePoint, Rows, Trial, loss_of

HIDDEN_DIM = 512

_MOST_EPOCHS = 100
_WORSE_IN_A_ROW = 5  # epochs without a smaller loss, after which no more are tried
_BATCH_ROWS = 128
_LEARNING_RATE = 5e-4
_WEIGHT_DECAY = 1e-2
_DROPOUT = 0.5


def choose_epochs(trial: Trial, *, seed: int) -> tuple[CurvePoint, list[CurvePoint]]:
    """Find after how many passes a network has the least loss on rows that it has not seen.

    Args:
        trial: scaled rows.
        seed: decides where it begins, the order of rows and dropout.

    Returns:
        The best one, and all that were tried.
    """
    curve: list[CurvePoint] = []
    with _seeded(seed), progress_bar("training the head", _MOST_EPOCHS) as bar:
        for epoch, network in enumerate(_epochs(trial.learnt), start=1):
            with torch.inference_mode():
                loss = loss_of(network(trial.held.features), trial.held.targets, trial.held.problem)
            curve.append(CurvePoint(epoch, float(loss)))
            bar.advance()
            best = min(curve, key=lambda point: point.loss)
            if epoch == _MOST_EPOCHS or epoch - best.setting >= _WORSE_IN_A_ROW:
                break
    return best, curve


def fit_mlp(rows: Rows, *, n_epochs: int, seed: int) -> tuple[tuple[Tensor, Tensor], tuple[Tensor, Tensor]]:
    """Train a network: linear layer, ReLU, dropout, linear layer, the form that `toolkit.exported` gives a head.

    Args:
        rows: scaled.
        n_epochs: passes over them.
        seed: as in `choose_epochs`.

    Returns:
        Weight and bias of the hidden layer, ``[hidden dim, dim]`` and ``[hidden dim]``, and of the last one,
        ``[labels, hidden dim]`` and ``[labels]``.
    """
    with _seeded(seed), progress_bar("training the head again on all rows", n_epochs) as bar:
        epochs = _epochs(rows)
        for _ in range(n_epochs):
            network = next(epochs)
            bar.advance()
    first, last = (layer for layer in network if isinstance(layer, nn.Linear))
    return (first.weight.detach(), first.bias.detach()), (last.weight.detach(), last.bias.detach())


@contextmanager
def _seeded(seed: int) -> Iterator[None]:
    """Torch's random numbers from a seed; outside they go on as if nothing had been."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        yield


def _epochs(rows: Rows) -> Iterator[nn.Sequential]:
    """A network after each pass over the rows (AdamW), without end; it is handed over in evaluation mode."""
    network = nn.Sequential(
        nn.Linear(rows.features.shape[1], HIDDEN_DIM),
        nn.ReLU(),
        nn.Dropout(_DROPOUT),
        nn.Linear(HIDDEN_DIM, rows.n_labels),
    )
    optimizer = torch.optim.AdamW(network.parameters(), lr=_LEARNING_RATE, weight_decay=_WEIGHT_DECAY)
    while True:
        network.train()
        order = torch.randperm(len(rows))
        for begin in range(0, len(rows), _BATCH_ROWS):
            batch = order[begin : begin + _BATCH_ROWS]
            optimizer.zero_grad()
            loss = loss_of(network(rows.features[batch]), rows.targets[batch], rows.problem)
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
        network.eval()
        yield network
