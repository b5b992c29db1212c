"""A head with one hidden layer, for classes that are not linearly separable."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from toolkit.adapters.inference import inference
from toolkit.progress import progress_bar
from toolkit.training.head_trials import CurvePoint, Examples, Trial

HIDDEN_DIM = 512

_MOST_EPOCHS = 100
_WORSE_IN_A_ROW = 5  # epochs without a smaller loss, after which no more are tried
_BATCH_SIZE = 128
_LEARNING_RATE = 5e-4
_WEIGHT_DECAY = 1e-2
_DROPOUT = 0.5


def choose_epochs(trial: Trial, *, seed: int) -> tuple[CurvePoint, list[CurvePoint]]:
    """Find after how many epochs a network has the least loss on held-out examples.

    Args:
        trial: scaled examples.
        seed: decides the initial weights, the order of examples and dropout.

    Returns:
        The best number of epochs, and all that were compared.
    """
    curve: list[CurvePoint] = []
    with _seeded(seed), progress_bar("training the head", _MOST_EPOCHS) as bar:
        for epoch, network in enumerate(_epochs(trial.train), start=1):
            with inference():
                loss = trial.held_out.loss(network(trial.held_out.features))
            curve.append(CurvePoint(epoch, float(loss)))
            bar.advance()
            best = min(curve, key=lambda point: point.loss)
            if epoch == _MOST_EPOCHS or epoch - best.setting >= _WORSE_IN_A_ROW:
                break
    return best, curve


def fit_mlp(examples: Examples, *, n_epochs: int, seed: int) -> tuple[tuple[Tensor, Tensor], tuple[Tensor, Tensor]]:
    """Train a network: linear layer, ReLU, dropout, linear layer, the form that `toolkit.exported` gives a head.

    Args:
        examples: scaled.
        n_epochs: passes over them.
        seed: as in `choose_epochs`.

    Returns:
        Weight and bias of the hidden layer, ``[hidden dim, dim]`` and ``[hidden dim]``, and of the last one,
        ``[labels, hidden dim]`` and ``[labels]``.
    """
    with _seeded(seed), progress_bar("training the head again on all rows", n_epochs) as bar:
        epochs = _epochs(examples)
        for _ in range(n_epochs):
            network = next(epochs)
            bar.advance()
    first, last = (layer for layer in network if isinstance(layer, nn.Linear))
    return (first.weight.detach(), first.bias.detach()), (last.weight.detach(), last.bias.detach())


@contextmanager
def _seeded(seed: int) -> Iterator[None]:
    """Fork torch's random generator and seed it; outside of the block its state is unchanged."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        yield


def _epochs(examples: Examples) -> Iterator[nn.Sequential]:
    """Train a network without end, and yield it in evaluation mode after each epoch.

    The optimizer is AdamW (Loshchilov & Hutter 2019, https://arxiv.org/abs/1711.05101).
    """
    network = nn.Sequential(
        nn.Linear(examples.features.shape[1], HIDDEN_DIM),
        nn.ReLU(),
        nn.Dropout(_DROPOUT),
        nn.Linear(HIDDEN_DIM, examples.n_labels),
    )
    optimizer = torch.optim.AdamW(network.parameters(), lr=_LEARNING_RATE, weight_decay=_WEIGHT_DECAY)
    while True:
        network.train()
        order = torch.randperm(len(examples))
        for begin in range(0, len(examples), _BATCH_SIZE):
            batch = examples.take(order[begin : begin + _BATCH_SIZE])
            optimizer.zero_grad()
            loss = batch.loss(network(batch.features))
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
        network.eval()
        yield network
