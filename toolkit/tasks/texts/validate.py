"""What validation measures of a model that learns to write: its loss, and perhaps what it writes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import torch
from datasets import Dataset

from toolkit.adapters import OpenedModel
from toolkit.evaluation.inference.generate import references_of, texts_of, written_by
from toolkit.evaluation.metrics.text_metric import TextRows
from toolkit.evaluation.metrics.texts import TEXT_METRICS
from toolkit.evaluation.proof.golden_rows import spread
from toolkit.progress import say

MOST_WRITTEN = 200
"""Validation rows for which a text is written at each evaluation."""

LOSS = "loss"

Validate: TypeAlias = Callable[[torch.nn.Module], dict[str, float]]

LESS_IS_BETTER = frozenset(
    {LOSS, *(name for name, metric in TEXT_METRICS.items() if metric.greater_is_better is False)}
)


@dataclass(frozen=True)
class WrittenWhileTraining:
    """The validation rows for which a model writes, the same ones at each evaluation, at even distances.

    Args:
        opened: the model as training begins with it.
        rows: all validation rows.
        metric: of `TEXT_METRICS`, which compares what is written with the targets.
    """

    opened: OpenedModel
    rows: Dataset
    metric: str

    @property
    def chosen(self) -> Dataset:
        """Return the rows."""
        return self.rows.select(spread(range(len(self.rows)), MOST_WRITTEN))

    def measure(self, model: torch.nn.Module) -> dict[str, float]:
        """Return the metric of what a model writes, as it is while it learns."""
        rows, learning = self.chosen, replace(self.opened, model=model)  # type: ignore[arg-type]
        written = written_by(learning, rows, device=next(model.parameters()).device)
        metric = TEXT_METRICS[self.metric]
        statistics = metric.statistics(TextRows(written.texts, references_of(rows), sources=texts_of(rows)))
        return {self.metric: float(metric.value(statistics.sum(axis=0)))}

    def facts(self) -> Mapping[str, Any]:
        """Return what is recorded of it."""
        return {"metric": self.metric, "written_rows": list(self.chosen["id"]), "of_rows": len(self.rows)}


def also_written(loss: Validate, written: WrittenWhileTraining) -> Validate:
    """Return what measures the loss, and what a model writes.

    Args:
        loss: measures the loss.
        written: the rows to write for.
    """
    n_chosen, n_rows = len(written.chosen), len(written.rows)
    of = f"{n_chosen} of the {n_rows:,}" if n_chosen < n_rows else f"all {n_rows}"
    say(f"{written.metric} chooses the best weights; at each evaluation the model writes for {of} validation rows")
    return lambda model: loss(model) | written.measure(model)
