"""Measure a model without the rows that it has learnt from."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from datasets import Dataset

from toolkit.data.fingerprints import Fingerprints
from toolkit.data.row_keys import row_keys
from toolkit.run_result import SeenRows
from toolkit.tasks.interfaces import Answers
from toolkit.tasks.parts_of_answers import take_answers
from toolkit.tasks.room import TaskRoom


def measure_unseen(
    room: TaskRoom, answers: Answers, rows: Dataset, *, learnt: Fingerprints, metrics: Sequence[str]
) -> SeenRows | None:
    """Count the rows that a model has learnt from, and measure it on the others.

    Args:
        room: of the task.
        answers: to the rows, in their order.
        rows: prepared, with references.
        learnt: fingerprints of the rows that the model has learnt from.
        metrics: to measure.

    Returns:
        None where it has learnt from none of them; no metrics where it has learnt from all.
    """
    if not len(learnt):
        return None
    seen = np.isin(row_keys(rows), learnt)
    n_seen = int(seen.sum())
    if not n_seen:
        return None
    unseen = room.measure(take_answers(answers, ~seen), metrics).metrics if n_seen < len(rows) else {}
    return SeenRows(rows=n_seen, others=len(rows) - n_seen, metrics=dict(unseen))
