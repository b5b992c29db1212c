"""Which logit predicts which label, in packed and padded batches."""

from __future__ import annotations

from torch import Tensor

from toolkit.transformer.cross_entropy import IGNORED


def aligned(logits: Tensor, labels: Tensor, *, shifts: bool) -> tuple[Tensor, Tensor]:
    """Return logits and the target of each, `IGNORED` where none is predicted.

    Args:
        logits: ``[batch, length, vocabulary]``, or ``[1, predicted tokens, vocabulary]`` where only those were kept.
            Tokens that a model puts in front of a batch, such as those of prompt tuning, have logits too.
        labels: `IGNORED` where nothing is predicted. ``[batch, length]``
        shifts: whether labels stand at their own tokens, so that each is predicted at the position before it.

    Returns:
        ``[logits, vocabulary]`` and ``[logits]``.
    """
    if logits.shape[0] == 1 and logits.shape[1] < labels.shape[1]:
        return logits.flatten(0, 1), labels[labels != IGNORED]
    logits = logits[:, -labels.shape[1] :]
    if shifts:
        labels = labels.roll(-1, dims=1)
        labels[:, -1] = IGNORED
    return logits.flatten(0, 1), labels.flatten()
