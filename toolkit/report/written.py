"""Some of what a model wrote, as lines for a terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from toolkit.report.text_table import shortened

SHOWN = 2  # of the worst rows, and of the others


def written_lines(samples: Sequence[Mapping[str, Any]]) -> list[str]:
    """A few of the worst rows and a few of the others, three lines each.

    Args:
        samples: as `toolkit.trials.finished.FinishedRun.samples` gives them.
    """
    worst = [sample for sample in samples if sample["worst"]][:SHOWN]
    others = [sample for sample in samples if not sample["worst"]][:SHOWN]
    groups = (("Among its worst:", worst), ("Drawn at random:", others))
    return [line for title, rows in groups if rows for line in ("", title, *_lines(rows))]


def _lines(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    lines = []
    for row in rows:
        score = "" if row["chrf"] is None else f", chrF {row['chrf']:.1f}"
        lines += [f"  {shortened(row['text'])}", f"    wrote{score}: {shortened(row['prediction'])}"]
        if row["reference"] is not None:
            lines.append(f"    reference: {shortened(row['reference'])}")
    return lines
