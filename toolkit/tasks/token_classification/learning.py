"""Learning of tags: labelled windows, the loss of their tokens, and what validation measures."""

from __future__ import annotations

from itertools import chain
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import torch
from datasets import Dataset

from toolkit.adapters import OpenedModel
from toolkit.errors import RecipeError, explain
from toolkit.recipe import Recipe
from toolkit.tasks.token_classification.encode import LabelCollator, Window, encode_windows, label_windows
from toolkit.tasks.token_classification.metrics import measure, sums_of
from toolkit.tasks.token_classification.predict import logits_of_windows, open_windows, pad_id, read_logits
from toolkit.tasks.token_classification.prepare import TaggedData
from toolkit.tasks.token_classification.sentences import rows_in
from toolkit.training.losses import ClassificationLoss, balanced_weights
from toolkit.training.objective import Objective
from toolkit.transformer.cross_entropy import IGNORED


def objective(recipe: Recipe, data: TaggedData, opened: OpenedModel) -> Objective:
    """Return what a training of tags learns.

    Args:
        recipe: checked.
        data: its rows.
        opened: the model, with a new head.

    Raises:
        RecipeError: ``class_weights`` names a tag that is not there.
    """
    windows, labels = labelled_windows(data.train, data, opened)
    smoothing = recipe.training.for_trainer()["label_smoothing_factor"]
    loss = TagLoss(class_weights=_class_weights(recipe, data, labels), label_smoothing=smoothing)
    validation = None if data.validation is None else labelled_windows(data.validation, data, opened)
    collator = LabelCollator(pad_id(opened))
    ids = list(data.train["id"])
    return Objective(
        train_rows=encode_windows(windows, labels),
        validation_rows=None if validation is None else encode_windows(*validation),
        row_ids=[ids[window.row] for window in windows],
        packed=False,
        collator=lambda _: collator,
        loss=loss,
        validate=None if validation is None else Validation(recipe, data, opened, loss, validation),
    )


def labelled_windows(rows: Dataset, data: TaggedData, opened: OpenedModel) -> tuple[list[Window], list[list[int]]]:
    """Return the windows of some rows, and the label of each of their tokens, -100 where the loss has none."""
    sentences = rows_in(rows)
    windows = open_windows([sentence.text for sentence in sentences], opened)
    index = {tag: label for label, tag in enumerate(data.labels)}
    return windows, label_windows(sentences, windows, labels=index, scheme=data.scheme)


class TagLoss(ClassificationLoss):
    """Cross entropy of tokens, a mean over those of the whole batch that have a label; see `ClassificationLoss`."""

    def __call__(
        self, outputs: Any, labels: torch.Tensor, num_items_in_batch: torch.Tensor | int | None = None
    ) -> torch.Tensor:
        """Compute the share of a micro-batch in the loss of the batch.

        Args:
            outputs: a model's output with ``logits [batch, length, n_labels]``.
            labels: indices of tags, -100 for tokens without one. ``[batch, length]``
            num_items_in_batch: labelled tokens of the whole batch; None: the micro-batch is the batch.
        """
        has_label = labels != IGNORED
        return super().__call__(
            SimpleNamespace(logits=outputs.logits[has_label]), labels[has_label], num_items_in_batch
        )


class Validation:
    """The loss and the metrics of a model on the validation rows, measured as the test rows will be.

    Args:
        recipe: with the metrics.
        data: with validation rows.
        opened: the model's tokenizer and labels.
        loss: of training.
        labelled: windows of the validation rows, and the label of each token.
    """

    def __init__(
        self,
        recipe: Recipe,
        data: TaggedData,
        opened: OpenedModel,
        loss: TagLoss,
        labelled: tuple[list[Window], list[list[int]]],
    ) -> None:
        self._metrics, self._rows, self._opened, self._loss = (
            recipe.metrics,
            cast(Dataset, data.validation),
            opened,
            loss,
        )
        self._windows, labels = labelled
        self._targets = torch.tensor(list(chain.from_iterable(labels)))

    def __call__(self, model: torch.nn.Module) -> dict[str, float]:
        """Return each metric by its name, and ``loss``, a mean over the labelled tokens."""
        logits = logits_of_windows(cast(Any, model), self._windows, pad_token_id=pad_id(self._opened))
        predictions = read_logits(self._opened, self._rows, self._windows, logits)
        values = {name: each.value for name, each in measure(self._metrics, sums_of(predictions), resamples=1).items()}
        outputs = SimpleNamespace(logits=torch.from_numpy(np.concatenate(logits)))
        return cast(dict[str, float], {"loss": self._loss(outputs, self._targets).item(), **values})


def _class_weights(recipe: Recipe, data: TaggedData, labels: list[list[int]]) -> torch.Tensor | None:
    wanted = recipe.training.class_weights
    if wanted is None:
        return None
    if wanted == "balanced":
        flat = torch.tensor(list(chain.from_iterable(labels)))
        return balanced_weights(flat[flat != IGNORED], len(data.labels))
    unknown = [name for name in wanted if name not in data.labels]
    if unknown:
        raise RecipeError(
            *(explain(f"there is no tag {name!r}", allowed=data.labels, name=name) for name in unknown),
            where="training.class_weights",
        )
    return torch.tensor([float(wanted.get(tag, 1.0)) for tag in data.labels])
